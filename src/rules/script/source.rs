//! Where rules come from: the ones inside the binary, files, folders, the texts in a recording.

use std::collections::BTreeMap;
use std::fs;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

use crate::event::session;
use crate::profile::did_you_mean;
use crate::profile::either;

/// The most bytes of a rule or a module: a shipped one has 4 KiB.
const SIZE_MAX: u64 = 256 << 10;

/// The most rules that a folder may have.
const RULES_MAX: usize = 200;

/// The most modules beside a rule that are read for it.
const MODULES_MAX: usize = 50;

/// A rule inside the binary.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    /// Its name.
    pub name: &'static str,
    /// Its Lua.
    pub text: &'static str,
    /// The Lua of its test.
    pub test: &'static str,
    /// What its test takes in, beside windows by hand: a recording of a known workload.
    pub recording: &'static [u8],
}

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        &[$(Shipped {
            name: $name,
            text: include_str!(concat!("../../../lua/rules/", $name, ".lua")),
            test: include_str!(concat!("../../../lua/tests/", $name, ".lua")),
            recording: include_bytes!(concat!("../../../lua/tests/recordings/", $name, ".podtrace")),
        }),*]
    };
}

/// The rules inside the binary, in the order they are listed.
pub static SHIPPED: &[Shipped] = shipped![
    "slow-dependency",
    "no-answer",
    "connect-failures",
    "error-correlation",
    "retransmits",
    "rtt-spike",
    "slow-disk",
    "fsync-stall",
    "noisy-neighbour",
    "cpu-starved",
    "process-churn",
    "restart-loop",
    "traffic-burst",
    "asymmetric-traffic",
];

/// A recording inside the binary, by its path from the folder of the shipped tests.
pub fn recording(path: &str) -> Option<&'static [u8]> {
    let name = path.strip_prefix("recordings/")?.strip_suffix(".podtrace")?;
    SHIPPED.iter().find(|rule| rule.name == name).map(|rule| rule.recording)
}

/// What every rule may `require`.
pub(super) static LIBRARY: &[(&str, &str)] = &[
    ("podtrace.text", include_str!("../../../lua/podtrace/text.lua")),
    ("podtrace.compare", include_str!("../../../lua/podtrace/compare.lua")),
];

/// A rule's text, with the modules beside it that it may require.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleText {
    /// What messages call its file.
    pub path: String,
    /// Its Lua.
    pub text: String,
    /// Modules beside it, by the name they are required with.
    pub modules: BTreeMap<String, String>,
    /// Whether it came from inside the binary.
    pub shipped: bool,
}

/// Why a rule could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Neither a file nor a folder nor a shipped rule.
    #[error("there is no file, folder or shipped rule `{name}`: {help}")]
    NotFound {
        /// What was asked for.
        name: String,
        /// What could have been meant.
        help: String,
    },
    /// It exists, but cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no text, or too much of it.
    #[error("`{}` is not text in UTF-8 of at most {} KiB", path.display(), SIZE_MAX / 1024)]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// A folder without rules, or with too many.
    #[error("`{}` has {found} files `*.lua`, expected 1 to {RULES_MAX}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// How many it has.
        found: usize,
    },
}

impl RuleText {
    /// The Lua of a module beside the rule.
    pub(super) fn module(&self, name: &str) -> Option<String> {
        self.modules.get(name).cloned()
    }

    /// A shipped rule.
    pub fn shipped(rule: &Shipped) -> Self {
        Self {
            path: format!("lua/rules/{}.lua", rule.name),
            text: rule.text.to_owned(),
            modules: BTreeMap::new(),
            shipped: true,
        }
    }

    /// What a recording keeps of it.
    pub fn recorded(&self, name: &str) -> session::RuleText {
        let Self { path, text, modules, .. } = self.clone();
        session::RuleText { name: name.to_owned(), path, text, modules }
    }

    /// What a recording kept.
    pub fn from_recorded(text: &session::RuleText) -> Self {
        Self { path: text.path.clone(), text: text.text.clone(), modules: text.modules.clone(), shipped: false }
    }
}

/// The rules that an argument of `--rules` means: a file, all of a folder, or a shipped rule by its name. `lua/rules`
/// also means all shipped ones where there is no such folder, so that the documentation's commands work anywhere.
///
/// # Errors
/// There is no such thing, or it cannot be read.
pub fn find(argument: &Path) -> Result<Vec<RuleText>, SourceError> {
    let name = argument.to_string_lossy();
    let bare = name.strip_prefix("./").unwrap_or(&name);
    let inside = bare.trim_end_matches('/').strip_prefix("lua/rules").map(|rest| rest.trim_start_matches('/'));
    if argument.is_dir() {
        return folder(argument);
    }
    if argument.exists() {
        return Ok(vec![file(argument)?]);
    }
    if inside == Some("") {
        return Ok(SHIPPED.iter().map(RuleText::shipped).collect());
    }
    let wanted = inside.unwrap_or(bare);
    let wanted = wanted.strip_suffix(".lua").unwrap_or(wanted);
    match SHIPPED.iter().find(|rule| rule.name == wanted) {
        Some(rule) => Ok(vec![RuleText::shipped(rule)]),
        None => {
            let names = || SHIPPED.iter().map(|rule| rule.name);
            let near = did_you_mean(wanted, names()).map(|near| format!("{near} ")).unwrap_or_default();
            let help = format!("{near}shipped rules: {}", either(names()));
            Err(SourceError::NotFound { name: name.into_owned(), help })
        }
    }
}

/// Every `*.lua` of a folder, by name; folders in it hold modules.
fn folder(path: &Path) -> Result<Vec<RuleText>, SourceError> {
    let files = lua_files(path)?;
    if files.is_empty() || files.len() > RULES_MAX {
        return Err(SourceError::Folder { path: path.to_owned(), found: files.len() });
    }
    files.iter().map(|path| file(path)).collect()
}

fn lua_files(folder: &Path) -> Result<Vec<PathBuf>, SourceError> {
    let unreadable = |source| SourceError::Unreadable { path: folder.to_owned(), source };
    let entries = fs::read_dir(folder).map_err(unreadable)?.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    let is_lua = |path: &PathBuf| path.extension().is_some_and(|end| end == "lua") && path.is_file();
    let mut files: Vec<_> = entries.into_iter().map(|entry| entry.path()).filter(is_lua).collect();
    files.sort();
    Ok(files)
}

/// A rule with the modules in its folder, and in folders there, that its text names.
fn file(path: &Path) -> Result<RuleText, SourceError> {
    let text = read(path)?;
    let mut rule = RuleText { path: path.display().to_string(), text, modules: BTreeMap::new(), shipped: false };
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut wanted = required(&rule.text);
    while let Some(name) = wanted.pop() {
        if LIBRARY.iter().any(|(known, _)| *known == name) || rule.modules.contains_key(&name) {
            continue;
        }
        let Some(path) = beside(folder, &name) else { continue };
        let text = read(&path)?;
        wanted.extend(required(&text));
        rule.modules.insert(name, text);
        if rule.modules.len() >= MODULES_MAX {
            break;
        }
    }
    Ok(rule)
}

/// The names in `require("…")` of a text. What is not written out cannot be required.
fn required(text: &str) -> Vec<String> {
    let calls = text.split("require").skip(1).filter_map(|rest| {
        let rest = rest.trim_start().trim_start_matches('(').trim_start();
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (name, _) = rest[1..].split_once(quote)?;
        Some(name.to_owned())
    });
    calls.collect()
}

/// The file of a module: `a.b` is `a/b.lua` in the folder, and in no other.
fn beside(folder: &Path, name: &str) -> Option<PathBuf> {
    let plain = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    let parts: Vec<_> = name.split('.').collect();
    if !parts.iter().all(|part| plain(part)) {
        return None;
    }
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let path = folder.join(parts.join("/")).with_extension("lua");
    // A link may lead elsewhere.
    let real = path.canonicalize().ok()?;
    real.starts_with(folder.canonicalize().ok()?).then_some(path)
}

fn read(path: &Path) -> Result<String, SourceError> {
    let unreadable = |source| SourceError::Unreadable { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(path).map_err(unreadable)?.take(SIZE_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    let not_text = || SourceError::NotText { path: path.to_owned() };
    if bytes.len() as u64 > SIZE_MAX {
        return Err(not_text());
    }
    String::from_utf8(bytes).map_err(|_| not_text())
}
