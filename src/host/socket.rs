//! Which TCP ports the programs of a network namespace listen on.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;
use std::path::Path;

use super::namespace;

/// `TCP_LISTEN` of `net/tcp_states.h`, as the files write it.
const LISTEN: &str = "0A";

/// Addresses listened on in the network namespace of process `pid`, IPv4 and IPv6.
///
/// # Errors
/// The process is gone or hidden. A missing table (no IPv6) is an empty one.
pub fn listening(root: &Path, pid: u32) -> io::Result<BTreeSet<SocketAddr>> {
    let net = root.join(format!("proc/{pid}/net"));
    let mut found = parse(&fs::read_to_string(net.join("tcp"))?);
    match fs::read_to_string(net.join("tcp6")) {
        Ok(text) => found.extend(parse(&text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    Ok(found)
}

/// The network namespace of process `pid`: its inode number, as the kernel has it in `net->ns.inum`.
///
/// # Errors
/// The process is gone or hidden.
pub fn network_namespace(root: &Path, pid: u32) -> io::Result<u32> {
    let link = fs::read_link(root.join(format!("proc/{pid}/ns/net")))?;
    let inode = link.to_str().and_then(namespace::parse_link).and_then(|inode| u32::try_from(inode).ok());
    inode.ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// The listening addresses in the text of `/proc/net/tcp` or `/proc/net/tcp6`; lines that are something else are passed
/// over.
pub fn parse(text: &str) -> BTreeSet<SocketAddr> {
    let listening = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        let local = words.next()?;
        (words.nth(1)? == LISTEN).then_some(())?;
        let (address, port) = local.split_once(':')?;
        Some(SocketAddr::new(parse_address(address)?, u16::from_str_radix(port, 16).ok()?))
    };
    text.lines().filter_map(listening).collect()
}

/// An address as 32-bit words in hexadecimal, each in the machine's byte order.
fn parse_address(text: &str) -> Option<IpAddr> {
    let word = |at: usize| {
        let digits = text.get(at * 8..at * 8 + 8)?;
        u32::from_str_radix(digits, 16).ok().map(u32::to_ne_bytes)
    };
    match text.len() {
        8 => Some(IpAddr::V4(Ipv4Addr::from(word(0)?))),
        32 => {
            let mut bytes = [0; 16];
            for (at, chunk) in bytes.chunks_exact_mut(4).enumerate() {
                chunk.copy_from_slice(&word(at)?);
            }
            Some(IpAddr::V6(Ipv6Addr::from(bytes)))
        }
        _ => None,
    }
}
