//! Findings in words.
