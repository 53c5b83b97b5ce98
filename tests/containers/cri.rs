//! The container runtime interface as a kubelet uses it: makes pods and containers, ends them, runs programs in them.

pub(crate) mod message;

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::uri::PathAndQuery;
use hyper_util::rt::TokioIo;
use prost::Message;
use tokio::net::UnixStream;
use tonic::Status;
use tonic::client::Grpc;
use tonic::transport::Channel;
use tonic::transport::Endpoint;
use tonic::transport::Uri;
use tonic_prost::ProstCodec;
use tower::service_fn;

use message::ContainerStatus;
use message::ContainerStatusResponse;
use message::CreateContainerRequest;
use message::Empty;
use message::ExecSyncRequest;
use message::ExecSyncResponse;
use message::ImageSpec;
use message::ImageStatusRequest;
use message::ImageStatusResponse;
use message::ListPodSandboxResponse;
use message::ListRequest;
use message::Named;
use message::PodSandboxConfig;
use message::RunPodSandboxRequest;
use message::StopContainerRequest;
use message::VersionResponse;

use crate::rig;

/// A connection to a runtime.
#[derive(Debug)]
pub(crate) struct Cri {
    executor: tokio::runtime::Runtime,
    channel: Channel,
}

impl Cri {
    /// Connects, lazily.
    pub(crate) fn new(socket: &Path) -> Self {
        let executor = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("an executor");
        let path: PathBuf = socket.to_owned();
        let connector = service_fn(move |_: Uri| {
            let path = path.clone();
            async move { UnixStream::connect(path).await.map(TokioIo::new) }
        });
        let entered = executor.enter();
        let channel = Endpoint::from_static("http://localhost").connect_with_connector_lazy(connector);
        drop(entered);
        Self { executor, channel }
    }

    /// `ListPodSandbox`: their ids; an error while the runtime does not answer yet.
    pub(crate) fn sandboxes(&self) -> Result<Vec<String>, Status> {
        let answer: ListPodSandboxResponse = self.call("ListPodSandbox", ListRequest {})?;
        Ok(answer.items.into_iter().map(|item| item.id).collect())
    }

    /// `Version`: the runtime's.
    pub(crate) fn version(&self) -> String {
        let answer: VersionResponse = self.must("Version", ListRequest {});
        answer.runtime_version
    }

    /// `ImageStatus`: whether there is such an image.
    pub(crate) fn has_image(&self, image: &str) -> bool {
        let image = Some(ImageSpec { image: image.to_owned() });
        let answer: Result<ImageStatusResponse, _> =
            self.call_of("ImageService", "ImageStatus", ImageStatusRequest { image });
        answer.is_ok_and(|answer| answer.image.is_some())
    }

    /// `RunPodSandbox`: its id.
    pub(crate) fn run_sandbox(&self, config: &PodSandboxConfig) -> String {
        let answer: Named = self.must("RunPodSandbox", RunPodSandboxRequest { config: Some(config.clone()) });
        answer.id
    }

    /// `StopPodSandbox` and `RemovePodSandbox`, with all that is in it; what fails is returned, for a lab that ends.
    pub(crate) fn remove_sandbox(&self, id: &str) -> Result<(), Status> {
        let named = Named { id: id.to_owned() };
        let _: Empty = self.call("StopPodSandbox", named.clone())?;
        let _: Empty = self.call("RemovePodSandbox", named)?;
        Ok(())
    }

    /// `CreateContainer`: its id.
    pub(crate) fn create(&self, request: CreateContainerRequest) -> String {
        let answer: Named = self.must("CreateContainer", request);
        answer.id
    }

    /// `StartContainer`.
    pub(crate) fn start(&self, id: &str) {
        let _: Empty = self.must("StartContainer", Named { id: id.to_owned() });
    }

    /// `StopContainer`, by SIGKILL at once.
    pub(crate) fn kill(&self, id: &str) {
        let request = StopContainerRequest { container_id: id.to_owned(), timeout: 0 };
        let _: Empty = self.must("StopContainer", request);
    }

    /// `RemoveContainer`.
    pub(crate) fn remove(&self, id: &str) {
        let _: Empty = self.must("RemoveContainer", Named { id: id.to_owned() });
    }

    /// `ContainerStatus`.
    pub(crate) fn status(&self, id: &str) -> ContainerStatus {
        let answer: ContainerStatusResponse = self.must("ContainerStatus", Named { id: id.to_owned() });
        answer.status.expect("a container has a status")
    }

    /// `ExecSync`: what a program run in a container printed; it must end well.
    pub(crate) fn exec(&self, id: &str, command: &[String]) -> String {
        let request = ExecSyncRequest {
            container_id: id.to_owned(),
            command: command.to_vec(),
            timeout: rig::patience().as_secs().cast_signed(),
        };
        let answer: ExecSyncResponse = self.must("ExecSync", request);
        let errors = String::from_utf8_lossy(&answer.errors);
        assert_eq!(answer.exit_code, 0, "`{}` failed in container {id}:\n{errors}", command.join(" "));
        String::from_utf8_lossy(&answer.output).into_owned()
    }

    fn must<Q, A>(&self, call: &str, request: Q) -> A
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        self.call(call, request).unwrap_or_else(|status| panic!("the runtime refuses `{call}`: {}", status.message()))
    }

    fn call<Q, A>(&self, call: &str, request: Q) -> Result<A, Status>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        self.call_of("RuntimeService", call, request)
    }

    fn call_of<Q, A>(&self, service: &str, call: &str, request: Q) -> Result<A, Status>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let mut grpc = Grpc::new(self.channel.clone());
        let answer = async {
            grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
            let path = PathAndQuery::try_from(format!("/runtime.v1.{service}/{call}")).expect("a path");
            let codec: ProstCodec<Q, A> = ProstCodec::default();
            grpc.unary(tonic::Request::new(request), path, codec).await.map(tonic::Response::into_inner)
        };
        let late = |_| Status::deadline_exceeded("no answer");
        let patience = rig::patience() + Duration::from_secs(5);
        self.executor.block_on(async { tokio::time::timeout(patience, answer).await }).map_err(late)?
    }
}
