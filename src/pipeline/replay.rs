//! A trace from a recording.

use std::fs::File;
use std::path::Path;

use super::Follower;
use super::Outcome;
use super::PipelineError;
use crate::event::Ending;
use crate::event::Item;
use crate::event::recording::KindMap;
use crate::event::recording::Reader;
use crate::families;
use crate::profile::Profile;
use crate::report::Builder;

/// Reports on a recording. Judged by `profile` if one is given, else by what it was recorded with. Of a damaged
/// recording everything before the damage is reported, and the damage is among the outcome's failures.
///
/// # Errors
/// It cannot be opened, or its profile is not understood.
pub fn replay(path: &Path, profile: Option<&Profile>, follower: &mut dyn Follower) -> Result<Outcome, PipelineError> {
    let failed = |error| PipelineError::Recording { path: path.to_owned(), error };
    let file = File::open(path)
        .map_err(|error| failed(crate::event::recording::RecordingError::Read { offset: 0, items: 0, error }))?;
    let mut reader = Reader::open(file).map_err(failed)?;
    let mut kinds = KindMap::new(reader.session(), |name| families::kind_named(name).map(|kind| kind.id));
    let session = kinds.session(reader.session());
    let recorded;
    let profile = match profile {
        Some(profile) => profile,
        None => {
            recorded = Profile::from_sources(&session.profiles, &super::vocabulary())?;
            &recorded
        }
    };
    let mut builder = Builder::new(&session, profile);
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
