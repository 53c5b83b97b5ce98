//! Draining what was counted.
//!
//! There are two generations of tallies. Once a tick the other one becomes current; when no program that began before
//! can still be running, the old one is read whole and removed. So a tick's figures are exact, nothing that is counted
//! falls between two ticks, and the table holds only what happened lately. Shared histograms, counters and the entries
//! for what found no room stay: of those the difference to the last reading is taken.

use std::collections::BTreeMap;
use std::ptr;

use libbpf_rs::MapCore;
use libbpf_rs::MapFlags;

use super::ProbeError;
use super::attach::give_back;
use super::table;
use super::table::failed;
use crate::event::ErrorCount;
use crate::event::Histogram;
use crate::event::KindId;
use crate::event::Loss;
use crate::event::LossCause;
use crate::event::ObjectId;
use crate::event::ProcessId;
use crate::event::TallyDelta;
use crate::event::TallyKey;
use crate::event::histogram::BUCKETS;
use crate::plan::Plan;
use crate::wire;
use crate::wire::PodtraceSkel;
use crate::wire::types;
use crate::wire::types::podtrace_limit as Limit;

/// What was counted during a tick.
#[derive(Debug, Default)]
pub(super) struct Drained {
    pub(super) tallies: Vec<TallyDelta>,
    pub(super) losses: Vec<Loss>,
    pub(super) sent: Vec<(KindId, u64)>,
}

/// Sums over all CPUs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sums {
    count: u64,
    amount: u64,
    total_ns: u64,
    max_ns: u64,
}

impl Sums {
    fn and(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            amount: self.amount + other.amount,
            total_ns: self.total_ns + other.total_ns,
            max_ns: self.max_ns.max(other.max_ns),
        }
    }

    fn plus(self, copy: types::podtrace_tally) -> Self {
        self.and(Self { count: copy.count, amount: copy.amount, total_ns: copy.total_ns, max_ns: copy.max_ns })
    }
}

/// Reads the tables, and remembers what needs to be subtracted next time.
pub(super) struct Drain {
    cpus: usize,
    timed: Vec<u8>,
    /// Never the same twice; its lowest bit is the one in keys.
    generation: u32,
    /// Per slot, the buckets at the last reading; they wrap.
    histograms: BTreeMap<u32, Box<[u32; BUCKETS]>>,
    no_room: BTreeMap<(u8, u8), Sums>,
    no_room_failures: BTreeMap<(u8, u8), u64>,
    counters: Option<Box<Counters>>,
    /// Tallies, failures and histograms of their own that the last reading found.
    found: (u64, u64, u64),
}

#[derive(Clone)]
struct Counters {
    sent: Vec<u64>,
    lost: Vec<[u64; 16]>,
}

/// One past the highest slot that is shared between keys.
const SHARED_SLOTS: u32 = 2 * Limit::PODTRACE_KINDS.0;

impl Drain {
    pub(super) fn new(plan: &Plan) -> Result<Self, ProbeError> {
        let cpus = libbpf_rs::num_possible_cpus()
            .map_err(|error| ProbeError::Table { table: "tallies".into(), reason: error.to_string() })?;
        Ok(Self {
            cpus,
            timed: plan.kinds.iter().filter(|kind| kind.duration.is_some()).map(|kind| kind.id.0).collect(),
            generation: 0,
            histograms: BTreeMap::new(),
            no_room: BTreeMap::new(),
            no_room_failures: BTreeMap::new(),
            counters: None,
            found: (0, 0, 0),
        })
    }

    /// Ends the current generation and reads it.
    pub(super) fn drain(&mut self, skeleton: &mut PodtraceSkel<'static>) -> Result<Drained, ProbeError> {
        let old = self.flip(skeleton);
        self.found = (0, 0, 0);
        let mut drained = Drained::default();
        let mut deltas = self.tallies(skeleton, old)?;
        self.shared_histograms(skeleton, old, &mut deltas)?;
        self.failures(skeleton, old, &mut deltas)?;
        drained.tallies = deltas.into_values().collect();
        self.counters(skeleton, &mut drained)?;
        Ok(drained)
    }

    /// How full the tables were that are emptied here, by name: entries and room.
    pub(super) fn fill(&self, skeleton: &PodtraceSkel<'static>) -> [(&'static str, u64, u64); 3] {
        let maps = &skeleton.maps;
        let (tallies, failures, histograms) = self.found;
        [
            ("tallies", tallies, u64::from(maps.tallies.max_entries())),
            ("failures", failures, u64::from(maps.failures.max_entries())),
            // Those that every kind has do not count.
            ("histograms", histograms, u64::from(maps.free_slots.max_entries())),
        ]
    }

    /// Makes the other generation current, and waits until nobody adds to the old one any more.
    fn flip(&mut self, skeleton: &mut PodtraceSkel<'static>) -> u8 {
        let old = self.generation;
        self.generation = self.generation.wrapping_add(1);
        if let Some(bss) = skeleton.maps.bss_data.as_deref_mut() {
            // SAFETY: the field is an aligned u32 in memory that the kernel shares with us for as long as the skeleton
            // lives; programs only read it.
            unsafe { ptr::write_volatile(&raw mut bss.generation, self.generation) };
        }
        wait_for_programs();
        (old & 1) as u8
    }

    /// The tallies of a generation, which are removed.
    fn tallies(
        &mut self,
        skeleton: &PodtraceSkel<'static>,
        old: u8,
    ) -> Result<BTreeMap<TallyKey, TallyDelta>, ProbeError> {
        let table = &skeleton.maps.tallies;
        let mut found: Vec<(types::podtrace_tally_key, Sums, Vec<u32>)> = Vec::new();
        let size = size_of::<types::podtrace_tally>();
        let mut entries = 0;
        table::for_each(table, Some(self.cpus), |key: types::podtrace_tally_key, bytes| {
            entries += 1;
            if key.generation == old {
                let copies = || bytes.chunks_exact(size).filter_map(wire::read::<types::podtrace_tally>);
                let slots = copies().map(|copy| copy.slot).filter(|slot| *slot >= SHARED_SLOTS).collect();
                found.push((key, copies().fold(Sums::default(), Sums::plus), slots));
            }
        })?;
        self.found.0 = entries;
        let mut deltas = BTreeMap::new();
        let mut done = Vec::new();
        for (key, sums, slots) in found {
            let mut delta = empty(key_of(&key));
            let mut sums = sums;
            if is_no_room(key.process, key.object) {
                let before = self.no_room.insert((key.kind, key.generation), sums).unwrap_or_default();
                delta.count = sums.count - before.count;
                delta.amount = sums.amount - before.amount;
                delta.total_ns = sums.total_ns - before.total_ns;
                delta.max_ns = sums.max_ns;
                if delta.count == 0 {
                    continue;
                }
            } else {
                done.push(key);
                self.found.2 += slots.len() as u64;
                for slot in slots {
                    let (own, histogram) = self.histogram(skeleton, slot)?;
                    sums = sums.and(own);
                    delta.histogram.merge(&histogram);
                    give_back(&skeleton.maps.free_slots, slot)?;
                }
                delta.count = sums.count;
                delta.amount = sums.amount;
                delta.total_ns = sums.total_ns;
                delta.max_ns = sums.max_ns;
            }
            deltas.insert(delta.key, delta);
        }
        table::delete(table, &done)?;
        Ok(deltas)
    }

    /// What a key counted in a slot beside its tallies, and what was added to its histogram since it was last read.
    fn histogram(&mut self, skeleton: &PodtraceSkel<'static>, slot: u32) -> Result<(Sums, Histogram), ProbeError> {
        let table = &skeleton.maps.histograms;
        let found = table.lookup(&slot.to_ne_bytes(), MapFlags::ANY).map_err(|error| failed(table, error))?;
        let found = found.and_then(|bytes| wire::read::<types::podtrace_histogram>(&bytes));
        let own = found.as_ref().map_or(Sums::default(), |slot| Sums {
            count: slot.count,
            amount: slot.amount,
            total_ns: slot.total_ns,
            max_ns: slot.max_ns,
        });
        let now = Box::new(found.map_or([0; BUCKETS], |histogram| histogram.buckets));
        let before = self.histograms.get(&slot);
        let added = now.iter().enumerate().map(|(bucket, count)| {
            let before = before.map_or(0, |before| before[bucket]);
            (bucket as u16, u64::from(count.wrapping_sub(before)))
        });
        let histogram = Histogram::from_buckets(added);
        self.histograms.insert(slot, now);
        Ok((own, histogram))
    }

    /// The histograms of keys that have none of their own.
    fn shared_histograms(
        &mut self,
        skeleton: &PodtraceSkel<'static>,
        old: u8,
        deltas: &mut BTreeMap<TallyKey, TallyDelta>,
    ) -> Result<(), ProbeError> {
        for kind in self.timed.clone() {
            let (_, histogram) =
                self.histogram(skeleton, u32::from(kind) + u32::from(old) * Limit::PODTRACE_KINDS.0)?;
            if histogram.is_empty() {
                continue;
            }
            let key = no_room_key(kind);
            deltas.entry(key).or_insert_with(|| empty(key)).histogram = histogram;
        }
        Ok(())
    }

    /// The failures of a generation, which are removed.
    fn failures(
        &mut self,
        skeleton: &PodtraceSkel<'static>,
        old: u8,
        deltas: &mut BTreeMap<TallyKey, TallyDelta>,
    ) -> Result<(), ProbeError> {
        let table = &skeleton.maps.failures;
        let mut done = Vec::new();
        let mut entries = 0;
        table::for_each(table, None, |key: types::podtrace_error_key, bytes| {
            entries += 1;
            let Some(total) = bytes.first_chunk::<8>().map(|bytes| u64::from_ne_bytes(*bytes)) else { return };
            if key.generation != u32::from(old) {
                return;
            }
            let mut count = total;
            if is_no_room(key.process, key.object) {
                count -= self.no_room_failures.insert((key.kind, old), total).unwrap_or(0);
            } else {
                done.push(key);
            }
            if count > 0 {
                let tally = TallyKey {
                    kind: KindId(key.kind),
                    detail: key.detail,
                    process: ProcessId(key.process),
                    object: ObjectId(key.object),
                };
                let delta = deltas.entry(tally).or_insert_with(|| empty(tally));
                delta.errors.push(ErrorCount { errno: key.number, count });
            }
        })?;
        self.found.1 = entries;
        for delta in deltas.values_mut() {
            delta.errors.sort_unstable_by_key(|error| error.errno);
        }
        table::delete(table, &done)
    }

    fn counters(&mut self, skeleton: &PodtraceSkel<'static>, drained: &mut Drained) -> Result<(), ProbeError> {
        let kinds = Limit::PODTRACE_KINDS.0 as usize;
        let mut now = Counters { sent: vec![0; kinds], lost: vec![[0; 16]; kinds] };
        for copy in table::copies::<types::podtrace_counters>(&skeleton.maps.counters, 0)? {
            for kind in 0..kinds {
                now.sent[kind] += copy.sent[kind];
                for (sum, lost) in now.lost[kind].iter_mut().zip(copy.lost[kind]) {
                    *sum += lost;
                }
            }
        }
        for kind in 0..kinds {
            let before = self.counters.as_ref();
            let id = KindId(kind as u8);
            let sent = now.sent[kind] - before.map_or(0, |before| before.sent[kind]);
            if sent > 0 {
                drained.sent.push((id, sent));
            }
            for (at, cause) in LossCause::ALL.into_iter().enumerate() {
                let count = now.lost[kind][at] - before.map_or(0, |before| before.lost[kind][at]);
                if count > 0 {
                    drained.losses.push(Loss { kind: (kind > 0).then_some(id), cause, count });
                }
            }
        }
        self.counters = Some(Box::new(now));
        Ok(())
    }
}

/// Waits until every program that is running now has ended. Programs run inside RCU read sections, and this barrier
/// waits for those; with one CPU online there is nothing to wait for, because then we are running and they are not.
pub(super) fn wait_for_programs() {
    const MEMBARRIER_CMD_GLOBAL: libc::c_int = 1;
    // SAFETY: the call takes no pointers.
    let result = unsafe { libc::syscall(libc::SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) };
    if result != 0 {
        // Not offered (full-tickless CPUs): a program takes microseconds, so this is far longer than any.
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

fn is_no_room(process: u32, object: u64) -> bool {
    process == 0 && object == ObjectId::OTHER.0
}

fn no_room_key(kind: u8) -> TallyKey {
    TallyKey { kind: KindId(kind), detail: 0, process: ProcessId::UNKNOWN, object: ObjectId::OTHER }
}

fn key_of(key: &types::podtrace_tally_key) -> TallyKey {
    TallyKey {
        kind: KindId(key.kind),
        detail: key.detail,
        process: ProcessId(key.process),
        object: ObjectId(key.object),
    }
}

fn empty(key: TallyKey) -> TallyDelta {
    TallyDelta { key, count: 0, amount: 0, total_ns: 0, max_ns: 0, histogram: Histogram::default(), errors: Vec::new() }
}
