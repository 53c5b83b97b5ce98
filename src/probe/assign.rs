//! Who belongs to a target, told to the kernel: when the trace begins, and whenever targets come or go.

use std::io::Read;
use std::os::fd::AsFd;
use std::ptr;

use libbpf_rs::Iter;
use libbpf_rs::MapCore;
use libbpf_rs::MapFlags;
use libbpf_rs::skel::Skel;

use super::Assignment;
use super::Membership;
use super::ProbeError;
use super::attach::program;
use super::table::failed;
use super::tally::wait_for_programs;
use crate::plan::LastLook;
use crate::plan::SEED_ITERATOR;
use crate::wire;
use crate::wire::PodtraceSkel;
use crate::wire::types::podtrace_limit as Limit;
use crate::wire::types::podtrace_target as Target;

/// Tells the kernel which cgroups and processes are targets, and which ports (by network namespace) are listened on.
/// Nobody is taken in yet: see [`take_in`].
pub(super) fn assign(
    skeleton: &mut PodtraceSkel<'static>,
    assignments: &[Assignment],
    listeners: &[(u32, u16)],
) -> Result<(), ProbeError> {
    for (namespace, port) in listeners {
        let table = &skeleton.maps.listeners;
        let key = u64::from(*namespace) << 16 | u64::from(*port);
        table.update(&key.to_ne_bytes(), &[1], MapFlags::ANY).map_err(|error| failed(table, error))?;
    }
    for assignment in assignments {
        let target = assignment.target.to_ne_bytes();
        match &assignment.membership {
            Membership::Cgroup { id, level } => {
                // The depth first: with it alone nothing matches.
                add_level(skeleton, *level)?;
                let table = &skeleton.maps.target_cgroups;
                let value = Target { target: assignment.target, from_exec: assignment.from_exec.into() };
                let value = wire::bytes(&value);
                table.update(&id.to_ne_bytes(), value, MapFlags::ANY).map_err(|error| failed(table, error))?;
            }
            Membership::Processes(pids) => {
                let table = &skeleton.maps.seeds;
                for pid in pids {
                    table.update(&pid.to_ne_bytes(), &target, MapFlags::ANY).map_err(|error| failed(table, error))?;
                }
            }
        }
    }
    Ok(())
}

/// Makes cgroups targets no more. Their members are let go with the next [`take_in`].
pub(super) fn release(skeleton: &PodtraceSkel<'static>, cgroups: &[u64]) -> Result<(), ProbeError> {
    super::table::delete(&skeleton.maps.target_cgroups, cgroups)
}

/// Makes sure that cgroups of this depth are looked at. Depths are appended only, so that a program that reads them
/// meanwhile misses none.
fn add_level(skeleton: &mut PodtraceSkel<'static>, level: u32) -> Result<(), ProbeError> {
    let most = Limit::PODTRACE_LEVELS.0 as usize;
    let Some(bss) = skeleton.maps.bss_data.as_deref_mut() else { return Ok(()) };
    let count = bss.level_count as usize;
    if bss.levels[..count.min(most)].contains(&level) {
        return Ok(());
    }
    if count >= most {
        let reason = format!("target cgroups lie at more than {most} different depths");
        return Err(failed(&skeleton.maps.target_cgroups, reason));
    }
    // SAFETY: the fields are aligned u32 in memory that the kernel shares with us for as long as the skeleton lives;
    // programs only read them, the count after the value it makes valid.
    unsafe {
        ptr::write_volatile(&raw mut bss.levels[count], level);
        std::sync::atomic::fence(std::sync::atomic::Ordering::Release);
        ptr::write_volatile(&raw mut bss.level_count, count as u32 + 1);
    }
    Ok(())
}

/// Runs a program once for every thread of the machine.
fn look_at_tasks(skeleton: &PodtraceSkel<'static>, name: &str) -> Result<(), ProbeError> {
    let refused = |reason: String| ProbeError::Attach { point: "iter/task".into(), reason };
    let program = program(skeleton, name).ok_or_else(|| refused(format!("the object has no program `{name}`")))?;
    let link = program.attach().map_err(|error| refused(error.to_string()))?;
    let mut iterator = Iter::new(&link).map_err(|error| refused(error.to_string()))?;
    let mut nothing = Vec::new();
    iterator.read_to_end(&mut nothing).map(drop).map_err(|error| refused(error.to_string()))
}

/// Takes in waits that go on already, by the plan's program for that, if there is one and the kernel took it.
pub(super) fn begin_waits(skeleton: &PodtraceSkel<'static>, iterator: Option<&'static str>) -> Result<(), ProbeError> {
    let loaded = |name: &&str| program(skeleton, name).is_some_and(|program| program.autoload());
    iterator.filter(loaded).map_or(Ok(()), |name| look_at_tasks(skeleton, name))
}

/// Counts waits that go on at the trace's end, by the monotonic clock.
pub(super) fn end_waits(
    skeleton: &mut PodtraceSkel<'static>,
    iterator: Option<&'static str>,
    ended_ns: u64,
) -> Result<(), ProbeError> {
    if let Some(bss) = skeleton.maps.bss_data.as_deref_mut() {
        // SAFETY: the field is an aligned u64 in memory that the kernel shares with us for as long as the skeleton lives;
        // programs only read it.
        unsafe { ptr::write_volatile(&raw mut bss.trace_ended_ns, ended_ns) };
    }
    begin_waits(skeleton, iterator)
}

/// Runs a program once for every entry of a table, if the kernel took the program.
pub(super) fn look_at_entries(skeleton: &PodtraceSkel<'static>, look: LastLook) -> Result<(), ProbeError> {
    let Some(program) = program(skeleton, look.program).filter(|program| program.autoload()) else { return Ok(()) };
    let object = skeleton.object();
    let Some(table) = object.maps().find(|map| map.name() == look.table) else { return Ok(()) };
    let looked = program.attach_iter(table.as_fd()).map_err(|error| error.to_string()).and_then(|link| {
        let mut iterator = Iter::new(&link).map_err(|error| error.to_string())?;
        iterator.read_to_end(&mut Vec::new()).map_err(|error| error.to_string())
    });
    looked.map(drop).map_err(|reason| ProbeError::Table { table: look.table.into(), reason })
}

/// Lets nothing be counted any more, whatever is still attached.
pub(super) fn close_gate(skeleton: &mut PodtraceSkel<'static>) {
    shut(skeleton);
    // A program that was ending a process meanwhile subtracted its bit from what is 0 now, which sets others'.
    wait_for_programs();
    shut(skeleton);
}

fn shut(skeleton: &mut PodtraceSkel<'static>) {
    let Some(bss) = skeleton.maps.bss_data.as_deref_mut() else { return };
    for word in &mut bss.traced {
        // SAFETY: the field is an aligned u64 in memory that the kernel shares with us for as long as the skeleton lives.
        // A program that takes in a process meanwhile sets a bit of it again; that process is then seen until we detach.
        unsafe { ptr::write_volatile(word, 0) };
    }
}

/// Takes in what runs already and belongs to a target, and lets go what belongs to none any more.
pub(super) fn take_in(skeleton: &PodtraceSkel<'static>) -> Result<(), ProbeError> {
    look_at_tasks(skeleton, SEED_ITERATOR)?;
    // Process ids are used again: what was to be taken in once must not be looked for later.
    let seeds = &skeleton.maps.seeds;
    let pids: Vec<Vec<u8>> = seeds.keys().collect();
    for pid in pids {
        seeds.delete(&pid).map_err(|error| failed(seeds, error))?;
    }
    Ok(())
}
