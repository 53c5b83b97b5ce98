use std::fs;

use proptest::prelude::any;
use proptest::proptest;

use super::ProcessError;
use super::Processes;
use super::Stat;

/// A line as the kernel writes it, with these figures.
fn line(pid: u32, comm: &str, parent: u32, flags: u64, user: u64, system: u64, start: u64) -> String {
    format!("{pid} ({comm}) S {parent} 1 1 0 -1 {flags} 0 0 0 0 {user} {system} 0 0 20 0 3 0 {start} 1 1 1\n")
}

/// A folder with these processes: (pid, name, parent).
fn folder(processes: &[(u32, &str, u32)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (pid, comm, parent) in processes {
        let one = root.path().join(format!("proc/{pid}"));
        fs::create_dir_all(one.join(format!("task/{pid}"))).unwrap();
        fs::write(one.join("stat"), line(*pid, comm, *parent, 0x0040_0000, 7, 11, 13)).unwrap();
        fs::write(one.join("status"), format!("Name:\t{comm}\nTgid:\t{pid}\nNSpid:\t{pid}\t7\n")).unwrap();
        fs::write(one.join("cmdline"), b"cat\0/etc/host name\0\0").unwrap();
    }
    root
}

/// Check that a name with spaces and parentheses does not shift the fields after it.
#[test]
fn name_with_parentheses() {
    let stat = Stat::parse(&line(31, "a) S 2 (b", 29, 0x0020_0040, 17, 19, 23), 10).unwrap();
    assert_eq!(stat.comm, "a) S 2 (b");
    assert_eq!((stat.parent, stat.kernel_thread, stat.threads), (29, true, 3));
    assert_eq!((stat.user_ns, stat.system_ns, stat.started_boot_ns), (170, 190, 230));
}

proptest! {
    /// Check that no text makes the reader panic.
    #[test]
    fn total(text in any::<String>(), numbers in any::<Vec<u64>>()) {
        let _ = Stat::parse(&text, 10_000_000);
        let fields: Vec<String> = numbers.iter().map(u64::to_string).collect();
        let _ = Stat::parse(&format!("1 (x) S {}", fields.join(" ")), 10_000_000);
    }
}

/// Check that ids, names and the argument vector are read, empty arguments kept.
#[test]
fn facts() {
    let root = folder(&[(41, "cat", 1)]);
    let facts = Processes::new(root.path()).facts(41).unwrap();
    assert_eq!((facts.tgid, facts.namespace_pids.as_slice()), (41, [41, 7].as_slice()));
    assert_eq!(facts.arguments, ["cat", "/etc/host name", ""]);
}

/// Check that a missing process is told from one that cannot be understood.
#[test]
fn gone_and_malformed() {
    let root = folder(&[(41, "cat", 1)]);
    let processes = Processes::new(root.path());
    assert!(matches!(processes.facts(43), Err(ProcessError::Gone(43))));
    fs::write(root.path().join("proc/41/stat"), "41 (cat").unwrap();
    assert!(matches!(processes.facts(41), Err(ProcessError::Malformed { pid: 41, file: "stat" })));
}

/// Check that descendants are found through all generations, and nobody else is.
#[test]
fn descendants() {
    let root = folder(&[(1, "init", 0), (10, "a", 1), (11, "b", 10), (12, "c", 11), (13, "d", 1), (14, "e", 12)]);
    let found: Vec<u32> = Processes::new(root.path()).descendants(10).into_iter().collect();
    assert_eq!(found, [11, 12, 14]);
}

/// Check that a CPU time is read for those that exist and that the others are absent.
#[test]
fn cpu_times() {
    let root = folder(&[(10, "a", 1), (11, "b", 1)]);
    let times = Processes::new(root.path()).cpu_times([10, 11, 12]);
    assert_eq!(times.keys().copied().collect::<Vec<_>>(), [10, 11]);
    assert_eq!(times[&10].total_ns(), 18 * Processes::new(root.path()).tick_ns);
}

/// Check that the real `/proc` is understood: this process burns CPU, and that is seen.
#[test]
fn this_process() {
    let processes = Processes::new("/".as_ref());
    let pid = std::process::id();
    let facts = processes.facts(pid).unwrap();
    assert_eq!((facts.pid, facts.tgid, facts.stat.kernel_thread), (pid, pid, false));
    assert!(!facts.arguments.is_empty());
    assert!(processes.threads(pid).contains(&pid));
    let before = processes.cpu_times([pid])[&pid];
    let begun = std::time::Instant::now();
    while processes.cpu_times([pid])[&pid].total_ns() < before.total_ns() + 20_000_000 {
        assert!(begun.elapsed().as_secs() < 20, "CPU time does not grow");
    }
}
