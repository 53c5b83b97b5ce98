//! The messages of the CRI that are used, with the fields that are read (`runtime.v1`, `api.proto` of cri-api). Fields that
//! are not named here are skipped.

use std::collections::HashMap;

use super::super::pod::ContainerState;

/// `VersionRequest`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct VersionRequest {
    /// The version of the interface that the client speaks.
    #[prost(string, tag = "1")]
    pub(super) version: String,
}

/// `VersionResponse`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct VersionResponse {
    #[prost(string, tag = "2")]
    pub(super) runtime_name: String,
    #[prost(string, tag = "3")]
    pub(super) runtime_version: String,
    #[prost(string, tag = "4")]
    pub(super) runtime_api_version: String,
}

/// `ListPodSandboxRequest`, `ListContainersRequest`: without a filter.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct ListRequest {}

/// `ListPodSandboxResponse`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ListPodSandboxResponse {
    #[prost(message, repeated, tag = "1")]
    pub(super) items: Vec<PodSandbox>,
}

/// `PodSandbox`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct PodSandbox {
    #[prost(string, tag = "1")]
    pub(super) id: String,
    #[prost(message, optional, tag = "2")]
    pub(super) metadata: Option<PodSandboxMetadata>,
    /// `PodSandboxState`: 0 is ready.
    #[prost(int32, tag = "3")]
    pub(super) state: i32,
    #[prost(map = "string, string", tag = "5")]
    pub(super) labels: HashMap<String, String>,
}

impl PodSandbox {
    /// Whether it is in use.
    pub(super) fn is_ready(&self) -> bool {
        self.state == 0
    }
}

/// `PodSandboxMetadata`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct PodSandboxMetadata {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "2")]
    pub(super) uid: String,
    #[prost(string, tag = "3")]
    pub(super) namespace: String,
}

/// `ListContainersResponse`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ListContainersResponse {
    #[prost(message, repeated, tag = "1")]
    pub(super) containers: Vec<ContainerMessage>,
}

/// `Container`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ContainerMessage {
    #[prost(string, tag = "1")]
    pub(super) id: String,
    #[prost(string, tag = "2")]
    pub(super) pod_sandbox_id: String,
    #[prost(message, optional, tag = "3")]
    pub(super) metadata: Option<ContainerMetadata>,
    /// `ContainerState`: created 0, running 1, exited 2, unknown 3.
    #[prost(int32, tag = "6")]
    pub(super) state: i32,
    #[prost(map = "string, string", tag = "8")]
    pub(super) labels: HashMap<String, String>,
    #[prost(map = "string, string", tag = "9")]
    pub(super) annotations: HashMap<String, String>,
}

impl ContainerMessage {
    /// What it does.
    pub(super) fn state(&self) -> ContainerState {
        match self.state {
            0 => ContainerState::Waiting("created, not started".into()),
            1 => ContainerState::Running,
            2 => ContainerState::Ended(None),
            _ => ContainerState::Waiting("unknown to the runtime".into()),
        }
    }
}

/// `ContainerMetadata`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct ContainerMetadata {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(uint32, tag = "2")]
    pub(super) attempt: u32,
}

/// `ContainerStatusRequest`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct ContainerStatusRequest {
    #[prost(string, tag = "1")]
    pub(super) container_id: String,
    #[prost(bool, tag = "2")]
    pub(super) verbose: bool,
}

/// `ContainerStatusResponse`, without the status itself.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct ContainerStatusResponse {
    /// What the runtime tells on its own account; containerd and CRI-O have JSON under `info`.
    #[prost(map = "string, string", tag = "2")]
    pub(super) info: HashMap<String, String>,
}
