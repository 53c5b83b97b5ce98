//! Compiles every source of `bpf/`, links them into one object, and generates its skeleton.

use std::env;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use libbpf_cargo::SkeletonBuilder;
use libbpf_rs::Linker;

/// The sources; a new family adds its own.
const SOURCES: &[&str] = &["shared", "called", "syscalls", "process", "file", "tcp", "udp", "sched"];

/// Compilers that are tried when `PODTRACE_CLANG` names none; all three are known to make a loading object.
const COMPILERS: &[&str] = &["clang-19", "clang-16", "clang-14", "clang"];

fn main() {
    println!("cargo:rerun-if-changed=bpf");
    println!("cargo:rerun-if-env-changed=PODTRACE_CLANG");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let clang = compiler();
    let object = out.join("podtrace.bpf.o");
    let mut linker = Linker::new(&object).expect("the linker can write to OUT_DIR");
    for source in SOURCES {
        let compiled = out.join(format!("{source}.bpf.o"));
        SkeletonBuilder::new()
            .source(format!("bpf/{source}.bpf.c"))
            .obj(&compiled)
            .clang(&clang)
            .clang_args(["-Wall", "-Werror", "-mcpu=v3", "-Ibpf/include"])
            .build()
            .unwrap_or_else(|error| panic!("bpf/{source}.bpf.c: {error:#}"));
        linker.add_file(&compiled).expect("the compiled source can be linked");
    }
    linker.link().expect("the sources agree about what they share");
    SkeletonBuilder::new()
        .obj(&object)
        .reference_obj(true)
        .generate(out.join("podtrace.skel.rs"))
        .expect("the linked object has a skeleton");
}

fn compiler() -> PathBuf {
    if let Some(named) = env::var_os("PODTRACE_CLANG") {
        return PathBuf::from(named);
    }
    let found = COMPILERS.iter().find(|name| runs(Path::new(name)));
    PathBuf::from(found.unwrap_or_else(|| {
        panic!("no clang found (tried {}): install one, or name it in PODTRACE_CLANG", COMPILERS.join(", "))
    }))
}

fn runs(compiler: &Path) -> bool {
    Command::new(compiler).arg("--version").output().is_ok_and(|output| output.status.success())
}
