//! Known workloads: each job performs an exactly known piece of work with plain system calls and then says what it
//! truly did, in the words of a report (kind, dimension, key, count, errors, bytes, its own latency log).
//!
//! It is what the truth tests trace. It knows nothing of podtrace: it counts what its own calls returned, and takes
//! times with its own clock around each call.
//!
//! `workload JOB [--OPTION VALUE]…`; options of every job:
//!
//! - `--truth FILE`: where to write what was done, one line of JSON; standard error without it
//! - `--ready FILE`: made when the job has opened what others connect to; it holds the addresses, one a line
//! - `--begin FILE`: wait until this file exists before the work begins
//! - `--leave FILE`: wait until this file exists before the process ends
//! - `--end CODE`: end with this exit code

mod calls;
mod clock;
mod jobs;
mod options;
mod truth;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::options::Options;
use crate::truth::Truth;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(name) = arguments.next() else {
        for job in jobs::JOBS {
            println!("{:16} {}", job.name, job.about);
        }
        return ExitCode::from(2);
    };
    match perform(&name, arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("workload {name}: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Does one job and says what was done; the exit code to end with.
fn perform(name: &str, arguments: impl Iterator<Item = String>) -> anyhow::Result<ExitCode> {
    let job =
        jobs::JOBS.iter().find(|job| job.name == name).context("no such job; run without arguments for a list")?;
    let mut options = Options::parse(arguments)?;
    let mut truth = Truth::of(job.name);
    let target = options.path("truth")?;
    let leave = options.path("leave")?;
    let end = u8::try_from(options.number("end", 0)?).context("`--end` is at most 255")?;
    if let Some(begin) = options.path("begin")? {
        clock::wait_for_file(&begin);
    }
    truth.begin();
    (job.perform)(&mut options, &mut truth)?;
    truth.end();
    options.finish()?;
    let line = truth.line();
    match target {
        Some(path) => {
            // Renamed into place: who sees the file sees all of it.
            let partial = path.with_extension("partial");
            std::fs::write(&partial, line).with_context(|| format!("cannot write `{}`", partial.display()))?;
            std::fs::rename(&partial, &path).with_context(|| format!("cannot write `{}`", path.display()))?;
        }
        None => std::io::stderr().write_all(line.as_bytes())?,
    }
    if let Some(leave) = leave {
        clock::wait_for_file(&leave);
    }
    Ok(ExitCode::from(end))
}
