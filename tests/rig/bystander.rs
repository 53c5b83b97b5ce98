//! The same job outside of the target at the same time: nothing of it may appear in the report.

use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::thread::JoinHandle;
use std::time::Instant;

use super::compare::Compared;

/// A job repeated over and over, each time by a new process, until [`Bystander::stop`]; half of the time, so that whoever
/// is traced meanwhile also gets a CPU.
#[derive(Debug)]
pub(crate) struct Bystander {
    stop: Arc<AtomicBool>,
    repeater: Option<JoinHandle<Vec<u32>>>,
}

impl Bystander {
    /// Starts to repeat a command line; returns when it was done once.
    pub(crate) fn start(line: Vec<String>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (told, once) = std::sync::mpsc::channel();
        let repeater = thread::spawn({
            let stop = Arc::clone(&stop);
            move || {
                let mut pids = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let began = Instant::now();
                    let child = Command::new(&line[0]).args(&line[1..]).stderr(Stdio::piped()).spawn();
                    let child = child.expect("cannot start a bystander");
                    pids.push(child.id());
                    let ended = child.wait_with_output().expect("cannot wait for a bystander");
                    let said = String::from_utf8_lossy(&ended.stderr);
                    assert!(ended.status.success(), "a bystander failed: {line:?}: {}\n{said}", ended.status);
                    let _ = told.send(());
                    thread::sleep(began.elapsed());
                }
                pids
            }
        });
        once.recv().expect("the first bystander failed");
        Self { stop, repeater: Some(repeater) }
    }

    /// Ends it; the pids it had.
    pub(crate) fn stop(mut self) -> Vec<u32> {
        self.stop.store(true, Ordering::Relaxed);
        self.repeater.take().expect("it is stopped once").join().expect("a bystander failed")
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(repeater) = self.repeater.take() {
            let _ = repeater.join();
        }
    }
}

impl Compared<'_> {
    /// Nothing of a bystander is in the report: none of its processes, none of its files, none of its peers.
    pub(crate) fn nothing_of(&mut self, pids: &[u32], folder: &Path, marks: &[String]) -> &mut Self {
        let mut keys = Vec::new();
        for (kind, signal) in super::compare::object(&self.report()["signals"]) {
            for (dimension, entries) in super::compare::object(&signal["top"]) {
                for entry in entries.as_array().into_iter().flatten() {
                    let key = entry["key"].as_str().unwrap_or_default().to_owned();
                    keys.push((kind.clone(), dimension.clone(), key));
                }
            }
        }
        let folder = folder.to_string_lossy();
        for (kind, dimension, key) in keys {
            let its_process = dimension == "process" && pids.iter().any(|pid| key.ends_with(&format!("[{pid}]")));
            let its_file = dimension == "path" && key.starts_with(&*folder);
            let its_peer = marks.contains(&key);
            let what = format!("`{kind}` shows `{key}` of a bystander");
            self.holds(&what, !(its_process || its_file || its_peer));
        }
        self
    }
}
