//! The files that jobs work on. They are made beforehand, by a process that is not traced: making one opens and writes.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::options::Options;
use crate::truth::Truth;

/// The file that most jobs read.
pub(super) const DATA: &str = "data";

/// Its length: more than the largest read.
pub(super) const DATA_LENGTH: usize = 2 << 20;

/// How many folders lie above the file of the deep path.
pub(super) const DEPTH: usize = 61;

/// A file name that no format may stumble over: a quote, a line feed, a letter outside of ASCII.
pub(super) const ODD_NAME: &str = "odd \"name\"\nof a fil\u{e9}";

/// The deep file's path below the directory.
pub(super) fn deep_path() -> PathBuf {
    (0..DEPTH).map(|level| format!("level-{level}")).collect::<PathBuf>().join("bottom")
}

/// The path of one of many files below the directory.
pub(super) fn many_path(number: u64) -> PathBuf {
    PathBuf::from("many").join(format!("file-{number:05}"))
}

/// Makes everything below `--dir`, and `--many` files.
pub(super) fn prepare(options: &mut Options, _: &mut Truth) -> anyhow::Result<()> {
    let directory = options.needed_path("dir")?;
    let many = options.number("many", 0)?;
    let mut files: Vec<PathBuf> =
        ["first", "second", "renamed-before", "deleted", "relative", "single-source", "single"]
            .into_iter()
            .chain(["real/file", "hard-one", "pointed-at", "secret", "roots/chroot/inside", "roots/pivot/inside"])
            .chain(["below/relative", ODD_NAME])
            .map(PathBuf::from)
            .collect();
    files.push(PathBuf::from("n".repeat(255)));
    files.push(deep_path());
    files.extend((0..many).map(many_path));
    for name in files {
        make(&directory.join(name), 1009)?;
    }
    make(&directory.join(DATA), DATA_LENGTH)?;
    for name in ["bound", "tmpfs"] {
        let path = directory.join(name);
        fs::create_dir_all(&path).with_context(|| format!("cannot make `{}`", path.display()))?;
    }
    fs::hard_link(directory.join("hard-one"), directory.join("hard-two")).context("cannot make `hard-two`")?;
    std::os::unix::fs::symlink("pointed-at", directory.join("link")).context("cannot make `link`")?;
    std::os::unix::fs::symlink("loop", directory.join("loop")).context("cannot make `loop`")?;
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(directory.join("secret"), private).context("cannot protect `secret`")
}

/// Makes a file of known length, and the folders above it.
fn make(path: &Path, length: usize) -> anyhow::Result<()> {
    let bytes: Vec<u8> = (0..length).map(|place| (place % 251) as u8).collect();
    let folder = path.parent().context("a file lies in a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
    fs::write(path, bytes).with_context(|| format!("cannot write `{}`", path.display()))
}
