//! Thresholds over hand-built windows.
