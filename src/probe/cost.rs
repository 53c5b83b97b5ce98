//! What tracing costs: the programs' run time, sampled, and the process's own use.

use std::collections::BTreeMap;
use std::os::fd::AsFd;
use std::os::fd::AsRawFd;
use std::os::fd::FromRawFd;
use std::os::fd::OwnedFd;

use libbpf_rs::MapCore;
use libbpf_rs::MapType;
use libbpf_rs::libbpf_sys;
use libbpf_rs::skel::Skel;

use super::table;
use crate::event::session::Cost;
use crate::event::session::ProgramCost;
use crate::event::session::TableFill;
use crate::wire::PodtraceSkel;

/// Accounting run times costs some nanoseconds a run, so it is switched on for a part of the time only.
pub(super) struct Accounting {
    on: Option<OwnedFd>,
}

impl Accounting {
    pub(super) fn off() -> Self {
        Self { on: None }
    }

    /// Begins to account; without the privilege nothing happens, and run times are not reported.
    pub(super) fn begin(&mut self) {
        if self.on.is_some() {
            return;
        }
        // SAFETY: the call takes no pointers; a non-negative result is a descriptor that is ours alone.
        self.on = unsafe {
            match libbpf_sys::bpf_enable_stats(libbpf_sys::BPF_STATS_RUN_TIME) {
                descriptor if descriptor >= 0 => Some(OwnedFd::from_raw_fd(descriptor)),
                _ => None,
            }
        };
    }

    /// Ends accounting.
    pub(super) fn end(&mut self) {
        self.on = None;
    }
}

/// Facts that the kernel keeps of each program: (run time in ns, runs, runs skipped).
fn facts(skeleton: &PodtraceSkel<'static>) -> BTreeMap<String, (u64, u64, u64)> {
    let mut all = BTreeMap::new();
    for program in skeleton.object().progs_mut().filter(|program| program.autoload()) {
        let mut info = libbpf_sys::bpf_prog_info::default();
        let mut length = size_of_val(&info) as u32;
        // SAFETY: `info` is a plain structure of `length` bytes that asks for no arrays; the kernel fills as much of it
        // as it knows.
        let result =
            unsafe { libbpf_sys::bpf_prog_get_info_by_fd(program.as_fd().as_raw_fd(), &raw mut info, &raw mut length) };
        if result == 0 {
            let name = program.name().to_string_lossy().into_owned();
            all.insert(name, (info.run_time_ns, info.run_cnt, info.recursion_misses));
        }
    }
    all
}

/// Runs that the kernel skipped because the program was already running on the CPU, in all.
pub(super) fn skipped(skeleton: &PodtraceSkel<'static>) -> u64 {
    facts(skeleton).values().map(|(_, _, skipped)| skipped).sum()
}

/// How full the tables are that have a bound. Those that a tick empties are `drained`: by name, entries that the last one
/// found, and the room there is.
pub(super) fn tables(skeleton: &PodtraceSkel<'static>, drained: [(&str, u64, u64); 3]) -> Vec<TableFill> {
    let mut tables: Vec<_> = drained
        .into_iter()
        .map(|(name, entries, capacity)| TableFill { name: name.to_owned(), entries, capacity })
        .collect();
    for map in skeleton.object().maps() {
        let name = map.name().to_string_lossy();
        let is_hash = matches!(map.map_type(), MapType::Hash | MapType::LruHash);
        if !is_hash || tables.iter().any(|table| table.name == name) {
            continue;
        }
        // A kernel that cannot read a table at once says nothing of it.
        if let Ok(entries) = table::entries(&map, None) {
            tables.push(TableFill { name: name.into_owned(), entries, capacity: u64::from(map.max_entries()) });
        }
    }
    tables
}

/// The programs' costs, and the memory of the tables.
pub(super) fn of_kernel(skeleton: &PodtraceSkel<'static>) -> Cost {
    let programs = facts(skeleton)
        .into_iter()
        .filter(|(_, (_, runs, _))| *runs > 0)
        .map(|(name, (total_ns, runs, _))| ProgramCost { name, runs, total_ns })
        .collect();
    let memory = skeleton.object().maps().filter_map(|map| map.query_fdinfo().ok()?.memlock).sum();
    Cost { kernel_memory_bytes: memory, programs, ..Cost::default() }
}
