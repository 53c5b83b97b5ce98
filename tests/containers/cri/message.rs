//! Messages of the CRI that make, end and look into pods (`runtime.v1`, `api.proto` of cri-api), with the fields that are
//! used here. podtrace itself has only those that ask.

use std::collections::HashMap;

/// Labels and annotations.
pub(crate) type Words = HashMap<String, String>;

/// `PodSandboxMetadata`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct PodSandboxMetadata {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) uid: String,
    #[prost(string, tag = "3")]
    pub(crate) namespace: String,
    #[prost(uint32, tag = "4")]
    pub(crate) attempt: u32,
}

/// `LinuxPodSandboxConfig`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct LinuxPodSandboxConfig {
    #[prost(string, tag = "1")]
    pub(crate) cgroup_parent: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) security_context: Option<SandboxSecurityContext>,
}

/// `LinuxSandboxSecurityContext`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct SandboxSecurityContext {
    #[prost(message, optional, tag = "1")]
    pub(crate) namespaces: Option<NamespaceOption>,
}

/// `LinuxContainerConfig`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct LinuxContainerConfig {
    #[prost(message, optional, tag = "2")]
    pub(crate) security_context: Option<ContainerSecurityContext>,
}

/// `LinuxContainerSecurityContext`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct ContainerSecurityContext {
    #[prost(message, optional, tag = "3")]
    pub(crate) namespaces: Option<NamespaceOption>,
}

/// `NamespaceOption`: whose namespace of each sort is used, as `NamespaceMode`; the pod's where nothing is said.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct NamespaceOption {
    #[prost(int32, tag = "2")]
    pub(crate) pid: i32,
}

impl NamespaceOption {
    /// What kubelets say of most pods: network of the pod, process ids of each container (`CONTAINER`) its own.
    pub(crate) fn usual() -> Self {
        Self { pid: 1 }
    }
}

/// `PodSandboxConfig`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct PodSandboxConfig {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<PodSandboxMetadata>,
    #[prost(string, tag = "2")]
    pub(crate) hostname: String,
    #[prost(string, tag = "3")]
    pub(crate) log_directory: String,
    #[prost(map = "string, string", tag = "6")]
    pub(crate) labels: Words,
    #[prost(map = "string, string", tag = "7")]
    pub(crate) annotations: Words,
    #[prost(message, optional, tag = "8")]
    pub(crate) linux: Option<LinuxPodSandboxConfig>,
}

/// `RunPodSandboxRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct RunPodSandboxRequest {
    #[prost(message, optional, tag = "1")]
    pub(crate) config: Option<PodSandboxConfig>,
}

/// `RunPodSandboxResponse`, `CreateContainerResponse`; and the requests that name one container or one sandbox.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct Named {
    #[prost(string, tag = "1")]
    pub(crate) id: String,
}

/// `StopContainerRequest`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct StopContainerRequest {
    #[prost(string, tag = "1")]
    pub(crate) container_id: String,
    /// Seconds between SIGTERM and SIGKILL.
    #[prost(int64, tag = "2")]
    pub(crate) timeout: i64,
}

/// An answer without anything in it.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct Empty {}

/// `ContainerMetadata`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct ContainerMetadata {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(uint32, tag = "2")]
    pub(crate) attempt: u32,
}

/// `ImageSpec`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct ImageSpec {
    #[prost(string, tag = "1")]
    pub(crate) image: String,
}

/// `Mount`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct Mount {
    #[prost(string, tag = "1")]
    pub(crate) container_path: String,
    #[prost(string, tag = "2")]
    pub(crate) host_path: String,
}

/// `ContainerConfig`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ContainerConfig {
    #[prost(message, optional, tag = "1")]
    pub(crate) metadata: Option<ContainerMetadata>,
    #[prost(message, optional, tag = "2")]
    pub(crate) image: Option<ImageSpec>,
    #[prost(string, repeated, tag = "3")]
    pub(crate) command: Vec<String>,
    #[prost(message, repeated, tag = "7")]
    pub(crate) mounts: Vec<Mount>,
    #[prost(map = "string, string", tag = "9")]
    pub(crate) labels: Words,
    #[prost(map = "string, string", tag = "10")]
    pub(crate) annotations: Words,
    #[prost(string, tag = "11")]
    pub(crate) log_path: String,
    #[prost(message, optional, tag = "15")]
    pub(crate) linux: Option<LinuxContainerConfig>,
}

/// `CreateContainerRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct CreateContainerRequest {
    #[prost(string, tag = "1")]
    pub(crate) pod_sandbox_id: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) config: Option<ContainerConfig>,
    #[prost(message, optional, tag = "3")]
    pub(crate) sandbox_config: Option<PodSandboxConfig>,
}

/// `ContainerStatus`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct ContainerStatus {
    /// `ContainerState`: created 0, running 1, exited 2, unknown 3.
    #[prost(int32, tag = "3")]
    pub(crate) state: i32,
    #[prost(int32, tag = "7")]
    pub(crate) exit_code: i32,
}

impl ContainerStatus {
    /// Whether it runs.
    pub(crate) fn runs(&self) -> bool {
        self.state == 1
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.state == 2
    }
}

/// `ContainerStatusResponse`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct ContainerStatusResponse {
    #[prost(message, optional, tag = "1")]
    pub(crate) status: Option<ContainerStatus>,
}

/// `ExecSyncRequest`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct ExecSyncRequest {
    #[prost(string, tag = "1")]
    pub(crate) container_id: String,
    #[prost(string, repeated, tag = "2")]
    pub(crate) command: Vec<String>,
    /// Seconds.
    #[prost(int64, tag = "3")]
    pub(crate) timeout: i64,
}

/// `ExecSyncResponse`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct ExecSyncResponse {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) output: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) errors: Vec<u8>,
    #[prost(int32, tag = "3")]
    pub(crate) exit_code: i32,
}

/// `ListPodSandboxRequest` without a filter, `VersionRequest` without a version.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct ListRequest {}

/// `ListPodSandboxResponse`, with the ids alone.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct ListPodSandboxResponse {
    #[prost(message, repeated, tag = "1")]
    pub(crate) items: Vec<Named>,
}

/// `ImageStatusRequest`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct ImageStatusRequest {
    #[prost(message, optional, tag = "1")]
    pub(crate) image: Option<ImageSpec>,
}

/// `ImageStatusResponse`: empty where there is no such image.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct ImageStatusResponse {
    #[prost(message, optional, tag = "1")]
    pub(crate) image: Option<Named>,
}

/// `VersionResponse`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct VersionResponse {
    #[prost(string, tag = "3")]
    pub(crate) runtime_version: String,
}
