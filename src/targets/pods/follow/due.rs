//! When to look at what: at once, and then less and less often.

use std::collections::BTreeMap;
use std::time::Duration;
use std::time::Instant;

/// The first pause between two looks; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(50);

/// The longest.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// After so long without an answer none is expected any more: a kubelet tells within seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is waited for; more than any node has pods. What finds no room is looked at when it is heard of again.
const WAITING_MAX: usize = 4096;

/// Names with the time when to look at them.
#[derive(Debug, Default)]
pub(super) struct Due {
    waiting: BTreeMap<String, Wait>,
}

#[derive(Debug)]
struct Wait {
    next: Instant,
    pause: Duration,
    until: Instant,
}

impl Due {
    /// To be looked at now, and again until it is removed.
    pub(super) fn add(&mut self, name: String, now: Instant) {
        if self.waiting.len() < WAITING_MAX || self.waiting.contains_key(&name) {
            self.waiting.insert(name, Wait { next: now, pause: PAUSE, until: now + PATIENCE });
        }
    }

    /// Not to be looked at any more.
    pub(super) fn remove(&mut self, name: &str) {
        self.waiting.remove(name);
    }

    /// Whether it is waited for.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.waiting.contains_key(name)
    }

    /// Whether there is something to look at now.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.waiting.values().any(|wait| wait.next <= now)
    }

    /// What is to be looked at now. Each of it is due again after its pause.
    pub(super) fn take(&mut self, now: Instant) -> Vec<String> {
        self.forget(now);
        let due = self.waiting.iter_mut().filter(|(_, wait)| wait.next <= now);
        due.map(|(name, wait)| {
            wait.next = now + wait.pause;
            wait.pause = (wait.pause * 2).min(PAUSE_MAX);
            name.clone()
        })
        .collect()
    }

    /// Gives up what was waited for too long.
    pub(super) fn forget(&mut self, now: Instant) {
        self.waiting.retain(|_, wait| wait.until > now);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;
    use std::time::Instant;

    use super::Due;

    /// Check that looks become rarer, begin anew when something is heard, and end.
    #[test]
    fn looks_become_rarer() {
        let begin = Instant::now();
        let at = |ms| begin + Duration::from_millis(ms);
        let mut due = Due::default();
        due.add("a".into(), begin);
        let looks = |due: &mut Due, from: u64, to: u64| (from..to).filter(|ms| !due.take(at(*ms)).is_empty()).count();
        assert_eq!(looks(&mut due, 0, 1_000), 5);
        assert_eq!(looks(&mut due, 1_000, 10_000), 9);
        due.add("a".into(), at(10_000));
        assert_eq!(looks(&mut due, 10_000, 11_000), 5);
        assert_eq!(looks(&mut due, 40_000, 50_000), 0);
        assert!(!due.is_due(at(50_000)));
    }
}
