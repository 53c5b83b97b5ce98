//! Facts about the kernel: its release, its type information, what it forbids.
//!
//! The release is for people to read. What a kernel can do is asked of its type information and of itself, because
//! distributions carry features back to older releases.

use std::fmt;
use std::path::Path;

use super::line;

/// Facts about the running kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// The release, as `uname -r`; `unknown` if it cannot be read.
    pub release: String,
    /// The numbers at the beginning of the release.
    pub version: Option<Version>,
    /// Whether the kernel describes its own types in `/sys/kernel/btf/vmlinux`.
    pub btf: bool,
    /// What lockdown forbids.
    pub lockdown: Lockdown,
    /// `kernel.unprivileged_bpf_disabled`: 0 is allowed, 1 and 2 are forbidden.
    pub unprivileged_bpf_disabled: Option<u8>,
    /// `kernel.kptr_restrict`: 2 hides kernel addresses even from root.
    pub kptr_restrict: Option<u8>,
    /// `kernel.perf_event_paranoid`.
    pub perf_event_paranoid: Option<i8>,
    /// Whether the kernel was built with kprobes for perf.
    pub kprobes: bool,
    /// Whether the kernel was built with uprobes for perf.
    pub uprobes: bool,
}

impl Kernel {
    /// Reads them below `root`.
    pub fn read(root: &Path) -> Self {
        let release = line(root, "proc/sys/kernel/osrelease").unwrap_or_else(|| "unknown".into());
        Self {
            version: Version::parse(&release),
            release,
            btf: root.join(super::btf::PATH).exists(),
            lockdown: Lockdown::read(root),
            unprivileged_bpf_disabled: number(root, "proc/sys/kernel/unprivileged_bpf_disabled"),
            kptr_restrict: number(root, "proc/sys/kernel/kptr_restrict"),
            perf_event_paranoid: number(root, "proc/sys/kernel/perf_event_paranoid"),
            kprobes: root.join("sys/bus/event_source/devices/kprobe").exists(),
            uprobes: root.join("sys/bus/event_source/devices/uprobe").exists(),
        }
    }
}

/// A small number in a file of its own.
fn number<T: std::str::FromStr>(root: &Path, path: &str) -> Option<T> {
    line(root, path)?.parse().ok()
}

/// The numbers a release begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// 6 of 6.18.44.
    pub major: u16,
    /// 18 of 6.18.44.
    pub minor: u16,
    /// 44 of 6.18.44; 0 if there is none.
    pub patch: u16,
}

impl Version {
    /// Reads `6.18.44-fc`, `5.10.0-28-cloud-amd64`, `6.12-rc1`; `None` if it does not begin with two numbers.
    pub fn parse(release: &str) -> Option<Self> {
        let numbers = release.split(|c: char| !c.is_ascii_digit() && c != '.').next()?;
        let mut parts = numbers.split('.');
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next()?.parse().ok()?;
        let patch = parts.next().and_then(|text| text.parse().ok()).unwrap_or(0);
        Some(Self { major, minor, patch })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The kernel's lockdown mode (`/sys/kernel/security/lockdown`, see kernel_lockdown(7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lockdown {
    /// The file is not there: no lockdown in this kernel, or securityfs is not mounted.
    Unknown,
    /// Nothing is locked.
    Off,
    /// User space may not change the running kernel; BPF may read it.
    Integrity,
    /// User space may not read the running kernel either: BPF programs that look into it are refused.
    Confidentiality,
}

impl Lockdown {
    /// Reads it below `root`: `none [integrity] confidentiality`, the one in force in brackets.
    pub fn read(root: &Path) -> Self {
        let text = line(root, "sys/kernel/security/lockdown").unwrap_or_default();
        match text.split_whitespace().find_map(|word| word.strip_prefix('[')?.strip_suffix(']')) {
            Some("none") => Self::Off,
            Some("integrity") => Self::Integrity,
            Some("confidentiality") => Self::Confidentiality,
            _ => Self::Unknown,
        }
    }

    /// Its name, as the kernel writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Off => "none",
            Self::Integrity => "integrity",
            Self::Confidentiality => "confidentiality",
        }
    }
}
