//! The kernel's clocks and the wall clock, side by side.
//!
//! BPF programs stamp with `CLOCK_MONOTONIC` (or `CLOCK_BOOTTIME`) of the machine. Inside a time namespace the process
//! reads shifted ones, so offsets are taken out again.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use jiff::Timestamp;

/// How often the clocks are read to find the pair that lies closest together.
const ATTEMPTS: u32 = 8;

/// What the three clocks showed at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// `CLOCK_MONOTONIC` of the machine, in nanoseconds: what `bpf_ktime_get_ns` returns.
    pub monotonic_ns: i64,
    /// `CLOCK_BOOTTIME` of the machine, in nanoseconds: what `bpf_ktime_get_boot_ns` returns.
    pub boot_ns: i64,
    /// The wall clock.
    pub wall: Timestamp,
    /// How far apart the readings may be, in nanoseconds.
    pub uncertainty_ns: i64,
}

impl Clock {
    /// Reads the clocks; offsets of a time namespace come from below `root`.
    pub fn read(root: &Path) -> Self {
        let offsets = fs::read_to_string(root.join("proc/self/timens_offsets")).unwrap_or_default();
        let mut best: Option<Self> = None;
        for _ in 0..ATTEMPTS {
            let before = read_ns(libc::CLOCK_MONOTONIC);
            let wall = read_ns(libc::CLOCK_REALTIME);
            let boot = read_ns(libc::CLOCK_BOOTTIME);
            let after = read_ns(libc::CLOCK_MONOTONIC);
            let uncertainty_ns = after - before;
            if best.is_none_or(|clock| uncertainty_ns < clock.uncertainty_ns) {
                best = Some(Self {
                    monotonic_ns: before + uncertainty_ns / 2 - offset_ns(&offsets, "monotonic"),
                    boot_ns: boot - offset_ns(&offsets, "boottime"),
                    wall: Timestamp::from_nanosecond(i128::from(wall)).unwrap_or(Timestamp::UNIX_EPOCH),
                    uncertainty_ns,
                });
            }
        }
        best.unwrap_or(Self { monotonic_ns: 0, boot_ns: 0, wall: Timestamp::UNIX_EPOCH, uncertainty_ns: 0 })
    }

    /// The wall-clock time of a moment the kernel stamped with `CLOCK_MONOTONIC`; the clock's own moment if it lies
    /// outside of what a timestamp holds.
    pub fn wall_of_monotonic(&self, monotonic_ns: u64) -> Timestamp {
        self.shifted(i128::from(monotonic_ns) - i128::from(self.monotonic_ns))
    }

    /// The same for `CLOCK_BOOTTIME`, e.g. a process's start.
    pub fn wall_of_boot(&self, boot_ns: u64) -> Timestamp {
        self.shifted(i128::from(boot_ns) - i128::from(self.boot_ns))
    }

    fn shifted(&self, by_ns: i128) -> Timestamp {
        Timestamp::from_nanosecond(self.wall.as_nanosecond() + by_ns).unwrap_or(self.wall)
    }
}

/// `CLOCK_MONOTONIC` of the machine now, in nanoseconds: the clock of [`Clock::monotonic_ns`], for what is asked often.
pub fn monotonic_ns() -> u64 {
    // A process's time namespace does not change while it runs.
    static OFFSET_NS: LazyLock<i64> = LazyLock::new(|| {
        let offsets = fs::read_to_string("/proc/self/timens_offsets").unwrap_or_default();
        offset_ns(&offsets, "monotonic")
    });
    read_ns(libc::CLOCK_MONOTONIC).saturating_sub(*OFFSET_NS).max(0).cast_unsigned()
}

/// What a clock shows, in nanoseconds.
fn read_ns(clock: libc::clockid_t) -> i64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for the call to write one timespec into, and outlives it.
    let result = unsafe { libc::clock_gettime(clock, &raw mut time) };
    debug_assert_eq!(result, 0, "these clocks exist on every Linux");
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// What a time namespace added to a clock: lines of `monotonic SECONDS NANOSECONDS` (time_namespaces(7)).
pub fn offset_ns(offsets: &str, clock: &str) -> i64 {
    let numbers = |line: &str| {
        let mut words = line.split_whitespace();
        (words.next()? == clock).then_some(())?;
        let seconds: i64 = words.next()?.parse().ok()?;
        let nanoseconds: i64 = words.next()?.parse().ok()?;
        seconds.checked_mul(1_000_000_000)?.checked_add(nanoseconds)
    };
    offsets.lines().find_map(numbers).unwrap_or(0)
}
