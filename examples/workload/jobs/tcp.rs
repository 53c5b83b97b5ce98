//! The client's side of TCP. Who it talks to runs elsewhere, untraced.

use std::net::SocketAddr;

use crate::calls::Outcome;
use crate::calls::descriptor;
use crate::calls::file;
use crate::calls::needed;
use crate::calls::socket as call;
use crate::calls::socket::client_label;
use crate::calls::socket::message;
use crate::calls::socket::option;
use crate::calls::timed;
use crate::options::Options;
use crate::truth::Truth;

use super::file::watched;

/// How long anything here may take before the job fails instead of hanging.
const PATIENCE_MS: i32 = 60_000;

/// Connects and waits for the answer, blocking in the call or in `poll`; the socket and what came of it.
fn connect(peer: &SocketAddr, blocking: bool) -> anyhow::Result<(i32, Outcome)> {
    let flags = if blocking { 0 } else { libc::SOCK_NONBLOCK };
    let fd = descriptor("socket", call::socket(peer, libc::SOCK_STREAM, flags))?;
    let outcome = call::connect(fd, peer);
    if outcome != Err(libc::EINPROGRESS) {
        anyhow::ensure!(blocking || outcome.is_err(), "a non-blocking connect did not have to wait");
        return Ok((fd, outcome));
    }
    let events = call::poll(fd, libc::POLLOUT, PATIENCE_MS).map_err(|errno| anyhow::anyhow!("poll: errno {errno}"))?;
    anyhow::ensure!(events != 0, "no answer to a connect");
    match option::take_error(fd) {
        Ok(0) => Ok((fd, Ok(0))),
        Ok(errno) | Err(errno) => Ok((fd, Err(errno))),
    }
}

/// Connects, notes it, and fails the job if that failed.
pub(super) fn established(truth: &mut Truth, peer: &SocketAddr) -> anyhow::Result<i32> {
    let (connected, took_ns) = timed(|| connect(peer, true));
    let (fd, outcome) = connected?;
    truth.peer("tcp.connect", &client_label(peer)).add_timed((outcome, took_ns));
    needed("connect", outcome)?;
    Ok(fd)
}

/// `--count` connects in turn to each `--to` and, for `--refused-count` of them, to each `--refused`; every other one
/// blocking.
pub(super) fn connects(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let open = options.addresses("to")?;
    let closed = options.addresses("refused")?;
    let count = options.number("count", 23)?;
    let refusals = options.number("refused-count", 7)?;
    anyhow::ensure!(!open.is_empty() && !closed.is_empty(), "`--to` and `--refused` are needed");
    let (mut established, mut refused) = (0, 0);
    for turn in 0..count {
        let to_closed = (turn + 1) * refusals / count > refused;
        let (peers, nth) = if to_closed { (&closed, refused) } else { (&open, established) };
        let peer = peers[nth as usize % peers.len()];
        // Blocking and not, in pairs, so that each peer gets both.
        let blocking = (nth / peers.len() as u64).is_multiple_of(2);
        let (connected, took_ns) = timed(|| connect(&peer, blocking));
        let (fd, outcome) = connected?;
        anyhow::ensure!(outcome.is_ok() != to_closed, "a connect to {peer} came out as {outcome:?}");
        truth.peer("tcp.connect", &client_label(&peer)).add_timed((outcome, took_ns));
        let state = |truth: &mut Truth, transition: &str| truth.entry("tcp.state", "transition", transition).add(Ok(0));
        state(truth, "CLOSE->SYN_SENT");
        if to_closed {
            refused += 1;
            state(truth, "SYN_SENT->CLOSE");
            truth.entry("tcp.reset", "direction", "received").add(Ok(0));
        } else {
            established += 1;
            state(truth, "SYN_SENT->ESTABLISHED");
        }
        needed("close", file::close(fd))?;
    }
    Ok(())
}

/// Sends by each of the calls that send, in turn.
fn send(fd: i32, turn: u64, bytes: &[u8]) -> Outcome {
    match turn % 5 {
        0 => file::write(fd, bytes),
        1 => call::send(fd, bytes, libc::MSG_NOSIGNAL),
        2 => message::sendmsg(fd, bytes, None),
        3 => file::writev(fd, bytes),
        _ => call::send(fd, bytes, 0),
    }
}

/// Receives by each of the calls that receive, in turn.
fn receive(fd: i32, turn: u64, buffer: &mut [u8]) -> Outcome {
    match turn % 5 {
        0 => file::read(fd, buffer),
        1 => call::recv(fd, buffer, 0),
        2 => message::recvmsg(fd, buffer, false).map(|(length, _)| length),
        3 => file::readv(fd, buffer),
        _ => call::recv(fd, buffer, 0),
    }
}

/// `--count` sends of ever different sizes to each `--to` in turn, then everything that each of them answers.
pub(super) fn exchange(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let peers = options.addresses("to")?;
    let count = options.number("count", 1_009)?;
    let bytes = vec![b's'; 2048];
    let mut sockets = Vec::new();
    for peer in &peers {
        sockets.push(established(truth, peer)?);
    }
    for turn in 0..count {
        let nth = turn as usize % peers.len();
        let sent = send(sockets[nth], turn, &bytes[..1 + (turn * 7919 % 2048) as usize]);
        truth.peer("tcp.send", &client_label(&peers[nth])).add(sent);
        needed("send", sent)?;
    }
    let mut buffer = vec![0; 4099];
    for (peer, fd) in peers.iter().zip(sockets) {
        let label = client_label(peer);
        needed("shutdown", call::shutdown_write(fd))?;
        let mut turn = 0;
        loop {
            let received = receive(fd, turn, &mut buffer);
            truth.peer("tcp.recv", &label).add(received);
            turn += 1;
            if needed("receive", received)? == 0 {
                break;
            }
        }
        truth.peer("tcp.response", &label).add(Ok(0));
        needed("close", file::close(fd))?;
    }
    Ok(())
}

/// Connects to `--to` and sends nothing; receives what the peer sends by itself, until the end. A receive that would
/// have to wait is tried first, and is no operation.
pub(super) fn idle_recv(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let peer = options.needed_address("to")?;
    let label = client_label(&peer);
    let fd = established(truth, &peer)?;
    let mut buffer = [0; 512];
    anyhow::ensure!(call::recv(fd, &mut buffer, libc::MSG_DONTWAIT) == Err(libc::EAGAIN), "the peer was not idle");
    loop {
        let (received, took_ns) = timed(|| call::recv(fd, &mut buffer, 0));
        truth.peer("tcp.recv", &label).add(received);
        truth.entry("sched.offcpu", "reason", "network").add_timed((Ok(0), took_ns));
        if needed("recv", received)? == 0 {
            break;
        }
    }
    needed("close", file::close(fd))?;
    Ok(())
}

/// `--count` requests of 101 bytes to `--to`, each answered by 499 bytes after a while that is measured here.
pub(super) fn response(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let peer = options.needed_address("to")?;
    let count = options.number("count", 23)?;
    let label = client_label(&peer);
    let fd = established(truth, &peer)?;
    needed("TCP_NODELAY", option::no_delay(fd))?;
    let mut buffer = [0; 499];
    for turn in 0..count {
        let sent = send(fd, turn, &[b'q'; 101]);
        truth.peer("tcp.send", &label).add(sent);
        needed("send", sent)?;
        let ((received, took_ns), disturbed) = watched(|| receive(fd, turn, &mut buffer));
        truth.peer("tcp.recv", &label).add(received);
        anyhow::ensure!(received == Ok(499), "an answer came as {received:?}");
        truth.peer("tcp.response", &label).add_watched((Ok(0), took_ns), disturbed);
    }
    needed("close", file::close(fd))?;
    Ok(())
}

/// 11 connections to `--to` that this side resets, 13 to `--resetting` that the other side resets on the first byte.
pub(super) fn resets(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let (to, resetting) = (options.needed_address("to")?, options.needed_address("resetting")?);
    for _ in 0..11 {
        let fd = established(truth, &to)?;
        needed("SO_LINGER", option::reset_on_close(fd))?;
        needed("close", file::close(fd))?;
        truth.entry("tcp.reset", "direction", "sent").add(Ok(0));
    }
    for _ in 0..13 {
        let fd = established(truth, &resetting)?;
        let label = client_label(&resetting);
        let sent = call::send(fd, b"!", libc::MSG_NOSIGNAL);
        truth.peer("tcp.send", &label).add(sent);
        needed("send", sent)?;
        let received = call::recv(fd, &mut [0; 16], 0);
        anyhow::ensure!(received == Err(libc::ECONNRESET), "the peer did not reset: {received:?}");
        truth.peer("tcp.recv", &label).add(received);
        truth.entry("tcp.reset", "direction", "received").add(Ok(0));
        needed("close", file::close(fd))?;
    }
    Ok(())
}
