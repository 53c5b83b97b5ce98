//! Multipath TCP: a socket of its own kind around TCP connections. Servers in Go have one by default.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::SocketAddr;

use crate::calls::Outcome;
use crate::calls::descriptor;
use crate::calls::file;
use crate::calls::needed;
use crate::calls::outcome;
use crate::calls::socket as call;
use crate::calls::socket::client_label;
use crate::calls::socket::server_label;
use crate::options::Options;
use crate::truth::Truth;

/// A socket, of Multipath TCP or not.
fn socket(multipath: bool) -> Outcome {
    let protocol = if multipath { libc::IPPROTO_MPTCP } else { libc::IPPROTO_TCP };
    // SAFETY: takes numbers only.
    outcome(unsafe { libc::socket(libc::AF_INET, libc::SOCK_STREAM, protocol) })
}

/// A server by Multipath TCP, and two clients of it, one that speaks it and one that does not: 7 messages of 101 bytes
/// from each, answered by 53 each.
pub(super) fn multipath(_: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let can = socket(true);
    truth.fact("multipath", can.is_ok());
    let Ok(listener) = can else { return Ok(()) };
    let listener = listener as i32;
    let localhost = IpAddr::V4(Ipv4Addr::LOCALHOST);
    needed("bind", call::bind(listener, &SocketAddr::new(localhost, 0)))?;
    needed("listen", call::listen(listener))?;
    let address = call::own_address(listener).map_err(|errno| anyhow::anyhow!("getsockname: errno {errno}"))?;
    let (ours, theirs) = (client_label(&address), server_label(localhost, address.port()));
    for multipath in [true, false] {
        let client = descriptor("socket", socket(multipath))?;
        needed("connect", call::connect(client, &address))?;
        truth.peer("tcp.connect", &ours).add(Ok(0));
        let (server, _) = call::accept(listener).map_err(|errno| anyhow::anyhow!("accept: errno {errno}"))?;
        truth.peer("tcp.accept", &theirs).add(Ok(0));
        let mut buffer = [0; 256];
        for _ in 0..7 {
            truth.peer("tcp.send", &ours).add(call::send(client, &[b'm'; 101], 0));
            truth.peer("tcp.recv", &theirs).add(call::recv(server, &mut buffer, 0));
            truth.peer("tcp.send", &theirs).add(call::send(server, &[b'n'; 53], 0));
            truth.peer("tcp.recv", &ours).add(call::recv(client, &mut buffer, 0));
        }
        for fd in [client, server] {
            needed("close", file::close(fd))?;
        }
    }
    needed("close", file::close(listener))?;
    Ok(())
}
