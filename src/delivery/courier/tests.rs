//! Tests of a courier with carriers that fail as destinations do.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::Instant;

use super::Carrier;
use super::Courier;
use super::Outcome;
use super::Settings;
use crate::delivery::Backoff;
use crate::delivery::Counts;
use crate::delivery::Spool;
use crate::delivery::Undelivered;

/// Answers by a script, then always delivers; remembers what arrived, and when each try was.
#[derive(Clone, Default)]
struct Scripted {
    script: Arc<Mutex<VecDeque<Outcome>>>,
    arrived: Arc<Mutex<Vec<u32>>>,
    tries: Arc<Mutex<Vec<Instant>>>,
    hangs: bool,
}

impl Scripted {
    fn new(script: impl IntoIterator<Item = Outcome>) -> Self {
        Self { script: Arc::new(Mutex::new(script.into_iter().collect())), ..Self::default() }
    }
}

impl Carrier<u32> for Scripted {
    async fn carry(&self, load: Arc<u32>) -> Outcome {
        self.tries.lock().unwrap().push(Instant::now());
        if self.hangs {
            std::future::pending::<()>().await;
        }
        let outcome = self.script.lock().unwrap().pop_front().unwrap_or(Outcome::Delivered);
        if matches!(outcome, Outcome::Delivered | Outcome::Partly { .. }) {
            self.arrived.lock().unwrap().push(*load);
        }
        outcome
    }
}

fn down() -> Outcome {
    Outcome::Retry { why: "sink answered 500".into(), after: None }
}

fn settings() -> Settings {
    let backoff = Backoff { base: Duration::from_millis(100), cap: Duration::from_secs(8) };
    Settings { queue: 1_000, backoff, ..Settings::default() }
}

/// Runs with a clock that jumps to the next thing to wait for.
fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(future)
}

async fn end(mut courier: Courier<u32>, within: Duration) -> Arc<Counts> {
    courier.close(Instant::now() + within);
    courier.ended().await
}

const MINUTE: Duration = Duration::from_secs(60);

/// Check that everything arrives once and in order although the first tries fail, and that the end waits for the last.
#[test]
fn in_order_through_failures() {
    run(async {
        let carrier = Scripted::new([down(), down()]);
        let courier = Courier::start(&Handle::current(), "s", carrier.clone(), settings(), None);
        (0..101).for_each(|n| courier.hand_over(n, 1));
        let counts = end(courier, MINUTE).await;
        assert_eq!(*carrier.arrived.lock().unwrap(), (0..101).collect::<Vec<_>>());
        assert_eq!((counts.delivered(), counts.retries(), counts.queued(), counts.loss()), (101, 2, 0, None));
    });
}

/// Check that a destination which says when to come back is not tried before.
#[test]
fn waits_as_told() {
    run(async {
        let after = Some(Duration::from_secs(23));
        let carrier = Scripted::new([Outcome::Retry { why: "429".into(), after }]);
        let courier = Courier::start(&Handle::current(), "s", carrier.clone(), settings(), None);
        courier.hand_over(7, 1);
        end(courier, MINUTE).await;
        let tries = carrier.tries.lock().unwrap();
        assert!(tries[1] - tries[0] >= Duration::from_secs(23), "{tries:?}");
    });
}

/// Check that memory is bounded while a destination hangs, that the rest is counted, and that the end comes on time.
#[test]
fn hanging() {
    run(async {
        let carrier = Scripted { hangs: true, ..Scripted::default() };
        let courier = Courier::start(&Handle::current(), "s", carrier, Settings { queue: 23, ..settings() }, None);
        for n in 0..1_009 {
            courier.hand_over(n, 1);
            tokio::task::yield_now().await;
        }
        let began = Instant::now();
        let counts = end(courier, Duration::from_secs(7)).await;
        assert_eq!(began.elapsed(), Duration::from_secs(7));
        let (full, unsent) = (counts.dropped(Undelivered::Full), counts.dropped(Undelivered::Unsent));
        assert_eq!((full + unsent, counts.queued()), (1_009, 0));
        assert!((23..=46).contains(&unsent), "{unsent}");
        assert!(counts.loss().unwrap().contains("unsent_at_exit"));
    });
}

/// Check that retries are bounded where the settings say so, and that the next parcel gets its own.
#[test]
fn gives_up() {
    run(async {
        let carrier = Scripted::new([down(), down(), down()]);
        let settings = Settings { retries: Some(2), ..settings() };
        let courier = Courier::start(&Handle::current(), "s", carrier.clone(), settings, None);
        courier.hand_over(7, 1);
        courier.hand_over(11, 1);
        let counts = end(courier, MINUTE).await;
        assert_eq!(*carrier.arrived.lock().unwrap(), [11]);
        assert_eq!((counts.dropped(Undelivered::GivenUp), counts.retries()), (1, 2));
    });
}

/// Check that what is refused is not tried again, and that a part that is refused is counted.
#[test]
fn refused() {
    run(async {
        let carrier = Scripted::new([
            Outcome::Rejected { why: "400".into() },
            Outcome::Partly { rejected: 3, why: "3 spans too old".into() },
        ]);
        let courier = Courier::start(&Handle::current(), "s", carrier.clone(), settings(), None);
        courier.hand_over(7, 1);
        courier.hand_over(11, 23);
        let counts = end(courier, MINUTE).await;
        assert_eq!((counts.dropped(Undelivered::Rejected), counts.delivered()), (4, 20));
        assert_eq!(counts.loss().unwrap(), "4 rejected of 24 not delivered (last error: 3 spans too old)");
    });
}

/// Check that a destination that is down is tried seldom, counts as down, and recovers with one success.
#[test]
fn breaker() {
    run(async {
        let carrier = Scripted::new(std::iter::repeat_n(down(), 11));
        let settings = Settings { opens_after: 3, ..settings() };
        let courier = Courier::start(&Handle::current(), "s", carrier.clone(), settings, None);
        courier.hand_over(7, 1);
        let counts = Arc::clone(courier.counts());
        while !counts.is_open() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        while counts.delivered() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(!counts.is_open());
        let tries = carrier.tries.lock().unwrap().clone();
        let gaps: Vec<_> = tries.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(gaps.len(), 11);
        assert!(gaps[2..].iter().all(|gap| *gap >= Duration::from_secs(4)), "{gaps:?}");
        end(courier, MINUTE).await;
    });
}

/// Check that what a process could not deliver is kept, and delivered first by the next one.
#[test]
fn survives_restart() {
    let state = tempfile::tempdir().unwrap();
    run(async {
        let carrier = Scripted::new(std::iter::repeat_n(down(), 101));
        let spool = Box::new(Spool::open(state.path(), "s").unwrap());
        let courier = Courier::start(&Handle::current(), "s", carrier, settings(), Some(spool));
        (0..7).for_each(|n| courier.hand_over(n, 1));
        let counts = end(courier, Duration::from_secs(3)).await;
        assert_eq!((counts.kept(), counts.loss()), (7, None));

        let carrier = Scripted::default();
        let spool = Box::new(Spool::open(state.path(), "s").unwrap());
        let courier = Courier::start(&Handle::current(), "s", carrier.clone(), settings(), Some(spool));
        courier.hand_over(7, 1);
        end(courier, MINUTE).await;
        assert_eq!(*carrier.arrived.lock().unwrap(), (0..8).collect::<Vec<_>>());
        assert_eq!(std::fs::read_dir(state.path().join("spool/s")).unwrap().count(), 0);
    });
}
