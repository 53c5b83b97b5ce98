//! What the doctor says of containers: how each was found, what runs in it, what of it can be seen and what not.
//!
//! Pure: looks at nothing by itself.

use std::fmt::Write;

use super::super::Program;

/// Different programs of a container that are shown.
const PROGRAMS: usize = 5;

/// What is known of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerFinding {
    /// Its pod and name.
    pub name: String,
    /// Who told of it.
    pub by: String,
    /// Its id, if it was ever started.
    pub id: Option<String>,
    /// Where it runs, or why it does not.
    pub place: Place,
    /// Its runtime, where that is known.
    pub runtime: Option<String>,
    /// The programs of its processes, the one it began with first.
    pub programs: Vec<Program>,
    /// Processes that were not looked at, because there are too many.
    pub unlooked: usize,
}

/// Where a container runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In this cgroup, with so many processes; `matched` if those that come to it later are traced, too.
    Cgroup {
        /// The hierarchy.
        hierarchy: String,
        /// Its path.
        path: String,
        /// Processes in it, as of now.
        processes: usize,
        /// Whether the kernel side can match by it.
        matched: bool,
    },
    /// It does not run at present, for this reason.
    Idle(String),
    /// It should run here, and does not.
    Missing(String),
}

impl Default for Place {
    fn default() -> Self {
        Self::Idle("not started yet".into())
    }
}

/// The report on containers; `families` are the names of what can be observed.
pub fn render(containers: &[ContainerFinding], families: &[&str]) -> String {
    let mut out = String::new();
    for container in containers {
        let mut line = |what: &str, text: &str| {
            let _ = writeln!(out, "  {what:<9} {text}");
        };
        line("container", &container.name);
        let id = container.id.as_ref().map(|id| format!(" as {}", &id[..id.len().min(12)])).unwrap_or_default();
        line("found", &format!("by {}{id}", container.by));
        line("runs", &place(&container.place));
        if let Some(runtime) = &container.runtime {
            line("runtime", runtime);
        }
        for program in distinct(&container.programs) {
            line("program", &program);
        }
        if !matches!(container.place, Place::Cgroup { .. }) {
            out.push('\n');
            continue;
        }
        line("seen", &format!("{}, as far as listed below, whatever the language", families.join(", ")));
        for unseen in unseen(container) {
            line("not seen", &unseen);
        }
        out.push('\n');
    }
    out
}

fn place(place: &Place) -> String {
    match place {
        Place::Cgroup { hierarchy, path, processes, .. } => {
            let count = if *processes == 1 { "1 process".to_owned() } else { format!("{processes} processes") };
            format!("{count} in {hierarchy} `{path}`")
        }
        Place::Idle(why) | Place::Missing(why) => format!("no: {why}"),
    }
}

/// Each program once, with how many processes it has.
fn distinct(programs: &[Program]) -> Vec<String> {
    let mut shown: Vec<(&Program, usize)> = Vec::new();
    for program in programs {
        match shown.iter_mut().find(|(known, _)| known.path == program.path && program.path.is_some()) {
            Some((_, count)) => *count += 1,
            None => shown.push((program, 1)),
        }
    }
    let more = shown.len().saturating_sub(PROGRAMS);
    let text = |(program, count): &(&Program, usize)| match count {
        1 => program.to_string(),
        count => format!("{program}; {count} processes"),
    };
    let mut texts: Vec<String> = shown.iter().take(PROGRAMS).map(text).collect();
    if more > 0 {
        texts.push(format!("{more} more"));
    }
    texts
}

/// What happens in it and no family sees.
fn unseen(container: &ContainerFinding) -> Vec<String> {
    let pids = |chosen: &dyn Fn(&Program) -> bool| -> Option<String> {
        let pids: Vec<String> =
            container.programs.iter().filter(|one| chosen(one)).map(|one| one.pid.to_string()).collect();
        let more = pids.len().saturating_sub(PROGRAMS);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let named = pids.iter().take(PROGRAMS).cloned().collect::<Vec<_>>().join(", ");
        (!pids.is_empty()).then(|| format!("{named}{more}"))
    };
    let mut unseen = Vec::new();
    if let Some(pids) = pids(&|program| program.rings > 0) {
        unseen.push(format!("operations behind io_uring, which is open in pid {pids}: requests are counted as lost"));
    }
    if let Some(pids) = pids(&|program| program.is_32_bit) {
        unseen.push(format!("system calls of 32-bit programs, such as pid {pids}: they are counted as lost"));
    }
    if let Place::Cgroup { matched: false, hierarchy, .. } = &container.place {
        unseen.push(format!(
            "processes that come to it otherwise than by fork: the kernel side does not match in {hierarchy}"
        ));
    }
    if container.unlooked > 0 {
        unseen.push(format!("it is not known what else: {} processes were not looked at", container.unlooked));
    }
    unseen
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::ContainerFinding;
    use super::Place;
    use super::render;
    use crate::host::Program;
    use crate::host::program::Language;
    use crate::host::program::Linkage;

    fn program(pid: u32, path: &str) -> Program {
        Program {
            pid,
            path: Some(path.into()),
            language: Some(Language { name: "Go", version: Some("1.22.1".into()), by: "its build information".into() }),
            linkage: Some(Linkage::Static),
            is_32_bit: false,
            rings: 0,
            trouble: None,
        }
    }

    /// Check what is said of containers that run, of one that does not, and of one that is not here.
    #[test]
    fn sorts() {
        let server = ContainerFinding {
            name: "production/my-pod/app".into(),
            by: "the API at https://10.0.0.1:6443".into(),
            id: Some("6fe4a98c8e03".repeat(5)),
            place: Place::Cgroup {
                hierarchy: "cgroup2".into(),
                path: "/kubepods/burstable/podU/C".into(),
                processes: 4,
                matched: true,
            },
            runtime: Some("containerd 1.6.20 at `/run/containerd/containerd.sock`".into()),
            programs: vec![
                program(7, "/server"),
                Program { rings: 2, ..program(11, "/worker") },
                Program { rings: 1, ..program(13, "/worker") },
                Program { is_32_bit: true, language: None, linkage: None, ..program(17, "/old") },
            ],
            unlooked: 0,
        };
        let many = ContainerFinding {
            name: "production/my-pod/many".into(),
            runtime: None,
            place: Place::Cgroup {
                hierarchy: "cgroup1 `cpuset`".into(),
                path: "/x".into(),
                processes: 1,
                matched: false,
            },
            programs: (1..9).map(|pid| program(pid, &format!("/bin/{pid}"))).collect(),
            unlooked: 1009,
            ..server.clone()
        };
        let waits = ContainerFinding {
            name: "production/my-pod/waits".into(),
            by: "containerd 1.6.20".into(),
            place: Place::Idle("CrashLoopBackOff".into()),
            ..ContainerFinding::default()
        };
        let missing =
            ContainerFinding { place: Place::Missing("it has no cgroup on this machine".into()), ..waits.clone() };
        assert_snapshot!(render(&[server, many, waits, missing], &["tcp", "udp", "file", "sched", "process"]), @"
        container production/my-pod/app
        found     by the API at https://10.0.0.1:6443 as 6fe4a98c8e03
        runs      4 processes in cgroup2 `/kubepods/burstable/podU/C`
        runtime   containerd 1.6.20 at `/run/containerd/containerd.sock`
        program   `/server` (pid 7): Go 1.22.1 (by its build information), linked statically
        program   `/worker` (pid 11): Go 1.22.1 (by its build information), linked statically; 2 processes
        program   `/old` (pid 17): compiled, in C or another language that leaves no trace, 32-bit
        seen      tcp, udp, file, sched, process, as far as listed below, whatever the language
        not seen  operations behind io_uring, which is open in pid 11, 13: requests are counted as lost
        not seen  system calls of 32-bit programs, such as pid 17: they are counted as lost

        container production/my-pod/many
        found     by the API at https://10.0.0.1:6443 as 6fe4a98c8e03
        runs      1 process in cgroup1 `cpuset` `/x`
        program   `/bin/1` (pid 1): Go 1.22.1 (by its build information), linked statically
        program   `/bin/2` (pid 2): Go 1.22.1 (by its build information), linked statically
        program   `/bin/3` (pid 3): Go 1.22.1 (by its build information), linked statically
        program   `/bin/4` (pid 4): Go 1.22.1 (by its build information), linked statically
        program   `/bin/5` (pid 5): Go 1.22.1 (by its build information), linked statically
        program   3 more
        seen      tcp, udp, file, sched, process, as far as listed below, whatever the language
        not seen  processes that come to it otherwise than by fork: the kernel side does not match in cgroup1 `cpuset`
        not seen  it is not known what else: 1009 processes were not looked at

        container production/my-pod/waits
        found     by containerd 1.6.20
        runs      no: CrashLoopBackOff

        container production/my-pod/waits
        found     by containerd 1.6.20
        runs      no: it has no cgroup on this machine
        ");
    }
}
