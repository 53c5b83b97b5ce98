//! Where profiles come from.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use insta::assert_snapshot;

use crate::profile::DEFAULT;
use crate::profile::Profile;
use crate::profile::ProfileError;
use crate::profile::SHIPPED;

fn load(arguments: &[&str]) -> Result<Profile, ProfileError> {
    let arguments: Vec<_> = arguments.iter().map(PathBuf::from).collect();
    Profile::load(&arguments, &crate::pipeline::vocabulary())
}

fn names(profile: &Profile) -> Vec<&str> {
    profile.sources.iter().map(|source| source.name.as_str()).collect()
}

fn refused(arguments: &[&str]) -> String {
    load(arguments).expect_err("there is something wrong with it").render(100, false)
}

/// A folder with one file in it, and the file's path.
fn file(name: &str, content: &[u8]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(name);
    fs::write(&path, content).expect("the folder is ours");
    let path = path.to_str().expect("temporary folders have plain names").to_owned();
    (folder, path)
}

/// Check that a shipped profile is found by its name, with and without ending, and by the path it has in the sources.
#[test]
fn shipped_names() {
    for argument in ["cpu", "cpu.kdl", "profiles/cpu.kdl", "./profiles/cpu.kdl"] {
        let profile = load(&[argument]).unwrap_or_else(|error| panic!("{argument}: {error}"));
        assert_eq!(profile.sources[0].text, SHIPPED[3].text, "{argument}");
    }
    assert_eq!(names(&load(&["cpu", "files"]).expect("both are shipped")), ["cpu", "files"]);
}

/// Check that nothing given is the default.
#[test]
fn default() {
    let profile = load(&[]).expect("the default is right");
    assert_eq!(names(&profile), [DEFAULT]);
    assert_eq!(profile, Profile::default_shipped(&crate::pipeline::vocabulary()).expect("the default is right"));
}

/// Check that a file is preferred to a shipped profile when it is given by its path, and merges with one.
#[test]
fn files() {
    let (_folder, path) = file("latency.kdl", b"window \"7s\"");
    let profile = load(&["latency", &path]).expect("both are right");
    assert_eq!(names(&profile), ["latency", path.as_str()]);
    assert_eq!(profile.window_ns, Some(7_000_000_000));
    assert!(!profile.probes.is_empty());
}

/// Check that a name that is nothing says what there is, and what may have been meant.
#[test]
fn not_found() {
    assert_snapshot!(refused(&["latensy"]), @r#"
    × there is no file and no shipped profile `latensy`
    help: did you mean `latency`? shipped profiles: `latency`, `network`, `files`, `cpu` or
          `everything`; a file is given by its path, e.g. `./mine.kdl`
    "#);
    assert_snapshot!(refused(&["mine.kdl"]), @r#"
    × there is no file and no shipped profile `mine.kdl`
    help: shipped profiles: `latency`, `network`, `files`, `cpu` or `everything`; a file is given by
          its path, e.g. `./mine.kdl`
    "#);
    assert_snapshot!(refused(&["nowhere/profiles/latency2.kdl"]), @r#"
    × there is no file and no shipped profile `nowhere/profiles/latency2.kdl`
    help: shipped profiles: `latency`, `network`, `files`, `cpu` or `everything`
    "#);
}

/// Check that files that cannot be read say why, without being read whole.
#[test]
fn unreadable() {
    let (folder, path) = file("a.kdl", b"window \"1s\"\nbudget \xff\n");
    assert!(refused(&[&path]).contains("a.kdl` is not text in UTF-8: line 2 has other bytes"), "{}", refused(&[&path]));
    let directory = folder.path().to_str().expect("a plain name");
    assert!(matches!(load(&[directory]), Err(ProfileError::Unreadable { .. })));
    assert!(refused(&[directory]).contains("Is a directory"), "{}", refused(&[directory]));
    assert!(matches!(load(&["/dev/zero"]), Err(ProfileError::TooLarge { .. })));
    assert_snapshot!(refused(&["/dev/zero"]), @r#"
      × `/dev/zero` is larger than 64 KiB, the most a profile may have
    "#);
}

/// Check that the mistakes of all files come at once.
#[test]
fn several_files() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut arguments = Vec::new();
    for (name, text) in [("one.kdl", "windw \"1s\""), ("two.kdl", "window \"1s\""), ("three.kdl", "budget cpu=\"2\"")] {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("the folder is ours");
        arguments.push(path);
    }
    arguments.push(PathBuf::from("everythin"));
    let error = Profile::load(&arguments, &crate::pipeline::vocabulary()).expect_err("three of them are wrong");
    let folder = format!("{}/", folder.path().display());
    assert_snapshot!(error.render(100, false).replace(&folder, ""), @r#"
      × unknown section `windw`
       ╭─[one.kdl:1:1]
     1 │ windw "1s"
       · ──┬──
       ·   ╰── expected `description`, `targets`, `probes`, `threshold`, `sink`, `alerts`, `window` or `budget`
       ╰────
      help: did you mean `window`?

    1 mistake in `one.kdl`

      × `2` of `cpu` has no unit
       ╭─[three.kdl:1:12]
     1 │ budget cpu="2"
       ·            ─┬─
       ·             ╰── expected a percentage such as `5%`
       ╰────

    1 mistake in `three.kdl`

      × there is no file and no shipped profile `everythin`
      help: did you mean `everything`? shipped profiles: `latency`, `network`, `files`, `cpu` or
            `everything`; a file is given by its path, e.g. `./mine.kdl`

    3 profiles cannot be used
    "#);
}

/// Check that what the documents promise is there: one line in SHIPPED for each file in profiles/.
#[test]
fn every_file_is_shipped() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the sources are there")
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .collect();
    files.sort();
    let mut shipped: Vec<_> = SHIPPED.iter().map(|shipped| format!("{}.kdl", shipped.name)).collect();
    shipped.sort();
    assert_eq!(files, shipped);
}
