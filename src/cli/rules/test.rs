//! `podtrace rules test`: every test of every file, and how what came out differs from what should have.

use std::fmt::Write;
use std::path::Path;
use std::path::PathBuf;

use super::super::arguments::RulesTest;
use super::super::exit::Exit;
use super::super::exit::say;
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
    let files = match files(&test.files) {
        Ok(files) => files,
        Err(error) => {
            say(error);
            return Exit::Usage;
        }
    };
    let (mut text, mut passed, mut failed) = (String::new(), 0_usize, 0_usize);
    for (file, folder) in &files {
        run(file, folder.as_deref(), &test.rules, &mut text, &mut passed, &mut failed);
    }
    let tests = |count: usize| if count == 1 { "1 test".to_owned() } else { format!("{count} tests") };
    let _ = writeln!(text, "{} passed, {failed} failed", tests(passed));
    match print(&text) {
        Exit::Fine if failed > 0 => Exit::Failed,
        exit => exit,
    }
}

/// The tests that arguments mean, each with its folder; the shipped ones where there are none.
fn files(arguments: &[PathBuf]) -> Result<Vec<(RuleText, Option<PathBuf>)>, script::SourceError> {
    if arguments.is_empty() {
        let shipped = script::SHIPPED.iter().map(|rule| {
            let (path, text) = (format!("lua/tests/{}.lua", rule.name), rule.test.to_owned());
            (RuleText { path, text, shipped: true, ..RuleText::default() }, None)
        });
        return Ok(shipped.collect());
    }
    let mut files = Vec::new();
    for argument in arguments {
        for text in script::find(argument)? {
            let folder = Path::new(&text.path).parent().map(Path::to_owned);
            // In a folder of rules, their tests are those that say so.
            let is_test = !argument.is_dir() || text.text.contains("tests =") || text.text.contains("tests=");
            if is_test {
                files.push((text, folder));
            }
        }
    }
    Ok(files)
}

fn run(
    file: &RuleText,
    folder: Option<&Path>,
    rules: &[PathBuf],
    text: &mut String,
    passed: &mut usize,
    failed: &mut usize,
) {
    let kinds: Vec<_> = families::kinds().collect();
    let given = beside(file, folder, rules);
    let library = match Library::load(&given, families::kinds()) {
        Ok(library) => library,
        Err(error) => {
            let _ = writeln!(text, "FAILED {}: {error}", file.path);
            *failed += 1;
            return;
        }
    };
    let trial = match Trial::read(file, &library, &kinds) {
        Ok(trial) => trial,
        Err(failure) => {
            let _ = writeln!(text, "FAILED {failure}");
            *failed += 1;
            return;
        }
    };
    let mut own = 0_usize;
    for case in &trial.cases {
        match tried(&trial, case, &library, &given, folder, &kinds) {
            Ok(()) => own += 1,
            Err(difference) => {
                let _ = writeln!(text, "FAILED {} ({}): {}", trial.rule, trial.file, case.name);
                for line in difference.lines() {
                    let _ = writeln!(text, "  {line}");
                }
                *failed += 1;
            }
        }
    }
    *passed += own;
    let _ = writeln!(text, "{:<20} {own} of {} passed", trial.rule, trial.cases.len());
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
            let path = folder.unwrap_or(Path::new(".")).join(path);
            let rules = if given.is_empty() { vec![PathBuf::from(&trial.rule)] } else { given.to_vec() };
            let judges = Judges { used: vec![case.used.clone()], rules, ..Judges::default() };
            let outcome = pipeline::replay(&path, &judges, &mut Quiet).map_err(|error| error.to_string())?;
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

    use super::files;
    use super::run;
    use crate::event::Ending;
    use crate::event::example;
    use crate::event::example::MS;
    use crate::event::example::S;
    use crate::event::recording::Writer;
    use crate::families;

    /// Runs the tests of a file, and hands out what is said, how many passed and how many failed.
    fn tried(path: PathBuf) -> (String, usize, usize) {
        let (mut text, mut passed, mut failed) = (String::new(), 0, 0);
        for (file, folder) in files(&[path]).unwrap() {
            run(&file, folder.as_deref(), &[], &mut text, &mut passed, &mut failed);
        }
        (text, passed, failed)
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
        let right =
            "{ severity = \"critical\", title = \"10.0.0.7:5432 answers slowly: p99 197 ms, 65.7 % of the time\" }";
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
