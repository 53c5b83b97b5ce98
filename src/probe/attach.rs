//! Putting a loaded object to work: handlers into their tables, programs to their hooks, targets into the gate.

use std::os::fd::AsFd;
use std::os::fd::AsRawFd;

use libbpf_rs::Link;
use libbpf_rs::MapCore;
use libbpf_rs::MapFlags;
use libbpf_rs::ProgramMut;
use libbpf_rs::skel::Skel;

use super::ProbeError;
use super::Setting;
use super::assign::assign;
use super::assign::take_in;
use super::load::Refused;
use super::table::failed;
use crate::event::session::PlannedFeature;
use crate::plan::Plan;
use crate::wire;
use crate::wire::PodtraceSkel;
use crate::wire::types;
use crate::wire::types::podtrace_limit as Limit;
use crate::wire::types::podtrace_object as Object;

/// What keeps programs attached.
pub(super) struct Attached {
    /// Dropped, they detach.
    links: Vec<Link>,
    /// What cannot be seen although it was planned.
    pub(super) surprises: Vec<PlannedFeature>,
}

impl Attached {
    /// Detaches everything.
    pub(super) fn detach(&mut self) {
        self.links.clear();
    }
}

/// Fills the tables, attaches the programs, takes in the targets.
pub(super) fn attach(
    skeleton: &mut PodtraceSkel<'static>,
    plan: &Plan,
    setting: &Setting,
    refused: &[Refused],
) -> Result<Attached, ProbeError> {
    let mut attached = Attached { links: Vec::new(), surprises: Vec::new() };
    prepare_tables(skeleton, plan)?;
    install(skeleton, &skeleton.maps.enter_handlers, &plan.enter_handlers)?;
    install(skeleton, &skeleton.maps.exit_handlers, &plan.exit_handlers)?;
    assign(skeleton, &setting.assignments, &setting.listeners)?;
    for hook in &plan.hooks {
        match attach_first(skeleton, &hook.programs, refused) {
            Ok(link) => attached.links.push(link),
            Err(reason) if hook.essential => return Err(ProbeError::Attach { point: hook.point.into(), reason }),
            Err(reason) => {
                let reason = format!("cannot attach to `{}`: {reason}", hook.point);
                attached.surprises.extend(hook.blinds.iter().map(|kind| blind(kind, &reason)));
            }
        }
    }
    for (_, program) in &plan.exit_handlers {
        if let Some(one) = refused.iter().find(|one| one.program == *program) {
            let families =
                plan.families.iter().filter(|family| family.handlers.iter().any(|(_, handler)| handler == program));
            let reason = format!("the kernel refused `{program}`: {}", one.reason);
            attached.surprises.extend(families.flat_map(|family| family.kinds).map(|kind| blind(kind.name, &reason)));
        }
    }
    for look in plan.looks() {
        let one = refused.iter().find(|one| one.program == look.program);
        let reason = one.map(|one| format!("the kernel refused `{}`: {}", one.program, one.reason));
        attached.surprises.extend(reason.map(|reason| look.missing(&reason)));
    }
    take_in(skeleton)?;
    Ok(attached)
}

fn blind(feature: &str, reason: &str) -> PlannedFeature {
    PlannedFeature { feature: feature.into(), blind: Some(reason.into()), degraded: None }
}

/// A program of the object, by its name.
pub(super) fn program<'a>(skeleton: &'a PodtraceSkel<'static>, name: &str) -> Option<ProgramMut<'a>> {
    skeleton.object().progs_mut().find(|program| program.name() == name)
}

/// Attaches the first of some programs that can be; the error of the last.
fn attach_first(skeleton: &PodtraceSkel<'static>, names: &[&str], refused: &[Refused]) -> Result<Link, String> {
    let mut reason = "no program is left for it".to_owned();
    for name in names {
        if let Some(one) = refused.iter().find(|one| one.program == *name) {
            reason = format!("the kernel refused `{name}`: {}", one.reason);
            continue;
        }
        match program(skeleton, name).map(|program| program.attach()) {
            Some(Ok(link)) => return Ok(link),
            Some(Err(error)) => reason = error.to_string(),
            None => reason = format!("the object has no program `{name}`"),
        }
    }
    Err(reason)
}

/// Puts handlers where the dispatchers jump to. One that was refused leaves its place empty: jumps to it fall through.
fn install(
    skeleton: &PodtraceSkel<'static>,
    table: &impl MapCore,
    handlers: &[(u32, &'static str)],
) -> Result<(), ProbeError> {
    for (slot, name) in handlers {
        let Some(program) = program(skeleton, name).filter(|program| program.autoload()) else { continue };
        let descriptor = program.as_fd().as_raw_fd();
        table
            .update(&slot.to_ne_bytes(), &descriptor.to_ne_bytes(), MapFlags::ANY)
            .map_err(|error| failed(table, error))?;
    }
    Ok(())
}

/// Makes the entries for what finds no room, and the pool of histograms.
fn prepare_tables(skeleton: &PodtraceSkel<'static>, plan: &Plan) -> Result<(), ProbeError> {
    let maps = &skeleton.maps;
    let cpus = libbpf_rs::num_possible_cpus().map_err(|error| failed(&maps.tallies, error))?;
    for kind in &plan.kinds {
        for generation in 0..2u8 {
            let key = types::podtrace_tally_key {
                process: 0,
                kind: kind.id.0,
                detail: 0,
                generation,
                _pad: 0,
                object: Object::PODTRACE_OBJECT_OTHER.0.into(),
            };
            let slot = u32::from(kind.id.0) + u32::from(generation) * Limit::PODTRACE_KINDS.0;
            let tally = types::podtrace_tally { count: 0, amount: 0, total_ns: 0, max_ns: 0, slot, _pad: 0 };
            let copies = vec![wire::bytes(&tally).to_vec(); cpus];
            maps.tallies
                .update_percpu(wire::bytes(&key), &copies, MapFlags::ANY)
                .map_err(|error| failed(&maps.tallies, error))?;
            let key = types::podtrace_error_key {
                process: 0,
                kind: kind.id.0,
                detail: 0,
                number: 0,
                object: Object::PODTRACE_OBJECT_OTHER.0.into(),
                generation: generation.into(),
                _pad: 0,
            };
            maps.failures
                .update(wire::bytes(&key), &0u64.to_ne_bytes(), MapFlags::ANY)
                .map_err(|error| failed(&maps.failures, error))?;
        }
    }
    for slot in 0..plan.tables.histograms {
        give_back(&maps.free_slots, slot + 2 * Limit::PODTRACE_KINDS.0)?;
    }
    Ok(())
}

/// Puts a histogram's slot into the pool.
pub(super) fn give_back(pool: &impl MapCore, slot: u32) -> Result<(), ProbeError> {
    pool.update(&[], &slot.to_ne_bytes(), MapFlags::ANY).map_err(|error| failed(pool, error))
}
