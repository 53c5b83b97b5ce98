use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::symlink;
use std::path::Path;

use caps::Capability;
use proptest::prelude::any;
use proptest::proptest;

use super::Clock;
use super::Cpus;
use super::Host;
use super::cpu;
use super::kernel::Lockdown;
use super::kernel::Version;
use super::namespace;
use super::socket;

/// Writes these files below a new folder.
pub(super) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

/// Makes the links of a process's own namespaces.
pub(super) fn namespaces(root: &Path, cgroup: u64, pid: u64, user: u64, time: u64) {
    let ns = root.join("proc/self/ns");
    fs::create_dir_all(&ns).unwrap();
    for (name, inode) in [("cgroup", cgroup), ("pid", pid), ("user", user), ("time", time)] {
        symlink(format!("{name}:[{inode}]"), ns.join(name)).unwrap();
    }
}

/// Check that an empty folder gives unknowns and no failure.
#[test]
fn nothing_known() {
    let root = folder(&[]);
    let host = Host::read(root.path());
    assert_eq!((host.name.as_str(), host.kernel.release.as_str()), ("unknown", "unknown"));
    assert_eq!((host.kernel.version, host.kernel.btf, host.kernel.lockdown), (None, false, Lockdown::Unknown));
    assert_eq!(host.cpus, Cpus { online: 1, possible: 1, ids: 1 });
    assert!(host.namespaces.pid.is_none() && !host.privileges.has(Capability::CAP_BPF));
}

/// Check that what a machine says is read into facts.
#[test]
fn facts() {
    let root = folder(&[
        ("proc/sys/kernel/hostname", "node-7\n"),
        ("proc/sys/kernel/osrelease", "5.10.0-28-cloud-amd64\n"),
        ("proc/sys/kernel/arch", "x86_64\n"),
        ("proc/sys/kernel/kptr_restrict", "2\n"),
        ("proc/sys/kernel/perf_event_paranoid", "-1\n"),
        ("sys/kernel/btf/vmlinux", "x"),
        ("sys/kernel/security/lockdown", "none [integrity] confidentiality\n"),
        ("sys/devices/system/cpu/online", "0-2,5\n"),
        ("sys/devices/system/cpu/possible", "0-3,5,8-9\n"),
        (
            "proc/self/status",
            "Name:\tx\nUid:\t7\t0\t7\t7\nCapEff:\t0000004000000000\nSeccomp:\t2\nSeccomp_filters:\t1\n",
        ),
    ]);
    namespaces(root.path(), 4_026_531_835, 4_026_532_500, 4_026_531_837, 4_026_531_834);
    let host = Host::read(root.path());
    assert_eq!(host.summary().name, "node-7");
    assert_eq!(host.kernel.version, Some(Version { major: 5, minor: 10, patch: 0 }));
    assert_eq!(
        (host.kernel.btf, host.kernel.lockdown, host.kernel.kptr_restrict),
        (true, Lockdown::Integrity, Some(2))
    );
    assert_eq!(host.kernel.perf_event_paranoid, Some(-1));
    assert_eq!(host.cpus, Cpus { online: 4, possible: 7, ids: 10 });
    assert_eq!((host.namespaces.cgroup, host.namespaces.pid), (Some(true), Some(false)));
    assert_eq!((host.namespaces.user, host.namespaces.time), (Some(true), Some(true)));
    assert!(host.privileges.has(Capability::CAP_PERFMON) && host.privileges.seccomp_filter);
    assert_eq!((host.privileges.missing_for_tracing(), host.privileges.user), (vec![Capability::CAP_BPF], Some(0)));
}

/// Check that releases of all habits are understood.
#[test]
fn versions() {
    for (text, expected) in [
        ("6.18.44-fc-v657", "6.18.44"),
        ("6.12-rc1", "6.12.0"),
        ("6.1.0-18-amd64", "6.1.0"),
        ("4.18.0-553.el8.x86_64", "4.18.0"),
        ("6.6.87.2-microsoft-standard-WSL2", "6.6.87"),
    ] {
        assert_eq!(Version::parse(text).map(|version| version.to_string()).as_deref(), Some(expected), "{text}");
    }
    assert_eq!(Version::parse("unknown"), None);
}

/// Check that lists that are none are refused.
#[test]
fn cpu_lists() {
    assert_eq!(cpu::parse_list("0"), Some((1, 1)));
    assert_eq!(cpu::parse_list("3-1"), None);
    assert_eq!(cpu::parse_list(""), None);
    assert_eq!(cpu::parse_list("0-4294967295"), None);
}

/// Check that listening sockets of both families are found, and others are not.
#[test]
fn listening() {
    let root = folder(&[
        (
            "proc/7/net/tcp",
            "  sl  local_address rem_address   st\n   \
             0: 0100007F:1F90 00000000:0000 0A 00000000:00000000\n   \
             1: 00000000:0016 00000000:0000 0A 00000000:00000000\n   \
             2: 0100007F:C350 0100007F:1F90 01 00000000:00000000\n",
        ),
        (
            "proc/7/net/tcp6",
            "  sl  local_address                         remote_address                        st\n   \
             0: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 00000000\n",
        ),
    ]);
    let expected: Vec<SocketAddr> =
        ["0.0.0.0:22", "127.0.0.1:8080", "[::1]:80"].iter().map(|text| text.parse().unwrap()).collect();
    assert_eq!(socket::listening(root.path(), 7).unwrap().into_iter().collect::<Vec<_>>(), expected);
    assert!(socket::listening(root.path(), 8).is_err());
}

/// Check that a socket that really listens is found in the real tables.
#[test]
fn really_listening() {
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let socket = std::net::TcpListener::bind(address).unwrap();
        let found = socket::listening("/".as_ref(), std::process::id()).unwrap();
        assert!(found.contains(&socket.local_addr().unwrap()), "{found:?}");
    }
    let namespace = socket::network_namespace("/".as_ref(), std::process::id()).unwrap();
    let inode = fs::metadata("/proc/self/ns/net").unwrap().ino();
    assert_eq!(u64::from(namespace), inode);
}

proptest! {
    /// Check that no text makes a reader panic.
    #[test]
    fn total(text in any::<String>()) {
        let _ = Version::parse(&text);
        let _ = cpu::parse_list(&text);
        let _ = namespace::parse_link(&text);
        let _ = socket::parse(&format!("0: {text} 0 0A\n{text}"));
        let _ = super::clock::offset_ns(&text, "monotonic");
    }
}

/// Check that a kernel stamp becomes the wall time it was taken at, and that a time namespace's shift is taken out.
#[test]
fn clock() {
    let clock = Clock::read("/".as_ref());
    let now = jiff::Timestamp::now();
    let same = clock.wall_of_monotonic(u64::try_from(clock.monotonic_ns).unwrap());
    assert_eq!(same, clock.wall);
    assert!((now.as_nanosecond() - same.as_nanosecond()).abs() < 1_000_000_000);
    assert_eq!(
        clock.wall_of_boot(u64::try_from(clock.boot_ns + 17).unwrap()).as_nanosecond(),
        clock.wall.as_nanosecond() + 17
    );
    let (before, after) = (Clock::read("/".as_ref()).monotonic_ns, super::clock::monotonic_ns().cast_signed());
    assert!((before..before + 60_000_000_000).contains(&after), "{before} {after}");
    let root = folder(&[("proc/self/timens_offsets", "monotonic    -1000   5\nboottime  3 0\n")]);
    let shifted = Clock::read(root.path());
    let apart = shifted.monotonic_ns - clock.monotonic_ns;
    assert!((1_000_000_000_000 - 5..1_060_000_000_000).contains(&apart), "{apart}");
}
