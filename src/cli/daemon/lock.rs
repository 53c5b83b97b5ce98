//! One daemon a node: a second one would count everything twice.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use nix::errno::Errno;
use nix::fcntl::Flock;
use nix::fcntl::FlockArg;
use thiserror::Error;

/// Why the lock was not taken.
#[derive(Debug, Error)]
pub(super) enum LockError {
    /// Another process has it.
    #[error("another podtrace daemon runs here{0}; one process a node is enough, and more would count twice")]
    Taken(String),
    /// The file cannot be made.
    #[error("cannot lock `{path}`: {error} (`--runtime-dir` names another folder)")]
    File { path: PathBuf, error: io::Error },
}

/// Held for as long as it lives; the kernel lets it go when the process dies in whatever way.
#[derive(Debug)]
pub(super) struct Lock {
    _file: Flock<File>,
}

impl Lock {
    /// Takes the lock in a folder, which is made if it is not there.
    pub(super) fn take(folder: &Path) -> Result<Self, LockError> {
        let path = folder.join("daemon.lock");
        let failed = |error| LockError::File { path: path.clone(), error };
        fs::create_dir_all(folder).map_err(failed)?;
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        match Flock::lock(open.map_err(failed)?, FlockArg::LockExclusiveNonblock) {
            Ok(mut file) => {
                file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).map_err(failed)?;
                Ok(Self { _file: file })
            }
            Err((mut file, Errno::EWOULDBLOCK)) => {
                let mut text = String::new();
                let read = file.read_to_string(&mut text);
                let pid = read.ok().and_then(|_| text.trim().parse::<u32>().ok());
                Err(LockError::Taken(pid.map_or_else(String::new, |pid| format!(" (pid {pid})"))))
            }
            Err((_, errno)) => Err(failed(errno.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Check that a second daemon is kept out and told who the first is, and that the lock goes with its holder.
    #[test]
    fn one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::take(folder.path()).unwrap();
        let refused = Lock::take(folder.path()).unwrap_err().to_string();
        assert!(refused.contains(&format!("(pid {})", std::process::id())), "{refused}");
        drop(first);
        Lock::take(folder.path()).unwrap();
    }
}
