//! Over TLS: the same receivers behind an end of TLS, with a certificate that one file makes trusted.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use super::Receiver;
use super::check;
use super::grpc;
use super::opened;
use super::request;
use super::run;
use super::send;
use super::span;
use crate::delivery::Undelivered;
use crate::profile::OptionValue;

/// The protocols that clients agreed on.
type Agreed = Arc<Mutex<Vec<Option<Vec<u8>>>>>;

/// Takes TLS off what comes, and passes it on to a plain address; where it listens.
async fn in_front_of(plain: String) -> (String, Agreed) {
    let certificates = CertificateDer::pem_slice_iter(include_bytes!("../../../delivery/http/tls/certificate.pem"));
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("../../../delivery/http/tls/key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let certificates = certificates.collect::<Result<_, _>>().unwrap();
    let mut config = builder.with_no_client_auth().with_single_cert(certificates, key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let agreed = Agreed::default();
    let seen = Arc::clone(&agreed);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let (acceptor, plain, seen) = (acceptor.clone(), plain.clone(), Arc::clone(&seen));
            tokio::spawn(async move {
                // A client that does not trust the certificate ends the handshake.
                let Ok(mut secure) = acceptor.accept(connection).await else { return };
                seen.lock().unwrap().push(secure.get_ref().1.alpn_protocol().map(<[u8]>::to_vec));
                let mut behind = TcpStream::connect(plain.trim_start_matches("http://")).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut secure, &mut behind).await;
            });
        }
    });
    (format!("https://127.0.0.1:{}", address.port()), agreed)
}

fn ca_file() -> (&'static str, OptionValue) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/delivery/http/tls/certificate.pem");
    ("ca-file", OptionValue::Text(file.to_string_lossy().into_owned()))
}

/// Sends one span to who is not trusted, and tells what was said.
async fn distrusted(url: &str, options: &[(&str, OptionValue)]) -> String {
    let mut outlet = opened(&request(url, options)).spans.unwrap();
    outlet.take(&span(1, None));
    outlet.flush();
    outlet.courier.close(Instant::now() + Duration::from_millis(500));
    let counts = outlet.courier.ended().await;
    assert_eq!((counts.delivered(), counts.dropped(Undelivered::Unsent)), (0, 1));
    counts.last_error().unwrap()
}

/// Check that spans arrive over gRPC with TLS where the certificate is trusted, over HTTP/2; and that one that nobody trusts
/// is said as what it is.
#[test]
fn over_grpc() {
    run(async {
        let receiver = Receiver::default();
        let (url, agreed) = in_front_of(grpc(receiver.clone()).await).await;
        let counts = send(opened(&request(&url, &[ca_file()])), 101).await;
        assert_eq!((counts.delivered(), counts.loss()), (101, None));
        check(&receiver.requests.lock().unwrap(), 101);
        assert_eq!(agreed.lock().unwrap()[0].as_deref(), Some(b"h2".as_slice()));
        let why = distrusted(&url, &[]).await;
        // Where the machine has no certificates at all, that is what is said.
        assert!(why.contains("certificate"), "{why}");
        assert_eq!(receiver.requests.lock().unwrap().len(), 1);
    });
}

/// Check the same over HTTP with TLS.
#[test]
fn over_http() {
    run(async {
        let bodies: Arc<Mutex<Vec<Bytes>>> = Arc::default();
        let taken = Arc::clone(&bodies);
        let page = post(move |body: Bytes| async move {
            taken.lock().unwrap().push(body);
            Bytes::new()
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let plain = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/v1/traces", page);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let (url, _) = in_front_of(plain).await;
        let http = || [("protocol", OptionValue::Word("http".into())), ("gzip", OptionValue::Flag(false))];
        let [protocol, gzip] = http();
        let counts = send(opened(&request(&url, &[protocol, gzip, ca_file()])), 101).await;
        assert_eq!((counts.delivered(), counts.loss()), (101, None));
        let requests: Vec<_> = bodies
            .lock()
            .unwrap()
            .iter()
            .map(|body| ExportTraceServiceRequest::decode(body.clone()).unwrap())
            .collect();
        check(&requests, 101);
        let why = distrusted(&url, &http()).await;
        assert!(why.contains("certificate"), "{why}");
        assert_eq!(bodies.lock().unwrap().len(), 1);
    });
}
