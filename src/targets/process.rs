//! `--pid`: a process and its descendants.

use std::collections::BTreeSet;

use super::Membership;
use super::Resolved;
use super::TargetError;
use super::others;
use super::plain;
use crate::event::session::TargetKind;
use crate::host::Host;
use crate::host::Processes;

/// Looks up a process.
pub(super) fn resolve(index: u16, pid: u32, host: &Host, processes: &Processes) -> Result<Resolved, TargetError> {
    if host.namespaces.pid == Some(false) {
        return Err(TargetError::PidNamespace);
    }
    let facts = processes.facts(pid)?;
    let comm = facts.stat.comm.clone();
    if facts.tgid != pid {
        return Err(TargetError::Thread { thread: pid, process: facts.tgid, comm });
    }
    if facts.stat.kernel_thread {
        return Err(TargetError::KernelThread { pid, comm });
    }
    if matches!(facts.stat.state, 'Z' | 'X') {
        return Err(TargetError::Zombie { pid, comm });
    }
    if pid == std::process::id() {
        return Err(TargetError::Ourselves(pid));
    }
    let mut pids: BTreeSet<u32> = others(processes.descendants(pid));
    pids.insert(pid);
    Ok(Resolved {
        target: plain(index, TargetKind::Process, format!("pid {pid}")),
        membership: Membership::Processes { pids },
        remark: None,
    })
}
