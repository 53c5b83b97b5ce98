//! A folder with the files of a workload, and podtrace run on that workload.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::process::Ended;
use super::process::Running;

/// A folder that goes with the test.
#[derive(Debug)]
pub(crate) struct Scene {
    folder: TempDir,
}

/// What podtrace reported and what truly happened.
#[derive(Debug)]
pub(crate) struct Traced {
    /// The report.
    pub(crate) report: Value,
    /// What the workload says it did.
    pub(crate) truth: Value,
    /// podtrace's standard error, for messages.
    pub(crate) errors: String,
}

impl Scene {
    /// A folder with the files that jobs work on, and `many` more. Others may look into it: jobs change their user.
    pub(crate) fn with_files(many: usize) -> Self {
        let scene = Self::empty();
        let files = scene.files();
        let status = Command::new(super::workload())
            .args(["prepare", "--truth"])
            .arg(scene.path("prepared"))
            .args(["--many", &many.to_string(), "--dir"])
            .arg(&files)
            .status()
            .expect("cannot start the workload");
        assert!(status.success(), "cannot prepare the files in `{}`", files.display());
        scene
    }

    /// An empty folder.
    pub(crate) fn empty() -> Self {
        super::assert_root();
        let folder = tempfile::Builder::new().prefix("podtrace-truth-").tempdir().expect("cannot make a folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("cannot open the folder");
        Self { folder }
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder itself.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder that jobs work in (`--dir`).
    pub(crate) fn files(&self) -> PathBuf {
        self.path("files")
    }

    /// Writes a profile and says where.
    pub(crate) fn profile(&self, text: &str) -> PathBuf {
        let path = self.path("profile.kdl");
        fs::write(&path, text).expect("cannot write the profile");
        path
    }

    /// A workload's command line; its truth goes to a file of the name `truth`, for [`Self::truth`].
    pub(crate) fn job(&self, job: &[&str], truth: &str) -> Vec<String> {
        let mut line = vec![super::workload().to_string_lossy().into_owned()];
        line.extend(job.iter().map(|part| (*part).to_owned()));
        line.extend(["--truth".to_owned(), self.path(truth).to_string_lossy().into_owned()]);
        line
    }

    /// The same for a job that works in the folder.
    pub(crate) fn job_on_files(&self, job: &[&str], truth: &str) -> Vec<String> {
        let mut line = self.job(job, truth);
        line.extend(["--dir".to_owned(), self.files().to_string_lossy().into_owned()]);
        line
    }

    /// What a workload said it did.
    pub(crate) fn truth(&self, name: &str) -> Value {
        let path = self.path(name);
        let text =
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("no truth in `{}`: {error}", path.display()));
        serde_json::from_str(&text).expect("the truth is JSON")
    }

    /// Starts `podtrace run -p PROFILE -o json EXTRA -- LINE`.
    pub(crate) fn start_run(&self, profile: &str, extra: &[&str], line: &[String]) -> Running {
        let mut command = Command::new(super::podtrace());
        command.args(["run", "-o", "json", "-p"]).arg(self.profile(profile)).args(extra).arg("--").args(line);
        Running::start(command, "podtrace", self.folder())
    }

    /// Starts `podtrace TARGETS -o json` with every probe, and returns when it traces.
    pub(crate) fn start_on(&self, targets: &[&str]) -> Running {
        self.start_with(&[], targets)
    }

    /// The same with variables of the environment.
    pub(crate) fn start_with(&self, environment: &[(&str, &str)], targets: &[&str]) -> Running {
        let mut command = Command::new(super::podtrace());
        command.envs(environment.iter().copied()).args(targets);
        self.start_tracing(command)
    }

    /// Starts a podtrace command line with a report as JSON and every probe, and returns when it traces: when its
    /// recording, of which the head is written first, has its first tick.
    pub(crate) fn start_tracing(&self, mut command: Command) -> Running {
        let recording = self.path("recording");
        let _ = fs::remove_file(&recording);
        command.args(["-o", "json", "-p"]).arg(self.profile(super::EVERYTHING));
        command.arg("--record").arg(&recording);
        let mut running = Running::start(command, "podtrace", self.folder());
        let mut head = 0;
        super::wait_until("podtrace to trace", || {
            assert!(!running.has_ended(), "podtrace ended at once:\n{}", running.errors_so_far());
            let length = fs::metadata(&recording).map_or(0, |facts| facts.len());
            if head == 0 {
                head = length;
            }
            length > head
        });
        running
    }

    /// Runs a job that needs no files under podtrace, with every probe.
    pub(crate) fn trace(&self, job: &[&str]) -> Traced {
        self.trace_with(super::EVERYTHING, &[], &self.job(job, "truth"))
    }

    /// Runs a job on the folder's files under podtrace, with every probe.
    pub(crate) fn trace_on_files(&self, job: &[&str]) -> Traced {
        self.trace_with(super::EVERYTHING, &[], &self.job_on_files(job, "truth"))
    }

    /// Runs a command line whose truth is called `truth` under podtrace.
    pub(crate) fn trace_with(&self, profile: &str, extra: &[&str], line: &[String]) -> Traced {
        self.traced(self.start_run(profile, extra, line).end())
    }

    /// The report of a podtrace that ended well, with the truth called `truth`.
    pub(crate) fn traced(&self, ended: Ended) -> Traced {
        let report = report_of(&ended);
        if let Some(code) = report.pointer("/command/exit_code") {
            assert_eq!(code, 0, "the workload failed; standard error:\n{}", ended.errors);
        }
        Traced { report, truth: self.truth("truth"), errors: ended.errors }
    }
}

/// The report that podtrace printed; panics if it failed.
pub(crate) fn report_of(ended: &Ended) -> Value {
    assert!(ended.status.success(), "podtrace ended with {:?}; standard error:\n{}", ended.status, ended.errors);
    serde_json::from_str(&ended.output).unwrap_or_else(|error| {
        panic!("the report is not JSON ({error}):\n{}\nstandard error:\n{}", ended.output, ended.errors)
    })
}
