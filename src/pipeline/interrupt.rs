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

/// Catches the signals that are passed on. Under nohup a hang-up goes on being ignored, and in a daemon it means another
/// thing.
pub(super) struct Interrupt {
    signals: SignalsInfo<WithOrigin>,
    asked: u32,
    last: Option<Signal>,
}

impl Interrupt {
    pub(super) fn catch(keeps_hangup: bool) -> io::Result<Self> {
        let wanted =
            FORWARDED.into_iter().filter(|signal| *signal != Signal::SIGHUP || !(keeps_hangup || is_ignored(*signal)));
        let numbers: Vec<i32> = wanted.map(|signal| signal as i32).collect();
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

/// Whether whoever started this process had it ignore a signal.
fn is_ignored(signal: Signal) -> bool {
    let mut present = std::mem::MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: no new action is given, and the present one is written to memory that is large enough for it.
    let result = unsafe { libc::sigaction(signal as i32, std::ptr::null(), present.as_mut_ptr()) };
    // SAFETY: where the call succeeded, it has written all of it.
    result == 0 && unsafe { present.assume_init() }.sa_sigaction == libc::SIG_IGN
}
