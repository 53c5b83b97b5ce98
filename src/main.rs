//! podtrace
fn main() {}
