//! Rules in their states: loaded, evaluated window by window, disabled when they fail.
//!
//! Everything here stays on the thread it was made on.

use std::collections::VecDeque;
use std::rc::Rc;

use mlua::Error;
use mlua::Function;
use mlua::Lua;
use mlua::Table;
use mlua::Value;

use super::conclusion;
use super::conclusion::Evaluated;
use super::conclusion::Section;
use super::declaration;
use super::declaration::Declaration;
use super::sandbox::Failure;
use super::sandbox::Limits;
use super::sandbox::Sandbox;
use super::source::RuleText;
use super::view::Facts;
use super::view::Past;
use super::view::Scope;
use super::view::WindowView;
use crate::event::Kind;
use crate::profile::ParamValue;
use crate::profile::RuleUse;
use crate::profile::did_you_mean;
use crate::window::Snapshot;

/// Windows after which the recent past becomes the older one: a baseline is 30 to 60 windows.
const BASELINE_WINDOWS: u64 = 30;

/// What a rule is in every trace.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) declaration: Declaration,
    sandbox: Sandbox,
    evaluate: Function,
    section: Option<Function>,
}

/// Loads a rule: what its file returns is right as far as one can see.
pub(super) fn load(text: &RuleText, kinds: &[&'static Kind], limits: Limits) -> Result<Loaded, Failure> {
    let sandbox = Sandbox::new(text, limits)?;
    let value = sandbox.load()?;
    let declaration::Returned { declaration, evaluate, section } = declaration::read(value, text, kinds)?;
    Ok(Loaded { declaration, sandbox, evaluate, section })
}

/// A rule in a trace.
#[derive(Debug)]
pub(super) struct Running {
    loaded: Loaded,
    scope: Rc<Scope>,
    params: Table,
    /// Why it is not evaluated any more.
    failed: bool,
}

impl Running {
    /// Puts a rule to work with its parameters.
    pub(super) fn new(loaded: Loaded, used: &RuleUse, kinds: &[&'static Kind], facts: &Facts) -> Result<Self, Failure> {
        let Declaration { spec, needs, wants, text, .. } = &loaded.declaration;
        let params = || -> mlua::Result<Table> {
            let params = loaded.sandbox.lua().create_table()?;
            for param in &spec.params {
                match used.params.get(&param.name).unwrap_or(&param.default) {
                    ParamValue::Number(number) => params.set(param.name.as_str(), *number)?,
                    ParamValue::Text(text) => params.set(param.name.as_str(), text.as_str())?,
                    ParamValue::Flag(flag) => params.set(param.name.as_str(), *flag)?,
                }
            }
            let edges = loaded.sandbox.lua().create_table()?;
            let names: Vec<_> = spec.params.iter().map(|param| param.name.clone()).collect();
            let unknown = move |_: &Lua, (_, name): (Value, String)| -> mlua::Result<Value> {
                let near = did_you_mean(&name, names.iter().map(String::as_str)).map(|near| format!("; {near}"));
                Err(Error::runtime(format!("the rule declares no parameter `{name}`{}", near.unwrap_or_default())))
            };
            edges.set("__index", loaded.sandbox.lua().create_function(unknown)?)?;
            params.set_metatable(Some(edges))?;
            params.set_readonly(true);
            Ok(params)
        };
        let params =
            params().map_err(|error| Failure { file: text.path.clone(), line: None, message: error.to_string() })?;
        let named = needs.iter().chain(wants).map(|kind| kind.name).collect();
        let scope = Rc::new(Scope { kinds: Scope::catalogue(kinds), named, facts: facts.clone() });
        Ok(Self { loaded, scope, params, failed: false })
    }

    fn kinds(&self) -> Vec<&'static Kind> {
        self.loaded.declaration.needs.iter().chain(&self.loaded.declaration.wants).copied().collect()
    }

    /// Evaluates it on a window; `None` if it has failed before.
    pub(super) fn evaluate(
        &mut self,
        window: &Rc<Snapshot>,
        past: &Rc<Past>,
        number: u64,
    ) -> Option<Result<Evaluated, Failure>> {
        if self.failed {
            return None;
        }
        let (scope, snapshot, past) = (Rc::clone(&self.scope), Rc::clone(window), Some(Rc::clone(past)));
        let view = WindowView { scope, snapshot, past, number, name: "a window" };
        let sandbox = &self.loaded.sandbox;
        let returned = sandbox.run(|lua| {
            let view = lua.create_userdata(view)?;
            self.loaded.evaluate.call::<(Value, Value)>((view, self.params.clone()))
        });
        let evaluated = returned.and_then(|(findings, metrics)| {
            let kinds = self.kinds();
            conclusion::evaluated(&findings, &metrics, &kinds, &self.loaded.declaration.metrics)
                .map_err(|message| self.wrong("evaluate", message))
        });
        sandbox.tidy();
        self.failed = evaluated.is_err();
        let missing = |kind: &&'static Kind| window.kinds.get(kind.name).is_some_and(|counted| counted.missing > 0);
        let gaps = self.kinds().iter().any(missing);
        Some(evaluated.map(|mut evaluated| {
            for finding in evaluated.findings.iter_mut().filter(|_| gaps) {
                finding.confidence = finding.confidence.min(crate::finding::Confidence::Medium);
            }
            evaluated
        }))
    }

    /// Makes its section of the report, if it has one.
    pub(super) fn section(&mut self, trace: &Rc<Snapshot>) -> Option<Result<Option<Section>, Failure>> {
        let section = self.loaded.section.clone().filter(|_| !self.failed)?;
        let (scope, snapshot) = (Rc::clone(&self.scope), Rc::clone(trace));
        let view = WindowView { scope, snapshot, past: None, number: 0, name: "a report" };
        let returned = self.loaded.sandbox.run(|lua| {
            let view = lua.create_userdata(view)?;
            section.call::<Value>((view, self.params.clone()))
        });
        let made =
            returned.and_then(|value| conclusion::section(&value).map_err(|message| self.wrong("section", message)));
        self.failed = made.is_err();
        Some(made)
    }

    /// What its function returned is wrong: the place is the function's.
    fn wrong(&self, function: &str, message: String) -> Failure {
        let text = &self.loaded.declaration.text;
        let is_it = |line: &str| line.split_once(function).is_some_and(|(_, rest)| rest.trim_start().starts_with('='));
        let named = |line: &str| line.contains("function") && line.contains(function);
        let line = text.text.lines().position(|line| is_it(line) || named(line));
        let line = line.and_then(|line| u32::try_from(line + 1).ok());
        Failure { file: text.path.clone(), line, message }
    }

    /// Steps that the last evaluation took.
    pub(super) fn steps(&self) -> u64 {
        self.loaded.sandbox.steps()
    }
}

/// The windows that were judged before, as rules may look at them.
#[derive(Debug, Default)]
pub(super) struct History {
    previous: Option<Rc<Snapshot>>,
    recent: Option<Rc<Snapshot>>,
    older: Option<Rc<Snapshot>>,
    recent_windows: u64,
    windows: u64,
    /// Windows that side by side cover the trace, and are not the past of the window that is judged yet.
    pending: VecDeque<Rc<Snapshot>>,
    /// Where the last of them ends.
    covered_ns: i64,
}

impl History {
    /// What comes before a window that begins then. Where windows overlap, nothing of the past is in the window itself, and
    /// nothing is in the past twice.
    pub(super) fn past(&mut self, from_ns: i64) -> Rc<Past> {
        while self.pending.front().is_some_and(|window| window.to_ns <= from_ns) {
            if let Some(window) = self.pending.pop_front() {
                self.settle(&window);
            }
        }
        Rc::new(Past::new(self.previous.clone(), self.older.clone(), self.recent.clone()))
    }

    /// The number of the next window.
    pub(super) fn next(&self) -> u64 {
        self.windows + 1
    }

    /// A window that is over.
    pub(super) fn add(&mut self, window: &Rc<Snapshot>) {
        self.windows += 1;
        if window.from_ns >= self.covered_ns {
            self.covered_ns = window.to_ns;
            self.pending.push_back(Rc::clone(window));
        }
    }

    /// It becomes the past.
    fn settle(&mut self, window: &Rc<Snapshot>) {
        self.previous = Some(Rc::clone(window));
        if self.recent_windows == BASELINE_WINDOWS {
            self.older = self.recent.take();
            self.recent_windows = 0;
        }
        self.recent_windows += 1;
        Rc::make_mut(self.recent.get_or_insert_with(Rc::default)).merge(window);
    }
}
