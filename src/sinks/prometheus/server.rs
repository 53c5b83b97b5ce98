//! The HTTP server: three pages, a bounded number of scrapes at a time.

use std::io;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use std::time::Instant;

use axum::Router;
use axum::extract::RawQuery;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::text;
use super::text::Naming;
use crate::metrics::Family;

/// Scrapes at a time; more are told to come back.
const SCRAPES_MAX: usize = 8;

/// How long the pipeline may take for a snapshot: while programs are loaded it takes seconds.
const SNAPSHOT_TIMEOUT: Duration = Duration::from_secs(8);

/// How long the pipeline may be silent before it counts as stuck. Loading takes seconds on a busy machine.
const SILENT_MAX: Duration = Duration::from_secs(60);

/// A scrape that waits for its figures.
pub type Scrape = oneshot::Sender<Arc<Vec<Family>>>;

/// What the pages and the pipeline share.
#[derive(Debug)]
struct Shared {
    began: Instant,
    /// Milliseconds since `began` of the pipeline's last sign of life.
    beat_ms: AtomicU64,
    ready: AtomicBool,
    asking: mpsc::Sender<Scrape>,
    /// The last figures, once there will be no others.
    last: watch::Receiver<Option<Arc<Vec<Family>>>>,
    places: Semaphore,
}

/// The pipeline's side of the server.
#[derive(Debug)]
pub struct Endpoint {
    shared: Arc<Shared>,
    scrapes: mpsc::Receiver<Scrape>,
    last: watch::Sender<Option<Arc<Vec<Family>>>>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    address: SocketAddr,
    series_max: usize,
}

impl Endpoint {
    /// Begins to listen.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub fn open(runtime: &Handle, address: SocketAddr, series_max: usize) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let _entered = runtime.enter();
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let (asking, scrapes) = mpsc::channel(SCRAPES_MAX);
        let (last, seen_last) = watch::channel(None);
        let (stop, mut stopped) = watch::channel(false);
        let shared = Arc::new(Shared {
            began: Instant::now(),
            beat_ms: AtomicU64::new(0),
            ready: AtomicBool::new(false),
            asking,
            last: seen_last,
            places: Semaphore::new(SCRAPES_MAX),
        });
        let router = Router::new()
            .route("/metrics", get(metrics))
            .route("/healthz", get(healthy))
            .route("/readyz", get(ready))
            .with_state(Arc::clone(&shared));
        let task = runtime.spawn(async move {
            let end = async move {
                let _ = stopped.wait_for(|stopped| *stopped).await;
            };
            if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(end).await {
                tracing::error!(%error, "the server for metrics ended");
            }
        });
        Ok(Self { shared, scrapes, last, stop, task, address, series_max })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The budget of series.
    pub fn series_max(&self) -> usize {
        self.series_max
    }

    /// A sign of life; tells whether the targets are traced.
    pub fn beat(&self, ready: bool) {
        let ms = u64::try_from(self.shared.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.shared.beat_ms.store(ms, Relaxed);
        self.shared.ready.store(ready, Relaxed);
    }

    /// The scrapes that wait.
    pub fn waiting(&mut self) -> Vec<Scrape> {
        let mut waiting = Vec::new();
        while let Ok(scrape) = self.scrapes.try_recv() {
            waiting.push(scrape);
        }
        waiting
    }

    /// Leaves the last figures, for whoever scrapes from now on.
    pub fn leave(&mut self, figures: Vec<Family>) {
        self.shared.ready.store(false, Relaxed);
        let figures = Arc::new(figures);
        let _ = self.last.send(Some(Arc::clone(&figures)));
        for scrape in self.waiting() {
            let _ = scrape.send(Arc::clone(&figures));
        }
    }

    /// Ends: connections that are being answered are answered, until the deadline.
    pub async fn close(self, deadline: tokio::time::Instant) {
        let _ = self.stop.send(true);
        drop(self.scrapes);
        let abort = self.task.abort_handle();
        // A client that keeps its connection open must not keep podtrace.
        if tokio::time::timeout_at(deadline, self.task).await.is_err() {
            abort.abort();
        }
    }
}

/// The names that a query asks for: `names=standard`, or nothing.
fn naming(query: Option<&str>) -> Result<Naming, String> {
    let asked = query.into_iter().flat_map(|query| query.split('&')).find_map(|pair| pair.strip_prefix("names="));
    match asked {
        None => Ok(Naming::Commissioned),
        Some("standard") => Ok(Naming::Standard),
        Some(other) => {
            let other: String = other.chars().take(40).collect();
            Err(format!("`names={other}` is not known, expected `names=standard` or nothing\n"))
        }
    }
}

async fn metrics(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Response {
    let names = match naming(query.as_deref()) {
        Ok(names) => names,
        Err(why) => return (StatusCode::BAD_REQUEST, why).into_response(),
    };
    let Ok(_place) = shared.places.try_acquire() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many scrapes at a time\n").into_response();
    };
    match figures(&shared).await {
        Ok(families) => match text::text(&families, names) {
            Ok(text) => ([(header::CONTENT_TYPE, text::MEDIA_TYPE)], text).into_response(),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
        },
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, why).into_response(),
    }
}

async fn figures(shared: &Shared) -> Result<Arc<Vec<Family>>, &'static str> {
    if let Some(last) = shared.last.borrow().clone() {
        return Ok(last);
    }
    let (sender, answer) = oneshot::channel();
    shared.asking.try_send(sender).map_err(|_| "podtrace is busy or ends\n")?;
    let mut last = shared.last.clone();
    tokio::select! {
        answer = answer => answer.map_err(|_| "podtrace ends\n"),
        changed = last.changed() => match changed {
            Ok(()) => last.borrow().clone().ok_or("podtrace ends\n"),
            Err(_) => Err("podtrace ends\n"),
        },
        () = tokio::time::sleep(SNAPSHOT_TIMEOUT) => Err("podtrace is busy: no figures in time\n"),
    }
}

async fn healthy(State(shared): State<Arc<Shared>>) -> Response {
    let silent_ms = shared.began.elapsed().as_millis().saturating_sub(u128::from(shared.beat_ms.load(Relaxed)));
    if silent_ms > SILENT_MAX.as_millis() {
        let text = format!("the pipeline has been silent for {} s\n", silent_ms / 1000);
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    }
    "ok\n".into_response()
}

async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    if shared.ready.load(Relaxed) {
        return "ok\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, "not tracing\n").into_response()
}
