//! Any session, item and ending that the types allow.

use std::net::IpAddr;

use jiff::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::event::Definition;
use crate::event::Ending;
use crate::event::ErrorCount;
use crate::event::Event;
use crate::event::Histogram;
use crate::event::Incident;
use crate::event::Item;
use crate::event::KindId;
use crate::event::Loss;
use crate::event::LossCause;
use crate::event::ObjectId;
use crate::event::PathObject;
use crate::event::PeerKind;
use crate::event::PeerName;
use crate::event::PeerObject;
use crate::event::Process;
use crate::event::ProcessId;
use crate::event::Session;
use crate::event::TallyDelta;
use crate::event::TallyKey;
use crate::event::Tick;
use crate::event::definition::Origin;
use crate::event::definition::Side;
use crate::event::session::CommandStatus;
use crate::event::session::Cost;
use crate::event::session::HostSummary;
use crate::event::session::KindName;
use crate::event::session::Life;
use crate::event::session::PlannedFeature;
use crate::event::session::ProfileText;
use crate::event::session::ProgramCost;
use crate::event::session::RuleText;
use crate::event::session::Target;
use crate::event::session::TargetKind;

/// Any text, short.
fn text() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..12).prop_map(|chars| chars.into_iter().collect())
}

fn kind() -> impl Strategy<Value = KindId> {
    any::<u8>().prop_map(KindId)
}

fn process_id() -> impl Strategy<Value = ProcessId> {
    any::<u32>().prop_map(ProcessId)
}

fn object_id() -> impl Strategy<Value = ObjectId> {
    any::<u64>().prop_map(ObjectId)
}

pub(super) fn item() -> impl Strategy<Value = Item> {
    prop_oneof![
        definition().prop_map(Item::Definition),
        event().prop_map(Item::Event),
        tick().prop_map(Item::Tick),
        incident().prop_map(Item::from),
        feature().prop_map(Item::Feature),
    ]
}

fn definition() -> impl Strategy<Value = Definition> {
    let process = (
        (process_id(), any::<u16>(), any::<[u32; 3]>(), text(), any::<Option<i64>>()),
        prop::sample::select(vec![Origin::Seed, Origin::Fork, Origin::Exec]),
        (option::of(text()), vec(text(), 0..3), any::<bool>()),
    )
        .prop_map(
            |((id, target, [pid, parent_pid, namespace_pid], comm, began_ns), origin, (executable, arguments, cut))| {
                let arguments_truncated = cut;
                Definition::Process(Process {
                    id,
                    target,
                    pid,
                    parent_pid,
                    namespace_pid,
                    comm,
                    began_ns,
                    origin,
                    executable,
                    arguments,
                    arguments_truncated,
                })
            },
        );
    let path = (object_id(), text(), any::<bool>(), any::<bool>())
        .prop_map(|(id, path, deleted, truncated)| Definition::Path(PathObject { id, path, deleted, truncated }));
    let side = prop::sample::select(vec![Side::Client, Side::Server]);
    let peer = (object_id(), any::<Option<IpAddr>>(), any::<u16>(), side)
        .prop_map(|(id, address, port, side)| Definition::Peer(PeerObject { id, address, port, side }));
    let target = target().prop_map(|target| Definition::Target(Box::new(target)));
    prop_oneof![process, path, peer, target, peer_name().prop_map(|name| Definition::PeerName(Box::new(name)))]
}

fn peer_name() -> impl Strategy<Value = PeerName> {
    let kind = prop::sample::select(vec![PeerKind::Pod, PeerKind::Service, PeerKind::Node]);
    let optional = || option::of(text());
    (object_id(), kind, text(), [optional(), optional(), optional(), optional()]).prop_map(
        |(object, kind, name, [namespace, workload, port, service])| PeerName {
            object,
            kind,
            namespace,
            name,
            workload,
            port,
            service,
        },
    )
}

fn incident() -> impl Strategy<Value = Incident> {
    let texts = [text(), text(), text(), text(), text()];
    (any::<u32>(), any::<[i64; 2]>(), texts, option::of(text()), any::<bool>(), any::<[u64; 2]>()).prop_map(
        |(id, [at_ns, first_ns], [namespace, pod, reason, message, reporter], container, warning, [count, during])| {
            Incident {
                id,
                at_ns,
                first_ns,
                namespace,
                pod,
                container,
                warning,
                reason,
                message,
                reporter,
                count,
                during,
            }
        },
    )
}

fn feature() -> impl Strategy<Value = PlannedFeature> {
    (text(), option::of(text()), option::of(text())).prop_map(|(feature, blind, degraded)| PlannedFeature {
        feature,
        blind,
        degraded,
    })
}

fn event() -> impl Strategy<Value = Event> {
    ((kind(), any::<i64>(), any::<u64>(), process_id()), any::<u32>(), object_id(), any::<(u8, i64, u64)>()).prop_map(
        |((kind, at_ns, duration_ns, process), thread, object, (detail, result, aux))| Event {
            kind,
            at_ns,
            duration_ns,
            process,
            thread,
            object,
            detail,
            result,
            aux,
        },
    )
}

fn tick() -> impl Strategy<Value = Tick> {
    let loss = (option::of(kind()), prop::sample::select(LossCause::ALL.to_vec()), any::<u64>())
        .prop_map(|(kind, cause, count)| Loss { kind, cause, count });
    (any::<i64>(), vec(tally(), 0..8), vec(loss, 0..4), vec((kind(), any::<u64>()), 0..4))
        .prop_map(|(at_ns, tallies, losses, sent)| Tick { at_ns, tallies, losses, sent })
}

fn tally() -> impl Strategy<Value = TallyDelta> {
    let key = (kind(), any::<u8>(), process_id(), object_id()).prop_map(|(kind, detail, process, object)| TallyKey {
        kind,
        detail,
        process,
        object,
    });
    let histogram = vec((0u16..512, any::<u64>()), 0..9).prop_map(Histogram::from_buckets);
    let error = any::<(u16, u64)>().prop_map(|(errno, count)| ErrorCount { errno, count });
    (key, any::<[u64; 4]>(), histogram, vec(error, 0..3)).prop_map(
        |(key, [count, amount, total_ns, max_ns], histogram, errors)| TallyDelta {
            key,
            count,
            amount,
            total_ns,
            max_ns,
            histogram,
            errors,
        },
    )
}

pub(super) fn session() -> impl Strategy<Value = Session> {
    let started = (0i64..4_000_000_000, 0i32..1_000_000_000)
        .prop_map(|(seconds, nanoseconds)| Timestamp::new(seconds, nanoseconds).unwrap());
    let host = (text(), text(), text(), any::<u32>()).prop_map(|(name, kernel, architecture, cpus)| HostSummary {
        name,
        kernel,
        architecture,
        cpus,
    });
    let profile = (text(), text()).prop_map(|(name, text)| ProfileText { name, text });
    let modules = proptest::collection::btree_map(text(), text(), 0..3);
    let rule = (text(), text(), text(), modules).prop_map(|(name, path, text, modules)| RuleText {
        name,
        path,
        text,
        modules,
    });
    let kinds = (kind(), text()).prop_map(|(id, name)| KindName { id, name });
    (
        (text(), started, host, vec(profile, 0..3), vec(rule, 0..3)),
        (vec(target(), 0..3), option::of(vec(text(), 0..3)), vec(kinds, 0..5), vec(feature(), 0..3)),
    )
        .prop_map(|((podtrace, started, host, profiles, rules), (targets, command, kinds, coverage))| Session {
            podtrace,
            started,
            host,
            profiles,
            rules,
            targets,
            command,
            kinds,
            coverage,
        })
}

fn target() -> impl Strategy<Value = Target> {
    let kind = prop::sample::select(vec![
        TargetKind::Command,
        TargetKind::Process,
        TargetKind::Cgroup,
        TargetKind::Unit,
        TargetKind::Container,
    ]);
    let optional = || option::of(text());
    let labels = proptest::collection::btree_map(text(), text(), 0..3);
    let places = [optional(), optional(), optional(), optional(), optional()];
    (any::<u16>(), kind, text(), places, labels, option::of(life())).prop_map(
        |(index, kind, name, [namespace, pod, container, node, workload], labels, life)| Target {
            index,
            kind,
            name,
            namespace,
            pod,
            container,
            node,
            workload,
            labels,
            life,
        },
    )
}

fn life() -> impl Strategy<Value = Life> {
    let times = any::<[Option<i64>; 2]>();
    (option::of(text()), any::<Option<u32>>(), times, any::<Option<i32>>(), option::of(text())).prop_map(
        |(container_id, restarts, [began_ns, ended_ns], exit_code, reason)| Life {
            container_id,
            restarts,
            began_ns,
            ended_ns,
            exit_code,
            reason,
        },
    )
}

pub(super) fn ending() -> impl Strategy<Value = Ending> {
    let command = option::of(prop_oneof![
        any::<i32>().prop_map(CommandStatus::Exited),
        any::<i32>().prop_map(CommandStatus::Signalled),
    ]);
    let program = (text(), any::<[u64; 2]>()).prop_map(|(name, [runs, total_ns])| ProgramCost { name, runs, total_ns });
    let cost = (any::<[u64; 3]>(), vec(program, 0..3)).prop_map(|(numbers, programs)| {
        let [agent_cpu_ns, agent_memory_bytes, kernel_memory_bytes] = numbers;
        Cost { agent_cpu_ns, agent_memory_bytes, kernel_memory_bytes, programs }
    });
    (any::<u64>(), command, option::of(text()), cost, vec(feature(), 0..2)).prop_map(
        |(duration_ns, command, interrupted, cost, coverage)| Ending {
            duration_ns,
            command,
            interrupted,
            cost,
            coverage,
        },
    )
}
