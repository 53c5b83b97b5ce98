//! A state of Luau for one rule: what it may use, how much it may use, and what went wrong in words.
//!
//! A rule gets no files, no clock, no chance and no way to load code. What it runs is counted at loop edges, calls and
//! inside the matcher of patterns; what it allocates is counted by the allocator. The count, not the clock, is what
//! normally ends a runaway, so that a replay ends it at the same place; the clock is there for what nobody thought of.

#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use mlua::Error;
use mlua::Function;
use mlua::Lua;
use mlua::LuaOptions;
use mlua::StdLib;
use mlua::Table;
use mlua::Value;
use mlua::VmState;
use mlua::chunk::ChunkMode;
use nix::time::ClockId;
use nix::time::clock_gettime;

use super::source::LIBRARY;
use super::source::RuleText;
use crate::event::unit;
use crate::profile::did_you_mean;

/// What one evaluation may use. A shipped rule takes a few thousand steps and some 100 KiB.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Memory of the rule's state, in bytes.
    pub memory_bytes: usize,
    /// Loop edges, calls and steps of the pattern matcher.
    pub steps: u64,
    /// The CPU time after which it is ended although its steps are not used up.
    pub time: Duration,
}

/// The limits that rules run with: at some 50 ns a step with what it does, the steps take 50 ms.
pub const LIMITS: Limits = Limits { memory_bytes: 8 << 20, steps: 1_000_000, time: Duration::from_secs(2) };

/// How often the clock is read, in steps.
const CLOCK_STEPS: u64 = 1_024;

/// Globals of Luau that rules keep.
const KEPT: [&str; 22] = [
    "assert",
    "error",
    "pcall",
    "ipairs",
    "pairs",
    "next",
    "select",
    "tonumber",
    "type",
    "typeof",
    "rawequal",
    "rawget",
    "rawlen",
    "rawset",
    "setmetatable",
    "getmetatable",
    "unpack",
    "math",
    "string",
    "table",
    "utf8",
    "bit32",
];

/// Why a rule was stopped from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Steps,
    Time,
}

/// What went wrong in a rule, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", place(.file, *.line))]
pub struct Failure {
    /// The file, as messages call it.
    pub file: String,
    /// The line, counted from 1, if it is known.
    pub line: Option<u32>,
    /// What is wrong.
    pub message: String,
}

fn place(file: &str, line: Option<u32>) -> String {
    line.map_or_else(|| format!("{file}: "), |line| format!("{file}:{line}: "))
}

#[derive(Debug)]
struct Meter {
    limits: Limits,
    left: Cell<u64>,
    until: Cell<Duration>,
    stopped: Cell<Option<Stop>>,
    /// Where it was stopped.
    at: RefCell<Option<(String, u32)>>,
}

/// The CPU time of this thread: what others do on the machine is not the rule's fault.
fn thread_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

impl Meter {
    fn begin(&self) {
        self.left.set(self.limits.steps);
        self.until.set(thread_time() + self.limits.time);
        self.stopped.set(None);
        self.at.replace(None);
    }

    fn step(&self, lua: &Lua) -> mlua::Result<VmState> {
        let left = self.left.get().saturating_sub(1);
        self.left.set(left);
        if left == 0 {
            self.stopped.set(self.stopped.get().or(Some(Stop::Steps)));
        } else if left.is_multiple_of(CLOCK_STEPS) && thread_time() > self.until.get() {
            self.stopped.set(Some(Stop::Time));
        }
        // Once stopped, every further step fails: an error that `pcall` caught comes again.
        let Some(stop) = self.stopped.get() else { return Ok(VmState::Continue) };
        if self.at.borrow().is_none() {
            self.at.replace(running_at(lua));
        }
        Err(Error::runtime(self.words(stop)))
    }

    fn words(&self, stop: Stop) -> String {
        match stop {
            Stop::Steps => format!("it took more than {} steps", unit::count(self.limits.steps)),
            Stop::Time => format!("it took longer than {}", unit::seconds(self.limits.time.as_secs_f64())),
        }
    }
}

/// What the text before the rule's own is called.
const PRELUDE: &str = "prelude";

/// Levels of the stack that are looked at for the place.
const LEVELS_MAX: usize = 20;

/// The innermost line of Lua that runs.
fn running_at(lua: &Lua) -> Option<(String, u32)> {
    (0..LEVELS_MAX).find_map(|level| {
        let place = lua.inspect_stack(level, |frame| {
            let file = frame.source().short_src?.into_owned();
            let file = Some(file).filter(|file| file != PRELUDE)?;
            Some((file, u32::try_from(frame.current_line()?).ok()?))
        });
        place.flatten()
    })
}

/// A state of Luau that holds one rule.
#[derive(Debug)]
pub(super) struct Sandbox {
    lua: Lua,
    meter: Rc<Meter>,
    globals: Table,
    text: RuleText,
    /// Modules that were loaded, and whether more may be.
    modules: Rc<RefCell<BTreeMap<String, Value>>>,
    open: Rc<Cell<bool>>,
}

impl Sandbox {
    /// A state for a rule, with nothing of it run yet.
    pub(super) fn new(text: &RuleText, limits: Limits) -> Result<Self, Failure> {
        let meter = Rc::new(Meter {
            limits,
            left: Cell::new(0),
            until: Cell::new(Duration::ZERO),
            stopped: Cell::new(None),
            at: RefCell::new(None),
        });
        let made = || -> mlua::Result<Self> {
            let libraries = StdLib::MATH | StdLib::STRING | StdLib::TABLE | StdLib::UTF8 | StdLib::BIT;
            let lua = Lua::new_with(libraries, LuaOptions::default())?;
            let prelude =
                lua.load(include_str!("prelude.lua")).set_name(format!("={PRELUDE}")).set_mode(ChunkMode::Text);
            let globals: Table = prelude.call(lua.create_sequence_from(KEPT)?)?;
            lua.sandbox(true)?;
            lua.set_memory_limit(limits.memory_bytes)?;
            let counted = Rc::clone(&meter);
            lua.set_interrupt(move |lua| counted.step(lua));
            let (modules, open) = (Rc::default(), Rc::new(Cell::new(true)));
            let sandbox = Self { lua, meter: Rc::clone(&meter), globals, text: text.clone(), modules, open };
            sandbox.close_globals()?;
            Ok(sandbox)
        };
        made().map_err(|error| Failure { file: text.path.clone(), line: None, message: error.to_string() })
    }

    /// Gives the globals their edges: no new ones, and no unknown ones.
    fn close_globals(&self) -> mlua::Result<()> {
        let names: Vec<String> =
            self.globals.pairs::<String, Value>().filter_map(|pair| pair.ok().map(|(name, _)| name)).collect();
        let edges = self.lua.create_table()?;
        let unknown = move |_: &Lua, (_, name): (Value, Value)| -> mlua::Result<Value> {
            let name = name.to_string().unwrap_or_default();
            let near = did_you_mean(&name, names.iter().map(String::as_str).chain(["require"]));
            let near = near.map(|near| format!("; {near}")).unwrap_or_default();
            Err(Error::runtime(format!("unknown name `{name}`{near}")))
        };
        edges.set("__index", self.lua.create_function(unknown)?)?;
        let written = |_: &Lua, (_, name, _): (Value, Value, Value)| -> mlua::Result<()> {
            let name = name.to_string().unwrap_or_default();
            Err(Error::runtime(format!("sets the global `{name}`: write `local {name}`")))
        };
        edges.set("__newindex", self.lua.create_function(written)?)?;
        edges.set("__metatable", false)?;
        self.globals.set("require", self.requirer()?)?;
        self.globals.set_metatable(Some(edges))?;
        self.globals.set_readonly(true);
        Ok(())
    }

    /// `require`: our library, or the rule's own folder; only while the file is loaded.
    fn requirer(&self) -> mlua::Result<Function> {
        let (modules, open, text) = (Rc::clone(&self.modules), Rc::clone(&self.open), self.text.clone());
        let globals = self.globals.clone();
        self.lua.create_function(move |lua, name: String| {
            if let Some(module) = modules.borrow().get(&name) {
                return match module {
                    Value::Nil => Err(Error::runtime(format!("`{name}` requires itself"))),
                    module => Ok(module.clone()),
                };
            }
            if !open.get() {
                return Err(Error::runtime(format!(
                    "`require(\"{name}\")` stands inside a function: put it at the top"
                )));
            }
            let shipped = LIBRARY.iter().find(|(known, _)| *known == name).map(|(_, code)| (*code).to_owned());
            let Some(code) = shipped.or_else(|| text.module(&name)) else {
                let near = did_you_mean(&name, LIBRARY.iter().map(|(known, _)| *known));
                let near = near.map(|near| format!("; {near}")).unwrap_or_default();
                let what = "neither in podtrace's library nor beside the rule";
                return Err(Error::runtime(format!("there is no module `{name}`, {what}{near}")));
            };
            modules.borrow_mut().insert(name.clone(), Value::Nil);
            let chunk = lua.load(code).set_name(format!("={name}")).set_mode(ChunkMode::Text);
            let module: Value = chunk.set_environment(globals.clone()).eval()?;
            if let Value::Table(module) = &module {
                module.set_readonly(true);
            }
            modules.borrow_mut().insert(name.clone(), module.clone());
            Ok(module)
        })
    }

    /// The state.
    pub(super) fn lua(&self) -> &Lua {
        &self.lua
    }

    /// Runs the rule's file and hands out what it returns.
    pub(super) fn load(&self) -> Result<Value, Failure> {
        let loaded = self.run(|lua| {
            let chunk = lua.load(self.text.text.as_str()).set_name(format!("={}", self.text.path));
            chunk.set_mode(ChunkMode::Text).set_environment(self.globals.clone()).eval::<Value>()
        });
        self.open.set(false);
        loaded
    }

    /// Does something in the state within its limits.
    pub(super) fn run<T>(&self, doing: impl FnOnce(&Lua) -> mlua::Result<T>) -> Result<T, Failure> {
        self.meter.begin();
        let done = doing(&self.lua);
        match (done, self.meter.stopped.get()) {
            (Ok(done), None) => Ok(done),
            // Also where it caught the error and came to an end: too late.
            (_, Some(stop)) => {
                let at = self.meter.at.borrow().clone();
                let (file, line) = at.map_or((self.text.path.clone(), None), |(file, line)| (file, Some(line)));
                Err(Failure { file, line, message: self.meter.words(stop) })
            }
            (Err(error), None) => Err(self.failure(&error, &self.message(&error))),
        }
    }

    /// Steps that the last run took.
    pub(super) fn steps(&self) -> u64 {
        self.meter.limits.steps - self.meter.left.get()
    }

    /// Forgets what nobody refers to any more: a view of a window keeps the window.
    pub(super) fn tidy(&self) {
        // What fails for want of memory is of no consequence: the next run would say it.
        let _ = self.lua.gc_collect();
    }

    fn message(&self, error: &Error) -> String {
        let message = match innermost(error) {
            Error::MemoryError(_) => {
                return format!("it needs more than {} of memory", unit::bytes(self.meter.limits.memory_bytes as u64));
            }
            Error::RuntimeError(message) | Error::SyntaxError { message, .. } => message.clone(),
            other => other.to_string(),
        };
        let message = message.split("\nstack traceback:").next().unwrap_or_default().trim();
        let message = self.names().find_map(|name| strip_place(message, &name)).unwrap_or(message);
        let line = message.lines().next().unwrap_or_default();
        if line.contains("stack overflow") {
            return "it calls itself too deep (stack overflow)".to_owned();
        }
        if line.is_empty() { "it failed without a message".to_owned() } else { line.to_owned() }
    }

    fn failure(&self, error: &Error, message: &str) -> Failure {
        let said = error.to_string();
        let found = self.names().filter_map(|name| Some((first_place(&said, &name)?, name)));
        let first = found.min_by_key(|((at, _), _)| *at);
        let (line, file) = match first {
            Some(((_, line), file)) => (Some(line), file),
            None => (None, self.text.path.clone()),
        };
        Failure { file, line, message: message.to_owned() }
    }

    /// What places in messages may begin with: the rule's file, and its modules.
    fn names(&self) -> impl Iterator<Item = String> {
        let modules: Vec<_> = self.modules.borrow().keys().cloned().collect();
        [self.text.path.clone()].into_iter().chain(modules)
    }
}

/// The error that others were wrapped around.
fn innermost(error: &Error) -> &Error {
    match error {
        Error::CallbackError { cause, .. } | Error::WithContext { cause, .. } => innermost(cause),
        other => other,
    }
}

/// The first `NAME:LINE:` in a text: where it is, and the line.
fn first_place(text: &str, name: &str) -> Option<(usize, u32)> {
    let places = text.match_indices(name).filter_map(|(at, _)| {
        let (line, _) = text[at + name.len()..].strip_prefix(':')?.split_once(':')?;
        Some((at, line.parse().ok()?))
    });
    places.min()
}

/// A message without the place it begins with.
fn strip_place<'m>(message: &'m str, name: &str) -> Option<&'m str> {
    let (line, rest) = message.strip_prefix(name)?.strip_prefix(':')?.split_once(':')?;
    line.parse::<u32>().ok().map(|_| rest.trim_start())
}
