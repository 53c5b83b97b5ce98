//! Which alerts are open, on disk: so that a daemon that is started again does not tell them a second time, and tells when
//! they are gone.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::path::PathBuf;

use tokio::runtime::Handle;

use crate::finding::desk::Open;

/// The largest file that is read back, in bytes.
const SIZE_MAX: u64 = 16 * 1024 * 1024;

/// The file.
const FILE: &str = "open-alerts.json";

/// The folder for what must survive a restart.
#[derive(Debug)]
pub(super) struct State {
    folder: PathBuf,
    saved: Option<Vec<Open>>,
}

impl State {
    /// Uses a folder, made if it is not there, for this user alone.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        Ok(Self { folder: folder.to_owned(), saved: None })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What was open when the process before this one ended. What cannot be read is as if nothing was.
    pub(super) fn load(&self) -> Vec<Open> {
        let path = self.folder.join(FILE);
        let read = || -> io::Result<Vec<Open>> {
            if fs::metadata(&path)?.len() > SIZE_MAX {
                return Err(io::Error::other("it is too large"));
            }
            serde_json::from_slice(&fs::read(&path)?).map_err(io::Error::other)
        };
        match read() {
            Ok(open) => open,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "cannot read which alerts were open");
                Vec::new()
            }
        }
    }

    /// Saves what is open, if it changed, without waiting for the disk.
    pub(super) fn save(&mut self, open: Vec<Open>, runtime: &Handle) {
        if self.saved.as_ref() == Some(&open) {
            return;
        }
        let (folder, copy) = (self.folder.clone(), open.clone());
        self.saved = Some(open);
        runtime.spawn_blocking(move || write(&folder, &copy));
    }

    /// Saves what is open now.
    pub(super) fn save_now(&mut self, open: &[Open]) {
        write(&self.folder, open);
    }
}

fn write(folder: &Path, open: &[Open]) {
    let written = serde_json::to_vec(open).map_err(io::Error::other).and_then(|bytes| {
        let unfinished = folder.join(format!("{FILE}.new"));
        fs::write(&unfinished, bytes)?;
        fs::rename(unfinished, folder.join(FILE))
    });
    if let Err(error) = written {
        tracing::warn!(%error, "cannot save which alerts are open");
    }
}
