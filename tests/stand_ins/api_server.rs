//! A stand-in for a Kubernetes API server: things as recorded from real ones, over HTTP on the loopback, with every fault
//! that a real one has on a bad day.
//!
//! It keeps pods, services, endpoint slices and events, and what changed about them, so that lists, watches, resumed
//! watches and forgotten versions agree with each other as in the real one. Of selectors it knows what podtrace sends.

#![allow(dead_code, missing_docs, unreachable_pub)] // included by several tests, each of which uses a part of it

mod selection;

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Query;
use axum::extract::State as Shared;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::response::IntoResponse;
use axum::response::Response;
use futures_util::future;
use futures_util::stream;
use serde_json::Value;
use serde_json::json;
use tokio::sync::Notify;
use tokio::sync::oneshot;

use selection::fits;

/// What goes wrong.
#[derive(Clone, Debug, Default)]
pub enum Fault {
    #[default]
    None,
    /// Every call is answered with this status.
    Status(u16, String),
    /// These verbs are forbidden.
    Forbidden(Vec<&'static str>),
    /// Every answer takes so long.
    Slow(Duration),
    /// What is answered is no Kubernetes.
    Html,
    /// Each watch ends in the middle of an event, after so many whole ones.
    Cut(usize),
}

/// The sort of a thing, its namespace, its name.
type Key = (&'static str, String, String);

/// The sorts of things, with their API and kind.
const SORTS: [(&str, &str, &str); 4] = [
    ("pods", "api/v1", "Pod"),
    ("services", "api/v1", "Service"),
    ("events", "api/v1", "Event"),
    ("endpointslices", "apis/discovery.k8s.io/v1", "EndpointSlice"),
];

/// What is kept, also while no server runs.
#[derive(Debug, Default)]
pub struct Store {
    things: BTreeMap<Key, Value>,
    version: u64,
    changes: Vec<(u64, &'static str, &'static str, Value)>,
    /// Resources that may not be read: everywhere, or only in all namespaces at once.
    forbidden: Vec<(String, bool)>,
    /// Watches from before this version are told 410.
    oldest: u64,
    /// Whether they are told so by the status of the answer, and not by an event.
    gone_by_status: bool,
    fault: Fault,
    /// The token that is asked for.
    token: Option<String>,
    /// Pods per page, if fewer than asked for.
    page: Option<usize>,
    /// Method-free request lines, as they came.
    requests: Vec<String>,
}

/// A running server.
#[derive(Debug)]
pub struct ApiServer {
    pub address: SocketAddr,
    store: Arc<Keeper>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Keeper {
    store: Mutex<Store>,
    changed: Notify,
}

impl Keeper {
    fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap()
    }
}

impl ApiServer {
    /// Starts one with the pods of a recorded list.
    pub fn start(list: &str) -> Self {
        let list: Value = serde_json::from_str(list).expect("the list is JSON");
        let server = Self::run(Arc::default(), "127.0.0.1:0".parse().unwrap());
        for pod in list["items"].as_array().expect("it has items") {
            server.apply(pod.clone());
        }
        server
    }

    fn run(store: Arc<Keeper>, address: SocketAddr) -> Self {
        let (end, ended) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let kept = Arc::clone(&store);
        let thread = std::thread::spawn(move || {
            let executor = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            executor.block_on(async {
                let listener = tokio::net::TcpListener::bind(address).await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                let router: Router = Router::new().fallback(answer).with_state(kept);
                let serve = async { axum::serve(listener, router).await.unwrap() };
                future::select(std::pin::pin!(serve), ended).await;
            });
            // Dropping it cuts every connection, as a killed process does.
            drop(executor);
        });
        Self { address: told.recv().unwrap(), store, end: Some(end), thread: Some(thread) }
    }

    /// A kubeconfig for it.
    pub fn kubeconfig(&self, namespace: &str) -> String {
        let token = self.store.lock().token.clone().unwrap_or_else(|| "none".into());
        json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test", "namespace": namespace}}],
            "clusters": [{"name": "test", "cluster": {"server": format!("http://{}", self.address)}}],
            "users": [{"name": "test", "user": {"token": token}}],
        })
        .to_string()
    }

    /// Makes or changes a pod.
    pub fn apply(&self, pod: Value) {
        self.apply_as("pods", pod);
    }

    /// Makes or changes a thing of another sort.
    pub fn apply_as(&self, sort: &str, mut thing: Value) {
        {
            let mut store = self.store.lock();
            store.version += 1;
            let version = store.version;
            thing["metadata"]["resourceVersion"] = json!(version.to_string());
            let key = key(known(sort), &thing);
            let kind = if store.things.contains_key(&key) { "MODIFIED" } else { "ADDED" };
            store.changes.push((version, kind, key.0, thing.clone()));
            store.things.insert(key, thing);
        }
        self.store.changed.notify_waiters();
    }

    /// Makes all things of a recorded list.
    pub fn apply_list(&self, sort: &str, list: &str) {
        let list: Value = serde_json::from_str(list).expect("the list is JSON");
        for thing in list["items"].as_array().expect("it has items") {
            self.apply_as(sort, thing.clone());
        }
    }

    /// A pod as it is.
    pub fn pod(&self, namespace: &str, name: &str) -> Value {
        self.store.lock().things[&("pods", namespace.to_owned(), name.to_owned())].clone()
    }

    /// Removes a pod.
    pub fn delete(&self, namespace: &str, name: &str) {
        self.delete_as("pods", namespace, name);
    }

    /// Removes a thing of another sort.
    pub fn delete_as(&self, sort: &str, namespace: &str, name: &str) {
        {
            let mut store = self.store.lock();
            store.version += 1;
            let version = store.version;
            let key = (known(sort), namespace.to_owned(), name.to_owned());
            let mut thing = store.things.remove(&key).expect("the thing is there");
            thing["metadata"]["resourceVersion"] = json!(version.to_string());
            store.changes.push((version, "DELETED", key.0, thing));
        }
        self.store.changed.notify_waiters();
    }

    /// From now on a resource may not be read; `only_all`: except in a namespace.
    pub fn forbid(&self, sort: &str, only_all: bool) {
        self.store.lock().forbidden.push((sort.to_owned(), only_all));
    }

    /// From now on everything may be read.
    pub fn allow(&self) {
        self.store.lock().forbidden.clear();
    }

    /// From now on this goes wrong.
    pub fn fault(&self, fault: Fault) {
        self.store.lock().fault = fault;
    }

    /// Forgets what was before now: watches from before are told 410.
    pub fn forget(&self, by_status: bool) {
        let mut store = self.store.lock();
        store.version += 1;
        store.oldest = store.version;
        store.gone_by_status = by_status;
        let oldest = store.oldest;
        store.changes.retain(|(version, ..)| *version >= oldest);
    }

    /// Asks for a token.
    pub fn demand(&self, token: &str) {
        self.store.lock().token = Some(token.to_owned());
    }

    /// Gives lists in pages of so many.
    pub fn page(&self, page: usize) {
        self.store.lock().page = Some(page);
    }

    /// What was asked so far.
    pub fn requests(&self) -> Vec<String> {
        self.store.lock().requests.clone()
    }

    /// Kills it; what it keeps stays, as in a database.
    pub fn kill(mut self) -> Killed {
        self.end();
        Killed { address: self.address, store: Arc::clone(&self.store) }
    }

    fn end(&mut self) {
        if let Some(end) = self.end.take() {
            let _ = end.send(());
        }
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        self.end();
    }
}

/// A server that was killed.
#[derive(Debug)]
pub struct Killed {
    pub address: SocketAddr,
    store: Arc<Keeper>,
}

impl Killed {
    /// Starts it again, at the same address and with what it kept.
    pub fn start(self) -> ApiServer {
        ApiServer::run(self.store, self.address)
    }
}

fn key(sort: &'static str, thing: &Value) -> Key {
    let text = |name: &str| thing["metadata"][name].as_str().unwrap_or_default().to_owned();
    (sort, text("namespace"), text("name"))
}

/// A sort by its name.
fn known(sort: &str) -> &'static str {
    SORTS.iter().find(|(name, ..)| *name == sort).expect("the sort is known").0
}

/// The `Status` that errors come as.
fn status(code: u16, reason: &str, message: &str) -> Response {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code,
    });
    (StatusCode::from_u16(code).unwrap(), axum::Json(body)).into_response()
}

type Parameters = HashMap<String, String>;

async fn answer(
    Shared(keeper): Shared<Arc<Keeper>>,
    uri: Uri,
    headers: HeaderMap,
    Query(query): Query<Parameters>,
) -> Response {
    let (fault, token, forbidden) = {
        let mut store = keeper.lock();
        store.requests.push(uri.to_string());
        (store.fault.clone(), store.token.clone(), store.forbidden.clone())
    };
    let bearer = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if token.is_some_and(|token| bearer != format!("Bearer {token}")) {
        return status(401, "Unauthorized", "Unauthorized");
    }
    let unknown = || status(404, "NotFound", "the server could not find the requested resource");
    let path = uri.path().trim_matches('/');
    let of_api = SORTS.iter().filter_map(|(sort, api, _)| Some((*sort, path.strip_prefix(api)?.strip_prefix('/')?)));
    let place = of_api.into_iter().find_map(|(sort, rest)| {
        let parts: Vec<&str> = rest.split('/').collect();
        match parts[..] {
            [plural] if plural == sort => Some((sort, None, None)),
            ["namespaces", namespace, plural] if plural == sort => Some((sort, Some(namespace), None)),
            ["namespaces", namespace, plural, name] if plural == sort => Some((sort, Some(namespace), Some(name))),
            _ => None,
        }
    });
    let Some((sort, namespace, name)) = place else { return unknown() };
    let verb = match (name, query.get("watch").map(String::as_str)) {
        (Some(_), _) => "get",
        (None, Some("1" | "true")) => "watch",
        (None, _) => "list",
    };
    let refuse = || {
        let place =
            namespace.map_or_else(|| "at the cluster scope".to_owned(), |name| format!("in the namespace \"{name}\""));
        let message = format!(
            "{sort} is forbidden: User \"system:serviceaccount:production:default\" cannot {verb} resource \"{sort}\" in API group \"\" {place}"
        );
        status(403, "Forbidden", &message)
    };
    if forbidden.iter().any(|(name, only_all)| name == sort && (namespace.is_none() || !only_all)) {
        return refuse();
    }
    let mut cut = None;
    match fault {
        Fault::None => {}
        Fault::Status(code, message) => return status(code, "", &message),
        Fault::Forbidden(verbs) if verbs.contains(&verb) => return refuse(),
        Fault::Forbidden(_) => {}
        Fault::Slow(time) => tokio::time::sleep(time).await,
        Fault::Html => return ([("content-type", "text/html")], "<html>It works!</html>").into_response(),
        Fault::Cut(events) => cut = Some(events),
    }
    match (verb, name) {
        (_, Some(name)) => get(&keeper, sort, namespace.unwrap_or_default(), name),
        ("watch", _) => watch(keeper, sort, namespace.map(str::to_owned), &query, cut),
        _ => list(&keeper, sort, namespace, &query),
    }
}

fn get(keeper: &Keeper, sort: &'static str, namespace: &str, name: &str) -> Response {
    match keeper.lock().things.get(&(sort, namespace.to_owned(), name.to_owned())) {
        Some(pod) => axum::Json(pod.clone()).into_response(),
        None => status(404, "NotFound", &format!("{sort} \"{name}\" not found")),
    }
}

fn list(keeper: &Keeper, sort: &str, namespace: Option<&str>, query: &Parameters) -> Response {
    let store = keeper.lock();
    let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok());
    let of_sort = store.things.iter().filter(|((known, ..), _)| *known == sort).map(|(_, thing)| thing);
    let things: Vec<&Value> = of_sort.filter(|thing| fits(thing, namespace, query)).collect();
    let from = number("continue").unwrap_or(0);
    let limit = store.page.or(number("limit")).unwrap_or(usize::MAX);
    let page: Vec<&Value> = things.iter().skip(from).take(limit).copied().collect();
    let left = things.len() - from - page.len();
    let mut metadata = json!({"resourceVersion": store.version.to_string(), "continue": ""});
    if left > 0 {
        metadata["continue"] = json!((from + page.len()).to_string());
        metadata["remainingItemCount"] = json!(left);
    }
    let (_, api, kind) = SORTS.iter().find(|(known, ..)| *known == sort).expect("the sort is known");
    let api = api.trim_start_matches("apis/").trim_start_matches("api/");
    let list = json!({"kind": format!("{kind}List"), "apiVersion": api, "metadata": metadata, "items": page});
    axum::Json(list).into_response()
}

/// Where a watch is.
struct Place {
    keeper: Arc<Keeper>,
    sort: &'static str,
    namespace: Option<String>,
    query: Parameters,
    version: u64,
    cut: Option<usize>,
    done: bool,
}

fn watch(
    keeper: Arc<Keeper>,
    sort: &'static str,
    namespace: Option<String>,
    query: &Parameters,
    cut: Option<usize>,
) -> Response {
    let version: u64 = query.get("resourceVersion").and_then(|text| text.parse().ok()).unwrap_or(0);
    let (oldest, by_status) = {
        let store = keeper.lock();
        (store.oldest, store.gone_by_status)
    };
    let gone = version < oldest;
    let message = format!("too old resource version: {version} ({oldest})");
    if gone && by_status {
        return status(410, "Expired", &message);
    }
    if gone {
        let event = json!({"type": "ERROR", "object": {
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": "Expired", "code": 410,
        }});
        return format!("{event}\n").into_response();
    }
    let place = Place { keeper, sort, namespace, query: query.clone(), version, cut, done: false };
    let lines = stream::unfold(place, |mut place| async move {
        let line = place.next().await?;
        Some((Ok::<_, Infallible>(line), place))
    });
    Response::new(Body::from_stream(lines))
}

impl Place {
    /// The next event, when there is one.
    async fn next(&mut self) -> Option<String> {
        if self.done {
            return None;
        }
        loop {
            let keeper = Arc::clone(&self.keeper);
            let changed = keeper.changed.notified();
            let next = {
                let store = keeper.lock();
                let later = store.changes.iter().filter(|(version, ..)| *version > self.version);
                let mut of_sort = later.filter(|(_, _, sort, _)| *sort == self.sort);
                of_sort.find(|(.., thing)| fits(thing, self.namespace.as_deref(), &self.query)).cloned()
            };
            let Some((version, kind, _, thing)) = next else {
                changed.await;
                continue;
            };
            self.version = version;
            let line = format!("{}\n", json!({"type": kind, "object": thing}));
            if let Some(left) = &mut self.cut {
                if *left == 0 {
                    self.done = true;
                    return Some(line[..line.len() / 2].to_owned());
                }
                *left -= 1;
            }
            return Some(line);
        }
    }
}
