//! What this process may do: its capabilities, and whether a seccomp filter narrows its system calls.

use std::fs;
use std::path::Path;

use caps::Capability;

/// What the kernel lets this process do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Privileges {
    /// Effective capabilities, one bit each by their number in `linux/capability.h`.
    effective: u64,
    /// Whether a seccomp filter is in force (`Seccomp: 2`), which container engines use to forbid `bpf`.
    pub seccomp_filter: bool,
    /// The effective user.
    pub user: Option<u32>,
}

impl Privileges {
    /// Reads them from `proc/self/status` below `root`; what cannot be read counts as missing.
    pub fn read(root: &Path) -> Self {
        let status = fs::read_to_string(root.join("proc/self/status")).unwrap_or_default();
        let field = |name: &str| {
            status
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
                .map(str::trim)
                .unwrap_or_default()
        };
        Self {
            effective: u64::from_str_radix(field("CapEff"), 16).unwrap_or(0),
            seccomp_filter: field("Seccomp") == "2",
            user: field("Uid").split_whitespace().nth(1).and_then(|text| text.parse().ok()),
        }
    }

    /// Whether this process has a capability.
    pub fn has(&self, capability: Capability) -> bool {
        self.effective & capability.bitmask() != 0
    }

    /// The capabilities that loading and attaching tracing programs needs and that are missing. `CAP_SYS_ADMIN`
    /// includes both (capabilities(7), since Linux 5.8).
    pub fn missing_for_tracing(&self) -> Vec<Capability> {
        if self.has(Capability::CAP_SYS_ADMIN) {
            return Vec::new();
        }
        [Capability::CAP_BPF, Capability::CAP_PERFMON].into_iter().filter(|one| !self.has(*one)).collect()
    }

    /// The capabilities that reading other users' `/proc/PID` needs and that are missing: without them the paths and
    /// names of other users' processes stay hidden.
    pub fn missing_for_processes(&self) -> Vec<Capability> {
        let reads_all = self.has(Capability::CAP_DAC_READ_SEARCH) || self.has(Capability::CAP_DAC_OVERRIDE);
        let ptrace = (!self.has(Capability::CAP_SYS_PTRACE)).then_some(Capability::CAP_SYS_PTRACE);
        let read = (!reads_all).then_some(Capability::CAP_DAC_READ_SEARCH);
        ptrace.into_iter().chain(read).collect()
    }
}
