//! `/metrics`, `/healthz` and `/readyz` over HTTP, on the loopback address unless the profile says otherwise.
//!
//! A scrape asks the pipeline for a snapshot and writes it as text here, so that neither waits for the other. Whoever
//! scrapes while podtrace ends gets the last figures.

mod server;
pub mod text;

pub use server::Endpoint;
pub use server::Scrape;

use std::net::Ipv4Addr;
use std::net::SocketAddr;

use super::Opened;
use super::Opening;
use super::Sink;
use super::SinkError;
use super::option::Given;
use crate::metrics::ledger::SERIES_MAX;
use crate::profile::OptionKind;
use crate::profile::OptionSpec;
use crate::profile::vocabulary::SinkWords;

/// Where it listens where a profile does not say so: this machine only.
pub const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 3000);

/// The sink.
pub(super) static PROMETHEUS: Sink = Sink {
    words: SinkWords {
        name: "prometheus",
        about: "Figures to be scraped: /metrics, /healthz, /readyz (doc/metrics.md)",
        options: &[
            OptionSpec {
                name: "listen",
                kind: OptionKind::Address,
                about: "Address and port; anyone who reaches it can read it (default 127.0.0.1:3000).",
            },
            OptionSpec {
                name: "series",
                kind: OptionKind::Number,
                about: "Keys (kind, target, process name) with figures of their own; the rest is `other` (default 2000).",
            },
        ],
        one_of: &[],
        headers: false,
    },
    open,
};

fn open(opening: &Opening<'_>) -> Result<Opened, SinkError> {
    let given = Given(opening.request);
    let address = given.address("listen").unwrap_or(LISTEN);
    let series = given.number("series").map_or(SERIES_MAX, |series| series as usize);
    let endpoint =
        Endpoint::open(opening.runtime, address, series).map_err(|error| SinkError::Listen { address, error })?;
    Ok(Opened { scrape: Some(endpoint), ..Opened::default() })
}
