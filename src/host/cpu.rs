//! How many CPUs there are, online and possible.

use std::path::Path;

use super::line;

/// CPUs of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cpus {
    /// CPUs that run now. At least 1.
    pub online: u32,
    /// CPUs there may ever be: the number of values in an entry of a per-CPU map. At least 1.
    pub possible: u32,
    /// One past the highest possible CPU number; more than `possible` where numbers are skipped. Size by this what is
    /// indexed by a CPU number.
    pub ids: u32,
}

impl Cpus {
    /// Reads them below `root`; where a list is missing, one CPU is assumed.
    pub fn read(root: &Path) -> Self {
        let list = |name: &str| {
            line(root, &format!("sys/devices/system/cpu/{name}")).and_then(|text| parse_list(&text)).unwrap_or((1, 1))
        };
        let (online, _) = list("online");
        let (possible, ids) = list("possible");
        Self { online, possible, ids }
    }
}

/// Reads `0-3,8,10-11` into (how many, one past the highest); `None` if it is not such a list.
pub fn parse_list(text: &str) -> Option<(u32, u32)> {
    let mut count = 0_u32;
    let mut end = 0_u32;
    for part in text.trim().split(',') {
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (first.parse::<u32>().ok()?, last.parse::<u32>().ok()?),
            None => (part.parse().ok()?, part.parse().ok()?),
        };
        let past = last.checked_add(1)?;
        count = count.checked_add(past.checked_sub(first)?)?;
        end = end.max(past);
    }
    (count > 0).then_some((count, end))
}
