//! `podtrace rules test`: every test of every file, and how what came out differs from what should have.

use std::fmt::Write;
use std::path::Path;
use std::path::PathBuf;

use super::super::arguments::RulesTest;
use super::super::exit::Exit;
use super::super::exit::say;
use super::choice::Chosen;
use super::choice::choose;
use super::print;
use crate::event::Kind;
use crate::families;
use crate::pipeline;
use crate::pipeline::Judges;
use crate::pipeline::Quiet;
use crate::rules::script;
use crate::rules::script::Case;
use crate::rules::script::Input;
use crate::rules::script::Library;
use crate::rules::script::RuleText;
use crate::rules::script::Trial;

/// Runs tests.
pub(super) fn test(test: &RulesTest) -> Exit {
    let choice = match choose(&test.files) {
        Ok(choice) => choice,
        Err(error) => {
            say(error);
            return Exit::Usage;
        }
    };
    let mut said = Said::default();
    for chosen in &choice.chosen {
        run(chosen, &test.rules, &mut said);
    }
    for untested in &choice.untested {
        let _ = writeln!(said.text, "{untested}");
    }
    let tests = |count: usize| if count == 1 { "1 test".to_owned() } else { format!("{count} tests") };
    let _ = writeln!(said.text, "{} passed, {} failed", tests(said.passed), said.failed);
    match print(&said.text) {
        Exit::Fine if said.failed > 0 || choice.missed || said.passed == 0 => Exit::Failed,
        exit => exit,
    }
}

/// What is said of tests, and how they came out.
#[derive(Debug, Default)]
struct Said {
    text: String,
    passed: usize,
    failed: usize,
}

impl Said {
    fn failed(&mut self, what: &str) {
        let _ = writeln!(self.text, "FAILED {what}");
        self.failed += 1;
    }
}

fn run(chosen: &Chosen, rules: &[PathBuf], said: &mut Said) {
    let Chosen { file, folder, rule } = chosen;
    let kinds: Vec<_> = families::kinds().collect();
    let given = match rule {
        Some(rule) if rules.is_empty() => vec![rule.clone()],
        _ => beside(file, folder.as_deref(), rules),
    };
    let library = match Library::load(&given, families::kinds()) {
        Ok(library) => library,
        Err(error) => return said.failed(&format!("{}: {error}", file.path)),
    };
    let trial = match Trial::read(file, &library, &kinds) {
        Ok(trial) => trial,
        Err(failure) => return said.failed(&failure.to_string()),
    };
    let mut own = 0_usize;
    for case in &trial.cases {
        match tried(&trial, case, &library, &given, folder.as_deref(), &kinds) {
            Ok(()) => own += 1,
            Err(difference) => {
                said.failed(&format!("{} ({}): {}", trial.rule, trial.file, case.name));
                for line in difference.lines() {
                    let _ = writeln!(said.text, "  {line}");
                }
            }
        }
    }
    said.passed += own;
    let _ = writeln!(said.text, "{:<20} {own} of {} passed", trial.rule, trial.cases.len());
}

/// The rules that a test may mean: those given, else the one of its file's name beside it, in `rules` or in `../rules`.
fn beside(file: &RuleText, folder: Option<&Path>, rules: &[PathBuf]) -> Vec<PathBuf> {
    let Some(folder) = folder.filter(|_| rules.is_empty()) else { return rules.to_vec() };
    let Some(stem) = Path::new(&file.path).file_stem().and_then(|stem| stem.to_str()) else { return Vec::new() };
    let name = format!("{}.lua", stem.strip_suffix(".test").unwrap_or(stem));
    let places = [folder.join(&name), folder.join("rules").join(&name), folder.join("../rules").join(&name)];
    places.into_iter().filter(|path| path.exists() && *path != Path::new(&file.path)).take(1).collect()
}

fn tried(
    trial: &Trial,
    case: &Case,
    library: &Library,
    given: &[PathBuf],
    folder: Option<&Path>,
    kinds: &[&'static Kind],
) -> Result<(), String> {
    let rule = library.get(&trial.rule).ok_or("the rule is gone")?;
    match &case.input {
        Input::Windows(windows) => case.run(&rule.text, windows, kinds),
        Input::Recording(path) => {
            let rules = if given.is_empty() { vec![PathBuf::from(&trial.rule)] } else { given.to_vec() };
            let judges = Judges { used: vec![case.used.clone()], rules, ..Judges::default() };
            let replayed = match folder {
                Some(folder) => pipeline::replay(&folder.join(path), &judges, &mut Quiet),
                None => {
                    let bytes = script::recording(path).ok_or_else(|| {
                        format!("there is no recording `{path}` inside podtrace: a shipped test may name `recordings/RULE.podtrace`")
                    })?;
                    pipeline::replay_bytes(bytes, Path::new(path), &judges, &mut Quiet)
                }
            };
            let outcome = replayed.map_err(|error| error.to_string())?;
            if let Some(failure) = outcome.failures.first() {
                return Err(failure.clone());
            }
            let report = outcome.report;
            let failed = report.sections.rules.iter().filter(|entry| entry.rule == trial.rule);
            match failed.filter_map(|entry| entry.reason.clone()).next() {
                Some(reason) => Err(reason),
                None => case.compare_findings(&report.findings),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::fs::File;
    use std::path::PathBuf;

    use super::Said;
    use super::choose;
    use super::run;
    use crate::event::Ending;
    use crate::event::example;
    use crate::event::example::MS;
    use crate::event::example::S;
    use crate::event::recording::Writer;
    use crate::families;
    use crate::rules::script;

    /// Runs the tests of a file, and hands out what is said, how many passed and how many failed.
    fn tried(path: PathBuf) -> (String, usize, usize) {
        let mut said = Said::default();
        for chosen in choose(&[path]).unwrap().chosen {
            run(&chosen, &[], &mut said);
        }
        (said.text, said.passed, said.failed)
    }

    /// Check that all tests inside the binary pass, those on recordings of real workloads too, and that a shipped rule that was
    /// broken fails on its recording with what differs.
    #[test]
    fn shipped_recordings_are_replayed() {
        let mut said = Said::default();
        for chosen in choose(&[]).unwrap().chosen {
            run(&chosen, &[], &mut said);
        }
        assert_eq!(said.failed, 0, "{}", said.text);
        assert!(said.passed > 40, "{}", said.text);
        let folder = tempfile::tempdir().unwrap();
        let rule = script::SHIPPED.iter().find(|rule| rule.name == "connect-failures").unwrap();
        let path = folder.path().join("connect-failures.lua");
        fs::write(&path, rule.text.replace("nothing listens there", "anything")).unwrap();
        let mut said = Said::default();
        let chosen = choose(&[PathBuf::from("connect-failures")]).unwrap().chosen;
        run(&chosen[0], &[path], &mut said);
        assert_eq!(said.failed, 2, "{}", said.text);
        assert!(said.text.contains("FAILED connect-failures (lua/tests/connect-failures.lua): of a real recording"));
        assert!(said.text.contains("- evidence: ECONNREFUSED: nothing listens there, or its queue is full"));
        assert!(said.text.contains("+ evidence: ECONNREFUSED: anything, or its queue is full"), "{}", said.text);
    }

    /// Check that a test may name a recording, that the rule's parameters hold for it, and that a difference is shown.
    #[test]
    fn recordings_are_replayed() {
        let folder = tempfile::tempdir().unwrap();
        let response = families::kind_named("tcp.response").unwrap();
        let session = example::session(&[(response.id.0, response.name)]);
        let mut writer = Writer::new(File::create(folder.path().join("slow.podtrace")).unwrap(), &session).unwrap();
        let answers = example::timed(response.id.0, 11, &[200 * MS; 23]);
        for item in [example::client(), example::peer(11, "10.0.0.7", 5432), example::tick(7 * S, vec![answers])] {
            writer.item(&item).unwrap();
        }
        writer.finish(&Ending { duration_ns: 7 * S, ..Ending::default() }).unwrap();
        let test = |expect: &str| {
            let path = folder.path().join("slow.lua");
            let text = format!(
                "return {{ rule = \"slow-dependency\", tests = {{\n\
                 {{ name = \"slow\", recording = \"slow.podtrace\", expect = {{ {expect} }} }},\n\
                 {{ name = \"not so slow\", params = {{ p99 = \"1s\" }}, recording = \"slow.podtrace\", expect = {{}} }},\n}} }}"
            );
            fs::write(&path, text).unwrap();
            tried(path)
        };
        let right = "{ severity = \"critical\", key = \"10.0.0.7:5432\", title = \"10.0.0.7:5432 answers slowly: p99 197 ms, 65.7 % of the time\" }";
        let (said, passed, failed) = test(right);
        assert_eq!((passed, failed), (2, 0), "{said}");
        let (said, passed, failed) = test("{ severity = \"warning\" }");
        assert_eq!((passed, failed), (1, 1), "{said}");
        assert!(said.contains("- severity: warning") && said.contains("+ severity: critical"), "{said}");
        fs::remove_file(folder.path().join("slow.podtrace")).unwrap();
        let (said, ..) = test(right);
        assert!(said.contains("slow.podtrace"), "{said}");
    }
}
