//! Compiles every source of `bpf/`, links them into one object, and generates its skeleton.

use std::env;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use libbpf_cargo::SkeletonBuilder;
use libbpf_rs::Linker;
use libbpf_rs::libbpf_sys;

/// The sources; a new family adds its own.
const SOURCES: &[&str] = &["shared", "called", "syscalls", "process", "file", "tcp", "udp", "sched"];

/// Compilers that are tried when `PODTRACE_CLANG` names none; all three are known to make a loading object.
const COMPILERS: &[&str] = &["clang-19", "clang-16", "clang-14", "clang"];

fn main() {
    println!("cargo:rerun-if-changed=bpf");
    println!("cargo:rerun-if-env-changed=PODTRACE_CLANG");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let clang = compiler();
    let arguments = arguments(&out);
    let object = out.join("podtrace.bpf.o");
    let mut linker = Linker::new(&object).expect("the linker can write to OUT_DIR");
    for source in SOURCES {
        let compiled = out.join(format!("{source}.bpf.o"));
        SkeletonBuilder::new()
            .source(format!("bpf/{source}.bpf.c"))
            .obj(&compiled)
            .clang(&clang)
            .clang_args(&arguments)
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

/// What every source is compiled with. Types and lines of the object carry the names of its sources, and a build must come
/// out the same to the bit wherever and whenever it is made. So libbpf's headers are written to a place that does not
/// change, before the folder with a random name where `SkeletonBuilder` puts them too; and the names of places are cut off.
fn arguments(out: &Path) -> Vec<String> {
    let headers = out.join("headers/bpf");
    fs::create_dir_all(&headers).expect("folders can be made in OUT_DIR");
    for (name, contents) in libbpf_sys::API_HEADERS {
        fs::write(headers.join(name), contents).expect("OUT_DIR can be written to");
    }
    let mut arguments: Vec<String> = ["-Wall", "-Werror", "-mcpu=v3", "-Ibpf/include"].map(String::from).into();
    arguments.push(format!("-I{}", out.join("headers").display()));
    arguments.push("-fdebug-compilation-dir=.".to_owned());
    arguments.push(format!("-ffile-prefix-map={}/=", out.join("headers").display()));
    arguments
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
