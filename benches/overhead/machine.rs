//! What the figures were made on.

use std::fs;
use std::process::Command;
use std::thread;

/// One line on the machine and the programs.
pub(crate) fn describe() -> String {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cpus = thread::available_parallelism().map_or(0, usize::from);
    let facts = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = facts.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or(std::env::consts::ARCH, |(_, model)| model);
    let guest = if facts.contains(" hypervisor") { ", in a virtual machine" } else { "" };
    format!(
        "{cpus} CPUs ({model}{guest}), Linux {}, podtrace {} (release build), {}",
        kernel.trim(),
        env!("CARGO_PKG_VERSION"),
        bpftrace()
    )
}

fn bpftrace() -> String {
    let output = Command::new("bpftrace").arg("--version").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_else(|_| "no bpftrace".into())
}
