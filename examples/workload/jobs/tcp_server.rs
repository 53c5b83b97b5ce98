//! The server's side of TCP, and both sides in one process.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;

use crate::calls::file;
use crate::calls::needed;
use crate::calls::socket as call;
use crate::calls::socket::option;
use crate::calls::socket::server_label;
use crate::calls::timed;
use crate::clock;
use crate::options::Options;
use crate::truth::Truth;

use super::announce;
use super::tcp::established;

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// A listening socket, and where it listens.
fn listen(ip: IpAddr, flags: i32) -> anyhow::Result<(i32, std::net::SocketAddr)> {
    call::listener(ip, flags).map_err(|errno| anyhow::anyhow!("listen: errno {errno}"))
}

/// Accepts `--v4` and `--v6` connections (61 and 40: 101), on a blocking and a non-blocking listener.
pub(super) fn accepts(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let counts = [options.number("v4", 61)?, options.number("v6", 40)?];
    let listeners = [listen(V4, 0)?, listen(V6, libc::SOCK_NONBLOCK)?];
    announce(options, &listeners.map(|(_, address)| address))?;
    for _ in 0..counts[0] {
        let (fd, peer) = call::accept(listeners[0].0).map_err(|errno| anyhow::anyhow!("accept: errno {errno}"))?;
        truth.peer("tcp.accept", &server_label(peer.ip(), listeners[0].1.port())).add(Ok(0));
        needed("close", file::close(fd))?;
    }
    let mut tried_in_vain = 0;
    for _ in 0..counts[1] {
        let fd = loop {
            match call::accept4(listeners[1].0, libc::SOCK_CLOEXEC) {
                Ok(fd) => break fd as i32,
                // Nobody there yet: not a connection, so not an operation.
                Err(libc::EAGAIN) => tried_in_vain += 1,
                Err(errno) => anyhow::bail!("accept4: errno {errno}"),
            }
            call::poll(listeners[1].0, libc::POLLIN, 60_000).map_err(|errno| anyhow::anyhow!("poll: errno {errno}"))?;
        };
        truth.peer("tcp.accept", &server_label(V6, listeners[1].1.port())).add(Ok(0));
        needed("close", file::close(fd))?;
    }
    anyhow::ensure!(call::accept4(listeners[1].0, 0) == Err(libc::EAGAIN), "more came than were asked for");
    truth.fact("tried_in_vain", tried_in_vain + 1);
    Ok(())
}

/// One connection, `--count` requests of 101 bytes, each answered with 499 bytes after `--think-ms`.
pub(super) fn serve(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let count = options.number("count", 23)?;
    let think_ns = options.number("think-ms", 30)? * clock::MILLISECOND_NS;
    let (listener, address) = listen(V4, 0)?;
    announce(options, &[address])?;
    let (fd, peer) = call::accept(listener).map_err(|errno| anyhow::anyhow!("accept: errno {errno}"))?;
    needed("TCP_NODELAY", option::no_delay(fd))?;
    let label = server_label(peer.ip(), address.port());
    truth.peer("tcp.accept", &label).add(Ok(0));
    let mut buffer = [0; 101];
    for _ in 0..count {
        let received = call::recv(fd, &mut buffer, 0);
        anyhow::ensure!(received == Ok(101), "a request came as {received:?}");
        truth.peer("tcp.recv", &label).add(received);
        let (sent, took_ns) = timed(|| {
            clock::sleep_ns(think_ns);
            call::send(fd, &[b'a'; 499], 0)
        });
        needed("send", sent)?;
        truth.peer("tcp.send", &label).add(sent);
        // The answer is there when the send begins; when that was, between the sleep and the end, is not known.
        truth.peer("tcp.service", &label).add_within((Ok(0), took_ns), think_ns);
    }
    let received = call::recv(fd, &mut buffer, 0);
    anyhow::ensure!(received == Ok(0), "the client went on: {received:?}");
    truth.peer("tcp.recv", &label).add(received);
    needed("close", file::close(fd))?;
    needed("close", file::close(listener))?;
    Ok(())
}

/// `--count` connections, in turn over IPv4 and IPv6, both of whose ends are in this process: connect, accept, 7
/// messages there, 5 back, close.
pub(super) fn loopback(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let count = options.number("count", 13)?;
    let listeners = [listen(V4, 0)?, listen(V6, 0)?];
    let mut buffer = [0; 1024];
    for turn in 0..count {
        let (listener, address) = listeners[turn as usize % 2];
        let client = established(truth, &address)?;
        let (server, peer) = call::accept(listener).map_err(|errno| anyhow::anyhow!("accept: errno {errno}"))?;
        let ends = [address.to_string(), server_label(peer.ip(), address.port())];
        truth.peer("tcp.accept", &ends[1]).add(Ok(0));
        for (from, to, messages) in [(0, 1, 7), (1, 0, 5)] {
            let sockets = [client, server];
            for message in 1..=messages {
                let sent = call::send(sockets[from], &buffer[..message * 101], 0);
                truth.peer("tcp.send", &ends[from]).add(sent);
                let length = needed("send", sent)? as usize;
                let received = call::recv(sockets[to], &mut buffer[..length], libc::MSG_WAITALL);
                truth.peer("tcp.recv", &ends[to]).add(received);
                anyhow::ensure!(received == Ok(length as u64), "received {received:?} of {length}");
            }
        }
        // One answer each way round: the client was answered once, the server answered once.
        truth.peer("tcp.response", &ends[0]).add(Ok(0));
        truth.peer("tcp.service", &ends[1]).add(Ok(0));
        for fd in [client, server] {
            needed("close", file::close(fd))?;
        }
    }
    for (fd, _) in listeners {
        needed("close", file::close(fd))?;
    }
    Ok(())
}
