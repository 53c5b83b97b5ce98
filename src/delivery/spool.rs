//! What must survive a restart: one small file per parcel, removed when it is delivered or given up.
//!
//! A file is written under another name and renamed, so that a process that is killed leaves whole files or none. It is
//! not forced to the disk: a machine that loses power has other alarms. Bounded by the outbox, which holds the same
//! parcels.

use std::fs;
use std::fs::OpenOptions;
use std::io;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The largest file that is read back, in bytes: twice the largest payload.
const SIZE_MAX: u64 = 2 * 1024 * 1024;

/// Files that are read back.
const FILES_MAX: usize = 10_000;

/// One destination's folder.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    next: u64,
}

/// What a file holds.
#[derive(Serialize, Deserialize)]
struct Kept<L> {
    /// Milliseconds since 1970.
    born_ms: u64,
    load: L,
}

/// What was kept.
#[derive(Debug, PartialEq)]
pub struct Loaded<L> {
    /// Its number, for removing it.
    pub number: u64,
    /// When it was handed over.
    pub born: SystemTime,
    /// What it is.
    pub load: L,
}

/// Keeps parcels over a restart.
pub trait Keeper<L>: Send + 'static {
    /// Everything that is kept, oldest first. What cannot be read is removed, and that is said.
    fn load(&mut self, name: &str) -> Vec<Loaded<L>>;
    /// Keeps one; `None` if that cannot be done, which is said.
    fn put(&mut self, load: &L, born: SystemTime, name: &str) -> Option<u64>;
    /// Removes one, if it was kept.
    fn remove(&mut self, number: Option<u64>);
}

impl Spool {
    /// A destination's folder below a state folder; made if it is not there, for this user alone.
    ///
    /// # Errors
    /// It cannot be made or read.
    pub fn open(state: &Path, destination: &str) -> io::Result<Self> {
        let folder = state.join("spool").join(destination);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let numbers = numbers(&folder)?;
        // What was being written when a process was killed.
        for entry in fs::read_dir(&folder)?.flatten() {
            if entry.path().extension().is_some_and(|end| end == "new") {
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(Self { next: numbers.last().map_or(0, |last| last + 1), folder })
    }

    fn write<L: Serialize>(&self, number: u64, load: &L, born: SystemTime) -> io::Result<()> {
        let since = born.duration_since(UNIX_EPOCH).unwrap_or_default();
        let kept = Kept { born_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX), load };
        let bytes = serde_json::to_vec(&kept).map_err(io::Error::other)?;
        let path = self.path(number);
        let unfinished = path.with_extension("new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
        file.write_all(&bytes)?;
        fs::rename(unfinished, path)
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:016x}.json"))
    }

    fn discard(&mut self, number: Option<u64>) {
        if let Some(number) = number
            && let Err(error) = fs::remove_file(self.path(number))
        {
            tracing::warn!(%error, number, "cannot remove a delivered alert from disk: it will come again");
        }
    }
}

impl<L: Serialize + DeserializeOwned> Keeper<L> for Spool {
    fn load(&mut self, name: &str) -> Vec<Loaded<L>> {
        let numbers = numbers(&self.folder).unwrap_or_default();
        let mut loaded = Vec::new();
        for number in numbers.into_iter().take(FILES_MAX) {
            match read::<L>(&self.path(number)) {
                Ok(kept) => {
                    let born = UNIX_EPOCH + Duration::from_millis(kept.born_ms);
                    loaded.push(Loaded { number, born, load: kept.load });
                }
                Err(error) => {
                    tracing::warn!(sink = name, %error, number, "a kept alert cannot be read, and is removed");
                    self.discard(Some(number));
                }
            }
        }
        loaded
    }

    fn put(&mut self, load: &L, born: SystemTime, name: &str) -> Option<u64> {
        let number = self.next;
        self.next += 1;
        match self.write(number, load, born) {
            Ok(()) => Some(number),
            Err(error) => {
                tracing::warn!(sink = name, %error, "cannot keep an alert on disk: a restart would lose it");
                None
            }
        }
    }

    fn remove(&mut self, number: Option<u64>) {
        self.discard(number);
    }
}

fn numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let stem = name.to_str().and_then(|name| name.strip_suffix(".json"));
        numbers.extend(stem.and_then(|stem| u64::from_str_radix(stem, 16).ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn read<L: DeserializeOwned>(path: &Path) -> io::Result<Kept<L>> {
    if fs::metadata(path)?.len() > SIZE_MAX {
        return Err(io::Error::other("it is larger than any alert"));
    }
    serde_json::from_slice(&fs::read(path)?).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// Check that what is kept comes back in order, once, for this user alone, and that broken files go away.
    #[test]
    fn keeps_in_order() {
        let state = tempfile::tempdir().unwrap();
        let born = UNIX_EPOCH + Duration::from_millis(1_770_000_000_023);
        let mut spool: Box<dyn Keeper<String>> = Box::new(Spool::open(state.path(), "webhook").unwrap());
        let numbers: Vec<_> = (0..23).map(|n| spool.put(&format!("alert {n}"), born, "webhook").unwrap()).collect();
        spool.remove(Some(numbers[7]));
        let folder = state.path().join("spool/webhook");
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        let file = folder.join(format!("{:016x}.json", numbers[11]));
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&file, "{").unwrap();
        fs::write(folder.join("0000.new"), "{").unwrap();

        let mut spool: Box<dyn Keeper<String>> = Box::new(Spool::open(state.path(), "webhook").unwrap());
        let loaded = spool.load("webhook");
        let texts: Vec<_> = loaded.iter().map(|kept| kept.load.clone()).collect();
        let expected: Vec<_> = (0..23).filter(|n| ![7, 11].contains(n)).map(|n| format!("alert {n}")).collect();
        assert_eq!((texts, loaded[0].born), (expected, born));
        assert!(!file.exists() && !folder.join("0000.new").exists());
        assert!(spool.put(&"next".to_owned(), born, "webhook").unwrap() > loaded.last().unwrap().number);
    }
}
