//! `podtrace doctor`: from facts and abilities to a list of what works here, what does not, why, and what would help.
//!
//! Pure. What single families can observe is the plan's to say; its lines can be appended as further [`Check`]s.

pub mod containers;

use std::fmt::Write;
use std::path::Path;

use super::Abilities;
use super::Host;
use super::Obstacle;
use super::cgroup::Layout;

/// One line of the doctor's report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What is checked, in two or three words.
    pub feature: String,
    /// Whether it works.
    pub status: Status,
    /// Nothing can be traced without it.
    pub essential: bool,
    /// What was found; the reason, if it does not work.
    pub why: String,
    /// What would help, if it does not work.
    pub remedy: Option<String>,
}

/// Whether something works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It works.
    Yes,
    /// It does not.
    No,
    /// Something else does in its place, or a part is missing.
    Degraded,
}

impl Status {
    /// Its name in outputs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Degraded => "degraded",
        }
    }
}

/// A target the user asked about, as whoever looked for it saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetFinding {
    /// As the user named it.
    pub name: String,
    /// What it is, or why it was not found.
    pub found: Result<String, String>,
}

/// Everything there is to say about this machine, the essential first.
pub fn checks(host: &Host, abilities: &Abilities, target: Option<&TargetFinding>) -> Vec<Check> {
    let mut checks = essential(abilities);
    checks.push(optional(
        "task storage",
        &abilities.task_storage,
        "state of operations is kept with their task",
        "hash tables are used in its place, at about twice the cost",
    ));
    checks.push(cgroup_targets(host));
    checks.push(command_cgroup(host));
    checks.push(optional(
        "other users",
        &abilities.other_users,
        "processes of all users can be looked at",
        "names and paths of other users' processes may be missing",
    ));
    checks.push(optional(
        "cost figures",
        &abilities.cost_accounting,
        "the kernel accounts what each program costs",
        "reports cannot say what tracing costs in the kernel",
    ));
    checks.extend(target.map(|target| match &target.found {
        Ok(what) => Check::yes(format!("target {}", target.name), true, what.clone()),
        Err(why) => Check {
            feature: format!("target {}", target.name),
            status: Status::No,
            essential: true,
            why: why.clone(),
            remedy: None,
        },
    }));
    checks
}

/// The exit code: 0 if everything essential works, 1 if something essential does not.
pub fn exit_code(checks: &[Check]) -> u8 {
    u8::from(checks.iter().any(|check| check.essential && check.status == Status::No))
}

/// The report as text, in columns.
pub fn render(host: &Host, checks: &[Check]) -> String {
    let mut out = String::new();
    let cpus = if host.cpus.online == 1 { "CPU" } else { "CPUs" };
    let _ = writeln!(
        out,
        "{}: Linux {}, {}, {} {cpus}, lockdown {}",
        host.name,
        host.kernel.release,
        host.architecture,
        host.cpus.online,
        host.kernel.lockdown.name()
    );
    out.push('\n');
    let width = checks.iter().map(|check| check.feature.chars().count()).max().unwrap_or(0);
    for Check { feature, status, why, remedy, .. } in checks {
        let _ = writeln!(out, "{:<8}  {feature:<width$}  {why}", status.name());
        if let Some(remedy) = remedy {
            let _ = writeln!(out, "{:<8}  {:<width$}  try: {remedy}", "", "");
        }
    }
    out.push('\n');
    let missing: Vec<&str> = checks
        .iter()
        .filter(|check| check.essential && check.status == Status::No)
        .map(|check| check.feature.as_str())
        .collect();
    out.push_str(&match missing.as_slice() {
        [] => "podtrace can trace here\n".to_owned(),
        some => format!("podtrace cannot trace here: {}\n", some.join(", ")),
    });
    out
}

impl Check {
    fn yes(feature: impl Into<String>, essential: bool, why: impl Into<String>) -> Self {
        Self { feature: feature.into(), status: Status::Yes, essential, why: why.into(), remedy: None }
    }

    /// Not there, but not what is to be mended either: that has a line of its own.
    fn untried(feature: &str, obstacle: &Obstacle) -> Self {
        Self { status: Status::No, ..Self::yes(feature, false, obstacle.to_string()) }
    }
}

/// The lines without which nothing works.
fn essential(abilities: &Abilities) -> Vec<Check> {
    let types = abilities.btf.as_ref().map(|_| ()).map_err(Obstacle::clone);
    let lines = [
        ("BPF programs", &abilities.load, "this process may load them"),
        ("kernel types", &types, "the kernel describes its own (BTF)"),
        ("tracepoints", &abilities.typed_tracepoints, "programs can be attached, with typed arguments"),
        ("kernel memory", &abilities.read_kernel, "programs may read it"),
        ("process ids", &abilities.process_ids, "those seen here are the machine's own"),
        ("tables", &abilities.tables, "the kernel gives memory for them"),
        ("events", &abilities.ring_buffer, "a ring buffer carries them"),
    ];
    let check = |(feature, answer, good): (&str, &Result<(), Obstacle>, &str)| match answer {
        Ok(()) => Check::yes(feature, true, good),
        Err(obstacle @ Obstacle::Untried(_)) => Check::untried(feature, obstacle),
        Err(obstacle) => Check {
            feature: feature.into(),
            status: Status::No,
            essential: true,
            why: obstacle.to_string(),
            remedy: Some(obstacle.remedy()),
        },
    };
    lines.into_iter().map(check).collect()
}

/// A line of something that can be done without.
fn optional(feature: &str, answer: &Result<(), Obstacle>, good: &str, without: &str) -> Check {
    match answer {
        Ok(()) => Check::yes(feature, false, good),
        Err(obstacle @ Obstacle::Untried(_)) => Check::untried(feature, obstacle),
        Err(obstacle) => Check {
            feature: feature.into(),
            status: Status::Degraded,
            essential: false,
            why: format!("{obstacle}: {without}"),
            remedy: matches!(obstacle, Obstacle::Capabilities(_)).then(|| obstacle.remedy()),
        },
    }
}

/// Whether `--cgroup` and `--unit` work.
fn cgroup_targets(host: &Host) -> Check {
    let places = |mounts: &mut dyn Iterator<Item = &super::cgroup::CgroupMount>| {
        mounts.map(|mount| format!("{} at `{}`", mount.hierarchy, mount.point.display())).collect::<Vec<_>>().join(", ")
    };
    let matchable: Vec<_> = host.cgroups.mounts().iter().filter(|mount| mount.hierarchy.can_match()).collect();
    let mut check = match (host.cgroups.layout(), matchable.first()) {
        (Layout::None, _) | (_, None) => Check {
            status: Status::No,
            remedy: Some("mount `/sys/fs/cgroup`, for a container as `-v /sys/fs/cgroup:/sys/fs/cgroup:ro`".into()),
            ..Check::yes("cgroup targets", false, "no cgroup hierarchy is mounted here")
        },
        (Layout::Legacy, Some(first)) => Check {
            status: Status::Degraded,
            ..Check::yes(
                "cgroup targets",
                false,
                format!("only cgroup1: they are matched by {}", places(&mut std::iter::once(*first))),
            )
        },
        (layout, Some(first)) => {
            let beside = if layout == Layout::Hybrid { ", cgroup1 beside it" } else { "" };
            Check::yes("cgroup targets", false, format!("{}{beside}", places(&mut std::iter::once(*first))))
        }
    };
    if matchable.first().is_some_and(|mount| mount.level.is_none()) {
        check.status = Status::No;
        check.why = "podtrace runs in a cgroup namespace of its own: how deep a cgroup lies cannot be known".into();
        check.remedy = Some("share the machine's cgroup namespace (`--cgroupns=host`)".into());
    }
    check
}

/// Whether `run` can give its command a cgroup.
fn command_cgroup(host: &Host) -> Check {
    let feature = "command's cgroup";
    let degraded = |why: String| Check {
        status: Status::Degraded,
        ..Check::yes(feature, false, format!("{why}: `run` follows its command as a set of processes"))
    };
    let shown = |folder: &Path| {
        Path::new("/").join(folder.strip_prefix(host.cgroups.root()).unwrap_or(folder)).display().to_string()
    };
    match host.cgroups.own() {
        Some((folder, true)) if host.cgroups.v2().is_some_and(|mount| mount.level.is_some()) => {
            Check::yes(feature, false, format!("`run` makes one below `{}`", shown(&folder)))
        }
        Some((_, true)) => degraded("a cgroup namespace hides how deep it would lie".into()),
        Some((folder, false)) => degraded(format!("`{}` cannot be written to", shown(&folder))),
        None => degraded("cgroup2 is not mounted here".into()),
    }
}

#[cfg(test)]
mod tests;
