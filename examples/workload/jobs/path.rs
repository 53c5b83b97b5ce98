//! The same few reads under every sort of path.

use std::path::Path;
use std::path::PathBuf;

use crate::calls::descriptor;
use crate::calls::file as call;
use crate::calls::needed;
use crate::calls::process;
use crate::options::Options;
use crate::truth::Truth;

use super::file::close;
use super::file::open;
use super::file::read_times;
use super::layout::ODD_NAME;
use super::layout::deep_path;

/// Opens `given`, reads `count` times, closes; all of it counts for `path`.
fn visit(truth: &mut Truth, given: &Path, path: &Path, count: usize) -> anyhow::Result<()> {
    let opened = call::open(given, libc::O_RDONLY);
    truth.path("file.open", path).add(opened.map(|_| 0));
    let fd = descriptor(&format!("open `{}`", given.display()), opened)?;
    read_times(truth, path, fd, count)?;
    close(truth, path, fd)
}

/// Mounts, links, renamed and deleted files, relative paths, devices, folders. Ends with the mounts still there: they
/// are in a mount namespace of this process and end with it.
pub(super) fn paths(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let directory = options.needed_path("dir")?;
    let at = |name: &str| directory.join(name);
    needed("unshare mounts (needs root)", process::unshare(libc::CLONE_NEWNS))?;
    needed("make mounts private", process::mounts_private())?;

    // The same inode through two mounts has two paths, and each operation belongs to the one it was opened by.
    needed("bind a folder", process::bind_mount(&at("real"), &at("bound")))?;
    visit(truth, &at("bound/file"), &at("bound/file"), 3)?;
    visit(truth, &at("real/file"), &at("real/file"), 5)?;
    needed("bind a file", process::bind_mount(&at("single-source"), &at("single")))?;
    visit(truth, &at("single"), &at("single"), 7)?;

    needed("mount a tmpfs", process::mount_tmpfs(&at("tmpfs")))?;
    let volatile = at("tmpfs/volatile");
    let fd = open(truth, &volatile, libc::O_CREAT | libc::O_RDWR)?;
    for _ in 0..11 {
        truth.path("file.write", &volatile).add(call::write(fd, &[b'v'; 101]));
    }
    read_times(truth, &volatile, fd, 13)?;
    close(truth, &volatile, fd)?;

    visit(truth, &at("link"), &at("pointed-at"), 3)?;
    visit(truth, &at(ODD_NAME), &at(ODD_NAME), 5)?;
    let long = "n".repeat(255);
    visit(truth, &at(&long), &at(&long), 7)?;

    // Relative to a descriptor, and to the working directory.
    let folder = open(truth, &at("below"), libc::O_RDONLY | libc::O_DIRECTORY)?;
    let opened = call::open_at(folder, Path::new("relative"), libc::O_RDONLY);
    truth.path("file.open", &at("below/relative")).add(opened.map(|_| 0));
    let fd = descriptor("openat", opened)?;
    read_times(truth, &at("below/relative"), fd, 11)?;
    close(truth, &at("below/relative"), fd)?;
    let opened = call::open_at2(folder, Path::new("../relative"), libc::O_RDONLY);
    truth.path("file.open", &at("relative")).add(opened.map(|_| 0));
    let fd = descriptor("openat2", opened)?;
    read_times(truth, &at("relative"), fd, 13)?;
    close(truth, &at("relative"), fd)?;
    close(truth, &at("below"), folder)?;
    needed("chdir", process::chdir(&at("below")))?;
    visit(truth, Path::new("relative"), &at("below/relative"), 17)?;
    visit(truth, Path::new(".././below/../relative"), &at("relative"), 19)?;

    #[cfg(target_arch = "x86_64")]
    {
        let opened = call::old_open(Path::new("relative"), libc::O_RDONLY);
        truth.path("file.open", &at("below/relative")).add(opened.map(|_| 0));
        close(truth, &at("below/relative"), descriptor("open", opened)?)?;
        let opened = call::creat(Path::new("created"));
        truth.path("file.open", &at("below/created")).add(opened.map(|_| 0));
        close(truth, &at("below/created"), descriptor("creat", opened)?)?;
    }

    let null = Path::new("/dev/null");
    let fd = open(truth, null, libc::O_RDWR)?;
    truth.path("file.write", null).add(call::write(fd, &[0; 101]));
    truth.path("file.read", null).add(call::read(fd, &mut [0; 101]));
    close(truth, null, fd)?;
    successors(truth, &directory)?;
    names_that_go(truth, &directory)
}

/// Files of one name that come one after the other, each in a folder and by a mount of its own. Kernel and file systems
/// give the numbers and the memory of what is gone to what comes next.
fn successors(truth: &mut Truth, directory: &Path) -> anyhow::Result<()> {
    for turn in 0..7 {
        let folder = directory.join(format!("turn-{turn}"));
        let file = folder.join("log");
        std::fs::create_dir(&folder)?;
        let fd = open(truth, &file, libc::O_CREAT | libc::O_RDWR)?;
        for _ in 0..turn + 3 {
            truth.path("file.write", &file).add(call::write(fd, &[b't'; 101]));
        }
        close(truth, &file, fd)?;
        std::fs::remove_file(&file)?;
        std::fs::remove_dir(&folder)?;
    }
    for turn in 0..5 {
        let folder = directory.join(format!("mounted-{turn}"));
        std::fs::create_dir(&folder)?;
        needed("bind a folder", process::bind_mount(&directory.join("real"), &folder))?;
        visit(truth, &folder.join("file"), &folder.join("file"), turn + 3)?;
        needed("unmount", process::unmount(&folder))?;
    }
    Ok(())
}

/// Files whose names change or go while they are open, and one that never had a name. Which of a file's names a later
/// operation shows is not fixed here: the truth says how many there were under all of them together.
fn names_that_go(truth: &mut Truth, directory: &Path) -> anyhow::Result<()> {
    let mut together = |names: &[PathBuf], reads: u64| {
        let names: Vec<String> = names.iter().map(|name| name.to_string_lossy().into_owned()).collect();
        truth.entry("file.read", "any path of", &names.join("|")).add_many(reads, reads * 512);
        truth.entry("file.open", "any path of", &names.join("|")).add_many(1, 0);
        truth.entry("file.close", "any path of", &names.join("|")).add_many(1, 0);
    };
    let read = |fd: i32, count: u64| -> anyhow::Result<()> {
        for _ in 0..count {
            needed("pread", call::pread(fd, &mut [0; 512], 0))?;
        }
        Ok(())
    };

    let (before, after) = (directory.join("renamed-before"), directory.join("renamed-after"));
    let fd = descriptor("open", call::open(&before, libc::O_RDONLY))?;
    read(fd, 3)?;
    std::fs::rename(&before, &after)?;
    read(fd, 4)?;
    needed("close", call::close(fd))?;
    together(&[before, after], 7);

    let deleted = directory.join("deleted");
    let fd = descriptor("open", call::open(&deleted, libc::O_RDONLY))?;
    read(fd, 5)?;
    std::fs::remove_file(&deleted)?;
    read(fd, 6)?;
    needed("close", call::close(fd))?;
    together(&[deleted], 11);

    let (one, two) = (directory.join("hard-one"), directory.join("hard-two"));
    visit(truth, &one, &one, 3)?;
    visit(truth, &two, &two, 5)
}

/// A file behind `chroot`, and one behind `pivot_root` in a mount namespace of its own, as containers have it. The
/// processes see their files from their own root.
pub(super) fn roots(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let directory = options.needed_path("dir")?.join("roots");
    let inside = Path::new("/inside");
    // The children count as this process would; it notes what they did because they share nothing.
    let look = |count: usize| -> anyhow::Result<()> {
        let mut unused = Truth::of("roots");
        let fd = open(&mut unused, inside, libc::O_RDONLY)?;
        read_times(&mut unused, inside, fd, count)?;
        close(&mut unused, inside, fd)
    };
    let ways: [(usize, &dyn Fn() -> anyhow::Result<()>); 2] = [
        (7, &|| {
            needed("chroot (needs root)", process::chroot(&directory.join("chroot")))?;
            look(7)
        }),
        (11, &|| {
            let root = directory.join("pivot");
            needed("unshare mounts (needs root)", process::unshare(libc::CLONE_NEWNS))?;
            needed("make mounts private", process::mounts_private())?;
            needed("make the root a mount", process::bind_mount(&root, &root))?;
            needed("pivot_root", process::pivot_root(&root).map(|()| 0))?;
            look(11)
        }),
    ];
    for (count, way) in ways {
        let pid = needed("fork", process::fork(|| report_failure(way())))?;
        let status = process::wait(pid).map_err(|errno| anyhow::anyhow!("wait: errno {errno}"))?;
        anyhow::ensure!(status == 0, "a process behind another root ended with status {status:#x}");
        truth.path("file.open", inside).add(Ok(0));
        truth.path("file.read", inside).add_many(count as u64, count as u64 * 512);
        truth.path("file.close", inside).add(Ok(0));
    }
    Ok(())
}

/// The exit code of a child, having said what went wrong.
fn report_failure(result: anyhow::Result<()>) -> u8 {
    match result {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("workload: {error:#}");
            1
        }
    }
}

/// Opens that fail, each 3 times, under the path as it was given.
pub(super) fn open_errors(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let directory = options.needed_path("dir")?;
    needed("chdir", process::chdir(&directory))?;
    let at = |name: &str| directory.join(name);
    let cases = [
        (at("missing"), libc::O_RDONLY, libc::ENOENT),
        (PathBuf::from("missing-relative"), libc::O_RDONLY, libc::ENOENT),
        (at("data/below-a-file"), libc::O_RDONLY, libc::ENOTDIR),
        (at("loop"), libc::O_RDONLY, libc::ELOOP),
        (at("real"), libc::O_WRONLY, libc::EISDIR),
        (at("data"), libc::O_CREAT | libc::O_EXCL | libc::O_WRONLY, libc::EEXIST),
        (at("secret"), libc::O_RDONLY, libc::EACCES),
    ];
    // Nobody; after this `secret` cannot be opened, and the truth is said by standard error or a file made before.
    let pid = needed(
        "fork",
        process::fork(|| {
            if process::become_user(65534).is_err() {
                return 1;
            }
            let all = cases.iter().all(|(path, flags, errno)| (0..3).all(|_| call::open(path, *flags) == Err(*errno)));
            if all { 0 } else { 2 }
        }),
    )?;
    let status = process::wait(pid).map_err(|errno| anyhow::anyhow!("wait: errno {errno}"))?;
    anyhow::ensure!(status == 0, "an open did not fail as expected, status {status:#x}");
    for (path, _, errno) in &cases {
        for _ in 0..3 {
            truth.path("file.open", path).add(Err(*errno));
        }
    }
    Ok(())
}

/// A file at the bottom of many folders.
pub(super) fn deep(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let path = options.needed_path("dir")?.join(deep_path());
    visit(truth, &path, &path, 7)?;
    truth.fact("name", "bottom");
    Ok(())
}
