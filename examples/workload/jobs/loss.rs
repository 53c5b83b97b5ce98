//! Packets that get lost: segments sent again, connects without an answer.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::SocketAddr;

use anyhow::Context as _;

use crate::calls::Outcome;
use crate::calls::descriptor;
use crate::calls::file;
use crate::calls::needed;
use crate::calls::process;
use crate::calls::socket as call;
use crate::calls::socket::client_label;
use crate::calls::socket::option;
use crate::clock;
use crate::options::Options;
use crate::truth::Truth;

use super::tcp::established;

/// `RetransSegs` of this network namespace, the kernel's own count.
fn namespace_retransmits() -> anyhow::Result<u64> {
    let text = std::fs::read_to_string("/proc/net/snmp").context("cannot read `/proc/net/snmp`")?;
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("Tcp: "));
    let names = lines.next().context("no names of TCP counters")?;
    let values = lines.next().context("no values of TCP counters")?;
    let of = names.split(' ').zip(values.split(' ')).find(|(name, _)| *name == "RetransSegs");
    of.context("no counter `RetransSegs`")?.1.parse().context("`RetransSegs` is not a number")
}

fn retransmits(fd: i32) -> anyhow::Result<u64> {
    option::retransmits(fd).map_err(|errno| anyhow::anyhow!("TCP_INFO: errno {errno}"))
}

/// In a network namespace of its own: a connection whose data is dropped until it was sent again `--count` times, and
/// one whose first SYN is dropped. The truth is the sockets' own count, checked against that of the namespace.
pub(super) fn retransmit(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let count = options.number("count", 3)?;
    needed("unshare the network (needs root)", process::unshare(libc::CLONE_NEWNET))?;
    option::loopback_up().map_err(|errno| anyhow::anyhow!("bring the loopback device up: errno {errno}"))?;
    let before = namespace_retransmits()?;
    let localhost = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let listen = || call::listener(localhost, 0).map_err(|errno| anyhow::anyhow!("listen: errno {errno}"));

    let (listener, address) = listen()?;
    let client = established(truth, &address)?;
    let (server, _) = call::accept(listener).map_err(|errno| anyhow::anyhow!("accept: errno {errno}"))?;
    needed("drop packets", option::drop_incoming(server))?;
    let sent = call::send(client, &[b'l'; 101], 0);
    truth.peer("tcp.send", &client_label(&address)).add(sent);
    needed("send", sent)?;
    while retransmits(client)? < count {
        clock::sleep_ns(clock::MILLISECOND_NS);
    }
    needed("stop dropping", option::keep_incoming(server))?;
    let received = call::recv(server, &mut [0; 256], 0);
    anyhow::ensure!(received == Ok(101), "the lost data came as {received:?}");
    let of_data = retransmits(client)?;
    truth.peer("tcp.retransmit", &client_label(&address)).add_many(of_data, 0);

    let (deaf, address) = listen()?;
    needed("drop packets", option::drop_incoming(deaf))?;
    let of_handshake = connect_in_vain_once(truth, &address, || option::keep_incoming(deaf))?;
    truth.peer("tcp.retransmit", &client_label(&address)).add_many(of_handshake, 0);

    let counted = namespace_retransmits()? - before;
    anyhow::ensure!(
        counted == of_data + of_handshake,
        "the namespace counts {counted} retransmits, the sockets {of_data} and {of_handshake}"
    );
    truth.fact("retransmits", counted);
    for fd in [client, server, listener, deaf] {
        needed("close", file::close(fd))?;
    }
    Ok(())
}

/// A server closes a connection, its client does not hear of it and sends 101 bytes: nobody reads them, so the kernel
/// resets the connection. The client, when it hears again, is told so for what it sent again.
pub(super) fn late_data(_: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let localhost = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let (listener, address) = call::listener(localhost, 0).map_err(|errno| anyhow::anyhow!("listen: errno {errno}"))?;
    let client = established(truth, &address)?;
    let (server, _) = call::accept(listener).map_err(|errno| anyhow::anyhow!("accept: errno {errno}"))?;
    needed("drop packets", option::drop_incoming(client))?;
    needed("close", file::close(server))?;
    let sent = call::send(client, &[b'l'; 101], 0);
    truth.peer("tcp.send", &client_label(&address)).add(sent);
    needed("send", sent)?;
    truth.entry("tcp.reset", "direction", "after close").add(Ok(0));
    needed("stop dropping", option::keep_incoming(client))?;
    let reset = call::recv(client, &mut [0; 256], 0);
    anyhow::ensure!(reset == Err(libc::ECONNRESET), "the receive of a reset came out as {reset:?}");
    truth.peer("tcp.recv", &client_label(&address)).add(reset);
    truth.entry("tcp.reset", "direction", "received").add(Ok(0));
    for fd in [client, listener] {
        needed("close", file::close(fd))?;
    }
    Ok(())
}

/// Connects to a deaf listener that hears again after half a second, so that the second SYN, a second after the first,
/// succeeds; how many were sent again.
fn connect_in_vain_once(truth: &mut Truth, to: &SocketAddr, hear: impl Fn() -> Outcome) -> anyhow::Result<u64> {
    let fd = descriptor("socket", call::socket(to, libc::SOCK_STREAM, libc::SOCK_NONBLOCK))?;
    let began_ns = clock::now_ns();
    let begun = call::connect(fd, to);
    anyhow::ensure!(begun == Err(libc::EINPROGRESS), "a connect to a deaf listener came out as {begun:?}");
    clock::sleep_ns(500 * clock::MILLISECOND_NS);
    needed("stop dropping", hear())?;
    let events = call::poll(fd, libc::POLLOUT, 60_000).map_err(|errno| anyhow::anyhow!("poll: errno {errno}"))?;
    anyhow::ensure!(events == libc::POLLOUT, "poll of the connect came out as {events:#x}");
    truth.peer("tcp.connect", &client_label(to)).add_timed((Ok(0), clock::now_ns() - began_ns));
    let count = retransmits(fd)?;
    needed("close", file::close(fd))?;
    Ok(count)
}

/// `--count` connects to a listener that never answers, each closed before anything can come of it.
pub(super) fn abandoned(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let count = options.number("count", 5)?;
    let localhost = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let (deaf, address) = call::listener(localhost, 0).map_err(|errno| anyhow::anyhow!("listen: errno {errno}"))?;
    needed("drop packets", option::drop_incoming(deaf))?;
    for _ in 0..count {
        let fd = descriptor("socket", call::socket(&address, libc::SOCK_STREAM, libc::SOCK_NONBLOCK))?;
        let began_ns = clock::now_ns();
        let begun = call::connect(fd, &address);
        anyhow::ensure!(begun == Err(libc::EINPROGRESS), "a connect to a deaf listener came out as {begun:?}");
        clock::sleep_ns(20 * clock::MILLISECOND_NS);
        needed("close", file::close(fd))?;
        let entry = truth.peer("tcp.connect", &client_label(&address));
        entry.add_timed((Ok(0), clock::now_ns() - began_ns));
        entry.error("abandoned");
    }
    needed("close", file::close(deaf))?;
    Ok(())
}
