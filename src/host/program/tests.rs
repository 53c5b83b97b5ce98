use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use insta::assert_snapshot;

use super::Program;
use crate::host::elf::example::Example;
use crate::host::elf::example::go_information;

/// A process of an executable, with these libraries mapped and descriptors open.
fn process(root: &Path, pid: u32, executable: &str, file: &[u8], mapped: &[&str], descriptors: &[&str]) {
    let folder = root.join(format!("proc/{pid}"));
    fs::create_dir_all(folder.join("fd")).unwrap();
    let path = root.join(executable.trim_start_matches('/'));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, file).unwrap();
    symlink(&path, folder.join("exe")).unwrap();
    fs::write(folder.join("stat"), format!("{pid} (x) S 1\n")).unwrap();
    let line = |library: &&str| format!("7f00-7f01 r-xp 00000000 08:01 17    {library}\n");
    fs::write(folder.join("maps"), mapped.iter().map(line).collect::<String>()).unwrap();
    for (number, descriptor) in descriptors.iter().enumerate() {
        symlink(descriptor, folder.join(format!("fd/{number}"))).unwrap();
    }
}

/// Check what is said of programs in the usual languages, and of what cannot be told.
#[test]
fn languages() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let glibc = Example { interpreter: Some("/lib64/ld-linux-x86-64.so.2"), ..Example::default() };
    let musl = Example { interpreter: Some("/lib/ld-musl-x86_64.so.1"), ..Example::default() };
    let odd = Example { interpreter: Some("/system/bin/linker64"), ..Example::default() };
    let cpp = Example { needed: &["libstdc++.so.6"], ..glibc.clone() };
    let information = go_information("go1.22.1");
    let go = Example { sections: &[(".go.buildinfo", &information)], ..Example::default() };
    let rust = Example { sections: &[(".comment", b"rustc version 1.95.0")], ..musl.clone() };
    let programs: [(&str, Vec<u8>, &[&str]); 14] = [
        ("/usr/bin/server", go.build(), &[]),
        ("/usr/bin/agent", rust.build(), &["/lib/libpython3.11.so.1.0"]),
        ("/usr/lib/jvm/java-17-openjdk-amd64/bin/java", glibc.build(), &["/usr/lib/jvm/x/lib/server/libjvm.so"]),
        ("/opt/launcher", glibc.build(), &["/usr/lib/jvm/x/lib/server/libjvm.so"]),
        ("/usr/bin/python3.11", glibc.build(), &[]),
        ("/usr/sbin/uwsgi", glibc.build(), &["/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0"]),
        ("/usr/local/bin/node", cpp.build(), &["/lib/libc.so.6"]),
        ("/usr/bin/node-exporter", glibc.build(), &[]),
        ("/usr/sbin/php-fpm8.2", musl.build(), &[]),
        ("/usr/bin/mysqld", cpp.build(), &[]),
        ("/bin/busybox", Example::default().build(), &[]),
        ("/bin/old", Example { is_32_bit: true, ..Example::default() }.build(), &[]),
        ("/system/bin/toybox", odd.build(), &[]),
        ("/bin/script", b"#!/bin/sh".to_vec(), &[]),
    ];
    let mut text = String::new();
    for (number, (path, file, mapped)) in (1..).zip(&programs) {
        process(root, number, path, file, mapped, &[]);
        let program = Program::read(root, number).unwrap();
        text.push_str(&format!("{program}\n").replace(&root.display().to_string(), ""));
    }
    assert_snapshot!(text, @"
    `/usr/bin/server` (pid 1): Go 1.22.1 (by its build information), linked statically
    `/usr/bin/agent` (pid 2): Rust (by the standard library in it), linked with musl
    `/usr/lib/jvm/java-17-openjdk-amd64/bin/java` (pid 3): Java (by the name of its executable), linked with glibc
    `/opt/launcher` (pid 4): Java (by `libjvm.so`), linked with glibc
    `/usr/bin/python3.11` (pid 5): Python 3.11 (by the name of its executable), linked with glibc
    `/usr/sbin/uwsgi` (pid 6): Python 3.11 (by `libpython3.11.so.1.0`), linked with glibc
    `/usr/local/bin/node` (pid 7): Node.js (by the name of its executable), linked with glibc
    `/usr/bin/node-exporter` (pid 8): compiled, in C or another language that leaves no trace, linked with glibc
    `/usr/sbin/php-fpm8.2` (pid 9): PHP 8.2 (by the name of its executable), linked with musl
    `/usr/bin/mysqld` (pid 10): C++ (by `libstdc++.so.6`), linked with glibc
    `/bin/busybox` (pid 11): compiled, in C or another language that leaves no trace, linked statically
    `/bin/old` (pid 12): compiled, in C or another language that leaves no trace, linked statically, 32-bit
    `/system/bin/toybox` (pid 13): compiled, in C or another language that leaves no trace, loaded by `/system/bin/linker64`
    `/bin/script` (pid 14): its executable is no ELF file
    ");
}

/// Check that io_urings are counted, that who is gone is nobody, and that an executable that cannot be read is said.
#[test]
fn rings_and_absences() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let open = ["/dev/null", "anon_inode:[io_uring]", "socket:[7]", "anon_inode:[io_uring]", "anon_inode:[eventpoll]"];
    process(root, 7, "/bin/x", &Example::default().build(), &[], &open);
    assert_eq!(Program::read(root, 7).unwrap().rings, 2);
    assert_eq!(Program::read(root, 8), None);
    fs::remove_file(root.join("bin/x")).unwrap();
    let lost = Program::read(root, 7).unwrap().to_string().replace(&root.display().to_string(), "");
    assert_snapshot!(lost, @"`/bin/x` (pid 7): its executable cannot be read: No such file or directory (os error 2)");
    let own = Program::read(Path::new("/"), std::process::id()).unwrap();
    assert_eq!(own.language.unwrap().name, "Rust");
}
