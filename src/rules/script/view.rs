//! What rules see of a window: userdata over a snapshot, with an answer for every wrong name.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use mlua::AnyUserData;
use mlua::Error;
use mlua::Lua;
use mlua::MetaMethod;
use mlua::Table;
use mlua::UserData;
use mlua::UserDataMethods;
use mlua::Value;

use super::field;
use super::field::Field;
use crate::event::Kind;
use crate::profile::did_you_mean;
use crate::window::Figures;
use crate::window::KindSnapshot;
use crate::window::Moment;
use crate::window::Snapshot;

/// Rows that `top` hands out where no number is given.
const TOP: usize = 10;

/// The fields of a window beside families, with their types in stubs and a sentence each.
pub(super) const WINDOW_FIELDS: [(&str, &str, &str); 11] = [
    ("from", "number", "When it began, in seconds since the trace started."),
    ("to", "number", "When it ended, in seconds since the trace started."),
    ("seconds", "number", "How long it was."),
    ("whole", "boolean", "Whether it has the length it was meant to have: the last one of a trace may be short."),
    ("first", "boolean", "Whether it is the first of the trace."),
    ("number", "integer", "Which one it is, from 1."),
    ("previous", "podtrace.Window?", "The window before it."),
    (
        "baseline",
        "podtrace.Window?",
        "The 30 to 60 windows before it, or as many as there were, in one; nil for the first.",
    ),
    ("cpus", "integer", "CPUs of the machine."),
    ("targets", "string[]", "Names of what is traced."),
    ("command", "string?", "The traced command, for `podtrace run`."),
];

/// The methods of a kind's view beside those of figures.
pub(super) const KIND_METHODS: [(&str, &str, &str); 6] = [
    (
        "top",
        "fun(self, dimension: string, n: integer?, by: string?): ROW[]",
        "The heaviest rows of a dimension (10 unless said otherwise), by time, else by quantity, else by count; or by a figure.",
    ),
    ("key", "fun(self, dimension: string, key: string): ROW?", "The row of a key."),
    (
        "other",
        "fun(self, dimension: string): ROW",
        "What has no row of its own; rows and `other` together are the whole.",
    ),
    ("keys", "fun(self, dimension: string): integer", "How many rows a dimension has."),
    (
        "slowest",
        "fun(self, n: integer?): podtrace.Event[]",
        "The slowest events that were kept, slowest first, at most 20.",
    ),
    ("failed", "fun(self, n: integer?): podtrace.Event[]", "The last failed events, latest first, at most 20."),
];

/// The methods of figures.
pub(super) const FIGURE_METHODS: [(&str, &str, &str); 2] = [
    (
        "quantile",
        "fun(self, q: number): number?",
        "A percentile in seconds, q from 0 to 1; nil where durations are not all known.",
    ),
    ("above", "fun(self, seconds: number): integer", "How many operations took longer; within 3 %."),
];

/// The fields of an event.
pub(super) const EVENT_FIELDS: [(&str, &str, &str); 6] = [
    ("at", "number", "When it began, in seconds since the trace started."),
    ("seconds", "number?", "How long it took, for kinds with a duration."),
    ("process", "string", "`COMM[PID]`."),
    ("object", "string?", "The peer or path."),
    ("detail", "string?", "The value of the kind's own dimension."),
    ("error", "string?", "The name of the error, if it failed."),
];

/// What a trace is of.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// CPUs of the machine.
    pub cpus: u32,
    /// The traced command.
    pub command: Option<String>,
}

/// Kinds by name, each with its figures.
pub(super) type Kinds = BTreeMap<&'static str, (&'static Kind, Rc<[Field]>)>;

/// What one rule may look at.
#[derive(Debug)]
pub(super) struct Scope {
    /// Every kind there is, with its figures.
    pub(super) kinds: Rc<Kinds>,
    /// Those that the rule named.
    pub(super) named: Vec<&'static str>,
    pub(super) facts: Facts,
}

impl Scope {
    /// Every kind there is, with its figures.
    pub(super) fn catalogue(kinds: &[&'static Kind]) -> Rc<Kinds> {
        Rc::new(kinds.iter().map(|kind| (kind.name, (*kind, field::fields(kind).into()))).collect())
    }
}

/// The windows before one.
#[derive(Clone, Debug, Default)]
pub(super) struct Past {
    pub(super) previous: Option<Rc<Snapshot>>,
    pub(super) older: Option<Rc<Snapshot>>,
    pub(super) recent: Option<Rc<Snapshot>>,
    joined: OnceCell<Rc<Snapshot>>,
}

impl Past {
    pub(super) fn new(
        previous: Option<Rc<Snapshot>>,
        older: Option<Rc<Snapshot>>,
        recent: Option<Rc<Snapshot>>,
    ) -> Self {
        Self { previous, older, recent, joined: OnceCell::new() }
    }

    fn baseline(&self) -> Option<Rc<Snapshot>> {
        match (&self.older, &self.recent) {
            (Some(older), Some(recent)) => Some(Rc::clone(self.joined.get_or_init(|| {
                let mut joined = Snapshot::clone(older);
                joined.merge(recent);
                Rc::new(joined)
            }))),
            (one, other) => other.clone().or_else(|| one.clone()),
        }
    }
}

/// A window.
#[derive(Clone, Debug)]
pub(super) struct WindowView {
    pub(super) scope: Rc<Scope>,
    pub(super) snapshot: Rc<Snapshot>,
    /// `None` for a window that is itself the past.
    pub(super) past: Option<Rc<Past>>,
    pub(super) number: u64,
    /// What messages call it.
    pub(super) name: &'static str,
}

struct FamilyView {
    window: WindowView,
    family: String,
}

struct KindView {
    window: WindowView,
    kind: &'static Kind,
    fields: Rc<[Field]>,
}

struct RowView {
    key: Arc<str>,
    figures: Figures,
    seconds: f64,
    whole: bool,
    kind: &'static Kind,
    fields: Rc<[Field]>,
}

fn unknown<'n>(what: &str, name: &str, known: impl Iterator<Item = &'n str>) -> Error {
    let near = did_you_mean(name, known).map(|near| format!("; {near}")).unwrap_or_default();
    Error::runtime(format!("{what} has no field `{name}`{near}"))
}

impl WindowView {
    fn earlier(&self, snapshot: &Rc<Snapshot>) -> Self {
        let (scope, snapshot) = (Rc::clone(&self.scope), Rc::clone(snapshot));
        Self { scope, snapshot, past: None, number: self.number.saturating_sub(1), name: self.name }
    }

    fn field(&self, lua: &Lua, name: &str) -> mlua::Result<Option<Value>> {
        let view = |snapshot: Option<Rc<Snapshot>>| match snapshot {
            Some(snapshot) => lua.create_userdata(self.earlier(&snapshot)).map(Value::UserData),
            None => Ok(Value::Nil),
        };
        let window = &self.snapshot;
        let facts = &self.scope.facts;
        Ok(Some(match name {
            "from" => Value::Number(window.from_ns as f64 / 1e9),
            "to" => Value::Number(window.to_ns as f64 / 1e9),
            "seconds" => Value::Number(window.seconds()),
            "whole" => Value::Boolean(window.whole),
            "first" => Value::Boolean(window.first),
            "number" => Value::Number(self.number as f64),
            "previous" => view(self.past.as_ref().and_then(|past| past.previous.clone()))?,
            "baseline" => view(self.past.as_ref().and_then(|past| past.baseline()))?,
            "cpus" => Value::Number(f64::from(facts.cpus)),
            "targets" => Value::Table(lua.create_sequence_from(window.targets.iter().map(|name| &**name))?),
            "command" => match &facts.command {
                Some(command) => Value::String(lua.create_string(command)?),
                None => Value::Nil,
            },
            _ => return Ok(None),
        }))
    }

    fn families(&self) -> impl Iterator<Item = &'static str> {
        let mut families: Vec<_> = self.scope.kinds.values().map(|(kind, _)| kind.family()).collect();
        families.dedup();
        families.into_iter()
    }
}

impl UserData for WindowView {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Index, |lua, window, name: String| {
            if let Some(value) = window.field(lua, &name)? {
                return Ok(value);
            }
            if window.families().any(|family| family == name) {
                return lua.create_userdata(FamilyView { window: window.clone(), family: name }).map(Value::UserData);
            }
            let known = WINDOW_FIELDS.iter().map(|(field, ..)| *field).chain(window.families());
            Err(unknown(window.name, &name, known))
        });
    }
}

impl UserData for FamilyView {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Index, |lua, view, what: String| {
            let Self { window, family } = view;
            let name = format!("{family}.{what}");
            let scope = &window.scope;
            let Some((kind, fields)) = scope.kinds.get(name.as_str()) else {
                let siblings =
                    scope.kinds.keys().filter_map(|kind| kind.strip_prefix(family.as_str())?.strip_prefix('.'));
                let near = did_you_mean(&what, siblings).map(|near| format!("; {near}")).unwrap_or_default();
                return Err(Error::runtime(format!("unknown kind `{name}`{near}")));
            };
            if !scope.named.contains(&kind.name) {
                return Err(Error::runtime(format!("looks at `{name}`, which is in neither `needs` nor `wants`")));
            }
            if !window.snapshot.kinds.contains_key(kind.name) {
                return Ok(Value::Nil);
            }
            let (window, fields) = (window.clone(), Rc::clone(fields));
            lua.create_userdata(KindView { window, kind, fields }).map(Value::UserData)
        });
    }
}

impl KindView {
    fn counted(&self) -> mlua::Result<&KindSnapshot> {
        let counted = self.window.snapshot.kinds.get(self.kind.name);
        counted.ok_or_else(|| Error::runtime(format!("`{}` is not watched", self.kind.name)))
    }

    fn dimension(&self, name: &str) -> mlua::Result<&crate::window::Table<Arc<str>>> {
        let counted = self.counted()?;
        counted.dimension(name).ok_or_else(|| {
            let known = || counted.dimensions.iter().map(|(known, _)| *known);
            let near = did_you_mean(name, known())
                .map_or_else(|| format!(", expected {}", crate::profile::either(known())), |near| format!("; {near}"));
            Error::runtime(format!("`{}` has no dimension `{name}`{near}", self.kind.name))
        })
    }

    fn row(&self, lua: &Lua, key: Arc<str>, figures: Figures) -> mlua::Result<AnyUserData> {
        let (seconds, kind, fields) = (self.window.snapshot.seconds(), self.kind, Rc::clone(&self.fields));
        lua.create_userdata(RowView { key, figures, seconds, whole: false, kind, fields })
    }

    fn top(&self, lua: &Lua, dimension: &str, n: Option<usize>, by: Option<&str>) -> mlua::Result<Table> {
        let by = by.map(|by| {
            self.fields.iter().find(|field| field.name == by).ok_or_else(|| {
                let known = self.fields.iter().map(|field| &*field.name);
                unknown(&format!("`{}`", self.kind.name), by, known)
            })
        });
        let by = by.transpose()?;
        let seconds = self.window.snapshot.seconds();
        let value = |figures: &Figures| by.and_then(|field| field.value(figures, seconds, false)).unwrap_or(0.0);
        let mut rows: Vec<_> = self.dimension(dimension)?.rows().filter(|(_, figures)| !figures.is_empty()).collect();
        // By rising key before: the sort is stable.
        rows.sort_by(|(_, one), (_, other)| match by {
            Some(_) => value(other).total_cmp(&value(one)),
            None => other.weight().cmp(&one.weight()),
        });
        rows.truncate(n.unwrap_or(TOP));
        let rows = rows.into_iter().map(|(key, figures)| self.row(lua, key, figures.clone()));
        lua.create_sequence_from(rows.collect::<mlua::Result<Vec<_>>>()?)
    }

    fn events(&self, lua: &Lua, moments: &[Moment], n: Option<usize>) -> mlua::Result<Table> {
        let events = moments.iter().take(n.unwrap_or(usize::MAX)).map(|moment| {
            let event = lua.create_table()?;
            event.set("at", moment.at_ns as f64 / 1e9)?;
            if self.kind.duration.is_some() {
                event.set("seconds", moment.duration_ns as f64 / 1e9)?;
            }
            event.set("process", &*moment.process)?;
            event.set("object", moment.object.as_deref())?;
            event.set("detail", moment.detail.as_deref())?;
            event.set("error", moment.error.as_deref())?;
            Ok(event)
        });
        lua.create_sequence_from(events.collect::<mlua::Result<Vec<_>>>()?)
    }
}

/// The fields that figures have beside those of the kind's list.
fn figure(lua: &Lua, name: &str, kind: &Kind, figures: &Figures) -> mlua::Result<Option<Value>> {
    if name != "error_names" {
        return Ok(None);
    }
    let names = figures.errors.iter().map(|error| ((kind.error)(error.errno).into_owned(), error.count as f64));
    lua.create_table_from(names).map(|table| Some(Value::Table(table)))
}

fn value_of(fields: &[Field], name: &str, figures: &Figures, seconds: f64, whole: bool) -> Option<Value> {
    let field = fields.iter().find(|field| field.name == name)?;
    Some(field.value(figures, seconds, whole).map_or(Value::Nil, Value::Number))
}

fn above(figures: &Figures, seconds: f64) -> f64 {
    let bound_ns = (seconds * 1e9).clamp(0.0, u64::MAX as f64) as u64;
    figures.histogram.count_above(bound_ns).max(u64::from(figures.max_ns > bound_ns)) as f64
}

impl UserData for KindView {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("top", |lua, view, (dimension, n, by): (String, Option<usize>, Option<String>)| {
            view.top(lua, &dimension, n, by.as_deref())
        });
        methods.add_method("key", |lua, view, (dimension, key): (String, String)| {
            let figures = view.dimension(&dimension)?.get(key.as_str()).cloned();
            figures.map(|figures| view.row(lua, key.into(), figures)).transpose()
        });
        methods.add_method("other", |lua, view, dimension: String| {
            let figures = view.dimension(&dimension)?.other().clone();
            view.row(lua, crate::window::names::OTHER.into(), figures)
        });
        methods.add_method("keys", |_, view, dimension: String| Ok(view.dimension(&dimension)?.len()));
        methods.add_method("slowest", |lua, view, n: Option<usize>| view.events(lua, &view.counted()?.slowest, n));
        methods.add_method("failed", |lua, view, n: Option<usize>| view.events(lua, &view.counted()?.failed, n));
        methods.add_method("quantile", |_, view, q: f64| Ok(field::quantile_of(&view.counted()?.all, q, true)));
        methods.add_method("above", |_, view, seconds: f64| Ok(above(&view.counted()?.all, seconds)));
        methods.add_meta_method(MetaMethod::Index, |lua, view, name: String| {
            let counted = view.counted()?;
            if let Some(value) = value_of(&view.fields, &name, &counted.all, view.window.snapshot.seconds(), true) {
                return Ok(value);
            }
            match (name.as_str(), figure(lua, &name, view.kind, &counted.all)?) {
                (_, Some(value)) => Ok(value),
                ("missing", _) => Ok(Value::Number(counted.missing as f64)),
                ("kind", _) => lua.create_string(view.kind.name).map(Value::String),
                _ => {
                    let methods = KIND_METHODS.iter().chain(&FIGURE_METHODS).map(|(method, ..)| *method);
                    let known = view.fields.iter().map(|field| &*field.name);
                    let known = known.chain(["error_names", "missing", "kind"]).chain(methods);
                    Err(unknown(&format!("`{}`", view.kind.name), &name, known))
                }
            }
        });
    }
}

impl UserData for RowView {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("quantile", |_, row, q: f64| Ok(field::quantile_of(&row.figures, q, row.whole)));
        methods.add_method("above", |_, row, seconds: f64| Ok(above(&row.figures, seconds)));
        methods.add_meta_method(MetaMethod::Index, |lua, row, name: String| {
            if let Some(value) = value_of(&row.fields, &name, &row.figures, row.seconds, row.whole) {
                return Ok(value);
            }
            match (name.as_str(), figure(lua, &name, row.kind, &row.figures)?) {
                (_, Some(value)) => Ok(value),
                ("key", _) => lua.create_string(&*row.key).map(Value::String),
                _ => {
                    let known = row.fields.iter().map(|field| &*field.name).chain(["key", "error_names"]);
                    let known = known.chain(FIGURE_METHODS.iter().map(|(method, ..)| *method));
                    Err(unknown(&format!("a row of `{}`", row.kind.name), &name, known))
                }
            }
        });
    }
}
