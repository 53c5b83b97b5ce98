//! Processes that come and go.

use std::path::Path;

use crate::calls::file;
use crate::calls::needed;
use crate::calls::process as call;
use crate::clock;
use crate::options::Options;
use crate::truth::Truth;

fn wait(pid: u64) -> anyhow::Result<i32> {
    call::wait(pid).map_err(|errno| anyhow::anyhow!("wait: errno {errno}"))
}

/// Notes a child that came and went.
fn came_and_went(truth: &mut Truth, ending: Option<&str>) {
    truth.entry("process.fork", "all", "").add(Ok(0));
    let exit = truth.entry("process.exit", "all", "");
    exit.add(Ok(0));
    if let Some(ending) = ending {
        exit.error(ending);
    }
}

/// `--count` children that exit at once, every other one running while the next is forked.
pub(super) fn forks(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let count = options.number("count", 53)?;
    let mut running = Vec::new();
    for turn in 0..count {
        running.push(needed("fork", call::fork(|| 0))?);
        came_and_went(truth, None);
        if turn % 2 == 1 {
            for pid in running.drain(..) {
                anyhow::ensure!(wait(pid)? == 0, "a child did not exit with 0");
            }
        }
    }
    for pid in running {
        anyhow::ensure!(wait(pid)? == 0, "a child did not exit with 0");
    }
    Ok(())
}

/// Children that end in every way: codes 0, 3, 7 and 255, killed, crashed.
pub(super) fn endings(_: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    for (code, count) in [(0, 11), (3, 7), (7, 5), (255, 3)] {
        for _ in 0..count {
            let pid = needed("fork", call::fork(|| code))?;
            anyhow::ensure!(wait(pid)? == i32::from(code) << 8, "a child did not exit with {code}");
            let name = format!("exit {code}");
            came_and_went(truth, if code == 0 { None } else { Some(&name) });
        }
    }
    let signals = [("SIGKILL", libc::SIGKILL, 5), ("SIGTERM", libc::SIGTERM, 3), ("SIGSEGV", libc::SIGSEGV, 2)];
    for (name, signal, count) in signals {
        for _ in 0..count {
            let pid = needed(
                "fork",
                call::fork(|| {
                    // SAFETY: the child has one thread and runs no handler of its own; no core file is left.
                    unsafe {
                        libc::prctl(libc::PR_SET_DUMPABLE, 0);
                        libc::signal(signal, libc::SIG_DFL);
                        libc::raise(signal);
                    }
                    1
                }),
            )?;
            anyhow::ensure!(wait(pid)? & 127 == signal, "a child was not ended by {name}");
            came_and_went(truth, Some(name));
        }
    }
    Ok(())
}

/// `--count` children of 5 threads each; in every other one the first thread ends before the others. Each is one fork
/// and one exit, with the code that the process ends with.
pub(super) fn threads(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let count = options.number("count", 7)?;
    for turn in 0..count {
        let first_leaves = turn % 2 == 0;
        let pid = needed(
            "fork",
            call::fork(|| {
                let others: Vec<_> = (0..4)
                    .map(|nth| {
                        std::thread::spawn(move || {
                            clock::sleep_ns((20 + nth * 5) * clock::MILLISECOND_NS);
                            if first_leaves && nth == 3 {
                                call::exit(7);
                            }
                        })
                    })
                    .collect();
                if first_leaves {
                    call::exit_thread(0);
                }
                for other in others {
                    let _ = other.join();
                }
                0
            }),
        )?;
        let status = wait(pid)?;
        anyhow::ensure!(status == if first_leaves { 7 << 8 } else { 0 }, "a child ended with status {status:#x}");
        came_and_went(truth, first_leaves.then_some("exit 7"));
    }
    Ok(())
}

/// `--count` children one after another; each opens a file, reads it 7 times, closes it and ends.
pub(super) fn short_lived(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let path = options.needed_path("dir")?.join("first");
    let count = options.number("count", 101)?;
    let look = |path: &Path| -> Result<(), i32> {
        let fd = file::open(path, libc::O_RDONLY)? as i32;
        for _ in 0..7 {
            file::pread(fd, &mut [0; 512], 0)?;
        }
        file::close(fd)?;
        Ok(())
    };
    for _ in 0..count {
        let pid = needed("fork", call::fork(|| u8::from(look(&path).is_err())))?;
        anyhow::ensure!(wait(pid)? == 0, "a child could not read `{}`", path.display());
        came_and_went(truth, None);
        truth.path("file.open", &path).add(Ok(0));
        truth.path("file.read", &path).add_many(7, 7 * 512);
        truth.path("file.close", &path).add(Ok(0));
    }
    Ok(())
}
