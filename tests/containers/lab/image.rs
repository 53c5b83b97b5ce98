//! Container images, made by hand: one for sandboxes and one with the workload and a shell. Nothing is downloaded.
//!
//! The form is the plain one that `docker save` writes: a layer, its description, and a list of both.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use serde_json::json;

use super::run;
use crate::rig;

/// The image of sandboxes.
pub(crate) const PAUSE: &str = "localhost/pause:podtrace";

/// The image of containers.
pub(crate) const WORK: &str = "localhost/work:podtrace";

/// A shell without libraries: of Debian's `busybox-static`, or what `PODTRACE_BUSYBOX` names.
pub(crate) fn busybox() -> PathBuf {
    std::env::var_os("PODTRACE_BUSYBOX").unwrap_or_else(|| "/bin/busybox".into()).into()
}

/// What of it is used.
const APPLETS: [&str; 3] = ["sh", "sleep", "mkdir"];

/// Makes both images in a folder; their files.
pub(super) fn make(folder: &Path) -> [PathBuf; 2] {
    [(PAUSE, pause as fn(&Path)), (WORK, work)].map(|(name, fill)| {
        let place = folder.join(name.replace(['/', ':'], "-"));
        let (root, archive) = (place.join("root"), place.join("archive"));
        for folder in [&root, &archive] {
            fs::create_dir_all(folder).expect("cannot make a folder for an image");
        }
        fill(&root);
        pack(name, &root, &archive)
    })
}

/// Compiles what sandboxes run, unless `PODTRACE_PAUSE` names it.
fn pause(root: &Path) {
    if let Some(made) = std::env::var_os("PODTRACE_PAUSE") {
        fs::copy(made, root.join("pause")).expect("cannot copy what PODTRACE_PAUSE names");
        return;
    }
    let mut compiler = Command::new("gcc");
    compiler.args(["-x", "c", "-static", "-Os", "-o"]).arg(root.join("pause")).arg("-").stdin(Stdio::piped());
    let mut compiler = compiler.spawn().expect("cannot start gcc: it makes the image of sandboxes");
    let mut source = compiler.stdin.take().expect("the input is a pipe");
    source.write_all(include_bytes!("../pause.c")).expect("gcc reads its input");
    drop(source);
    assert!(compiler.wait().expect("gcc can be waited for").success(), "gcc cannot make the image of sandboxes");
}

/// The workload with its libraries, and busybox.
fn work(root: &Path) {
    for folder in ["bin", "tmp", "etc"] {
        fs::create_dir_all(root.join(folder)).expect("cannot make a folder of an image");
    }
    let copy = |from: &Path, to: &str| {
        let to = root.join(to.trim_start_matches('/'));
        fs::create_dir_all(to.parent().expect("it is in a folder")).expect("cannot make a folder of an image");
        fs::copy(from, &to).unwrap_or_else(|error| panic!("cannot copy `{}`: {error}", from.display()));
    };
    copy(&busybox(), "bin/busybox");
    for applet in APPLETS {
        symlink("busybox", root.join("bin").join(applet)).expect("cannot make a link in an image");
    }
    let workload = rig::workload();
    copy(&workload, "bin/workload");
    let libraries = run(Command::new("ldd").arg(&workload));
    // `NAME => PATH (ADDRESS)`, and for the loader `PATH (ADDRESS)`.
    for path in libraries.split_whitespace().filter(|word| word.starts_with('/')) {
        copy(Path::new(path), path);
    }
}

/// Packs a folder as an image of one layer.
fn pack(name: &str, root: &Path, archive: &Path) -> PathBuf {
    let layer = archive.join("layer.tar");
    run(Command::new("tar").arg("-C").arg(root).args(["--owner=0", "--group=0", "-cf"]).arg(&layer).arg("."));
    let digest = sha256(&layer);
    let config = json!({
        "architecture": if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" },
        "os": "linux",
        "config": { "Entrypoint": ["/pause"], "Env": ["PATH=/bin"] },
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{digest}")] },
    });
    fs::write(archive.join("config"), config.to_string()).expect("cannot write an image's description");
    let config = format!("{}.json", sha256(&archive.join("config")));
    fs::rename(archive.join("config"), archive.join(&config)).expect("cannot name an image's description");
    let list = json!([{ "Config": config, "RepoTags": [name], "Layers": ["layer.tar"] }]);
    fs::write(archive.join("manifest.json"), list.to_string()).expect("cannot write an image's list");
    let file = archive.with_extension("tar");
    run(Command::new("tar").arg("-C").arg(archive).arg("-cf").arg(&file).arg("."));
    file
}

fn sha256(file: &Path) -> String {
    let line = run(Command::new("sha256sum").arg(file));
    line.split_whitespace().next().expect("sha256sum prints a digest").to_owned()
}
