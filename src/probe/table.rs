//! Reading whole tables of the kernel in few system calls.

use std::os::fd::AsRawFd;

use libbpf_rs::MapCore;
use libbpf_rs::MapFlags;
use libbpf_rs::libbpf_sys;
use nix::errno::Errno;

use super::ProbeError;
use crate::wire;
use crate::wire::Plain;

/// The error of an operation on a table.
pub(super) fn failed(map: &impl MapCore, reason: impl ToString) -> ProbeError {
    ProbeError::Table { table: map.name().to_string_lossy().into_owned(), reason: reason.to_string() }
}

/// Entries read at once; a hash's bucket must fit into one reading.
const BATCH: usize = 4096;

/// Bytes of a value as a batch gives it: per-CPU values are padded to 8 bytes, one for each possible CPU.
fn value_bytes(map: &impl MapCore, cpus: Option<usize>) -> usize {
    let size = map.value_size() as usize;
    cpus.map_or(size, |cpus| size.next_multiple_of(8) * cpus)
}

/// How many entries a hash has.
pub(super) fn entries(map: &impl MapCore, cpus: Option<usize>) -> Result<u64, ProbeError> {
    let mut count = 0;
    for_each_entry(map, cpus, |_, _| count += 1)?;
    Ok(count)
}

/// Calls `each` with the key and the value's bytes of every entry of a hash. `cpus` is the number of possible CPUs for
/// a per-CPU hash.
pub(super) fn for_each<K: Plain>(
    map: &impl MapCore,
    cpus: Option<usize>,
    mut each: impl FnMut(K, &[u8]),
) -> Result<(), ProbeError> {
    for_each_entry(map, cpus, |key, value| {
        if let Some(key) = wire::read::<K>(key) {
            each(key, value);
        }
    })
}

fn for_each_entry(
    map: &impl MapCore,
    cpus: Option<usize>,
    mut each: impl FnMut(&[u8], &[u8]),
) -> Result<(), ProbeError> {
    let key_size = map.key_size() as usize;
    let value_size = value_bytes(map, cpus);
    let capacity = BATCH.min(map.max_entries() as usize).max(64);
    let mut keys = vec![0u8; capacity * key_size];
    let mut values = vec![0u8; capacity * value_size];
    // The kernel's cursor: for a hash, the number of a bucket.
    let mut cursor = [0u8; 64];
    let mut begun = false;
    loop {
        let mut count = capacity as u32;
        let mut next = cursor;
        let input = if begun { cursor.as_mut_ptr() } else { std::ptr::null_mut() };
        // SAFETY: the buffers hold `capacity` keys and values of the sizes the map has, and the cursors 64 bytes, more
        // than any hash's; the kernel writes at most `count` entries and reports how many it wrote.
        let result = unsafe {
            libbpf_sys::bpf_map_lookup_batch(
                map.as_fd().as_raw_fd(),
                input.cast(),
                next.as_mut_ptr().cast(),
                keys.as_mut_ptr().cast(),
                values.as_mut_ptr().cast(),
                &raw mut count,
                std::ptr::null(),
            )
        };
        let at_end = result == -(Errno::ENOENT as i32);
        if result != 0 && !at_end {
            return Err(failed(map, Errno::from_raw(-result)));
        }
        for entry in 0..count as usize {
            let value = &values[entry * value_size..(entry + 1) * value_size];
            each(&keys[entry * key_size..(entry + 1) * key_size], value);
        }
        if at_end {
            return Ok(());
        }
        cursor = next;
        begun = true;
    }
}

/// Removes entries from a hash; those that are gone already do not matter.
pub(super) fn delete<K: Plain>(map: &impl MapCore, keys: &[K]) -> Result<(), ProbeError> {
    for key in keys {
        if let Err(error) = map.delete(wire::bytes(key))
            && error.kind() != libbpf_rs::ErrorKind::NotFound
        {
            return Err(failed(map, error));
        }
    }
    Ok(())
}

/// The copies of a per-CPU array's entry.
pub(super) fn copies<T: Plain>(map: &impl MapCore, index: u32) -> Result<Vec<T>, ProbeError> {
    let found = map.lookup_percpu(&index.to_ne_bytes(), MapFlags::ANY).map_err(|error| failed(map, error))?;
    Ok(found.unwrap_or_default().iter().filter_map(|bytes| wire::read::<T>(bytes)).collect())
}
