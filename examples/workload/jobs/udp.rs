//! UDP: every way to send and to receive a datagram.

use std::net::IpAddr;
use std::net::SocketAddr;

use crate::calls::Outcome;
use crate::calls::descriptor;
use crate::calls::file;
use crate::calls::needed;
use crate::calls::socket as call;
use crate::calls::socket::client_label;
use crate::calls::socket::message;
use crate::options::Options;
use crate::truth::Truth;

/// Datagrams in one `sendmmsg`.
const BATCH: usize = 5;

/// The size of the nth datagram; the first is empty, which is a datagram too.
fn size(turn: u64) -> usize {
    (turn * 7919 % 1400) as usize
}

/// Notes a receive and fails the job if it failed.
fn received(truth: &mut Truth, label: &str, outcome: Outcome) -> anyhow::Result<()> {
    truth.peer("udp.recv", label).add(outcome);
    needed("receive", outcome)?;
    Ok(())
}

/// Notes a send and fails the job if it failed.
fn sent(truth: &mut Truth, label: &str, outcome: Outcome) -> anyhow::Result<()> {
    truth.peer("udp.send", label).add(outcome);
    needed("send", outcome)?;
    Ok(())
}

/// With each `--echo`, which sends back all it gets: `--count` datagrams from a connected socket, as many from an
/// unconnected one, 7 batches, and 11 whose sender the program does not ask for.
pub(super) fn exchange(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let peers = options.addresses("echo")?;
    let count = options.number("count", 103)?;
    for peer in &peers {
        connected(truth, peer, count)?;
        unconnected(truth, peer, count)?;
        batches(truth, peer)?;
        sender_unknown(truth, peer)?;
    }
    Ok(())
}

fn connected(truth: &mut Truth, peer: &SocketAddr, count: u64) -> anyhow::Result<()> {
    let label = client_label(peer);
    let fd = descriptor("socket", call::socket(peer, libc::SOCK_DGRAM, 0))?;
    needed("connect", call::connect(fd, peer))?;
    let (bytes, mut buffer) = ([b'c'; 1400], [0; 2000]);
    for turn in 0..count {
        let datagram = &bytes[..size(turn)];
        let outcome = match turn % 4 {
            0 => call::send(fd, datagram, 0),
            1 => message::sendmsg(fd, datagram, None),
            // A write of nothing would send nothing on some descriptors; of these sizes only the first is empty.
            2 => file::write(fd, datagram),
            _ => file::writev(fd, datagram),
        };
        sent(truth, &label, outcome)?;
        let outcome = match turn % 5 {
            0 => call::recv(fd, &mut buffer, 0),
            1 => message::recvmsg(fd, &mut buffer, false).map(|(length, _)| length),
            2 => file::read(fd, &mut buffer),
            3 => file::readv(fd, &mut buffer),
            _ => call::recv_from(fd, &mut buffer).map(|(length, _)| length),
        };
        received(truth, &label, outcome)?;
    }
    // Would have to wait: not a datagram, so not an operation.
    anyhow::ensure!(call::recv(fd, &mut buffer, libc::MSG_DONTWAIT) == Err(libc::EAGAIN), "one answer too many");
    needed("close", file::close(fd))?;
    Ok(())
}

fn unconnected(truth: &mut Truth, peer: &SocketAddr, count: u64) -> anyhow::Result<()> {
    let label = client_label(peer);
    let fd = descriptor("socket", call::socket(peer, libc::SOCK_DGRAM, 0))?;
    let (bytes, mut buffer) = ([b'u'; 1400], [0; 2000]);
    for turn in 0..count {
        let datagram = &bytes[..size(turn)];
        let outcome = match turn % 2 {
            0 => call::send_to(fd, datagram, peer),
            _ => message::sendmsg(fd, datagram, Some(peer)),
        };
        sent(truth, &label, outcome)?;
        let (length, from) = match turn % 2 {
            0 => call::recv_from(fd, &mut buffer).map(|(length, from)| (length, Some(from))),
            _ => message::recvmsg(fd, &mut buffer, true),
        }
        .map_err(|errno| anyhow::anyhow!("receive: errno {errno}"))?;
        anyhow::ensure!(from == Some(*peer), "a datagram came from {from:?}");
        received(truth, &label, Ok(length))?;
    }
    needed("close", file::close(fd))?;
    Ok(())
}

fn batches(truth: &mut Truth, peer: &SocketAddr) -> anyhow::Result<()> {
    let label = client_label(peer);
    let fd = descriptor("socket", call::socket(peer, libc::SOCK_DGRAM, 0))?;
    for turn in 0..7 {
        let datagrams: Vec<Vec<u8>> =
            (0..BATCH as u64).map(|nth| vec![b'm'; size(1 + turn * BATCH as u64 + nth)]).collect();
        let lengths = message::sendmmsg(fd, &datagrams, Some(peer))
            .map_err(|errno| anyhow::anyhow!("sendmmsg: errno {errno}"))?;
        anyhow::ensure!(lengths.len() == BATCH, "only {} of a batch were sent", lengths.len());
        for length in lengths {
            sent(truth, &label, Ok(length))?;
        }
        let mut missing = BATCH;
        while missing > 0 {
            let mut buffers = vec![vec![0; 2000]; missing];
            let got =
                message::recvmmsg(fd, &mut buffers).map_err(|errno| anyhow::anyhow!("recvmmsg: errno {errno}"))?;
            for (length, from) in got {
                anyhow::ensure!(from == Some(*peer), "a datagram came from {from:?}");
                received(truth, &label, Ok(length))?;
                missing -= 1;
            }
        }
    }
    needed("close", file::close(fd))?;
    Ok(())
}

/// Receives on an unconnected socket without asking who sent: the peer cannot be told, the own port can.
fn sender_unknown(truth: &mut Truth, peer: &SocketAddr) -> anyhow::Result<()> {
    let ip: IpAddr = peer.ip();
    let (fd, own) = call::datagram(ip, 0).map_err(|errno| anyhow::anyhow!("bind: errno {errno}"))?;
    let mut buffer = [0; 2000];
    for turn in 0..11 {
        sent(truth, &client_label(peer), call::send_to(fd, &[b'x'; 101], peer))?;
        let outcome = match turn % 2 {
            0 => call::recv(fd, &mut buffer, 0),
            _ => message::recvmsg(fd, &mut buffer, false).map(|(length, _)| length),
        };
        received(truth, &format!("*->:{}", own.port()), outcome)?;
    }
    needed("close", file::close(fd))?;
    Ok(())
}

/// To each `--closed`, where nobody listens, `--count` times: a datagram that is sent and answered with "unreachable",
/// a send that fails with that answer, one that is sent again, a receive that fails with its answer.
pub(super) fn refused(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let peers = options.addresses("closed")?;
    let count = options.number("count", 7)?;
    for peer in &peers {
        let label = client_label(peer);
        let fd = descriptor("socket", call::socket(peer, libc::SOCK_DGRAM, 0))?;
        needed("connect", call::connect(fd, peer))?;
        let told = || call::poll(fd, 0, 60_000).map_err(|errno| anyhow::anyhow!("poll: errno {errno}"));
        for _ in 0..count {
            sent(truth, &label, call::send(fd, &[b'r'; 101], 0))?;
            anyhow::ensure!(told()? & libc::POLLERR != 0, "no answer from a closed port");
            let outcome = call::send(fd, &[b'r'; 101], 0);
            anyhow::ensure!(outcome == Err(libc::ECONNREFUSED), "a send after a refusal came out as {outcome:?}");
            truth.peer("udp.send", &label).add(outcome);
            sent(truth, &label, call::send(fd, &[b'r'; 103], 0))?;
            anyhow::ensure!(told()? & libc::POLLERR != 0, "no answer from a closed port");
            let outcome = call::recv(fd, &mut [0; 16], 0);
            anyhow::ensure!(outcome == Err(libc::ECONNREFUSED), "a receive after a refusal came out as {outcome:?}");
            truth.peer("udp.recv", &label).add(outcome);
        }
        needed("close", file::close(fd))?;
    }
    Ok(())
}
