//! What the kernel lets this process do with BPF, found out by doing it.
//!
//! [`Asked`] is the effect: tiny programs and maps, loaded and dropped. [`Abilities::judge`] is pure: from the facts
//! and the answers to what is possible, and where it is not, why and what would help.

use std::fmt;
use std::path::Path;

use caps::Capability;
use libbpf_rs::libbpf_sys;
use nix::errno::Errno;
use thiserror::Error;

use super::Btf;
use super::Host;
use super::bpf;
use super::bpf::MapType;
use super::btf::BtfError;
use super::kernel::Lockdown;

/// Bytes of the map that is made to see whether there is room for tables.
const TABLE_BYTES: u32 = 1 << 20;

/// Why the rest was not tried.
const UNLOADABLE: Obstacle = Obstacle::Untried("BPF programs cannot be loaded");

/// The tracepoint a typed program is tried on; every kernel with BTF has it.
const TRACEPOINT: &str = "sched_switch";

/// Why something is not possible here. Its text is the reason; [`Obstacle::remedy`] is what would help.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Obstacle {
    /// Capabilities are missing.
    #[error("{} {} missing", Names(.0), if .0.len() == 1 { "is" } else { "are" })]
    Capabilities(Vec<Capability>),
    /// The capabilities are there, but count only inside of a user namespace.
    #[error("podtrace runs in a user namespace, where capabilities do not reach the kernel's BPF")]
    UserNamespace,
    /// A seccomp filter forbids the system call.
    #[error("a seccomp filter forbids the `bpf` system call")]
    Seccomp,
    /// The kernel does not let its memory be read.
    #[error("the kernel is locked down (`confidentiality`): BPF programs may not read its memory")]
    Confidentiality,
    /// The kernel does not describe its types.
    #[error("the kernel has no BTF (`/{}` is missing)", super::btf::PATH)]
    NoBtf,
    /// The kernel describes its types in a way that is not understood.
    #[error("the kernel's BTF is not understood: {0}")]
    StrangeBtf(String),
    /// Process ids are not those the kernel sees.
    #[error("podtrace runs in a pid namespace of its own: process ids seen here are not those the kernel counts by")]
    PidNamespace,
    /// No room for tables.
    #[error("the kernel gives no memory for tables ({0})")]
    Memory(Errno),
    /// The kernel is too old.
    #[error("this kernel has no {0}")]
    Missing(&'static str),
    /// The kernel was built without BPF.
    #[error("this kernel was built without BPF")]
    NoBpf,
    /// It depends on something that is itself not possible.
    #[error("not tried, because {0}")]
    Untried(&'static str),
    /// The kernel said no without any of the reasons above.
    #[error("the kernel refuses it ({0})")]
    Refused(Errno),
}

impl Obstacle {
    /// What would help.
    pub fn remedy(&self) -> String {
        match self {
            Self::Capabilities(missing) => {
                let names = missing.iter().map(|one| one.to_string().to_lowercase()).collect::<Vec<_>>().join(",");
                format!(
                    "run as root (`sudo podtrace …`), or give the binary the right: `sudo setcap {names}+ep podtrace`"
                )
            }
            Self::UserNamespace => "run outside of it: not in a rootless container".into(),
            Self::Seccomp => {
                "run the container with a seccomp profile that allows `bpf` (`--privileged` or `seccomp=unconfined`)"
                    .into()
            }
            Self::Confidentiality => {
                "boot with `lockdown=integrity` or without lockdown (secure boot may have turned it on)".into()
            }
            Self::NoBtf => "use a kernel built with `CONFIG_DEBUG_INFO_BTF=y`, as distributions do since 2020".into(),
            Self::StrangeBtf(_) => "update podtrace, or report this with the output of `uname -r`".into(),
            Self::PidNamespace => {
                "share the machine's pid namespace (`--pid=host`, or `hostPID: true` for a pod)".into()
            }
            Self::Memory(_) => {
                "raise the limit on locked memory (`ulimit -l unlimited`) or give `CAP_SYS_RESOURCE`".into()
            }
            Self::Missing(_) => "use a newer kernel: Linux 5.8 has all that is needed".into(),
            Self::NoBpf => "use a kernel built with `CONFIG_BPF_SYSCALL=y`".into(),
            Self::Untried(_) => "remove that first".into(),
            Self::Refused(_) => "look into the kernel's log (`dmesg`) and the security module's".into(),
        }
    }
}

/// Names of capabilities, as a sentence lists them.
struct Names<'a>(&'a [Capability]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, one) in self.0.iter().enumerate() {
            let before = if at == 0 {
                ""
            } else if at + 1 == self.0.len() {
                " and "
            } else {
                ", "
            };
            write!(f, "{before}{one}")?;
        }
        Ok(())
    }
}

/// The kernel's answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// A program was loaded.
    pub load: Result<(), Errno>,
    /// A program for a typed tracepoint was loaded; `None` if there was no type to ask with.
    pub typed: Option<Result<(), Errno>>,
    /// A map was made.
    pub memory: Result<(), Errno>,
    /// There are ring buffers.
    pub ring_buffer: bool,
    /// There is task storage.
    pub task_storage: bool,
    /// Programs may read the kernel's memory.
    pub read_kernel: bool,
    /// Programs may ask for the ancestors of a cgroup.
    pub ancestor_cgroup: bool,
}

impl Asked {
    /// Asks the kernel. Takes some milliseconds; leaves nothing behind.
    pub fn now(btf: Option<&Btf>) -> Self {
        let load = bpf::load_program();
        let loads = load.is_ok();
        Self {
            typed: btf.and_then(|btf| btf.tracepoint(TRACEPOINT)).map(bpf::load_typed_tracepoint),
            memory: bpf::make_array(TABLE_BYTES),
            ring_buffer: loads && bpf::has_map(MapType::RingBuffer),
            task_storage: loads && bpf::has_map(MapType::TaskStorage),
            read_kernel: loads && bpf::has_helper(libbpf_sys::BPF_FUNC_probe_read_kernel),
            ancestor_cgroup: loads && bpf::has_helper(libbpf_sys::BPF_FUNC_get_current_ancestor_cgroup_id),
            load,
        }
    }
}

/// What is possible, each with the reason where it is not.
#[derive(Debug)]
pub struct Abilities {
    /// Programs can be loaded.
    pub load: Result<(), Obstacle>,
    /// The kernel's types are known.
    pub btf: Result<Btf, Obstacle>,
    /// Programs can be attached to tracepoints with typed arguments.
    pub typed_tracepoints: Result<(), Obstacle>,
    /// Programs can read the kernel's memory.
    pub read_kernel: Result<(), Obstacle>,
    /// Process ids seen here are those the kernel counts by.
    pub process_ids: Result<(), Obstacle>,
    /// Tables can be made.
    pub tables: Result<(), Obstacle>,
    /// Events can be sent to user space.
    pub ring_buffer: Result<(), Obstacle>,
    /// State can be kept with a task, from tracing programs. Without it hash tables do, at a higher price.
    pub task_storage: Result<(), Obstacle>,
    /// Programs can ask for a cgroup's ancestor by level. Without it they walk there.
    pub ancestor_cgroup: Result<(), Obstacle>,
    /// The kernel can account what programs cost (`BPF_ENABLE_STATS`).
    pub cost_accounting: Result<(), Obstacle>,
    /// Files and names of all users' processes can be read.
    pub other_users: Result<(), Obstacle>,
}

/// Nothing can be traced here.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{what}: {obstacle}; {}", obstacle.remedy())]
pub struct CannotTrace {
    /// What is not possible.
    pub what: &'static str,
    /// Why.
    pub obstacle: Obstacle,
}

impl Abilities {
    /// Reads the kernel's types below `root` and asks the kernel.
    pub fn probe(host: &Host, root: &Path) -> Self {
        let btf = Btf::read(root);
        let asked = Asked::now(btf.as_ref().ok());
        Self::judge(host, btf, &asked)
    }

    /// From facts and answers to what is possible.
    pub fn judge(host: &Host, btf: Result<Btf, BtfError>, asked: &Asked) -> Self {
        let load = asked.load.map_err(|errno| refusal(host, errno));
        let tried = |result: Result<(), Obstacle>| if load.is_ok() { result } else { Err(UNLOADABLE) };
        let have = |has: bool, obstacle: Obstacle| tried(if has { Ok(()) } else { Err(obstacle) });
        let btf = btf.map_err(|error| match error {
            BtfError::Unreadable(error) if error.kind() == std::io::ErrorKind::NotFound => Obstacle::NoBtf,
            other => Obstacle::StrangeBtf(other.to_string()),
        });
        let unreadable = match host.kernel.lockdown {
            Lockdown::Confidentiality => Obstacle::Confidentiality,
            _ => Obstacle::Missing("helper to read its memory with"),
        };
        // Task storage was opened to tracing programs by moving it into this field (kernel commit a10787e6d58c, 5.12).
        let storage = asked.task_storage && btf.as_ref().is_ok_and(|btf| btf.has_field("task_struct", "bpf_storage"));
        let missing = host.privileges.missing_for_processes();
        Self {
            typed_tracepoints: match (&btf, asked.typed) {
                (Err(_), _) => Err(Obstacle::Untried("the kernel's types are not known")),
                (Ok(_), None) => Err(Obstacle::Missing("typed tracepoints")),
                (Ok(_), Some(answer)) => tried(answer.map_err(|errno| refusal(host, errno))),
            },
            read_kernel: have(asked.read_kernel, unreadable),
            process_ids: if host.namespaces.pid == Some(false) { Err(Obstacle::PidNamespace) } else { Ok(()) },
            tables: tried(asked.memory.map_err(Obstacle::Memory)),
            ring_buffer: have(asked.ring_buffer, Obstacle::Missing("BPF ring buffer")),
            task_storage: have(storage, Obstacle::Missing("task storage for tracing programs")),
            ancestor_cgroup: have(asked.ancestor_cgroup, Obstacle::Missing("helper for a cgroup's ancestors")),
            cost_accounting: if host.privileges.has(Capability::CAP_SYS_ADMIN) {
                tried(Ok(()))
            } else {
                Err(Obstacle::Capabilities(vec![Capability::CAP_SYS_ADMIN]))
            },
            other_users: match (missing.is_empty(), host.namespaces.user) {
                (false, _) => Err(Obstacle::Capabilities(missing)),
                (true, Some(false)) => Err(Obstacle::UserNamespace),
                (true, _) => Ok(()),
            },
            load,
            btf,
        }
    }

    /// What nothing can be traced without, in the order it is best looked at: (what is not possible, the answer).
    pub fn essentials(&self) -> [(&'static str, Result<(), Obstacle>); 7] {
        [
            ("cannot load BPF programs", self.load.clone()),
            ("cannot read the kernel's types", self.btf.as_ref().map(|_| ()).map_err(Obstacle::clone)),
            ("cannot attach to tracepoints", self.typed_tracepoints.clone()),
            ("cannot look into the kernel", self.read_kernel.clone()),
            ("cannot tell processes apart", self.process_ids.clone()),
            ("cannot make tables", self.tables.clone()),
            ("cannot send events", self.ring_buffer.clone()),
        ]
    }

    /// The kernel's types, if everything that tracing needs is possible.
    ///
    /// # Errors
    /// The first thing that is not.
    pub fn require(&self) -> Result<&Btf, CannotTrace> {
        for (what, answer) in self.essentials() {
            answer.map_err(|obstacle| CannotTrace { what, obstacle })?;
        }
        self.btf
            .as_ref()
            .map_err(|obstacle| CannotTrace { what: "cannot read the kernel's types", obstacle: obstacle.clone() })
    }
}

/// Why the kernel refused a program.
fn refusal(host: &Host, errno: Errno) -> Obstacle {
    let missing = host.privileges.missing_for_tracing();
    if errno == Errno::ENOSYS {
        return Obstacle::NoBpf;
    }
    if errno != Errno::EPERM && errno != Errno::EACCES {
        return Obstacle::Refused(errno);
    }
    if !missing.is_empty() {
        Obstacle::Capabilities(missing)
    } else if host.namespaces.user == Some(false) {
        Obstacle::UserNamespace
    } else if host.privileges.seccomp_filter {
        Obstacle::Seccomp
    } else if host.kernel.lockdown == Lockdown::Confidentiality {
        Obstacle::Confidentiality
    } else {
        Obstacle::Refused(errno)
    }
}
