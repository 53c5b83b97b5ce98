//! The less common calls on files, and calls that fail.

use crate::calls::Outcome;
use crate::calls::file as call;
use crate::calls::needed;
use crate::options::Options;
use crate::truth::Truth;

use super::file::close;
use super::file::open;
use super::layout::DATA;

/// Copies inside the kernel, truncations, the other syncs; each a prime number of times.
pub(super) fn relatives(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let directory = options.needed_path("dir")?;
    let (from, to) = (directory.join(DATA), directory.join("copied"));
    let source = open(truth, &from, libc::O_RDONLY)?;
    let copy = open(truth, &to, libc::O_CREAT | libc::O_TRUNC | libc::O_RDWR)?;
    let (drain, fill) = call::pipe().map_err(|errno| anyhow::anyhow!("pipe: errno {errno}"))?;

    for _ in 0..7 {
        let copied = call::copy_file_range(source, copy, 4099);
        truth.path("file.read", &from).add(copied);
        truth.path("file.write", &to).add(copied);
        needed("copy_file_range", copied)?;
    }
    for _ in 0..11 {
        let sent = call::sendfile(copy, source, 3001);
        truth.path("file.read", &from).add(sent);
        truth.path("file.write", &to).add(sent);
        needed("sendfile", sent)?;
    }
    for _ in 0..13 {
        // Only the file's side is one of a file: the pipe's is none.
        let into_pipe = call::splice(source, fill, 2003);
        truth.path("file.read", &from).add(into_pipe);
        let length = needed("splice into a pipe", into_pipe)? as usize;
        let out_of_pipe = call::splice(drain, copy, length);
        truth.path("file.write", &to).add(out_of_pipe);
        needed("splice out of a pipe", out_of_pipe)?;
    }
    for (count, sync) in [(3, call::fsync as fn(i32) -> Outcome), (5, call::fdatasync), (7, call::sync_file_range)] {
        for _ in 0..count {
            let synced = sync(copy);
            truth.path("file.fsync", &to).add(synced);
            needed("sync", synced)?;
        }
    }
    for length in 0..11 {
        let cut = call::ftruncate(copy, length * 1009);
        truth.path("file.truncate", &to).add(cut);
        needed("ftruncate", cut)?;
    }
    for length in 0..13 {
        let cut = call::truncate(&to, length * 1009);
        truth.path("file.truncate", &to).add(cut);
        needed("truncate", cut)?;
    }
    close(truth, &from, source)?;
    close(truth, &to, copy)?;
    for fd in [drain, fill] {
        needed("close", call::close(fd))?;
    }
    Ok(())
}

/// Calls that fail although the descriptor is good, so that the path is known; each with the errno it must have.
pub(super) fn errors(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let directory = options.needed_path("dir")?;
    let expect = |outcome: Outcome, errno: i32| {
        anyhow::ensure!(outcome == Err(errno), "expected errno {errno}, the call returned {outcome:?}");
        Ok(outcome)
    };
    let full = std::path::Path::new("/dev/full");
    let fd = open(truth, full, libc::O_WRONLY)?;
    for _ in 0..7 {
        truth.path("file.write", full).add(expect(call::write(fd, b"no room"), libc::ENOSPC)?);
    }
    close(truth, full, fd)?;

    let folder = directory.join("real");
    let fd = open(truth, &folder, libc::O_RDONLY | libc::O_DIRECTORY)?;
    for _ in 0..11 {
        truth.path("file.read", &folder).add(expect(call::read(fd, &mut [0; 16]), libc::EISDIR)?);
    }
    close(truth, &folder, fd)?;

    let data = directory.join(DATA);
    let fd = open(truth, &data, libc::O_RDONLY)?;
    for _ in 0..13 {
        truth.path("file.write", &data).add(expect(call::write(fd, b"read only"), libc::EBADF)?);
    }
    for _ in 0..5 {
        truth.path("file.truncate", &data).add(expect(call::ftruncate(fd, 1), libc::EINVAL)?);
        truth.path("file.read", &data).add(expect(call::pread(fd, &mut [0; 16], -1), libc::EINVAL)?);
    }
    close(truth, &data, fd)?;

    let missing = directory.join("missing");
    for _ in 0..3 {
        truth.path("file.truncate", &missing).add(expect(call::truncate(&missing, 1), libc::ENOENT)?);
    }
    Ok(())
}
