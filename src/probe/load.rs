//! From a plan to a loaded object: settings, sizes, and what to leave out.

use std::collections::BTreeSet;
use std::mem::MaybeUninit;
use std::sync::Mutex;
use std::sync::PoisonError;

use libbpf_rs::OpenObject;
use libbpf_rs::PrintLevel;
use libbpf_rs::skel::OpenSkel;
use libbpf_rs::skel::SkelBuilder;

use super::ProbeError;
use super::Setting;
use crate::plan::Plan;
use crate::plan::SEED_ITERATOR;
use crate::wire::OpenPodtraceSkel;
use crate::wire::PodtraceSkel;
use crate::wire::PodtraceSkelBuilder;
use crate::wire::types::podtrace_limit as Limit;

/// What libbpf said during the last load. Its callback has no state of its own, hence a static.
static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Lines of libbpf's that are kept: enough for the verifier's last words.
const LINES_KEPT: usize = 64;

fn listen(_level: PrintLevel, line: String) {
    tracing::debug!(target: "libbpf", "{}", line.trim_end());
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    said.push(line);
    let surplus = said.len().saturating_sub(LINES_KEPT);
    said.drain(..surplus);
}

/// A program the kernel refused, with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    /// The program.
    pub(super) program: String,
    /// The verifier's last line, or the error.
    pub(super) reason: String,
}

/// Loads the plan's programs. Those that the kernel refuses, and that are not essential, are left out and returned:
/// each is tried once, so at worst it takes as many loads as programs are refused, plus one.
pub(super) fn load(plan: &Plan, setting: &Setting) -> Result<(PodtraceSkel<'static>, Vec<Refused>), ProbeError> {
    libbpf_rs::set_print(Some((PrintLevel::Warn, listen)));
    let essential: BTreeSet<&str> = essential(plan).collect();
    let mut refused: Vec<Refused> = Vec::new();
    loop {
        SAID.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let error = match attempt(plan, setting, &refused) {
            Ok(skeleton) => return Ok((skeleton, refused)),
            Err(error) => error,
        };
        match culprit() {
            Some(one) if essential.contains(one.program.as_str()) => {
                return Err(ProbeError::Load { what: format!("the program `{}`", one.program), reason: one.reason });
            }
            Some(one) if refused.iter().all(|known| known.program != one.program) => {
                tracing::warn!(program = one.program, reason = one.reason, "the kernel refused a program");
                refused.push(one);
            }
            _ => return Err(ProbeError::Load { what: "podtrace's programs".into(), reason: error.to_string() }),
        }
    }
}

/// Programs without which nothing works.
fn essential(plan: &Plan) -> impl Iterator<Item = &'static str> {
    let hooks = plan.hooks.iter().filter(|hook| hook.essential).flat_map(|hook| hook.programs.iter().copied());
    hooks.chain(plan.enter_handlers.iter().map(|(_, program)| *program)).chain([SEED_ITERATOR])
}

fn attempt(plan: &Plan, setting: &Setting, refused: &[Refused]) -> libbpf_rs::Result<PodtraceSkel<'static>> {
    // The object lives in a place that outlives it. The place, a pointer's worth, is given up when podtrace ends.
    let place = Box::leak(Box::new(MaybeUninit::<OpenObject>::uninit()));
    let mut skeleton = PodtraceSkelBuilder::default().open(place)?;
    configure(&mut skeleton, plan, setting)?;
    let wanted: BTreeSet<&str> = plan.programs().collect();
    for mut program in skeleton.open_object_mut().progs_mut() {
        let name = program.name().to_string_lossy().into_owned();
        let load = wanted.contains(name.as_str()) && refused.iter().all(|one| one.program != name);
        program.set_autoload(load);
    }
    skeleton.load()
}

/// Writes the settings and the sizes of tables.
fn configure(skeleton: &mut OpenPodtraceSkel<'_>, plan: &Plan, setting: &Setting) -> libbpf_rs::Result<()> {
    let maps = &mut skeleton.maps;
    if let Some(rodata) = maps.rodata_data.as_deref_mut() {
        rodata.use_task_storage = plan.task_storage.into();
        rodata.cgroup_hierarchy = setting.hierarchy;
        rodata.own_pid = std::process::id();
        rodata.follow_lives = setting.follow.into();
        if let Some(held) = setting.held {
            rodata.held_pid = held.pid;
            rodata.held_target = held.target.into();
            rodata.held_follow = held.follow.into();
        }
        rodata.data_ring_bytes = plan.tables.data_ring_bytes.into();
        rodata.slow_ns.copy_from_slice(&plan.slow_ns);
        for (number, operation) in &plan.operations {
            rodata.operation_of[*number] = *operation;
        }
        for (number, reason) in &plan.waits {
            rodata.reason_of[*number] = *reason;
        }
        for kind in &plan.kinds {
            rodata.kind_enabled[usize::from(kind.id.0)] = 1;
        }
    }
    if let Some(bss) = maps.bss_data.as_deref_mut() {
        // States begin with epoch 0, which must not look like the present.
        bss.membership_epoch = 1;
    }
    maps.tallies.set_max_entries(plan.tables.tallies)?;
    maps.free_slots.set_max_entries(plan.tables.histograms)?;
    maps.histograms.set_max_entries(plan.tables.histograms + 2 * Limit::PODTRACE_KINDS.0)?;
    maps.data_ring.set_max_entries(plan.tables.data_ring_bytes)?;
    // A map of a type that the kernel lacks fails the whole load.
    maps.thread_states.set_autocreate(plan.task_storage)?;
    maps.thread_states_by_id.set_max_entries(if plan.task_storage { 1 } else { 16384 })?;
    Ok(())
}

/// Who made the last load fail, from what libbpf said about it.
fn culprit() -> Option<Refused> {
    let said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    named_in(&said)
}

/// libbpf names a refused program in a line of its own, and prints the verifier's log after it.
fn named_in(said: &[String]) -> Option<Refused> {
    let (at, program) = said.iter().enumerate().find_map(|(at, line)| {
        let (_, rest) = line.split_once("prog '")?;
        let (program, what) = rest.split_once("': ")?;
        (what.starts_with("BPF program load failed") || what.starts_with("failed to")).then_some((at, program))
    })?;
    let verdict = said[at..]
        .iter()
        .flat_map(|text| text.lines())
        .map(str::trim)
        .rfind(|line| {
            !line.is_empty()
                && !line.starts_with("processed ")
                && !line.starts_with("libbpf")
                && !line.starts_with("--")
        })
        .or_else(|| said[at].trim().rsplit("': ").next())?;
    Some(Refused { program: program.to_owned(), reason: verdict.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::named_in;

    /// Check that the refused program and the verifier's last words are found in what libbpf prints.
    #[test]
    fn the_culprit_is_named() {
        let said = [
            "libbpf: prog 'tcp_state': BPF program load failed: Permission denied\n".to_owned(),
            "libbpf: prog 'tcp_state': -- BEGIN PROG LOAD LOG --\n0: R1=ctx()\nR2 !read_ok\nprocessed 3 insns (limit \
             1000000) max_states_per_insn 0\n-- END PROG LOAD LOG --\n"
                .to_owned(),
            "libbpf: failed to load object 'podtrace_bpf'\n".to_owned(),
        ];
        let culprit = named_in(&said).expect("it is named");
        assert_eq!((culprit.program.as_str(), culprit.reason.as_str()), ("tcp_state", "R2 !read_ok"));
        assert_eq!(named_in(&["libbpf: map 'x': failed to create\n".to_owned()]), None);
    }
}
