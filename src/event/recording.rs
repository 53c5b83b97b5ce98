//! Recordings: a session, its items and its ending in a file.
