//! What systemd is told: ready, reloading, stopping, what goes on, and that the pipeline is alive. Where nobody listens,
//! nothing is told.

use std::time::Duration;
use std::time::Instant;

use sd_notify::NotifyState;

/// Tells systemd.
#[derive(Debug)]
pub(super) struct Notifier {
    /// How often the watchdog wants to hear.
    every: Option<Duration>,
    last: Instant,
    said: String,
}

impl Notifier {
    /// By what the environment says: `NOTIFY_SOCKET`, `WATCHDOG_USEC`.
    pub(super) fn new() -> Self {
        // Twice as often as it must be: systemd.service(5), `WatchdogSec`.
        let every = sd_notify::watchdog_enabled().map(|limit| limit / 2);
        Self { every, last: Instant::now(), said: String::new() }
    }

    /// It works; `status` says how.
    pub(super) fn ready(&mut self, status: &str) {
        if self.said != status {
            tell(&[NotifyState::Ready, NotifyState::Status(status)]);
            self.said = status.to_owned();
        }
    }

    /// It reads its profile again.
    pub(super) fn reloading(&mut self) {
        if let Ok(now) = NotifyState::monotonic_usec_now() {
            tell(&[NotifyState::Reloading, now]);
            self.said.clear();
        }
    }

    /// It ends.
    pub(super) fn stopping(&mut self) {
        tell(&[NotifyState::Stopping, NotifyState::Status("delivering what waits")]);
    }

    /// The pipeline is alive. To be called often.
    pub(super) fn alive(&mut self) {
        if self.every.is_some_and(|every| self.last.elapsed() >= every) {
            tell(&[NotifyState::Watchdog]);
            self.last = Instant::now();
        }
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "cannot tell systemd");
    }
}
