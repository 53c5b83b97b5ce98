//! Tests against servers that answer, hang, refuse and present bad certificates.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::routing::post;
use rustls_pki_types::pem::PemObject;
use tokio::net::TcpListener;

use super::Address;
use super::Answer;
use super::Poster;
use super::headers;
use crate::delivery::Outcome;
use crate::delivery::Secret;

fn address(url: &str) -> Address {
    Address::new(&Secret::new(url), "").unwrap()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

/// Check that paths join, that queries stay, and that what is no URL or holds a password is refused without repeating it.
#[test]
fn addresses() {
    let shown = |url: &str, path: &str| Address::new(&Secret::new(url), path).unwrap().uri.to_string();
    assert_eq!(shown("https://pager.example/", "/v2/alerts"), "https://pager.example/v2/alerts");
    assert_eq!(shown("http://a:8080/base?key=7", "/x?y=1"), "http://a:8080/base/x?y=1&key=7");
    for url in ["", "pager", "ftp://pager/", "http://bob:hunter23@pager/", "/hunter23"] {
        let error = Address::new(&Secret::new(url), "").unwrap_err().to_string();
        assert!(!error.contains("hunter23"), "{error}");
    }
    let secret = address("https://hooks.example/services/T0/hunter23");
    assert_eq!((secret.shown(), format!("{secret:?}").contains("hunter23")), ("https://hooks.example".into(), false));
}

/// Check that body and headers arrive, and that the answer's status and `Retry-After` come back.
#[test]
fn posts() {
    run(async {
        let handler = |headers: HeaderMap, body: Bytes| async move {
            let key = headers["x-key"].to_str().unwrap().to_owned();
            (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "7")], format!("{key} {}", body.len()))
        };
        let url = serve(Router::new().route("/x", post(handler))).await;
        let poster = Poster::new(Duration::from_secs(5), None);
        let headers = headers(&[("X-Key".into(), Secret::new("hunter23"))]).unwrap();
        assert!(!format!("{headers:?}").contains("hunter23"));
        let address = Address::new(&Secret::new(url), "/x").unwrap();
        let answer = poster.post(&address, &headers, Bytes::from_static(&[7; 101])).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.body.as_ref()), (503, b"hunter23 101".as_slice()));
        assert_eq!(answer.retry_after, Some(Duration::from_secs(7)));
    });
}

/// Check that a closed port, a hanging server and one that is no server each end as something to try again, in time.
#[test]
fn broken_servers() {
    run(async {
        let poster = Poster::new(Duration::from_millis(200), None);
        let post = async |url: &str| match poster.post(&address(url), &Default::default(), Bytes::new()).await {
            Err(Outcome::Retry { why, .. }) => why,
            other => panic!("{other:?}"),
        };
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let why = post(&format!("http://{closed}/hunter23")).await;
        assert!(why.contains("refused") && !why.contains("hunter23"), "{why}");
        let hanging = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let why = post(&format!("http://{}", hanging.local_addr().unwrap())).await;
        assert!(why.ends_with("no answer within 0.2 s"), "{why}");
        let odd = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", odd.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut socket, _) = odd.accept().await.unwrap();
            tokio::io::AsyncWriteExt::write_all(&mut socket, b"220 mail ready\r\n").await.unwrap();
        });
        post(&url).await;
    });
}

/// Check that a file without certificates is named, and what to do is said.
#[test]
fn no_certificates() {
    run(async {
        let poster = Poster::new(Duration::from_secs(5), Some("/etc/hostname".into()));
        let Err(Outcome::Retry { why, .. }) =
            poster.post(&address("https://127.0.0.1:1"), &Default::default(), Bytes::new()).await
        else {
            panic!("expected something to try again");
        };
        assert!(why.contains("`ca-file` `/etc/hostname` holds no certificates"), "{why}");
    });
}

/// Serves 200 over TLS with a certificate for this machine that nobody but itself has signed; made for this test, with
/// `openssl req -x509 … -days 36500 -addext subjectAltName=DNS:localhost,IP:127.0.0.1`.
async fn serve_tls() -> String {
    let certificates = rustls_pki_types::CertificateDer::pem_slice_iter(include_bytes!("tls/certificate.pem"));
    let key = rustls_pki_types::PrivateKeyDer::from_pem_slice(include_bytes!("tls/key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let certificates = certificates.collect::<Result<_, _>>().unwrap();
    let config = builder.with_no_client_auth().with_single_cert(certificates, key).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            // A client that does not trust the certificate ends the handshake.
            let Ok(mut stream) = acceptor.accept(socket).await else { continue };
            let mut bytes = [0; 4_096];
            let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut bytes).await;
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            tokio::io::AsyncWriteExt::write_all(&mut stream, answer).await.unwrap();
        }
    });
    format!("https://{address}")
}

/// Check that a certificate nobody trusts is something to try again, said as what it is, and that a file makes it trusted.
#[test]
fn certificates() {
    run(async {
        let url = serve_tls().await;
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/delivery/http/tls/certificate.pem");
        let trusting = Poster::new(Duration::from_secs(5), Some(file));
        let answer = trusting.post(&address(&url), &Default::default(), Bytes::new()).await.unwrap();
        assert_eq!(answer.status, StatusCode::OK);
        let other = Poster::new(Duration::from_secs(5), None);
        let Err(Outcome::Retry { why, .. }) = other.post(&address(&url), &Default::default(), Bytes::new()).await
        else {
            panic!("expected something to try again");
        };
        // Where the machine has no certificates at all, that is what is said.
        assert!(why.contains("certificate"), "{why}");
    });
}

/// Check that each status means what it should.
#[test]
fn statuses() {
    let outcome = |status: u16| {
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            retry_after: None,
            body: Bytes::from_static(b"no\x1b[31m such key"),
        };
        answer.outcome(&address("http://sink"))
    };
    for status in [200, 202, 204] {
        assert_eq!(outcome(status), Outcome::Delivered);
    }
    for status in [408, 425, 429, 500, 502, 503, 504] {
        assert!(matches!(outcome(status), Outcome::Retry { .. }), "{status}");
    }
    for status in [301, 302, 400, 401, 403, 404, 413] {
        assert!(matches!(outcome(status), Outcome::Rejected { .. }), "{status}");
    }
    let Outcome::Rejected { why } = outcome(403) else { panic!("expected a refusal") };
    assert_eq!(why, "http://sink answered 403 Forbidden: no[31m such key");
}

/// Check that both forms of `Retry-After` are read, and nonsense is not.
#[test]
fn retry_after() {
    let read = |text: &str| super::retry_after(&text.parse().unwrap());
    assert_eq!(read("23"), Some(Duration::from_secs(23)));
    assert_eq!(read("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
    assert!(read("Wed, 21 Oct 2099 07:28:00 GMT").unwrap() > Duration::from_secs(1_000_000));
    assert_eq!(read("soon"), None);
}
