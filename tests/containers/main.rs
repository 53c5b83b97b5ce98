//! Pods as they are on nodes: real containers by containerd and runc, made over the CRI as a kubelet makes them, traced by
//! their names, every figure compared with what their containers say they did.
//!
//! Root is needed, and the Debian packages that `lab.rs` names. Everything runs in folders, a network namespace and
//! cgroups of the test's own, and goes with it.

#[path = "../stand_ins/api_server.rs"]
mod api_server;
mod belonging;
mod cri;
mod held;
mod lab;
mod lives;
mod node;
mod pod;
mod refusals;
#[path = "../rig/rig.rs"]
mod rig;
mod separately;
mod watch;
