use std::fs;

use insta::assert_snapshot;
use nix::errno::Errno;

use super::TargetFinding;
use super::checks;
use super::exit_code;
use super::render;
use crate::host::Abilities;
use crate::host::Host;
use crate::host::ability::Asked;
use crate::host::btf::BtfError;
use crate::host::btf::tests::modern;
use crate::host::tests::folder;
use crate::host::tests::namespaces;

const HYBRID: &str = "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n\
                      35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n";
const LEGACY: &str = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n\
                      40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd\n";
const ROOT: &str = "Uid:\t0\t0\t0\t0\nCapEff:\t000001ffffffffff\nSeccomp:\t0\n";

/// Facts of a machine with these mounts, this `/proc/self/status`, this lockdown and pid namespace.
fn host(mountinfo: &str, status: &str, lockdown: &str, pid_namespace: u64) -> (tempfile::TempDir, Host) {
    let root = folder(&[
        ("proc/sys/kernel/hostname", "node-7\n"),
        ("proc/sys/kernel/osrelease", "6.1.0-18-amd64\n"),
        ("proc/sys/kernel/arch", "x86_64\n"),
        ("sys/devices/system/cpu/online", "0-1\n"),
        ("sys/devices/system/cpu/possible", "0-1\n"),
        ("sys/kernel/security/lockdown", lockdown),
        ("proc/self/mountinfo", mountinfo),
        ("proc/self/status", status),
        ("proc/self/cgroup", "0::/me.service\n"),
    ]);
    fs::create_dir_all(root.path().join("sys/fs/cgroup/unified/me.service")).unwrap();
    namespaces(root.path(), 4_026_531_835, pid_namespace, 4_026_531_837, 4_026_531_834);
    let host = Host::read(root.path());
    (root, host)
}

fn all() -> Asked {
    Asked {
        load: Ok(()),
        typed: Some(Ok(())),
        memory: Ok(()),
        ring_buffer: true,
        task_storage: true,
        read_kernel: true,
        ancestor_cgroup: true,
    }
}

const OWN: u64 = 4_026_531_836;

/// Check what is said of a machine on which everything works.
#[test]
fn everything() {
    let (_root, host) = host(HYBRID, ROOT, "none [integrity] confidentiality", OWN);
    let target = TargetFinding { name: "pid 4711".into(), found: Ok("`nginx`, 3 processes".into()) };
    let checks = checks(&host, &Abilities::judge(&host, Ok(modern()), &all()), Some(&target));
    assert_eq!(exit_code(&checks), 0);
    assert_snapshot!(render(&host, &checks), @r"
    node-7: Linux 6.1.0-18-amd64, x86_64, 2 CPUs, lockdown integrity

    yes       BPF programs      this process may load them
    yes       kernel types      the kernel describes its own (BTF)
    yes       tracepoints       programs can be attached, with typed arguments
    yes       kernel memory     programs may read it
    yes       process ids       those seen here are the machine's own
    yes       tables            the kernel gives memory for them
    yes       events            a ring buffer carries them
    yes       task storage      state of operations is kept with their task
    yes       cgroup targets    cgroup2 at `/sys/fs/cgroup/unified`, cgroup1 beside it
    yes       command's cgroup  `run` makes one below `/sys/fs/cgroup/unified/me.service`
    yes       other users       processes of all users can be looked at
    yes       cost figures      the kernel accounts what each program costs
    yes       target pid 4711   `nginx`, 3 processes

    podtrace can trace here
    ");
}

/// Check that a missing description of types is named, with what would help.
#[test]
fn no_btf() {
    let (_root, host) = host(HYBRID, ROOT, "[none] integrity confidentiality", OWN);
    let missing = BtfError::Unreadable(std::io::ErrorKind::NotFound.into());
    let asked = Asked { typed: None, task_storage: false, ..all() };
    let abilities = Abilities::judge(&host, Err(missing), &asked);
    assert_snapshot!(abilities.require().unwrap_err(), @"cannot read the kernel's types: the kernel has no BTF (`/sys/kernel/btf/vmlinux` is missing); use a kernel built with `CONFIG_DEBUG_INFO_BTF=y`, as distributions do since 2020");
    let checks = checks(&host, &abilities, None);
    assert_eq!(exit_code(&checks), 1);
    assert_snapshot!(render(&host, &checks), @r"
    node-7: Linux 6.1.0-18-amd64, x86_64, 2 CPUs, lockdown none

    yes       BPF programs      this process may load them
    no        kernel types      the kernel has no BTF (`/sys/kernel/btf/vmlinux` is missing)
                                try: use a kernel built with `CONFIG_DEBUG_INFO_BTF=y`, as distributions do since 2020
    no        tracepoints       not tried, because the kernel's types are not known
    yes       kernel memory     programs may read it
    yes       process ids       those seen here are the machine's own
    yes       tables            the kernel gives memory for them
    yes       events            a ring buffer carries them
    degraded  task storage      this kernel has no task storage for tracing programs: hash tables are used in its place, at about twice the cost
    yes       cgroup targets    cgroup2 at `/sys/fs/cgroup/unified`, cgroup1 beside it
    yes       command's cgroup  `run` makes one below `/sys/fs/cgroup/unified/me.service`
    yes       other users       processes of all users can be looked at
    yes       cost figures      the kernel accounts what each program costs

    podtrace cannot trace here: kernel types
    ");
}

/// Check that an ordinary user learns what is missing.
#[test]
fn unprivileged() {
    let status = "Uid:\t1000\t1000\t1000\t1000\nCapEff:\t0000000000000000\nSeccomp:\t0\n";
    let (_root, host) = host(HYBRID, status, "[none] integrity confidentiality", OWN);
    let refused = Err(Errno::EPERM);
    let asked = Asked {
        load: refused,
        typed: Some(refused),
        memory: refused,
        ring_buffer: false,
        task_storage: false,
        read_kernel: false,
        ancestor_cgroup: false,
    };
    let abilities = Abilities::judge(&host, Ok(modern()), &asked);
    assert_snapshot!(abilities.require().unwrap_err(), @"cannot load BPF programs: CAP_BPF and CAP_PERFMON are missing; run as root (`sudo podtrace …`), or give the binary the right: `sudo setcap cap_bpf,cap_perfmon+ep podtrace`");
    let checks = checks(&host, &abilities, None);
    assert_eq!(exit_code(&checks), 1);
    assert_snapshot!(render(&host, &checks), @r"
    node-7: Linux 6.1.0-18-amd64, x86_64, 2 CPUs, lockdown none

    no        BPF programs      CAP_BPF and CAP_PERFMON are missing
                                try: run as root (`sudo podtrace …`), or give the binary the right: `sudo setcap cap_bpf,cap_perfmon+ep podtrace`
    yes       kernel types      the kernel describes its own (BTF)
    no        tracepoints       not tried, because BPF programs cannot be loaded
    no        kernel memory     not tried, because BPF programs cannot be loaded
    yes       process ids       those seen here are the machine's own
    no        tables            not tried, because BPF programs cannot be loaded
    no        events            not tried, because BPF programs cannot be loaded
    no        task storage      not tried, because BPF programs cannot be loaded
    yes       cgroup targets    cgroup2 at `/sys/fs/cgroup/unified`, cgroup1 beside it
    yes       command's cgroup  `run` makes one below `/sys/fs/cgroup/unified/me.service`
    degraded  other users       CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH are missing: names and paths of other users' processes may be missing
                                try: run as root (`sudo podtrace …`), or give the binary the right: `sudo setcap cap_sys_ptrace,cap_dac_read_search+ep podtrace`
    degraded  cost figures      CAP_SYS_ADMIN is missing: reports cannot say what tracing costs in the kernel
                                try: run as root (`sudo podtrace …`), or give the binary the right: `sudo setcap cap_sys_admin+ep podtrace`

    podtrace cannot trace here: BPF programs
    ");
}

/// Check that a capability alone is named, that of a container's filter too, and a limit on memory.
#[test]
fn refusals() {
    let refused = Asked { load: Err(Errno::EPERM), ..all() };
    let text = |status: &str, asked: &Asked| {
        let (_root, host) = host(HYBRID, status, "[none] integrity confidentiality", OWN);
        Abilities::judge(&host, Ok(modern()), asked).require().unwrap_err().to_string()
    };
    assert_snapshot!(text("CapEff:\t0000004000000000\nSeccomp:\t0\n", &refused), @"cannot load BPF programs: CAP_BPF is missing; run as root (`sudo podtrace …`), or give the binary the right: `sudo setcap cap_bpf+ep podtrace`");
    assert_snapshot!(text("CapEff:\t000000c000000000\nSeccomp:\t2\n", &refused), @"cannot load BPF programs: a seccomp filter forbids the `bpf` system call; run the container with a seccomp profile that allows `bpf` (`--privileged` or `seccomp=unconfined`)");
    assert_snapshot!(text(ROOT, &refused), @"cannot load BPF programs: the kernel refuses it (EPERM: Operation not permitted); look into the kernel's log (`dmesg`) and the security module's");
    assert_snapshot!(text(ROOT, &Asked { memory: Err(Errno::EPERM), ..all() }), @"cannot make tables: the kernel gives no memory for tables (EPERM: Operation not permitted); raise the limit on locked memory (`ulimit -l unlimited`) or give `CAP_SYS_RESOURCE`");
    assert_snapshot!(text(ROOT, &Asked { load: Err(Errno::ENOSYS), ..all() }), @"cannot load BPF programs: this kernel was built without BPF; use a kernel built with `CONFIG_BPF_SYSCALL=y`");
}

/// Check that lockdown is given as the reason why programs cannot read the kernel.
#[test]
fn confidentiality() {
    let (_root, host) = host(HYBRID, ROOT, "none integrity [confidentiality]", OWN);
    let abilities = Abilities::judge(&host, Ok(modern()), &Asked { read_kernel: false, ..all() });
    assert_snapshot!(abilities.require().unwrap_err(), @"cannot look into the kernel: the kernel is locked down (`confidentiality`): BPF programs may not read its memory; boot with `lockdown=integrity` or without lockdown (secure boot may have turned it on)");
    let checks = checks(&host, &abilities, None);
    assert_eq!(exit_code(&checks), 1);
    assert_snapshot!(render(&host, &checks), @r"
    node-7: Linux 6.1.0-18-amd64, x86_64, 2 CPUs, lockdown confidentiality

    yes       BPF programs      this process may load them
    yes       kernel types      the kernel describes its own (BTF)
    yes       tracepoints       programs can be attached, with typed arguments
    no        kernel memory     the kernel is locked down (`confidentiality`): BPF programs may not read its memory
                                try: boot with `lockdown=integrity` or without lockdown (secure boot may have turned it on)
    yes       process ids       those seen here are the machine's own
    yes       tables            the kernel gives memory for them
    yes       events            a ring buffer carries them
    yes       task storage      state of operations is kept with their task
    yes       cgroup targets    cgroup2 at `/sys/fs/cgroup/unified`, cgroup1 beside it
    yes       command's cgroup  `run` makes one below `/sys/fs/cgroup/unified/me.service`
    yes       other users       processes of all users can be looked at
    yes       cost figures      the kernel accounts what each program costs

    podtrace cannot trace here: kernel memory
    ");
}

/// Check that foreign process ids are refused, not traced.
#[test]
fn container() {
    let (_root, host) = host(HYBRID, ROOT, "", 4_026_532_500);
    let abilities = Abilities::judge(&host, Ok(modern()), &all());
    assert_snapshot!(abilities.require().unwrap_err(), @"cannot tell processes apart: podtrace runs in a pid namespace of its own: process ids seen here are not those the kernel counts by; share the machine's pid namespace (`--pid=host`, or `hostPID: true` for a pod)");
    let checks = checks(&host, &abilities, None);
    assert_eq!(exit_code(&checks), 1);
    assert_snapshot!(render(&host, &checks), @r"
    node-7: Linux 6.1.0-18-amd64, x86_64, 2 CPUs, lockdown unknown

    yes       BPF programs      this process may load them
    yes       kernel types      the kernel describes its own (BTF)
    yes       tracepoints       programs can be attached, with typed arguments
    yes       kernel memory     programs may read it
    no        process ids       podtrace runs in a pid namespace of its own: process ids seen here are not those the kernel counts by
                                try: share the machine's pid namespace (`--pid=host`, or `hostPID: true` for a pod)
    yes       tables            the kernel gives memory for them
    yes       events            a ring buffer carries them
    yes       task storage      state of operations is kept with their task
    yes       cgroup targets    cgroup2 at `/sys/fs/cgroup/unified`, cgroup1 beside it
    yes       command's cgroup  `run` makes one below `/sys/fs/cgroup/unified/me.service`
    yes       other users       processes of all users can be looked at
    yes       cost figures      the kernel accounts what each program costs

    podtrace cannot trace here: process ids
    ");
}

/// Check that a machine with cgroup1 alone can trace, with what is different there; and a target that is not found.
#[test]
fn pure_v1() {
    let (_root, host) = host(LEGACY, ROOT, "", OWN);
    let target = TargetFinding { name: "pid 4711".into(), found: Err("there is no process 4711".into()) };
    let asked = Asked { task_storage: false, ..all() };
    let checks = checks(&host, &Abilities::judge(&host, Ok(modern()), &asked), Some(&target));
    assert_eq!(exit_code(&checks), 1);
    assert_eq!(exit_code(&checks[..checks.len() - 1]), 0);
    assert_snapshot!(render(&host, &checks), @r"
    node-7: Linux 6.1.0-18-amd64, x86_64, 2 CPUs, lockdown unknown

    yes       BPF programs      this process may load them
    yes       kernel types      the kernel describes its own (BTF)
    yes       tracepoints       programs can be attached, with typed arguments
    yes       kernel memory     programs may read it
    yes       process ids       those seen here are the machine's own
    yes       tables            the kernel gives memory for them
    yes       events            a ring buffer carries them
    degraded  task storage      this kernel has no task storage for tracing programs: hash tables are used in its place, at about twice the cost
    degraded  cgroup targets    only cgroup1: they are matched by cgroup1 `memory` at `/sys/fs/cgroup/memory`
    degraded  command's cgroup  cgroup2 is not mounted here: `run` follows its command as a set of processes
    yes       other users       processes of all users can be looked at
    yes       cost figures      the kernel accounts what each program costs
    no        target pid 4711   there is no process 4711

    podtrace cannot trace here: target pid 4711
    ");
}

/// Check that the real machine answers, and that being root on one with BTF is enough.
#[test]
fn root_this_machine() {
    assert!(nix::unistd::geteuid().is_root(), "needs root");
    let host = Host::read("/".as_ref());
    let abilities = Abilities::probe(&host, "/".as_ref());
    let checks = checks(&host, &abilities, None);
    assert_eq!(exit_code(&checks), 0, "{}", render(&host, &checks));
    assert!(abilities.require().is_ok());
}
