//! How long to wait before the next try, and when a destination counts as down.
//!
//! Exponential back-off with full jitter: a random time between nothing and a bound that doubles. With full jitter many
//! senders that failed together do not come back together (Brooker, "Exponential Backoff And Jitter", 2015).

use std::time::Duration;

/// Bounds of the wait between tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The longest wait after the first failure.
    pub base: Duration,
    /// The longest wait at all.
    pub cap: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { base: Duration::from_millis(500), cap: Duration::from_secs(60) }
    }
}

/// The longest time a destination is listened to when it says when to come back: a day more would be a lost alert.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(3_600);

impl Backoff {
    /// The wait after so many failures in a row (from 1), `luck` from 0 to 1 being the jitter.
    pub fn wait(&self, failures: u32, luck: f64) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let bound = self.base.saturating_mul(1 << doublings).min(self.cap);
        bound.mul_f64(luck.clamp(0.0, 1.0))
    }
}

/// Whether a destination is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Circuit {
    /// It works, or has failed only a few times.
    Closed,
    /// It is down: one try from time to time, whatever waits.
    Open,
}

/// Opens after so many failures in a row, closes with the first success.
#[derive(Clone, Copy, Debug)]
pub struct Breaker {
    opens_after: u32,
    failures: u32,
}

impl Breaker {
    /// A breaker that opens after so many failures in a row (at least 1).
    pub fn new(opens_after: u32) -> Self {
        Self { opens_after: opens_after.max(1), failures: 0 }
    }

    /// A try failed; returns how many did in a row.
    pub fn failed(&mut self) -> u32 {
        self.failures = self.failures.saturating_add(1);
        self.failures
    }

    /// A try succeeded.
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// How it stands.
    pub fn circuit(&self) -> Circuit {
        if self.failures >= self.opens_after { Circuit::Open } else { Circuit::Closed }
    }

    /// The wait before the next try: by the back-off while closed; the longest wait, with half of it as jitter, while open.
    pub fn wait(&self, backoff: &Backoff, luck: f64) -> Duration {
        match self.circuit() {
            Circuit::Closed => backoff.wait(self.failures, luck),
            Circuit::Open => backoff.cap.mul_f64(0.5 + luck.clamp(0.0, 1.0) / 2.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff { base: Duration::from_millis(100), cap: Duration::from_secs(7) };

    /// Check that bounds double up to the cap, and that jitter reaches from nothing to the bound.
    #[test]
    fn doubles_up_to_the_cap() {
        let bounds: Vec<_> = (1..=9).map(|failures| BACKOFF.wait(failures, 1.0).as_millis()).collect();
        assert_eq!(bounds, [100, 200, 400, 800, 1_600, 3_200, 6_400, 7_000, 7_000]);
        assert_eq!(BACKOFF.wait(u32::MAX, 1.0), BACKOFF.cap);
        assert_eq!(BACKOFF.wait(5, 0.0), Duration::ZERO);
        assert_eq!(BACKOFF.wait(3, 0.5), Duration::from_millis(200));
    }

    /// Check that a breaker opens after its number of failures in a row, then waits long, and closes with one success.
    #[test]
    fn opens_and_closes() {
        let mut breaker = Breaker::new(3);
        breaker.failed();
        breaker.failed();
        breaker.succeeded();
        assert_eq!((breaker.failed(), breaker.circuit()), (1, Circuit::Closed));
        breaker.failed();
        breaker.failed();
        assert_eq!(breaker.circuit(), Circuit::Open);
        assert_eq!(breaker.wait(&BACKOFF, 0.0), Duration::from_millis(3_500));
        assert_eq!(breaker.wait(&BACKOFF, 1.0), Duration::from_secs(7));
        breaker.succeeded();
        assert_eq!(breaker.circuit(), Circuit::Closed);
    }
}
