//! CPU time used, and waited for.

use anyhow::Context as _;

use crate::calls::needed;
use crate::calls::process;
use crate::clock;
use crate::options::Options;
use crate::truth::Truth;

/// For `--seconds`, uses the CPU half of the time, in stretches of 10 ms: the share is held over the whole time, so a
/// stretch without a CPU is made up for by a shorter sleep.
pub(super) fn spinner(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let seconds = options.number("seconds", 3)?;
    let (began_ns, cpu_ns) = (clock::now_ns(), clock::thread_cpu_ns());
    let end_ns = began_ns + seconds * clock::SECOND_NS;
    while clock::now_ns() < end_ns {
        clock::spin_cpu_ns(10 * clock::MILLISECOND_NS);
        let (used_ns, passed_ns) = (clock::thread_cpu_ns() - cpu_ns, clock::now_ns() - began_ns);
        clock::sleep_ns((2 * used_ns).saturating_sub(passed_ns));
    }
    let share = (clock::thread_cpu_ns() - cpu_ns) as f64 / (clock::now_ns() - began_ns) as f64;
    truth.fact("cpu_share", share);
    Ok(())
}

/// How long this process, of one thread, waited for a CPU so far, by the kernel's own account.
fn run_delay_ns() -> anyhow::Result<u64> {
    let text = std::fs::read_to_string("/proc/self/schedstat").context("cannot read `/proc/self/schedstat`")?;
    let delay = text.split(' ').nth(1).context("no run delay in `/proc/self/schedstat`")?;
    delay.parse().context("the run delay is not a number")
}

/// `--spinners` children, all on one CPU, each of which uses `--cpu-ms` of CPU time and so waits for the others.
pub(super) fn run_queue(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let spinners = options.number("spinners", 4)?;
    let cpu_ns = options.number("cpu-ms", 500)? * clock::MILLISECOND_NS;
    needed("pin to a CPU", process::pin(0))?;
    let (drain, fill) = crate::calls::file::pipe().map_err(|errno| anyhow::anyhow!("pipe: errno {errno}"))?;
    let mut children = Vec::new();
    for _ in 0..spinners {
        let child = || {
            clock::spin_cpu_ns(cpu_ns);
            let Ok(delay_ns) = run_delay_ns() else { return 1 };
            u8::from(crate::calls::file::write(fill, &delay_ns.to_ne_bytes()) != Ok(8))
        };
        children.push(needed("fork", process::fork(child))?);
    }
    let mut delay_ns = 0;
    for pid in children {
        let status = process::wait(pid).map_err(|errno| anyhow::anyhow!("wait: errno {errno}"))?;
        anyhow::ensure!(status == 0, "a spinner ended with status {status:#x}");
        let mut bytes = [0; 8];
        needed("read the delay", crate::calls::file::read(drain, &mut bytes))?;
        delay_ns += u64::from_ne_bytes(bytes);
    }
    delay_ns += run_delay_ns()?;
    truth.fact("run_delay_seconds", delay_ns as f64 / clock::SECOND_NS as f64);
    truth.fact("spun_seconds", (spinners * cpu_ns) as f64 / clock::SECOND_NS as f64);
    Ok(())
}
