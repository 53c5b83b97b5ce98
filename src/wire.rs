//! What crosses from the kernel: types and constants generated from the BTF of the compiled object.
//!
//! The definitions and their meanings are in `bpf/include/podtrace/`; nothing is mirrored by hand. The skeleton, which
//! loads the object, is generated beside them and used by [`crate::probe`] alone.

/// The generated skeleton.
#[allow(missing_docs, missing_debug_implementations, unreachable_pub, clippy::all, clippy::undocumented_unsafe_blocks)]
mod skeleton {
    include!(concat!(env!("OUT_DIR"), "/podtrace.skel.rs"));
}

pub(crate) use skeleton::OpenPodtraceSkel;
pub(crate) use skeleton::PodtraceSkel;
pub(crate) use skeleton::PodtraceSkelBuilder;
pub use skeleton::types;

use crate::event::KindId;

/// A kind's number, from the generated constant.
pub(crate) const fn kind(number: u32) -> KindId {
    assert!(number < types::podtrace_limit::PODTRACE_KINDS.0, "kind numbers are below PODTRACE_KINDS");
    KindId(number as u8)
}

/// A type whose every bit pattern is a value and that has no padding: bytes from the kernel can be read as it.
///
/// # Safety
/// The type consists of integers and arrays of integers only, and `size_of` is the sum of its fields.
pub(crate) unsafe trait Plain: Copy {}

/// Declares generated types plain, after checking their size against the C side's own assertion.
macro_rules! plain {
    ($($name:ident: $size:expr),* $(,)?) => {$(
        const _: () = assert!(size_of::<types::$name>() == $size);
        // SAFETY: fixed-width integers and arrays of them, padding made explicit in C, size checked above.
        unsafe impl Plain for types::$name {}
    )*};
}

plain! {
    podtrace_event: 56,
    podtrace_process: 64,
    podtrace_exec: 848,
    podtrace_left: 24,
    podtrace_cgroup: 288,
    podtrace_given_path: 272,
    podtrace_peer: 40,
    podtrace_tally_key: 16,
    podtrace_tally: 40,
    podtrace_histogram: 2080,
    podtrace_error_key: 24,
    podtrace_counters: 128 * 8 + 128 * 16 * 8,
    podtrace_member: 16,
    podtrace_target: 4,
}

// SAFETY: an integer.
unsafe impl Plain for u64 {}

/// Reads a plain value from the front of `bytes`; `None` if there are too few.
pub(crate) fn read<T: Plain>(bytes: &[u8]) -> Option<T> {
    if bytes.len() < size_of::<T>() {
        return None;
    }
    // SAFETY: the length was checked, `Plain` types take every bit pattern, and the read is unaligned.
    Some(unsafe { bytes.as_ptr().cast::<T>().read_unaligned() })
}

/// The bytes of a plain value, as a map's key or value.
pub(crate) fn bytes<T: Plain>(value: &T) -> &[u8] {
    // SAFETY: `Plain` types have no padding, so all their bytes are initialised.
    unsafe { std::slice::from_raw_parts(std::ptr::from_ref(value).cast::<u8>(), size_of::<T>()) }
}

#[cfg(test)]
mod tests {
    use super::types;
    use crate::event::LossCause;
    use crate::event::histogram;

    /// Check that constants which both sides need to agree on are equal.
    #[test]
    fn both_sides_agree() {
        assert_eq!(types::podtrace_limit::PODTRACE_BUCKETS.0 as usize, histogram::BUCKETS);
        assert_eq!(types::podtrace_limit::PODTRACE_KINDS.0 as usize, crate::event::kind::KIND_IDS);
        assert_eq!(types::podtrace_errno::PODTRACE_ABANDONED.0, u32::from(crate::event::ABANDONED));
        let causes = [
            (types::podtrace_cause::PODTRACE_RING_FULL, LossCause::RingFull),
            (types::podtrace_cause::PODTRACE_TALLY_FULL, LossCause::TallyFull),
            (types::podtrace_cause::PODTRACE_PROCESS_TABLE_FULL, LossCause::ProcessTableFull),
            (types::podtrace_cause::PODTRACE_CONNECTION_TABLE_FULL, LossCause::ConnectionTableFull),
            (types::podtrace_cause::PODTRACE_STATE_LOST, LossCause::StateLost),
            (types::podtrace_cause::PODTRACE_UNREADABLE, LossCause::Unreadable),
            (types::podtrace_cause::PODTRACE_DEFINITION_LOST, LossCause::DefinitionLost),
            (types::podtrace_cause::PODTRACE_PATH_TRUNCATED, LossCause::PathTruncated),
            (types::podtrace_cause::PODTRACE_COMPAT_SYSCALL, LossCause::CompatSyscall),
            (types::podtrace_cause::PODTRACE_IO_URING, LossCause::IoUring),
            (types::podtrace_cause::PODTRACE_PROBE_SKIPPED, LossCause::ProbeSkipped),
        ];
        for (kernel, here) in causes {
            assert_eq!(LossCause::ALL[kernel.0 as usize], here);
        }
    }
}
