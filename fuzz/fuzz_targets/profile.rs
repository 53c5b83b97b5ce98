//! Any text is a profile or a report of mistakes: no panic, no overflowed stack, no place outside of the text.
//!
//! `./dev fuzz profile`

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use podtrace::pipeline;
use podtrace::profile::Profile;
use podtrace::profile::Vocabulary;

/// Rules are read once.
static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(pipeline::vocabulary);

fuzz_target!(|text: &str| {
    let vocabulary = &*VOCABULARY;
    match Profile::parse("fuzz", text, vocabulary) {
        Ok(profile) => {
            assert!(!profile.explain(vocabulary).is_empty());
            assert_eq!(Profile::from_sources(&profile.sources, vocabulary).ok(), Some(profile));
        }
        Err(error) => assert!(!error.render(100, false).is_empty()),
    }
});
