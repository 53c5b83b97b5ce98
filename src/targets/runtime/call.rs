//! Calls of the CRI: gRPC over a Unix socket, each with an end.

use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use http::uri::PathAndQuery;
use hyper_util::rt::TokioIo;
use prost::Message;
use tokio::net::UnixStream;
use tonic::Code;
use tonic::Status;
use tonic::client::Grpc;
use tonic::transport::Channel;
use tonic::transport::Endpoint;
use tonic::transport::Uri;
use tonic_prost::ProstCodec;
use tower::service_fn;

use super::RuntimeError;
use super::message::ContainerMessage;
use super::message::ContainerStatusRequest;
use super::message::ContainerStatusResponse;
use super::message::ListContainersResponse;
use super::message::ListPodSandboxResponse;
use super::message::ListRequest;
use super::message::PodSandbox;
use super::message::VersionRequest;
use super::message::VersionResponse;

/// How long a call may take: a runtime that holds a thousand containers answers within a fraction of it.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest answer that is taken, as kubelets do (kubelet, `maxMsgSize`).
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// A connection; used from a plain thread.
#[derive(Debug)]
pub(super) struct Client {
    executor: tokio::runtime::Runtime,
    channel: Channel,
    socket: PathBuf,
}

impl Client {
    /// Connects.
    pub(super) fn connect(socket: &Path) -> Result<Self, RuntimeError> {
        // Asked first, because the transport's errors do not tell these apart.
        if let Err(error) = std::os::unix::net::UnixStream::connect(socket) {
            return Err(match error.kind() {
                io::ErrorKind::NotFound => RuntimeError::Absent(socket.to_owned()),
                _ => RuntimeError::Closed { socket: socket.to_owned(), error },
            });
        }
        let executor =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(RuntimeError::Client)?;
        let path = socket.to_owned();
        let connector = service_fn(move |_: Uri| {
            let path = path.clone();
            async move { UnixStream::connect(path).await.map(TokioIo::new) }
        });
        let entered = executor.enter();
        // The address is needed for form's sake, and goes into a header.
        let channel = Endpoint::from_static("http://localhost").connect_with_connector_lazy(connector);
        drop(entered);
        Ok(Self { executor, channel, socket: socket.to_owned() })
    }

    /// Where it is connected to.
    pub(super) fn socket(&self) -> &PathBuf {
        &self.socket
    }

    /// `Version`: the first call, which shows whether the interface is spoken at all.
    pub(super) fn version(&mut self) -> Result<VersionResponse, RuntimeError> {
        let request = VersionRequest { version: "v1".into() };
        let foreign =
            |socket: &Path, status: &Status| RuntimeError::Foreign { socket: socket.to_owned(), why: said(status) };
        match self.call("Version", request)? {
            Ok(version) => Ok(version),
            Err(status) => Err(foreign(&self.socket, &status)),
        }
    }

    /// `ListPodSandbox`.
    pub(super) fn sandboxes(&mut self) -> Result<Vec<PodSandbox>, RuntimeError> {
        let answer: ListPodSandboxResponse = self.ask("ListPodSandbox", ListRequest {})?;
        Ok(answer.items)
    }

    /// `ListContainers`.
    pub(super) fn containers(&mut self) -> Result<Vec<ContainerMessage>, RuntimeError> {
        let answer: ListContainersResponse = self.ask("ListContainers", ListRequest {})?;
        Ok(answer.containers)
    }

    /// `ContainerStatus`, with what the runtime tells beside the interface.
    pub(super) fn status(&mut self, container: &str) -> Result<ContainerStatusResponse, RuntimeError> {
        self.ask("ContainerStatus", ContainerStatusRequest { container_id: container.to_owned(), verbose: true })
    }

    fn ask<Q, A>(&mut self, call: &'static str, request: Q) -> Result<A, RuntimeError>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let answer = self.call(call, request)?;
        answer.map_err(|status| RuntimeError::Refused { socket: self.socket.clone(), call, why: said(&status) })
    }

    /// A call; the inner error is what the other side says.
    fn call<Q, A>(&mut self, call: &'static str, request: Q) -> Result<Result<A, Status>, RuntimeError>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let mut grpc = Grpc::new(self.channel.clone()).max_decoding_message_size(ANSWER_BYTES_MAX);
        let answer = async {
            let not_ready = |error: tonic::transport::Error| Status::unavailable(innermost(&error));
            grpc.ready().await.map_err(not_ready)?;
            let path = PathAndQuery::try_from(format!("/runtime.v1.RuntimeService/{call}"))
                .map_err(|error| Status::internal(error.to_string()))?;
            let codec: ProstCodec<Q, A> = ProstCodec::default();
            grpc.unary(tonic::Request::new(request), path, codec).await.map(tonic::Response::into_inner)
        };
        let silent = |_| RuntimeError::Silent { socket: self.socket.clone(), seconds: PATIENCE.as_secs() };
        self.executor.block_on(async { tokio::time::timeout(PATIENCE, answer).await }).map_err(silent)
    }
}

/// What a status says, for people.
fn said(status: &Status) -> String {
    match (status.code(), status.message()) {
        (Code::Unimplemented, _) => "it knows no such call".to_owned(),
        (_, "") => status.code().description().to_lowercase(),
        (_, message) => message.to_owned(),
    }
}

/// The cause at the bottom of an error.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
