//! The report in its formats.

mod live;
mod text;

pub use live::live;
pub use text::Style;
pub use text::TextOptions;
pub use text::text;

use super::Report;

/// The report as one JSON document, as `doc/report.schema.json` describes it. Ends with a line break.
pub fn json(report: &Report) -> String {
    // The model has only strings as keys and no number that JSON could not hold, so this does not fail.
    let mut json = serde_json::to_string_pretty(report).unwrap_or_default();
    json.push('\n');
    json
}
