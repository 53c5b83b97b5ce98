//! Reports from hand-built items.
