//! One line of `/proc/PID/stat`.

/// `PF_KTHREAD` of `linux/sched.h`: the process has no user code.
const PF_KTHREAD: u64 = 0x0020_0000;

/// What the line says that is used here; field numbers are those of proc_pid_stat(5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    /// The kernel's short name, at most 15 bytes (field 2).
    pub comm: String,
    /// The state's letter, `Z` for one that has ended and was not waited for (field 3).
    pub state: char,
    /// The parent's id (field 4).
    pub parent: u32,
    /// A thread of the kernel itself (field 9).
    pub kernel_thread: bool,
    /// User time, in nanoseconds (field 14).
    pub user_ns: u64,
    /// Kernel time, in nanoseconds (field 15).
    pub system_ns: u64,
    /// How many threads it has (field 20).
    pub threads: u32,
    /// When it started, in nanoseconds since boot (field 22).
    pub started_boot_ns: u64,
}

impl Stat {
    /// Reads the line; `tick_ns` is the length of a clock tick. `None` if it is not such a line.
    ///
    /// The name stands in parentheses and may itself hold spaces and parentheses, so it ends at the last one.
    pub fn parse(line: &str, tick_ns: u64) -> Option<Self> {
        let open = line.find('(')?;
        let close = line.rfind(')')?;
        let comm = line.get(open + 1..close)?.to_owned();
        let fields: Vec<&str> = line.get(close + 1..)?.split_whitespace().collect();
        // The first of `fields` is field 3.
        let field = |number: usize| fields.get(number - 3).copied();
        let ticks_ns = |number: usize| -> Option<u64> { field(number)?.parse::<u64>().ok()?.checked_mul(tick_ns) };
        Some(Self {
            comm,
            state: field(3)?.chars().next()?,
            parent: field(4)?.parse().ok()?,
            kernel_thread: field(9)?.parse::<u64>().ok()? & PF_KTHREAD != 0,
            user_ns: ticks_ns(14)?,
            system_ns: ticks_ns(15)?,
            threads: field(20)?.parse().ok()?,
            started_boot_ns: ticks_ns(22)?,
        })
    }
}
