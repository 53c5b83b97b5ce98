//! From records in the rings to items.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;

use super::MadeCgroup;
use super::Told;
use crate::event::Definition;
use crate::event::Event;
use crate::event::Item;
use crate::event::KindId;
use crate::event::ObjectId;
use crate::event::PathObject;
use crate::event::PeerObject;
use crate::event::Process;
use crate::event::ProcessId;
use crate::event::definition::Origin;
use crate::event::definition::Side;
use crate::wire;
use crate::wire::types;
use crate::wire::types::podtrace_origin as WireOrigin;
use crate::wire::types::podtrace_path_flag as Flag;
use crate::wire::types::podtrace_record as Record;
use crate::wire::types::podtrace_side as WireSide;

/// A record, decoded.
#[derive(Debug, Default)]
pub(super) struct Decoded {
    /// What it says, in order.
    pub(super) told: Vec<Told>,
    /// For a process life: the CPU time its earlier lives used, in nanoseconds.
    pub(super) cpu_ns: u64,
}

/// Decodes a record; `started_ns` is the session's start on the monotonic clock. `None` if it is malformed.
pub(super) fn decode(bytes: &[u8], started_ns: u64) -> Option<Decoded> {
    let record = types::podtrace_record(u32::from_ne_bytes(bytes.get(..4)?.try_into().ok()?));
    let said = |told| Some(Decoded { told: vec![told], cpu_ns: 0 });
    let one = |item| said(Told::Item(item));
    match record {
        Record::PODTRACE_EVENT => one(Item::Event(event(&wire::read(bytes)?, started_ns))),
        Record::PODTRACE_PROCESS => {
            let record: types::podtrace_process = wire::read(bytes)?;
            let process = process(&record, started_ns)?;
            Some(Decoded { told: vec![Told::Process { process, child: record.child }], cpu_ns: record.cpu_ns })
        }
        Record::PODTRACE_EXEC => exec(&wire::read(bytes)?, started_ns),
        Record::PODTRACE_FILE_PATH => one(Item::Definition(Definition::Path(file_path(bytes)?))),
        Record::PODTRACE_GIVEN_PATH => {
            let record: types::podtrace_given_path = wire::read(bytes)?;
            one(Item::Definition(Definition::Path(given(record.object, &record.path))))
        }
        Record::PODTRACE_PEER => one(Item::Definition(Definition::Peer(peer(&wire::read(bytes)?)))),
        Record::PODTRACE_LEFT => said(left(&wire::read(bytes)?, started_ns)),
        Record::PODTRACE_CGROUP => said(Told::Cgroup(cgroup(&wire::read(bytes)?, started_ns))),
        _ => None,
    }
}

/// A time of the monotonic clock, counted from the session's start.
fn since(at_ns: u64, started_ns: u64) -> i64 {
    at_ns.wrapping_sub(started_ns) as i64
}

fn event(record: &types::podtrace_event, started_ns: u64) -> Event {
    Event {
        kind: KindId(record.kind),
        at_ns: since(record.at_ns, started_ns),
        duration_ns: record.duration_ns,
        process: ProcessId(record.process),
        thread: record.thread,
        object: ObjectId(record.object),
        detail: record.detail,
        result: record.result,
        aux: record.aux,
    }
}

fn process(record: &types::podtrace_process, started_ns: u64) -> Option<Process> {
    let origin = match types::podtrace_origin(record.origin.into()) {
        WireOrigin::PODTRACE_SEED => Origin::Seed,
        WireOrigin::PODTRACE_FORK => Origin::Fork,
        WireOrigin::PODTRACE_EXECUTED => Origin::Exec,
        _ => return None,
    };
    Some(Process {
        id: ProcessId(record.process),
        target: record.target,
        pid: record.pid,
        parent_pid: record.parent_pid,
        namespace_pid: record.namespace_pid,
        comm: text(&record.comm),
        began_ns: (origin != Origin::Seed).then(|| since(record.at_ns, started_ns)),
        origin,
        executable: None,
        arguments: Vec::new(),
        arguments_truncated: false,
    })
}

fn exec(record: &types::podtrace_exec, started_ns: u64) -> Option<Decoded> {
    let path = given(record.object, &record.path);
    let read = record.arguments.get(..record.arguments_read as usize)?;
    let whole = read.strip_suffix(&[0]).unwrap_or(read);
    let arguments = if whole.is_empty() && read.is_empty() {
        Vec::new()
    } else {
        whole.split(|byte| *byte == 0).map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect()
    };
    let process = Process {
        executable: Some(path.path.clone()),
        arguments,
        arguments_truncated: record.arguments_total > record.arguments_read,
        ..process(&record.process, started_ns)?
    };
    Some(Decoded {
        told: vec![
            Told::Item(Item::Definition(Definition::Path(path))),
            Told::Process { process, child: record.process.child },
        ],
        cpu_ns: record.process.cpu_ns,
    })
}

fn left(record: &types::podtrace_left, started_ns: u64) -> Told {
    Told::Left {
        process: ProcessId(record.process),
        at_ns: since(record.at_ns, started_ns),
        // The kernel keeps 16 bits of it.
        status: (record.ended != 0).then_some(record.status as u16),
    }
}

fn cgroup(record: &types::podtrace_cgroup, started_ns: u64) -> MadeCgroup {
    MadeCgroup {
        id: record.id,
        parent: record.parent,
        level: record.level,
        at_ns: since(record.at_ns, started_ns),
        name: text(&record.name),
    }
}

/// Text that ends at its first zero byte, lossy where it is not UTF-8.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

fn given(object: u64, path: &[u8]) -> PathObject {
    // The kernel cuts a longer one and still ends it with a zero byte.
    let path_text = text(path);
    let truncated = path_text.len() + 1 == path.len();
    let path = if truncated { format!("{path_text}...") } else { path_text };
    PathObject { id: ObjectId(object), path, deleted: false, truncated }
}

/// The names come from the file upwards; the path goes downwards.
fn file_path(bytes: &[u8]) -> Option<PathObject> {
    let head = std::mem::offset_of!(types::podtrace_file_path, names);
    let field = |at: usize| Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let flags = field(std::mem::offset_of!(types::podtrace_file_path, flags))?;
    let length = field(std::mem::offset_of!(types::podtrace_file_path, bytes))? as usize;
    let at = std::mem::offset_of!(types::podtrace_file_path, object);
    let object = u64::from_ne_bytes(bytes.get(at..at + 8)?.try_into().ok()?);
    let names = bytes.get(head..head + length)?;
    let truncated = flags & Flag::PODTRACE_TRUNCATED.0 != 0;
    let mut path = String::new();
    for name in names.strip_suffix(&[0]).unwrap_or(names).rsplit(|byte| *byte == 0) {
        path.push('/');
        path.push_str(&String::from_utf8_lossy(name));
    }
    Some(PathObject {
        id: ObjectId(object),
        path: if truncated { format!("...{path}") } else { path },
        deleted: flags & Flag::PODTRACE_DELETED.0 != 0,
        truncated,
    })
}

fn peer(record: &types::podtrace_peer) -> PeerObject {
    let v4: [u8; 4] = [record.address[0], record.address[1], record.address[2], record.address[3]];
    PeerObject {
        id: ObjectId(record.object),
        address: match i32::from(record.family) {
            libc::AF_INET => Some(IpAddr::V4(Ipv4Addr::from(v4))),
            libc::AF_INET6 => Some(IpAddr::V6(Ipv6Addr::from(record.address))),
            _ => None,
        },
        port: record.port,
        side: if u32::from(record.side) == WireSide::PODTRACE_SERVER.0 { Side::Server } else { Side::Client },
    }
}

#[cfg(test)]
mod tests;
