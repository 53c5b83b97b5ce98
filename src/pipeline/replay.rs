//! A trace from a recording.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

use super::Follower;
use super::Outcome;
use super::PipelineError;
use crate::event::Ending;
use crate::event::Item;
use crate::event::Session;
use crate::event::recording::KindMap;
use crate::event::recording::Reader;
use crate::families;
use crate::profile::Profile;
use crate::profile::RuleUse;
use crate::report::Builder;
use crate::rules::script::Library;

/// Who judges a recording.
#[derive(Debug, Default)]
pub struct Judges {
    /// Profiles to judge by instead of those it was recorded with.
    pub profiles: Vec<PathBuf>,
    /// Rules, as for `--rules`. Where there are any, or a profile, those it was recorded with do not judge.
    pub rules: Vec<PathBuf>,
    /// How rules among them are used, where a profile does not say it. Where there are any, rules alone judge.
    pub used: Vec<RuleUse>,
}

impl Judges {
    /// The profile that judges a session, whose rules become those that judge.
    fn of(&self, session: &mut Session) -> Result<Profile, PipelineError> {
        let recorded = self.profiles.is_empty() && self.rules.is_empty();
        let library = if recorded {
            Library::of_recording(&session.rules, families::kinds())?
        } else {
            Library::load(&self.rules, families::kinds())?
        };
        let vocabulary = super::words(&library);
        let mut profile = if self.profiles.is_empty() {
            // Rules that only the recording has are unknown where others are asked for.
            let known = Library::of_recording(&session.rules, families::kinds());
            let mut words = vocabulary.clone();
            words.rules.extend(known.map(|known| known.specs()).unwrap_or_default());
            let mut profile = Profile::from_sources(&session.profiles, &words)?;
            profile.rules.retain(|used| library.get(&used.name).is_some());
            profile
        } else {
            Profile::load(&self.profiles, &vocabulary)?
        };
        if !self.used.is_empty() {
            // What rules conclude by themselves.
            profile.thresholds.clear();
        }
        for used in &self.used {
            profile.rules.retain(|other| other.name != used.name);
            profile.rules.push(used.clone());
        }
        session.rules = library.apply(&mut profile);
        Ok(profile)
    }
}

/// Reports on a recording. Of a damaged recording everything before the damage is reported, and the damage is among the outcome's failures.
///
/// # Errors
/// It cannot be opened, or its profile is not understood.
pub fn replay(path: &Path, judges: &Judges, follower: &mut dyn Follower) -> Result<Outcome, PipelineError> {
    let file = File::open(path).map_err(|error| PipelineError::Recording {
        path: path.to_owned(),
        error: crate::event::recording::RecordingError::Read { offset: 0, items: 0, error },
    })?;
    replay_bytes(file, path, judges, follower)
}

/// Reports on a recording that is read from anywhere; `path` is what messages call it.
///
/// # Errors
/// As [`replay`].
pub fn replay_bytes(
    file: impl Read,
    path: &Path,
    judges: &Judges,
    follower: &mut dyn Follower,
) -> Result<Outcome, PipelineError> {
    let failed = |error| PipelineError::Recording { path: path.to_owned(), error };
    let mut reader = Reader::open(file).map_err(failed)?;
    let mut kinds = KindMap::new(reader.session(), |name| families::kind_named(name).map(|kind| kind.id));
    let mut session = kinds.session(reader.session());
    let profile = judges.of(&mut session)?;
    let mut builder = Builder::new(&session, &profile);
    follower.begin(&session)?;
    let mut failures = Vec::new();
    let mut last_ns = 0;
    loop {
        match reader.next().transpose() {
            Ok(Some(item)) => {
                if let Item::Tick(tick) = &item {
                    last_ns = tick.at_ns;
                }
                if let Some(item) = kinds.item(item) {
                    builder.item(&item);
                    follower.item(&item, &builder)?;
                }
            }
            Ok(None) => break,
            Err(error) => {
                failures.push(format!("`{}`: {error}", path.display()));
                break;
            }
        }
    }
    let remarks = kinds.dropped().map(ToString::to_string).collect();
    let ending = reader.ending().cloned().unwrap_or_else(|| Ending {
        duration_ns: u64::try_from(last_ns).unwrap_or(0),
        interrupted: Some("the recording is cut off".into()),
        ..Ending::default()
    });
    Ok(Outcome { report: builder.finish(&ending), failures, remarks })
}
