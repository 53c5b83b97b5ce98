//! What tracing costs: measured on this machine, printed, and written to `doc/overhead.md`.
//!
//! `cargo bench --bench overhead`, as root, with bpftrace installed. `--quick` proves that everything works, with too few
//! rounds for figures, and writes nothing.

#[path = "overhead/document.rs"]
mod document;
#[path = "overhead/generator.rs"]
mod generator;
#[path = "overhead/load.rs"]
mod load;
#[path = "overhead/machine.rs"]
mod machine;
#[path = "overhead/operation.rs"]
mod operation;
#[path = "overhead/price.rs"]
mod price;
#[path = "overhead/start.rs"]
mod start;
#[path = "overhead/tracer.rs"]
mod tracer;
#[path = "overhead/worker.rs"]
mod worker;

use std::env;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use anyhow::bail;
use anyhow::ensure;

use document::Figures;
use price::Effort;

/// Where the figures go.
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/doc/overhead.md");

const FULL: Effort = Effort { rounds: 9, slices: 5, limit: Duration::from_secs(180) };
const QUICK: Effort = Effort { rounds: 2, slices: 3, limit: Duration::from_secs(40) };

fn main() -> ExitCode {
    let first = env::args().nth(1);
    let result = match first.as_deref() {
        Some(generator::PART) => generator::run(),
        Some(start::PART) => start::run(),
        _ => bench(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("overhead: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What is to be measured: the arguments.
struct Choice {
    quick: bool,
    /// The only section, if not all.
    only: Option<String>,
}

impl Choice {
    fn read() -> anyhow::Result<Self> {
        let mut choice = Self { quick: false, only: None };
        let mut arguments = env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--bench" => {} // cargo says so
                "--quick" => choice.quick = true,
                "--only" => {
                    let section = arguments.next().unwrap_or_default();
                    if !["price", "load", "start"].contains(&section.as_str()) {
                        bail!("`--only` needs a section: price, load or start");
                    }
                    choice.only = Some(section);
                }
                _ => bail!("unknown argument `{argument}`: expected `--quick` or `--only price|load|start`"),
            }
        }
        Ok(choice)
    }

    fn wants(&self, section: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == section)
    }
}

fn bench() -> anyhow::Result<()> {
    let choice = Choice::read()?;
    // SAFETY: the call takes no arguments.
    ensure!(unsafe { libc::geteuid() } == 0, "tracing needs root: run as root");
    let folder = tempfile::tempdir().context("cannot make a folder for what is read and written")?;
    // As the kernel names it: the report shows it so.
    let file = folder.path().canonicalize()?.join("read");
    fs::write(&file, [7; 4096])?;
    let figures = measure(&choice, folder.path(), &file)?;
    let text = document::write(&figures);
    println!("{text}");
    if choice.quick || choice.only.is_some() {
        eprintln!("doc/overhead.md is left as it is: this was not everything");
        return Ok(());
    }
    fs::write(DOCUMENT, text).with_context(|| format!("cannot write `{DOCUMENT}`"))?;
    eprintln!("written to doc/overhead.md");
    Ok(())
}

fn measure(choice: &Choice, folder: &Path, file: &Path) -> anyhow::Result<Figures> {
    let effort = if choice.quick { QUICK } else { FULL };
    let length = Duration::from_millis(if choice.quick { 500 } else { 2000 });
    let times = if choice.quick { 1 } else { 5 };
    let mut figures = Figures { machine: machine::describe(), prices: None, load: None, start: None };
    if choice.wants("start") {
        figures.start = Some(start::measure(folder, file, times)?);
    }
    if choice.wants("load") {
        figures.load = Some(load::measure(folder, file, length)?);
    }
    if choice.wants("price") {
        figures.prices = Some(price::measure(folder, file, effort)?);
    }
    Ok(figures)
}
