//! Programs executed.

use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::calls::needed;
use crate::calls::process as call;
use crate::clock;
use crate::options::Options;
use crate::truth::Truth;

/// This program's own file; `readlink`, so nothing is opened.
fn own_program() -> anyhow::Result<PathBuf> {
    std::fs::read_link("/proc/self/exe").context("cannot tell this program's own file")
}

/// Ends the process at once with `--code`, without a truth: who executed it knows what it did.
pub(super) fn nothing(options: &mut Options, _: &mut Truth) -> anyhow::Result<()> {
    let code = options.number("code", 0)?;
    call::exit(u8::try_from(code).context("`--code` is at most 255")?);
}

/// `--count` forks, each of which executes this program by `--program` (or its own path), which ends with code 0; and 5
/// whose program does not exist.
pub(super) fn execs(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let count = options.number("count", 101)?;
    let program = match options.path("program")? {
        Some(path) => path,
        None => own_program()?,
    };
    let missing = program.with_extension("missing");
    for turn in 0..count + 5 {
        let exists = turn < count;
        let path: &Path = if exists { &program } else { &missing };
        let pid = needed(
            "fork",
            call::fork(|| {
                call::exec(path, &["workload", "nothing"]);
                3
            }),
        )?;
        let status = call::wait(pid).map_err(|errno| anyhow::anyhow!("wait: errno {errno}"))?;
        anyhow::ensure!(status == if exists { 0 } else { 3 << 8 }, "a child ended with status {status:#x}");
        truth.entry("process.fork", "all", "").add(Ok(0));
        let exit = truth.entry("process.exit", "all", "");
        exit.add(Ok(0));
        if exists {
            truth.path("process.exec", path).add(Ok(0));
        } else {
            exit.error("exit 3");
            truth.path("process.exec_failed", path).add(Err(libc::ENOENT));
        }
    }
    Ok(())
}

/// One process that executes itself until `--left` is 0, the last time from a thread that is not its first. It is one
/// process with one pid, so its one truth is written by the last program.
pub(super) fn exec_chain(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let count = options.number("count", 7)?;
    let left = options.number("left", count)?;
    let file = options.needed_path("chain-truth")?;
    let program = own_program()?;
    if left > 0 {
        let file = file.to_string_lossy().into_owned();
        let (count, next) = (count.to_string(), (left - 1).to_string());
        let chain = ["workload", "exec-chain", "--count", &count, "--left", &next, "--chain-truth", &file];
        let mut arguments = chain.to_vec();
        if left == 1 {
            arguments.extend(["--truth", &file]);
            let errno = std::thread::scope(|scope| scope.spawn(|| call::exec(&program, &arguments)).join());
            anyhow::bail!("exec from a thread: errno {errno:?}");
        }
        anyhow::bail!("exec: errno {}", call::exec(&program, &arguments));
    }
    truth.path("process.exec", &program).add_many(count, 0);
    truth.entry("process.exit", "all", "").add(Ok(0));
    // A moment, so that the last life of the process can be seen to be one.
    clock::sleep_ns(clock::MILLISECOND_NS);
    Ok(())
}
