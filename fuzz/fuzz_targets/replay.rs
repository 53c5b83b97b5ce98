//! Whatever a recording says, replaying it gives a report or an error: no panic, no endless loop, no memory without bound.
//!
//! What is changed is what a recording holds, not its bytes: each input is unpacked, mutated, and packed again with right
//! lengths and checksums. So what is found in `fuzz/artifacts` can be given to `podtrace replay`.
//!
//! `./dev fuzz replay`

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_mutator;
use libfuzzer_sys::fuzz_target;
use libfuzzer_sys::fuzzer_mutate;
use podtrace::pipeline;
use podtrace::pipeline::Judges;
use podtrace::pipeline::Quiet;
use podtrace::report::render;
use podtrace::report::render::TextOptions;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, _seed: u32| {
    let mut unpacked = podtrace_fuzz::unpack(&data[..size]);
    let length = unpacked.len();
    // Room to grow.
    unpacked.resize(length + 256, 0);
    let mutated = fuzzer_mutate(&mut unpacked, length, length + 256);
    let packed = podtrace_fuzz::pack(&unpacked[..mutated]);
    let kept = packed.len().min(max_size).min(data.len());
    data[..kept].copy_from_slice(&packed[..kept]);
    kept
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(outcome) = pipeline::replay_bytes(bytes, Path::new("fuzz"), &Judges::default(), &mut Quiet) else { return };
    let json = render::json(&outcome.report);
    assert!(json.starts_with('{'));
    let _text = render::text(&outcome.report, &TextOptions::default());
});
