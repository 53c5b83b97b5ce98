//! What runs in a process: its executable, the language it is written in, and what of it no tracer of system calls sees.
//!
//! Each answer names what it rests on. What cannot be told is left out: a guess would be taken for a fact.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::path::Path;

use super::elf::Executable;

/// How much of `/proc/PID/maps` is looked at, in bytes: some hundred bytes for each mapping.
const MAPS_MAX: u64 = 8 << 20;

/// Descriptors that are looked at.
const DESCRIPTORS_MAX: usize = 16_384;

/// What `/proc/PID/fd` has for an io_uring.
const RING: &str = "anon_inode:[io_uring]";

/// What runs in a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The process.
    pub pid: u32,
    /// Its executable, as the process itself sees it; `None` if that is not to be known.
    pub path: Option<String>,
    /// What it is written in or runs on.
    pub language: Option<Language>,
    /// How it is linked.
    pub linkage: Option<Linkage>,
    /// 32-bit programs make system calls of their own.
    pub is_32_bit: bool,
    /// io_urings that it has open.
    pub rings: usize,
    /// What kept from knowing more.
    pub trouble: Option<String>,
}

/// A language or the runtime of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language {
    /// Its name.
    pub name: &'static str,
    /// Its version, where that is told.
    pub version: Option<String>,
    /// What told it.
    pub by: String,
}

/// How an executable is linked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Linkage {
    /// It needs no library.
    Static,
    /// With GNU's C library.
    Glibc,
    /// With musl.
    Musl,
    /// With this loader.
    Other(String),
}

/// Runtimes by the name of the executable: what it begins with; a version may follow.
const BY_EXECUTABLE: [(&str, &str); 9] = [
    ("python", "Python"),
    ("node", "Node.js"),
    ("java", "Java"),
    ("ruby", "Ruby"),
    ("php", "PHP"),
    ("perl", "Perl"),
    ("dotnet", ".NET"),
    ("beam", "Erlang"),
    ("bun", "Bun"),
];

/// Runtimes by a library that is mapped: what its name begins with; a version may follow.
const BY_LIBRARY: [(&str, &str); 8] = [
    ("libjvm.so", "Java"),
    ("libcoreclr.so", ".NET"),
    ("libnode.so", "Node.js"),
    ("libpython", "Python"),
    ("libruby", "Ruby"),
    ("libphp", "PHP"),
    ("libperl.so", "Perl"),
    ("liberlang", "Erlang"),
];

impl Program {
    /// Looks at a process below `root`. `None` if it is gone.
    pub fn read(root: &Path, pid: u32) -> Option<Self> {
        let folder = root.join("proc").join(pid.to_string());
        let link = folder.join("exe");
        let path = match fs::read_link(&link) {
            Ok(path) => Ok(path.to_string_lossy().trim_end_matches(" (deleted)").to_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !folder.join("stat").exists() => return None,
            Err(error) => Err(format!("cannot tell its executable: {error}")),
        };
        let executable = Executable::read(&link).map_err(|error| format!("its executable {error}"));
        let trouble = path.as_ref().err().or(executable.as_ref().err()).cloned();
        let mapped = libraries(&folder.join("maps"));
        let path = path.ok();
        let executable = executable.ok();
        Some(Self {
            pid,
            language: language(path.as_deref(), executable.as_ref(), &mapped),
            linkage: executable.as_ref().map(linkage),
            is_32_bit: executable.as_ref().is_some_and(|executable| executable.bits == 32),
            rings: rings(&folder.join("fd")),
            path,
            trouble,
        })
    }
}

/// The names of files that are mapped as libraries are: those with `.so` in them.
fn libraries(maps: &Path) -> BTreeSet<String> {
    let Ok(file) = fs::File::open(maps) else { return BTreeSet::new() };
    let mut names = BTreeSet::new();
    // Names of files may be any bytes.
    let lines = BufReader::new(file.take(MAPS_MAX)).split(b'\n').map_while(Result::ok);
    for line in lines {
        let line = String::from_utf8_lossy(&line);
        let name = line.rsplit('/').next().filter(|_| line.contains('/')).unwrap_or_default();
        if name.contains(".so") {
            names.insert(name.to_owned());
        }
    }
    names
}

/// How many io_urings are open.
fn rings(descriptors: &Path) -> usize {
    let Ok(entries) = fs::read_dir(descriptors) else { return 0 };
    let links = entries.flatten().take(DESCRIPTORS_MAX).filter_map(|entry| fs::read_link(entry.path()).ok());
    links.filter(|link| link.as_os_str() == RING).count()
}

/// A runtime tells more than the language that it is written in itself: it comes first.
fn language(path: Option<&str>, executable: Option<&Executable>, mapped: &BTreeSet<String>) -> Option<Language> {
    let name = path.and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let by_name = BY_EXECUTABLE.iter().find_map(|(prefix, runtime)| {
        let rest = name.strip_prefix(prefix)?;
        // `node-exporter` is none.
        let plain = rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_digit() || c == '.');
        let plain = plain || rest == "js" || rest.starts_with("-fpm") || rest.starts_with("-cgi");
        plain.then(|| Language {
            name: runtime,
            version: version(rest.trim_start_matches(['-', 'f', 'p', 'm', 'c', 'g', 'i'])),
            by: "the name of its executable".into(),
        })
    });
    let by_library = || {
        BY_LIBRARY.iter().find_map(|(prefix, runtime)| {
            let library = mapped.iter().find(|library| library.starts_with(prefix))?;
            let version = version(&library[prefix.len()..]);
            Some(Language { name: runtime, version, by: format!("`{library}`") })
        })
    };
    by_name
        .or_else(|| executable.and_then(compiled_exactly))
        .or_else(by_library)
        .or_else(|| executable.and_then(compiled))
}

/// What compilers leave that no other leaves.
fn compiled_exactly(executable: &Executable) -> Option<Language> {
    let go = executable.go.clone().map(|version| Language { name: "Go", version, by: "its build information".into() });
    go.or_else(|| {
        executable.rust.then(|| Language { name: "Rust", version: None, by: "the standard library in it".into() })
    })
}

fn compiled(executable: &Executable) -> Option<Language> {
    let library = executable.library("libstdc++.so").or_else(|| executable.library("libc++.so"))?;
    Some(Language { name: "C++", version: None, by: format!("`{library}`") })
}

/// The version at the beginning of what follows a name: `3.11` of `3.11.so.1.0`.
fn version(rest: &str) -> Option<String> {
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let version = rest[..end].trim_matches('.');
    version.starts_with(|c: char| c.is_ascii_digit()).then(|| version.to_owned())
}

fn linkage(executable: &Executable) -> Linkage {
    let Some(interpreter) = &executable.interpreter else { return Linkage::Static };
    let name = interpreter.rsplit('/').next().unwrap_or_default();
    if name.starts_with("ld-musl") {
        Linkage::Musl
    } else if name.starts_with("ld-linux") || name.starts_with("ld64.so") || name.starts_with("ld.so") {
        Linkage::Glibc
    } else {
        Linkage::Other(interpreter.clone())
    }
}

impl fmt::Display for Linkage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Static => f.write_str("linked statically"),
            Self::Glibc => f.write_str("linked with glibc"),
            Self::Musl => f.write_str("linked with musl"),
            Self::Other(loader) => write!(f, "loaded by `{loader}`"),
        }
    }
}

/// `Go 1.22.1 (its build information), linked statically`.
impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "`{path}` (pid {}): ", self.pid)?,
            None => write!(f, "pid {}: ", self.pid)?,
        }
        if let Some(trouble) = &self.trouble {
            return f.write_str(trouble);
        }
        match &self.language {
            Some(Language { name, version, by }) => {
                let version = version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
                write!(f, "{name}{version} (by {by})")?;
            }
            None => f.write_str("compiled, in C or another language that leaves no trace")?,
        }
        if let Some(linkage) = &self.linkage {
            write!(f, ", {linkage}")?;
        }
        if self.is_32_bit { f.write_str(", 32-bit") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
