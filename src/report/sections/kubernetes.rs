//! What the cluster says happened to the traced pods.

use super::super::model::IncidentEntry;
use super::super::model::Kubernetes;
use super::super::model::TargetEntry;
use super::signed;
use crate::event::Incident;
use crate::event::unit;
use crate::window::Incidents;
use crate::window::incidents::Kept;

/// Incidents that are listed.
const INCIDENTS_MAX: usize = 100;

/// Incidents that the verdict names.
const NAMED: usize = 3;

/// The section; nothing where nothing was told.
pub(in crate::report) fn kubernetes(incidents: &Incidents) -> Option<Kubernetes> {
    let all = incidents.all();
    if all.is_empty() {
        return None;
    }
    let mut chosen: Vec<&Kept> = all.clone();
    chosen.sort_by_key(|kept| std::cmp::Reverse((kept.incident.warning, kept.incident.at_ns)));
    chosen.truncate(INCIDENTS_MAX);
    chosen.sort_by_key(|kept| (kept.incident.at_ns, kept.incident.id));
    let omitted = incidents.omitted() + (all.len() - chosen.len()) as u64;
    Some(Kubernetes { events: chosen.into_iter().map(|kept| entry(&kept.incident)).collect(), omitted })
}

fn entry(incident: &Incident) -> IncidentEntry {
    IncidentEntry {
        at_seconds: signed(incident.at_ns),
        first_seconds: signed(incident.first_ns),
        namespace: incident.namespace.clone(),
        pod: incident.pod.clone(),
        container: incident.container.clone(),
        severity: if incident.warning { "warning" } else { "normal" },
        reason: incident.reason.clone(),
        message: incident.message.clone(),
        reporter: incident.reporter.clone(),
        count: incident.count,
        count_during_trace: incident.during,
    }
}

/// What the cluster warned of during the trace, as a sentence. It stands beside what was traced; that one is the cause of
/// the other is not said, because it is not known.
pub(in crate::report) fn during(section: &Kubernetes) -> Option<String> {
    let warnings = section.events.iter().filter(|event| event.severity == "warning" && event.count_during_trace > 0);
    // What was counted together is said together, whatever the messages.
    let mut said: Vec<(String, String, u64)> = Vec::new();
    for event in warnings {
        let place = match &event.container {
            Some(container) => format!("{}/{container}", event.pod),
            None => event.pod.clone(),
        };
        match said.iter_mut().find(|(known, reason, _)| (known, reason) == (&place, &event.reason)) {
            Some((.., count)) => *count = count.saturating_add(event.count_during_trace),
            None => said.push((place, event.reason.clone(), event.count_during_trace)),
        }
    }
    said.sort_by_key(|(.., count)| std::cmp::Reverse(*count));
    counted(&said).map(|said| format!("During the trace Kubernetes warned: {said}."))
}

/// How containers ended badly during the trace, as a sentence.
pub(in crate::report) fn ends(targets: &[TargetEntry]) -> Option<String> {
    let mut said: Vec<(String, String, u64)> = Vec::new();
    for target in targets {
        let (Some(pod), Some(life)) = (&target.pod, &target.life) else { continue };
        let out_of_memory = life.reason.as_deref() == Some("OOMKilled");
        let code = life.exit_code.filter(|code| *code != 0);
        if life.ended_seconds.is_none() || (code.is_none() && !out_of_memory) {
            continue;
        }
        let container = target.container.as_ref().map(|container| format!("/{container}")).unwrap_or_default();
        let place = format!("{pod}{container}");
        let how = match code {
            _ if out_of_memory => "was killed for want of memory (OOMKilled)".to_owned(),
            code => format!("ended with exit code {}", code.unwrap_or_default()),
        };
        match said.iter_mut().find(|(known, other, _)| (known, other) == (&place, &how)) {
            Some((.., count)) => *count += 1,
            None => said.push((place, how, 1)),
        }
    }
    said.sort_by_key(|(.., count)| std::cmp::Reverse(*count));
    counted(&said).map(|said| format!("During the trace {said}."))
}

/// The first of what is counted, in words.
fn counted(said: &[(String, String, u64)]) -> Option<String> {
    let words = said.iter().take(NAMED).map(|(place, reason, count)| {
        let times = if *count == 1 { "once".to_owned() } else { format!("{} times", unit::count(*count)) };
        format!("{place} {reason} {times}")
    });
    let words: Vec<String> = words.collect();
    let more = said.len().saturating_sub(NAMED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    (!words.is_empty()).then(|| format!("{}{more}", words.join("; ")))
}
