//! Names like one that was not found.

/// At most so many are shown.
const SHOWN: usize = 3;

/// How alike two names must be (Jaro-Winkler, 1 is the same): at 0.85 a swapped or missing letter passes in words of
/// five letters, another word does not.
const ALIKE: f64 = 0.85;

/// The names most like `wanted`, best first: those that hold it, and those that differ by a slip. Paths are compared by
/// their last part, units without their ending: what all have in common makes none of them alike.
pub(super) fn nearest(wanted: &str, names: impl IntoIterator<Item = String>) -> Vec<String> {
    let wanted = core(wanted);
    if wanted.is_empty() {
        return Vec::new();
    }
    let likeness = |name: &str| {
        let name = core(name);
        let likeness = strsim::jaro_winkler(&name, &wanted);
        if name.contains(&wanted) { likeness.max(ALIKE) } else { likeness }
    };
    let mut alike: Vec<(f64, String)> =
        names.into_iter().map(|name| (likeness(&name), name)).filter(|(likeness, _)| *likeness >= ALIKE).collect();
    alike.sort_by(|(one, a), (two, b)| two.total_cmp(one).then_with(|| a.cmp(b)));
    alike.dedup_by(|one, two| one.1 == two.1);
    alike.into_iter().take(SHOWN).map(|(_, name)| name).collect()
}

/// What is compared: `nginx` of `/system.slice/Nginx.service`.
fn core(name: &str) -> String {
    let last = name.trim_matches('/').rsplit('/').next().unwrap_or_default().to_lowercase();
    let ending = super::unit::ENDINGS.iter().find_map(|ending| last.strip_suffix(ending));
    ending.map(str::to_owned).unwrap_or(last)
}
