//! An HTTP server of the test: answers as a test says, keeps what it was sent.

use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Read as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::thread;

/// What was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) path: String,
    pub(crate) gzip: bool,
    pub(crate) body: Vec<u8>,
}

/// A receiver; its thread ends with the test.
#[derive(Clone, Debug)]
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Receiver {
    /// Listens on a free port and answers 200.
    pub(crate) fn new() -> Self {
        Self::on("127.0.0.1:0".parse().expect("an address"))
    }

    /// Listens on an address and answers 200.
    pub(crate) fn on(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).unwrap_or_else(|error| panic!("cannot listen on {address}: {error}"));
        let receiver =
            Self { address: listener.local_addr().expect("a listener has an address"), sent: Arc::default() };
        let sent = Arc::clone(&receiver.sent);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let sent = Arc::clone(&sent);
                thread::spawn(move || answer(connection, &sent));
            }
        });
        receiver
    }

    /// Everything that was sent so far.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().expect("no test panics while it holds this").clone()
    }

    /// The same as JSON.
    pub(crate) fn documents(&self) -> Vec<serde_json::Value> {
        let parse = |sent: &Sent| serde_json::from_slice(&sent.body).expect("what is sent is JSON");
        self.sent().iter().map(parse).collect()
    }
}

fn answer(connection: TcpStream, sent: &Mutex<Vec<Sent>>) -> Option<()> {
    let mut writer = connection.try_clone().ok()?;
    let mut reader = BufReader::new(connection);
    loop {
        let mut first = String::new();
        reader.read_line(&mut first).ok()?;
        let path = first.split(' ').nth(1)?.to_owned();
        let (mut length, mut gzip) = (0, false);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let line = line.trim().to_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            gzip |= line == "content-encoding: gzip";
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        sent.lock().ok()?.push(Sent { path, gzip, body });
        writer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").ok()?;
    }
}
