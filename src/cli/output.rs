//! Where a report goes, and what its reader asked to be told by the exit code.

use std::io;
use std::io::Write;
use std::time::Duration;

use super::arguments::Format;
use super::arguments::ReportOptions;
use super::exit::Exit;
use super::exit::say;
use crate::event::Item;
use crate::event::Session;
use crate::event::session::Target;
use crate::event::unit;
use crate::pipeline::Follower;
use crate::pipeline::Outcome;
use crate::report::Builder;
use crate::report::Report;
use crate::report::csv;
use crate::report::render;
use crate::report::render::TextOptions;
use crate::sinks::live::Screen;
use crate::sinks::terminal;
use crate::sinks::terminal::Pipe;

type Out = Pipe<io::Stdout>;

/// Writes to stdout what is to be seen while tracing, and the report at its end.
pub(super) struct Output {
    format: Format,
    /// A table that is drawn anew each tick: on a terminal that nobody else writes to.
    screen: Option<Screen<Out>>,
    csv: Option<csv::Writer<Out>>,
    /// For how long is traced, if that is known, where the beginning is announced.
    announces: Option<Option<Duration>>,
    /// What is waited for, as it was said.
    awaited: Option<String>,
}

impl Output {
    /// `shared`: a traced command writes to the same terminal.
    pub(super) fn new(options: &ReportOptions, shared: bool) -> Self {
        let look = terminal::stdout();
        let live = look.terminal && options.output == Format::Text && !shared;
        let screen = live.then(|| Screen::new(Pipe::new(io::stdout()), look.width, look.style));
        Self { format: options.output, screen, csv: None, announces: None, awaited: None }
    }

    /// The same for a trace that people wait for: they are told when it begins and for how long it lasts.
    pub(super) fn announcing(self, duration: Option<Duration>) -> Self {
        Self { announces: Some(duration), ..self }
    }

    /// Writes the report and what went wrong beside it, and tells what to exit with.
    pub(super) fn finish(mut self, outcome: &Outcome, options: &ReportOptions) -> Exit {
        if let Some(screen) = &mut self.screen {
            let _ = screen.clear();
        }
        let written = match (self.format, self.csv) {
            (_, Some(csv)) => csv.finish().map(drop),
            (format, None) => write(&outcome.report, format),
        };
        for message in outcome.failures.iter().chain(&outcome.remarks) {
            say(message);
        }
        if let Err(error) = written {
            say(format_args!("cannot write the report: {error}"));
            return Exit::Failed;
        }
        if outcome.failures.is_empty() { judge(&outcome.report, options) } else { Exit::Failed }
    }
}

impl Follower for Output {
    fn waiting(&mut self, what: &str) {
        // Said once for each thing that is waited for.
        if self.awaited.as_deref() != Some(what) {
            say(what);
            self.awaited = Some(what.to_owned());
        }
    }

    fn begin(&mut self, session: &Session) -> io::Result<()> {
        if let Some(duration) = self.announces {
            say(beginning(&session.targets, duration));
        }
        if self.format == Format::Csv {
            self.csv = Some(csv::Writer::new(Pipe::new(io::stdout()), session)?);
        }
        Ok(())
    }

    fn item(&mut self, item: &Item, report: &Builder) -> io::Result<()> {
        if let Some(csv) = &mut self.csv {
            csv.item(item)?;
        }
        if let (Some(screen), Item::Tick(_)) = (&mut self.screen, item) {
            screen.draw(&report.live())?;
        }
        Ok(())
    }
}

/// Targets that are named when a trace begins.
const NAMED: usize = 3;

/// What is said when observation has begun.
fn beginning(targets: &[Target], duration: Option<Duration>) -> String {
    let mut names: Vec<&str> = targets.iter().take(NAMED).map(|target| target.name.as_str()).collect();
    let more = format!("{} more", targets.len().saturating_sub(NAMED));
    if targets.len() > NAMED {
        names.push(&more);
    }
    let names = match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => names.concat(),
    };
    match duration {
        Some(duration) => format!("tracing {names} for {}", unit::seconds(duration.as_secs_f64())),
        None => format!("tracing {names}; Ctrl-C ends it and prints the report"),
    }
}

fn write(report: &Report, format: Format) -> io::Result<()> {
    let look = terminal::stdout();
    let text = match format {
        Format::Json => render::json(report),
        Format::Text | Format::Csv => {
            render::text(report, &TextOptions { width: look.width, style: look.style, ..TextOptions::default() })
        }
    };
    let mut out: Out = Pipe::new(io::stdout());
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// What `--fail-on` and `--max-loss` ask for.
fn judge(report: &Report, options: &ReportOptions) -> Exit {
    if let Some(severity) = options.fail_on
        && report.findings.iter().any(|finding| finding.severity >= severity)
    {
        return Exit::Finding;
    }
    let (seen, lost) =
        (report.completeness.events_seen, report.completeness.events_lost.iter().map(|(_, count)| count).sum::<u64>());
    match options.max_loss {
        Some(share) if lost as f64 > share * (seen + lost) as f64 => Exit::Incomplete,
        _ => Exit::Fine,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::beginning;
    use crate::event::example;

    /// Check that the beginning names a few targets, how many more there are, and how the trace will end.
    #[test]
    fn beginnings() {
        let names = ["shop/web-1/app", "shop/web-1/proxy", "shop/web-2/app", "shop/web-2/proxy", "shop/db"];
        let targets = names.map(|name| example::target(0, name));
        let said = [
            beginning(&targets[..1], None),
            beginning(&targets[..2], Some(Duration::from_secs(5))),
            beginning(&targets, Some(Duration::from_secs(90))),
        ];
        insta::assert_snapshot!(said.join("\n"), @r"
        tracing shop/web-1/app; Ctrl-C ends it and prints the report
        tracing shop/web-1/app and shop/web-1/proxy for 5.00 s
        tracing shop/web-1/app, shop/web-1/proxy, shop/web-2/app and 2 more for 90.0 s
        ");
    }
}
