//! Whom workloads talk to: threads of the test itself, which is never traced.

use std::io::Read as _;
use std::io::Write as _;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::net::UdpSocket;
use std::os::fd::FromRawFd as _;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// `127.0.0.1`.
pub(crate) const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// `::1`.
pub(crate) const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// Serves each connection to a free port by `serve`, each in a thread of its own, as long as the test runs.
pub(crate) fn server(
    ip: IpAddr,
    serve: impl Fn(TcpStream) -> std::io::Result<()> + Copy + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind((ip, 0)).unwrap_or_else(|error| panic!("cannot listen on {ip}: {error}"));
    let address = listener.local_addr().expect("a listener has an address");
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            thread::spawn(move || serve(connection));
        }
    });
    address
}

/// Keeps connections until the other side ends them.
pub(crate) fn quiet(ip: IpAddr) -> SocketAddr {
    server(ip, |mut connection| {
        let _ = std::io::copy(&mut connection, &mut std::io::sink());
        Ok(())
    })
}

/// Takes everything until the other side ends, then sends `length` bytes.
pub(crate) fn answering(ip: IpAddr, length: usize) -> SocketAddr {
    server(ip, move |mut connection| {
        std::io::copy(&mut connection, &mut std::io::sink())?;
        connection.write_all(&vec![b'a'; length])
    })
}

/// Answers each 101 bytes with 499 after a while.
pub(crate) fn slow(ip: IpAddr, delay: Duration) -> SocketAddr {
    server(ip, move |mut connection| {
        connection.set_nodelay(true)?;
        loop {
            connection.read_exact(&mut [0; 101])?;
            thread::sleep(delay);
            connection.write_all(&[b'a'; 499])?;
        }
    })
}

/// Sends 17 bytes after a while, by itself, and ends.
pub(crate) fn late(ip: IpAddr, delay: Duration) -> SocketAddr {
    server(ip, move |mut connection| {
        thread::sleep(delay);
        connection.write_all(&[b'l'; 17])
    })
}

/// Ends each connection a while after its first bytes, without an answer.
pub(crate) fn ending(ip: IpAddr, delay: Duration) -> SocketAddr {
    server(ip, move |mut connection| {
        let _ = connection.read(&mut [0; 499])?;
        thread::sleep(delay);
        Ok(())
    })
}

/// Resets each connection when its first byte came: it ends with that byte unread.
pub(crate) fn resetting(ip: IpAddr) -> SocketAddr {
    server(ip, |connection| connection.peek(&mut [0; 1]).map(drop))
}

/// Sends every datagram back.
pub(crate) fn echo(ip: IpAddr) -> SocketAddr {
    let socket = UdpSocket::bind((ip, 0)).unwrap_or_else(|error| panic!("cannot bind to {ip}: {error}"));
    let address = socket.local_addr().expect("a socket has an address");
    thread::spawn(move || -> std::io::Result<()> {
        let mut buffer = [0; 65_536];
        loop {
            let (length, from) = socket.recv_from(&mut buffer)?;
            socket.send_to(&buffer[..length], from)?;
        }
    });
    address
}

/// A TCP port that refuses, and stays taken so that nobody else can listen on it.
#[derive(Debug)]
pub(crate) struct Closed {
    _bound: OwnedFd,
    /// Where it is.
    pub(crate) address: SocketAddr,
}

/// A bound socket that does not listen.
pub(crate) fn closed(ip: IpAddr) -> Closed {
    let family = if ip.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    // SAFETY: takes numbers only.
    let fd = unsafe { libc::socket(family, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0) };
    assert!(fd >= 0, "cannot make a socket");
    // SAFETY: the descriptor was just made and belongs to nobody else.
    let bound = unsafe { OwnedFd::from_raw_fd(fd) };
    let mut room = [0u8; 28];
    room[..2].copy_from_slice(&(family as u16).to_ne_bytes());
    let length: libc::socklen_t = match ip {
        IpAddr::V4(v4) => {
            room[4..8].copy_from_slice(&v4.octets());
            16
        }
        IpAddr::V6(v6) => {
            room[8..24].copy_from_slice(&v6.octets());
            28
        }
    };
    // SAFETY: `room` holds a sockaddr_in or sockaddr_in6 of the length given: family, port 0, address.
    let done = unsafe { libc::bind(fd, room.as_ptr().cast(), length) };
    assert_eq!(done, 0, "cannot bind to {ip}");
    let mut length = room.len() as libc::socklen_t;
    // SAFETY: `room` and `length` are valid for the call to fill.
    let done = unsafe { libc::getsockname(fd, room.as_mut_ptr().cast(), &raw mut length) };
    assert_eq!(done, 0, "cannot tell the port");
    Closed { _bound: bound, address: SocketAddr::new(ip, u16::from_be_bytes([room[2], room[3]])) }
}

/// A UDP port that refuses everybody and stays taken: its socket is connected elsewhere, so no datagram finds it.
pub(crate) fn closed_datagrams(ip: IpAddr) -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind((ip, 0)).unwrap_or_else(|error| panic!("cannot bind to {ip}: {error}"));
    let address = socket.local_addr().expect("a socket has an address");
    // Port 9, discard: nothing is ever sent there.
    socket.connect((ip, 9)).expect("cannot connect a datagram socket");
    (socket, address)
}

/// The addresses a workload announced in a file (`--ready`), when it is there.
pub(crate) fn announced(file: &Path) -> Vec<SocketAddr> {
    super::wait_until("the workload to be ready", || file.exists());
    let text = std::fs::read_to_string(file).expect("the file was just seen");
    text.lines().map(|line| line.parse().expect("a line is an address")).collect()
}
