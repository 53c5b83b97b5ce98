//! What can be observed: one file per family, one visible list.
//!
//! A family declares its kinds and options and which hooks and system calls it wants; [`crate::plan`] decides what of
//! that is possible here. To add one: its `.bpf.c` and wire header, its `.rs`, and a line in each of the two lists
//! (`FAMILIES` here, `SOURCES` in `bpf/build.rs`). See doc/adding-a-family.md.

mod file;
mod process;
mod sched;
mod tcp;
mod udp;

use crate::event::Kind;
use crate::event::KindId;
use crate::profile::Figure;
use crate::profile::OptionSpec;
use crate::profile::Vocabulary;
use crate::profile::vocabulary::FamilyWords;
use crate::profile::vocabulary::KindWords;

/// Every family, in the order reports show them.
pub static FAMILIES: &[&Family] = &[&tcp::TCP, &udp::UDP, &file::FILE, &sched::SCHED, &process::PROCESS];

/// What users choose, and what it can observe.
#[derive(Debug)]
pub struct Family {
    /// Its name in profiles.
    pub name: &'static str,
    /// One sentence: what it observes.
    pub about: &'static str,
    /// Its options in profiles.
    pub options: &'static [OptionSpec],
    /// The kinds it produces.
    pub kinds: &'static [Kind],
}

/// The family of a name.
pub fn family(name: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.name == name).copied()
}

/// Every kind of every family, in the order reports show them.
pub fn kinds() -> impl Iterator<Item = &'static Kind> {
    FAMILIES.iter().flat_map(|family| family.kinds)
}

/// The kind of a number.
pub fn kind(id: KindId) -> Option<&'static Kind> {
    kinds().find(|kind| kind.id == id)
}

/// The kind of a name.
pub fn kind_named(name: &str) -> Option<&'static Kind> {
    kinds().find(|kind| kind.name == name)
}

/// The words profiles may use.
pub fn vocabulary() -> Vocabulary {
    Vocabulary {
        families: FAMILIES
            .iter()
            .map(|family| FamilyWords { name: family.name, about: family.about, options: family.options })
            .collect(),
        kinds: kinds().map(|kind| KindWords { name: kind.name, figures: figures(kind) }).collect(),
    }
}

/// The figures that make sense for a kind.
fn figures(kind: &Kind) -> Vec<Figure> {
    let mut figures = vec![Figure::Count, Figure::Rate, Figure::Errors, Figure::ErrorRate];
    if kind.duration.is_some() {
        figures.extend([Figure::Mean, Figure::P50, Figure::P90, Figure::P95, Figure::P99, Figure::Max]);
    }
    if kind.amount.is_some() {
        figures.push(Figure::Throughput);
    }
    if kind.name == sched::CPU {
        figures = vec![Figure::CpuShare];
    }
    figures
}
