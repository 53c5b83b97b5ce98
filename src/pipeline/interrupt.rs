//! Signals to podtrace: passed on to the command, and taken as a wish to end.

use std::io;

use nix::sys::signal::Signal;
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::iterator::exfiltrator::origin::Origin;
use signal_hook::low_level::siginfo::Cause;

use crate::targets::command::FORWARDED;
use crate::targets::command::Running;
use crate::targets::command::SignalOrigin;

/// Catches the signals that are passed on.
pub(super) struct Interrupt {
    signals: SignalsInfo<WithOrigin>,
    asked: u32,
    last: Option<Signal>,
}

impl Interrupt {
    pub(super) fn catch() -> io::Result<Self> {
        let numbers = FORWARDED.map(|signal| signal as i32);
        Ok(Self { signals: SignalsInfo::new(numbers)?, asked: 0, last: None })
    }

    /// Passes on what has arrived; returns how often the end of the trace was asked for so far.
    pub(super) fn look(&mut self, mut command: Option<&mut Running>) -> u32 {
        let arrived: Vec<Origin> = self.signals.pending().collect();
        for origin in arrived {
            let Ok(signal) = Signal::try_from(origin.signal) else { continue };
            let from =
                if matches!(origin.cause, Cause::Kernel) { SignalOrigin::Terminal } else { SignalOrigin::Process };
            if let Some(command) = command.as_deref_mut()
                && let Err(error) = command.forward(signal, from)
            {
                tracing::warn!(%error, %signal, "cannot pass a signal on to the command");
            }
            if !matches!(signal, Signal::SIGUSR1 | Signal::SIGUSR2) {
                self.asked += 1;
                self.last = Some(signal);
            }
        }
        self.asked
    }

    /// The signal that asked for the end.
    pub(super) fn cause(&self) -> Option<Signal> {
        self.last
    }
}
