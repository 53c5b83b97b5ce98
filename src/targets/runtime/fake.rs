//! A stand-in for a container runtime: a server of the interface, with whatever pods a test wants.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::path::Path;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::thread::JoinHandle;

use futures_util::future;
use tokio::net::UnixListener;
use tokio::sync::oneshot;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::Response;
use tonic::Status;
use tonic::server::Grpc;
use tonic::server::NamedService;
use tonic_prost::ProstCodec;
use tower::Service;
use tower::service_fn;

use super::message::ContainerMessage;
use super::message::ContainerMetadata;
use super::message::ContainerStatusRequest;
use super::message::ContainerStatusResponse;
use super::message::ListContainersResponse;
use super::message::ListPodSandboxResponse;
use super::message::ListRequest;
use super::message::PodSandbox;
use super::message::PodSandboxMetadata;
use super::message::VersionRequest;
use super::message::VersionResponse;

/// What it answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers {
    name: &'static str,
    sandboxes: Vec<PodSandbox>,
    containers: Vec<ContainerMessage>,
    /// By container: what `ContainerStatus` has under `info`.
    pub(crate) info: HashMap<String, String>,
    /// Calls that are refused.
    refuses: Vec<&'static str>,
}

impl Answers {
    /// Of a runtime of this name, without pods.
    pub(crate) fn of(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }

    /// Refusing a call.
    pub(crate) fn refusing(call: &'static str) -> Self {
        Self { refuses: vec![call], ..Self::default() }
    }

    /// Adds a pod with its sandbox.
    pub(crate) fn pod(&mut self, namespace: &str, name: &str, uid: &str, sandbox: &str, labels: &[(&str, &str)]) {
        let own = [
            ("io.kubernetes.pod.name", name),
            ("io.kubernetes.pod.namespace", namespace),
            ("io.kubernetes.pod.uid", uid),
        ];
        self.sandboxes.push(PodSandbox {
            id: sandbox.into(),
            metadata: Some(PodSandboxMetadata { name: name.into(), uid: uid.into(), namespace: namespace.into() }),
            state: 0,
            labels: own.iter().chain(labels).map(|(key, value)| ((*key).into(), (*value).into())).collect(),
        });
    }

    /// The sandbox at a place is not in use any more.
    pub(crate) fn retire(&mut self, at: usize) {
        self.sandboxes[at].state = 1;
    }

    /// Adds a container; state 1 runs, 2 has ended.
    pub(crate) fn container(&mut self, sandbox: &str, name: &str, id: &str, state: i32, restarts: u32) {
        self.containers.push(ContainerMessage {
            id: id.into(),
            pod_sandbox_id: sandbox.into(),
            metadata: Some(ContainerMetadata { name: name.into(), attempt: restarts }),
            state,
            labels: HashMap::from([("io.kubernetes.container.name".into(), name.into())]),
            annotations: HashMap::from([("io.kubernetes.container.restartCount".into(), restarts.to_string())]),
        });
    }
}

/// A server that runs.
#[derive(Debug)]
pub(crate) struct FakeRuntime {
    pub(crate) socket: PathBuf,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl FakeRuntime {
    /// Starts one at a socket.
    pub(crate) fn start(socket: &Path, answers: Answers) -> Self {
        std::fs::create_dir_all(socket.parent().unwrap()).unwrap();
        let (end, ended) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let path = socket.to_owned();
        let thread = std::thread::spawn(move || {
            let executor = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            executor.block_on(async {
                let listener = UnixListenerStream::new(UnixListener::bind(path).unwrap());
                tell.send(()).unwrap();
                let serve =
                    tonic::transport::Server::builder().add_service(Interface(answers)).serve_with_incoming(listener);
                future::select(std::pin::pin!(serve), ended).await;
            });
        });
        told.recv().unwrap();
        Self { socket: socket.to_owned(), end: Some(end), thread: Some(thread) }
    }
}

impl Drop for FakeRuntime {
    fn drop(&mut self) {
        let _ = self.end.take().unwrap().send(());
        self.thread.take().unwrap().join().unwrap();
    }
}

#[derive(Clone)]
struct Interface(Answers);

impl NamedService for Interface {
    const NAME: &'static str = "runtime.v1.RuntimeService";
}

impl Service<http::Request<tonic::body::Body>> for Interface {
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let answers = self.0.clone();
        Box::pin(async move {
            let call = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
            if answers.refuses.contains(&call.as_str()) {
                return Ok(Status::internal("not today").into_http());
            }
            Ok(match call.as_str() {
                "Version" => {
                    let answer = VersionResponse {
                        runtime_name: answers.name.into(),
                        runtime_version: "1.2.3".into(),
                        runtime_api_version: "v1".into(),
                    };
                    unary::<VersionRequest, _>(request, move |_| Ok(answer.clone())).await
                }
                "ListPodSandbox" => {
                    unary::<ListRequest, _>(request, move |_| {
                        Ok(ListPodSandboxResponse { items: answers.sandboxes.clone() })
                    })
                    .await
                }
                "ListContainers" => {
                    unary::<ListRequest, _>(request, move |_| {
                        Ok(ListContainersResponse { containers: answers.containers.clone() })
                    })
                    .await
                }
                "ContainerStatus" => {
                    unary::<ContainerStatusRequest, _>(request, move |request| {
                        let known = answers.containers.iter().any(|container| container.id == request.container_id);
                        let info =
                            answers.info.get(&request.container_id).map(|text| ("info".to_owned(), text.clone()));
                        let answer = ContainerStatusResponse { info: info.into_iter().collect() };
                        known.then_some(answer).ok_or_else(|| Status::not_found("no such container"))
                    })
                    .await
                }
                _ => Status::unimplemented("unknown method").into_http(),
            })
        })
    }
}

async fn unary<Q, A>(
    request: http::Request<tonic::body::Body>,
    answer: impl Fn(Q) -> Result<A, Status> + Clone + Send + Sync + 'static,
) -> http::Response<tonic::body::Body>
where
    Q: prost::Message + Default + 'static,
    A: prost::Message + Default + 'static,
{
    let service = service_fn(move |request: tonic::Request<Q>| {
        let answer = answer(request.into_inner()).map(Response::new);
        async move { answer }
    });
    let codec: ProstCodec<A, Q> = ProstCodec::default();
    Grpc::new(codec).unary(service, request).await
}
