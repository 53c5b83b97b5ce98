//! Every figure compared with what truly happened: known workloads, traced, their own account against the report.
//!
//! Root is needed. A test that compares nothing fails.

#[path = "../rig/rig.rs"]
mod rig;

mod bystanders;
mod comparison;
mod completeness;
mod file;
mod generator;
mod path;
mod process;
mod recording;
mod rules;
mod sched;
mod shows;
mod targets;
mod tcp;
mod tcp_faults;
mod udp;
