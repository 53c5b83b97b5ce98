//! A container runtime of the test's own: containerd with runc, in its own folder and network namespace, with images made
//! by hand. It begins with the lab and ends with it, and all its pods with it.
//!
//! The machine's own containerd, should there be one, is not touched.

pub(crate) mod image;
mod sweep;

use std::fs;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use crate::cri::Cri;
use crate::rig;

/// Where Debian has the network's plugins.
const PLUGINS: &str = "/usr/lib/cni";

/// What must be installed, and the Debian packages with it; `./dev` installs them.
fn needed() -> [(PathBuf, &'static str); 5] {
    [
        ("containerd".into(), "containerd"),
        ("ctr".into(), "containerd"),
        ("runc".into(), "runc"),
        (plugins().join("bridge"), "containernetworking-plugins"),
        (image::busybox(), "busybox-static"),
    ]
}

/// Where the network's plugins are; `PODTRACE_CNI` names another folder.
fn plugins() -> PathBuf {
    std::env::var_os("PODTRACE_CNI").unwrap_or_else(|| PLUGINS.into()).into()
}

/// A running containerd.
#[derive(Debug)]
pub(crate) struct Lab {
    folder: PathBuf,
    containerd: Child,
    cri: Cri,
}

impl Lab {
    /// Starts one, and waits until it knows its images.
    pub(crate) fn start() -> Self {
        rig::assert_root();
        for (program, package) in needed() {
            let name = program.display();
            assert!(is_there(&program), "`{name}` is missing: install the Debian package `{package}`");
        }
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let place = std::env::temp_dir();
        sweep::others(&place);
        let folder = place.join(format!("{}{}-{number}", sweep::PREFIX, std::process::id()));
        fs::create_dir(&folder).unwrap_or_else(|error| panic!("cannot make `{}`: {error}", folder.display()));
        // Layers cannot lie upon layers, and what is below the machine's own root is not known.
        run(Command::new("mount").args(["-t", "tmpfs", "-o", "mode=755", "podtrace-lab"]).arg(&folder));
        write_settings(&folder);
        let said = File::create(folder.join("containerd.log")).expect("cannot make a log");
        // The network namespace is gone when the last process in it is. containerd goes with the test.
        let line = "ip link set lo up && exec containerd -c \"$0\"";
        let mut containerd = Command::new("setpriv");
        containerd.args(["--pdeathsig", "TERM", "unshare", "--net", "sh", "-c", line]);
        containerd.arg(folder.join("config.toml")).stdin(Stdio::null()).stderr(said).stdout(Stdio::null());
        containerd.env_remove("LD_LIBRARY_PATH");
        let containerd = containerd.spawn().expect("cannot start containerd");
        let lab = Self { cri: Cri::new(&folder.join("containerd.sock")), containerd, folder };
        lab.wait_until("containerd to answer", || lab.cri.sandboxes().is_ok());
        for file in image::make(&lab.folder.join("images")) {
            run(Command::new("ctr").arg("-a").arg(lab.socket()).args(["-n", "k8s.io", "image", "import"]).arg(file));
        }
        lab.wait_until("containerd to know its images", || {
            [image::PAUSE, image::WORK].iter().all(|image| lab.cri.has_image(image))
        });
        lab
    }

    /// The interface.
    pub(crate) fn cri(&self) -> &Cri {
        &self.cri
    }

    /// Where it listens.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join("containerd.sock")
    }

    /// A place for files that go with the lab.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Notes a pod's uid, so that its cgroups are removed in any case.
    pub(super) fn note(&self, uid: &str) {
        let path = self.folder.join(sweep::PODS);
        let file = File::options().create(true).append(true).open(path);
        file.and_then(|mut file| writeln!(file, "{uid}")).expect("cannot note a pod");
    }

    fn wait_until(&self, what: &str, holds: impl FnMut() -> bool) {
        let waited = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| rig::wait_until(what, holds)));
        if let Err(panic) = waited {
            eprintln!("{}", fs::read_to_string(self.folder.join("containerd.log")).unwrap_or_default());
            std::panic::resume_unwind(panic);
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for sandbox in self.cri.sandboxes().unwrap_or_default() {
            if let Err(status) = self.cri.remove_sandbox(&sandbox) {
                eprintln!("cannot remove sandbox {sandbox}: {}", status.message());
            }
        }
        // SAFETY: the process is a child not waited for yet, so the number is its own.
        unsafe { libc::kill(self.containerd.id().cast_signed(), libc::SIGTERM) };
        let _ = self.containerd.wait();
        sweep::one(&self.folder);
    }
}

/// Whether a program is there: by its path, or along `PATH`.
fn is_there(program: &Path) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).exists())
}

/// Writes containerd's settings and those of the pods' network.
fn write_settings(folder: &Path) {
    let lab = folder.display();
    // Without `restrict_oom_score_adj`, runc fails where it may not lower the score of a sandbox.
    let settings = format!(
        r#"version = 2
root = "{lab}/root"
state = "{lab}/state"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs"]
[grpc]
  address = "{lab}/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "{lab}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  sandbox_image = "{pause}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{plugins}"
    conf_dir = "{lab}/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
      Root = "{lab}/runc"
"#,
        pause = image::PAUSE,
        plugins = plugins().display(),
    );
    let network = serde_json::json!({
        "cniVersion": "0.4.0",
        "name": "podtrace",
        "plugins": [
            {
                "type": "bridge", "bridge": "podtrace0", "isGateway": true, "ipMasq": false,
                "ipam": { "type": "host-local", "subnet": "10.88.0.0/16", "dataDir": format!("{lab}/addresses") },
            },
        ],
    });
    fs::create_dir(folder.join("net.d")).expect("cannot make a folder of the lab");
    fs::write(folder.join("net.d/10-podtrace.conflist"), network.to_string()).expect("cannot write settings");
    fs::write(folder.join("config.toml"), settings).expect("cannot write settings");
}

/// Runs a program that must succeed; what it printed.
pub(super) fn run(command: &mut Command) -> String {
    let ended = command.env_remove("LD_LIBRARY_PATH").stdin(Stdio::null()).output();
    let ended = ended.unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let errors = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{command:?} failed, {}:\n{errors}", ended.status);
    String::from_utf8_lossy(&ended.stdout).into_owned()
}
