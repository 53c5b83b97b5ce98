//! Processes that tests start: bounded in time, their output in files, gone when the test ends in any way.

use std::fs::File;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

/// A process of this test.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    name: String,
    output: PathBuf,
    errors: PathBuf,
    ended: bool,
}

/// How a process of this test ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its status.
    pub(crate) status: ExitStatus,
    /// Standard output.
    pub(crate) output: String,
    /// Standard error.
    pub(crate) errors: String,
}

impl Running {
    /// Starts a command; its output goes to `NAME.out` and `NAME.err` in a folder.
    pub(crate) fn start(mut command: Command, name: &str, folder: &Path) -> Self {
        let (output, errors) = (folder.join(format!("{name}.out")), folder.join(format!("{name}.err")));
        command.stdin(Stdio::null());
        // Cargo's: with it every program looks for its libraries in a dozen places first, each a failed open.
        command.env_remove("LD_LIBRARY_PATH");
        command.stdout(File::create(&output).expect("cannot make a file for output"));
        command.stderr(File::create(&errors).expect("cannot make a file for errors"));
        let child = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        Self { child, name: name.to_owned(), output, errors, ended: false }
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it wrote to standard error so far.
    pub(crate) fn errors_so_far(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.errors).unwrap_or_default()).into_owned()
    }

    /// Whether it ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("cannot wait for a child").is_some()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: i32) {
        assert!(!self.ended, "`{}` has ended", self.name);
        // SAFETY: the process is a child not waited for yet, so the number is its own.
        let sent = unsafe { libc::kill(self.child.id() as i32, signal) };
        assert_eq!(sent, 0, "cannot send signal {signal} to `{}`", self.name);
    }

    /// Waits for its end; panics, having killed it, if it takes longer than [`super::patience`].
    pub(crate) fn end(mut self) -> Ended {
        let deadline = Instant::now() + super::patience();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("cannot wait for a child") {
                break status;
            }
            if Instant::now() > deadline {
                let _ = self.child.kill();
                let _ = self.child.wait();
                self.ended = true;
                panic!("`{}` did not end; it said:\n{}", self.name, self.errors_so_far());
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        self.ended = true;
        let output = String::from_utf8_lossy(&std::fs::read(&self.output).unwrap_or_default()).into_owned();
        Ended { status, output, errors: self.errors_so_far() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.ended {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

impl Ended {
    /// The exit code; panics if a signal ended it.
    pub(crate) fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("ended by a signal: {:?}\n{}", self.status, self.errors))
    }
}
