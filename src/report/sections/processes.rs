//! Process lives: what was started, by whom, and how it ended.

use super::super::model::Life;
use super::super::model::Lives;
use super::signed;
use crate::event::Process;
use crate::event::definition::Origin;
use crate::families;
use crate::window::Names;

/// Lives that are listed.
const LIVES_MAX: usize = 100;

/// Process lives in the order they began; where there are too many, those that ended badly and then the eldest.
pub(in crate::report) fn processes(names: &Names) -> Lives {
    let mut lives: Vec<_> = names.processes().map(|process| life(process, names)).enumerate().collect();
    let all = lives.len();
    lives.sort_by_key(|(place, life)| (!life.failed, *place));
    lives.truncate(LIVES_MAX);
    lives.sort_by_key(|(place, _)| *place);
    Lives { omitted: (all - lives.len()) as u64, lives: lives.into_iter().map(|(_, life)| life).collect() }
}

fn life(process: &Process, names: &Names) -> Life {
    let end = names.ending(process.id);
    let words = families::kind_named(families::PROCESS_EXIT).map(|kind| kind.error);
    Life {
        process: names.process_label(process.id),
        target: names.target_label(names.target(process.id)),
        pid: process.pid,
        parent_pid: process.parent_pid,
        namespace_pid: process.namespace_pid,
        origin: match process.origin {
            Origin::Seed => "seed",
            Origin::Fork => "fork",
            Origin::Exec => "exec",
        },
        began_seconds: process.began_ns.map(signed),
        executable: process.executable.clone(),
        arguments: process.arguments.clone(),
        arguments_truncated: process.arguments_truncated,
        ended_seconds: end.map(|end| signed(end.at_ns)),
        end: end.and_then(|end| words.map(|words| words(end.status).into_owned())),
        failed: end.is_some_and(|end| end.status != 0),
    }
}
