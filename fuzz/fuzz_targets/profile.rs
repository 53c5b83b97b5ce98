//! Any text is a profile or a report of mistakes: no panic, no overflowed stack, no place outside of the text.
//!
//! `cargo fuzz run profile -- -max_len=65536 -timeout=10`

#![no_main]

use libfuzzer_sys::fuzz_target;
use podtrace::families;
use podtrace::profile::Profile;

fuzz_target!(|text: &str| {
    let vocabulary = families::vocabulary();
    match Profile::parse("fuzz", text, &vocabulary) {
        Ok(profile) => {
            assert!(!profile.explain(&vocabulary).is_empty());
            assert_eq!(Profile::from_sources(&profile.sources, &vocabulary).ok(), Some(profile));
        }
        Err(error) => assert!(!error.render(100, false).is_empty()),
    }
});
