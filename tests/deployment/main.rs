//! What podtrace is installed with, held against podtrace: manifests for Kubernetes, its rights there, completions.

#[path = "../stand_ins/api_server.rs"]
mod api_server;
mod completion;
mod kubectl;
mod manifests;
mod rbac;
