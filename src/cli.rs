//! The command line: from arguments to an outcome to an exit code.
//!
//! stdout carries the result and nothing else; everything that is said about it goes to stderr.

mod arguments;
mod check;
mod commission;
mod completion;
mod daemon;
mod demo;
mod doctor;
mod exit;
mod list;
mod man;
mod output;
mod record;
mod trace;

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use arguments::Arguments;
use arguments::Command;
use arguments::LogFormat;
use exit::Exit;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if let Some(code) = demo::part(&arguments) {
        return code;
    }
    if completion::answered() {
        return Exit::Fine.code();
    }
    let arguments = Arguments::parse_from(arguments);
    let level: LevelFilter = arguments.log_level.into();
    // What the client of the Kubernetes API says, podtrace says better.
    let client = if level >= LevelFilter::DEBUG { level } else { LevelFilter::OFF };
    let filter = Targets::new().with_default(level).with_target("kube_client", client).with_target("tower", client);
    let colours = anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
    let format = tracing_subscriber::fmt().with_max_level(level).with_writer(io::stderr).with_ansi(colours);
    match arguments.log_format {
        LogFormat::Text => format.with_target(false).compact().finish().with(filter).init(),
        LogFormat::Json => format.json().flatten_event(true).finish().with(filter).init(),
    }
    run(arguments).code()
}

fn run(arguments: Arguments) -> Exit {
    match arguments.command {
        None => trace::targets(&arguments.trace),
        Some(Command::Run(run)) => trace::command(&run),
        Some(Command::Record(record)) => record::record(&record),
        Some(Command::Replay(replay)) => record::replay(&replay),
        Some(Command::Daemon(daemon)) => daemon::daemon(&daemon),
        Some(Command::Demo(demo)) => demo::demo(&demo),
        Some(Command::Doctor(doctor)) => doctor::doctor(&doctor),
        Some(Command::Check(check)) => check::check(&check),
        Some(Command::List(list)) => list::list(&list),
        Some(Command::Completion(completion)) => completion::completion(&completion),
        Some(Command::Man(man)) => man::man(&man),
    }
}
