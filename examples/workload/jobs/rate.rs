//! As much as possible: operations a second, different files.

use crate::calls::file as call;
use crate::calls::needed;
use crate::clock;
use crate::options::Options;
use crate::truth::Truth;

use super::file::close;
use super::file::open;
use super::layout::DATA;
use super::layout::many_path;

/// `--threads` threads that read `--bytes` at a time as fast as they can for `--milliseconds`, or `--count` times each.
pub(super) fn many_ops(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let path = options.needed_path("dir")?.join(DATA);
    let threads = options.number("threads", 2)?;
    let length = options.number("bytes", 64)? as usize;
    let count = options.number("count", 0)?;
    let lasting_ns = options.number("milliseconds", 2000)? * clock::MILLISECOND_NS;
    let fd = open(truth, &path, libc::O_RDONLY)?;
    let read_on = move || -> Result<u64, i32> {
        let mut buffer = vec![0; length];
        let end_ns = clock::now_ns() + lasting_ns;
        let mut done = 0;
        while if count > 0 { done < count } else { clock::now_ns() < end_ns } {
            // The clock is asked seldom, so that most of the time goes into reading.
            for _ in 0..if count > 0 { 1 } else { 101 } {
                call::pread(fd, &mut buffer, 0)?;
                done += 1;
            }
        }
        Ok(done)
    };
    let readers: Vec<_> = (0..threads).map(|_| std::thread::spawn(read_on)).collect();
    for reader in readers {
        let done = needed("pread", reader.join().expect("a reader does not panic"))?;
        truth.path("file.read", &path).add_many(done, done * length as u64);
    }
    close(truth, &path, fd)
}

/// Opens each of `--many` files, reads it once or twice, closes it.
pub(super) fn many_files(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let directory = options.needed_path("dir")?;
    let many = options.number("many", 1_009)?;
    for number in 0..many {
        let path = directory.join(many_path(number));
        let fd = open(truth, &path, libc::O_RDONLY)?;
        super::file::read_times(truth, &path, fd, 1 + number as usize % 2)?;
        close(truth, &path, fd)?;
    }
    Ok(())
}
