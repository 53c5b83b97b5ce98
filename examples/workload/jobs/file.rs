//! Reads, writes and syncs of ordinary files.

use std::path::Path;

use crate::calls::Outcome;
use crate::calls::descriptor;
use crate::calls::file;
use crate::calls::needed;
use crate::calls::process;
use crate::calls::timed;
use crate::clock;
use crate::options::Options;
use crate::truth::Truth;

use super::layout::DATA;
use super::layout::DATA_LENGTH;

/// A call with the time it took, and whether the thread had to leave the CPU to others meanwhile.
pub(super) fn watched(call: impl FnOnce() -> Outcome) -> ((Outcome, u64), bool) {
    let before = process::involuntary_switches();
    let result = timed(call);
    (result, process::involuntary_switches() != before)
}

/// Opens a file and notes it.
pub(super) fn open(truth: &mut Truth, path: &Path, flags: i32) -> anyhow::Result<i32> {
    let opened = timed(|| file::open(path, flags));
    truth.path("file.open", path).add_timed((opened.0.map(|_| 0), opened.1));
    descriptor(&format!("open `{}`", path.display()), opened.0)
}

/// Closes a file and notes it.
pub(super) fn close(truth: &mut Truth, path: &Path, fd: i32) -> anyhow::Result<()> {
    let closed = timed(|| file::close(fd));
    truth.path("file.close", path).add_timed(closed);
    needed("close", closed.0)?;
    Ok(())
}

/// Reads a file from its beginning `count` times and notes it.
pub(super) fn read_times(truth: &mut Truth, path: &Path, fd: i32, count: usize) -> anyhow::Result<()> {
    let mut buffer = [0; 512];
    for _ in 0..count {
        let read = timed(|| file::pread(fd, &mut buffer, 0));
        truth.path("file.read", path).add_timed(read);
        needed("pread", read.0)?;
    }
    Ok(())
}

/// `--count` preads of `--size` bytes, or of ever different sizes; some at the end return less or nothing.
pub(super) fn reads(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let path = options.needed_path("dir")?.join(DATA);
    let count = options.number("count", 10_007)?;
    let size = options.number("size", 0)? as usize;
    let mut buffer = vec![0; if size == 0 { 4096 } else { size }];
    let fd = open(truth, &path, libc::O_RDONLY)?;
    for turn in 0..count {
        let (length, offset) = match size {
            // Primes, so that sizes and places do not go in step. Some of them reach over the end of the file.
            0 => (1 + (turn * 7919 % 4096) as usize, (turn * 104_729 % (DATA_LENGTH as u64 + 2048)) as i64),
            _ => (size, 0),
        };
        let (read, disturbed) = watched(|| file::pread(fd, &mut buffer[..length], offset));
        truth.path("file.read", &path).add_watched(read, disturbed);
        needed("pread", read.0)?;
    }
    close(truth, &path, fd)
}

/// `--count` writes, by the five calls that write in turn, and `--syncs` fsyncs among them, to a new file.
pub(super) fn writes(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let path = options.needed_path("dir")?.join("written");
    let count = options.number("count", 1_009)?;
    let syncs = options.number("syncs", 101)?;
    let size = options.number("size", 0)? as usize;
    let bytes = vec![b'w'; if size == 0 { 8192 } else { size }];
    let fd = open(truth, &path, libc::O_CREAT | libc::O_TRUNC | libc::O_RDWR)?;
    let mut synced = 0;
    for turn in 0..count {
        let length = if size == 0 { 1 + (turn * 7919 % 8192) as usize } else { size };
        let offset = (turn * 104_729 % 1_000_003) as i64;
        let part = &bytes[..length];
        let (written, disturbed) = watched(|| match turn % 5 {
            0 => file::write(fd, part),
            1 => file::pwrite(fd, part, offset),
            2 => file::writev(fd, part),
            3 => file::pwritev(fd, part, offset),
            _ => file::pwritev2(fd, part, -1),
        });
        truth.path("file.write", &path).add_watched(written, disturbed);
        needed("write", written.0)?;
        if (turn + 1) * syncs / count > synced {
            synced += 1;
            let (done, disturbed) = watched(|| file::fsync(fd));
            truth.path("file.fsync", &path).add_watched(done, disturbed);
            needed("fsync", done.0)?;
        }
    }
    close(truth, &path, fd)
}

/// A call that reads into a buffer.
type Form<'a> = &'a mut dyn FnMut(&mut [u8]) -> Outcome;

/// Each call that reads, 13 times.
pub(super) fn read_forms(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let path = options.needed_path("dir")?.join(DATA);
    let mut buffer = vec![0; 3001];
    let fd = open(truth, &path, libc::O_RDONLY)?;
    for turn in 0..13 {
        let offset = turn * 1009;
        let forms: [Form; 6] = [
            &mut |buffer| file::read(fd, buffer),
            &mut |buffer| file::pread(fd, buffer, offset),
            &mut |buffer| file::readv(fd, buffer),
            &mut |buffer| file::preadv(fd, buffer, offset),
            &mut |buffer| file::preadv2(fd, buffer, offset),
            &mut |buffer| file::preadv2(fd, buffer, -1),
        ];
        for form in forms {
            let read = timed(|| form(&mut buffer));
            truth.path("file.read", &path).add_timed(read);
            needed("read", read.0)?;
        }
    }
    close(truth, &path, fd)
}

/// A page of memory at a page boundary, which `O_DIRECT` asks for.
#[repr(C, align(4096))]
struct Page([u8; 65536]);

/// `--count` reads that go past the page cache, so that each waits for the disk.
pub(super) fn direct_reads(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let path = options.needed_path("dir")?.join(DATA);
    let count = options.number("count", 101)?;
    let mut page = Box::new(Page([0; 65536]));
    let fd = open(truth, &path, libc::O_RDONLY | libc::O_DIRECT)?;
    let switches = process::voluntary_switches();
    for turn in 0..count {
        let offset = (turn * 65536 % DATA_LENGTH as u64) as i64;
        let (read, disturbed) = watched(|| file::pread(fd, &mut page.0, offset));
        truth.path("file.read", &path).add_watched(read, disturbed);
        needed("pread with O_DIRECT", read.0)?;
    }
    truth.fact("voluntary_switches", process::voluntary_switches() - switches);
    close(truth, &path, fd)
}

/// 101 reads of one file, then, when `--second FILE` exists, 103 of another.
pub(super) fn phases(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let directory = options.needed_path("dir")?;
    let second = options.needed_path("second")?;
    let first_done = options.needed_path("first-done")?;
    for (name, count) in [("first", 101), ("second", 103)] {
        let path = directory.join(name);
        let fd = open(truth, &path, libc::O_RDONLY)?;
        read_times(truth, &path, fd, count)?;
        close(truth, &path, fd)?;
        if name == "first" {
            needed("mark the first phase", file::open(&first_done, libc::O_CREAT | libc::O_WRONLY))?;
            clock::wait_for_file(&second);
        }
    }
    Ok(())
}
