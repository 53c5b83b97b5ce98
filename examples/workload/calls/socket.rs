//! Calls on sockets.

pub(crate) mod message;
pub(crate) mod option;

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;

use super::Outcome;
use super::outcome;

/// A socket address as the kernel has it.
#[derive(Clone, Copy)]
pub(crate) struct RawAddress {
    /// Room for any family.
    pub storage: libc::sockaddr_storage,
    /// How much of it is used.
    pub length: libc::socklen_t,
}

impl RawAddress {
    /// Room for the kernel to fill.
    pub(crate) fn room() -> Self {
        // SAFETY: an all-zero sockaddr_storage is valid: the family is AF_UNSPEC.
        Self { storage: unsafe { std::mem::zeroed() }, length: size_of::<libc::sockaddr_storage>() as libc::socklen_t }
    }

    /// An address.
    pub(crate) fn of(address: &SocketAddr) -> Self {
        let mut raw = Self::room();
        match address {
            SocketAddr::V4(v4) => {
                let place = (&raw mut raw.storage).cast::<libc::sockaddr_in>();
                // SAFETY: all-zero is valid for the type.
                let mut value: libc::sockaddr_in = unsafe { std::mem::zeroed() };
                value.sin_family = libc::AF_INET as libc::sa_family_t;
                value.sin_port = v4.port().to_be();
                value.sin_addr.s_addr = u32::from_ne_bytes(v4.ip().octets());
                // SAFETY: sockaddr_storage is as large and as aligned as any socket address.
                unsafe { place.write(value) };
                raw.length = size_of::<libc::sockaddr_in>() as libc::socklen_t;
            }
            SocketAddr::V6(v6) => {
                let place = (&raw mut raw.storage).cast::<libc::sockaddr_in6>();
                // SAFETY: all-zero is valid for the type.
                let mut value: libc::sockaddr_in6 = unsafe { std::mem::zeroed() };
                value.sin6_family = libc::AF_INET6 as libc::sa_family_t;
                value.sin6_port = v6.port().to_be();
                value.sin6_addr.s6_addr = v6.ip().octets();
                // SAFETY: sockaddr_storage is as large and as aligned as any socket address.
                unsafe { place.write(value) };
                raw.length = size_of::<libc::sockaddr_in6>() as libc::socklen_t;
            }
        }
        raw
    }

    /// As the standard library's type.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        let start = &raw const self.storage;
        match i32::from(self.storage.ss_family) {
            libc::AF_INET => {
                // SAFETY: the family says that this is what lies there.
                let value = unsafe { start.cast::<libc::sockaddr_in>().read() };
                let ip = Ipv4Addr::from(value.sin_addr.s_addr.to_ne_bytes());
                Some(SocketAddr::new(IpAddr::V4(ip), u16::from_be(value.sin_port)))
            }
            libc::AF_INET6 => {
                // SAFETY: the family says that this is what lies there.
                let value = unsafe { start.cast::<libc::sockaddr_in6>().read() };
                let ip = Ipv6Addr::from(value.sin6_addr.s6_addr);
                Some(SocketAddr::new(IpAddr::V6(ip), u16::from_be(value.sin6_port)))
            }
            _ => None,
        }
    }

    fn pointer(&self) -> *const libc::sockaddr {
        (&raw const self.storage).cast()
    }
}

/// How a report writes a peer that the target turned to: `10.0.0.7:5432`, `[::1]:80`.
pub(crate) fn client_label(peer: &SocketAddr) -> String {
    peer.to_string()
}

/// How a report writes peers that came to the target: `10.0.0.7->:8080`, the port being the target's own.
pub(crate) fn server_label(peer: IpAddr, own_port: u16) -> String {
    format!("{peer}->:{own_port}")
}

/// `socket` of the family of an address; `flags` such as `SOCK_NONBLOCK` are added to the type.
pub(crate) fn socket(like: &SocketAddr, kind: i32, flags: i32) -> Outcome {
    let family = if like.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    // SAFETY: takes numbers only.
    outcome(unsafe { libc::socket(family, kind | flags | libc::SOCK_CLOEXEC, 0) })
}

/// `connect`.
pub(crate) fn connect(fd: i32, to: &SocketAddr) -> Outcome {
    let to = RawAddress::of(to);
    // SAFETY: the address outlives the call and its length is its own.
    outcome(unsafe { libc::connect(fd, to.pointer(), to.length) })
}

/// `bind`.
pub(crate) fn bind(fd: i32, to: &SocketAddr) -> Outcome {
    let to = RawAddress::of(to);
    // SAFETY: the address outlives the call and its length is its own.
    outcome(unsafe { libc::bind(fd, to.pointer(), to.length) })
}

/// `listen`.
pub(crate) fn listen(fd: i32) -> Outcome {
    // SAFETY: takes numbers only.
    outcome(unsafe { libc::listen(fd, 512) })
}

/// A bound and listening stream socket on a free port of an address, and where it listens.
pub(crate) fn listener(ip: IpAddr, flags: i32) -> Result<(i32, SocketAddr), i32> {
    let any = SocketAddr::new(ip, 0);
    let fd = socket(&any, libc::SOCK_STREAM, flags)? as i32;
    bind(fd, &any)?;
    listen(fd)?;
    Ok((fd, own_address(fd)?))
}

/// A bound datagram socket on a free port of an address, and where it is.
pub(crate) fn datagram(ip: IpAddr, flags: i32) -> Result<(i32, SocketAddr), i32> {
    let any = SocketAddr::new(ip, 0);
    let fd = socket(&any, libc::SOCK_DGRAM, flags)? as i32;
    bind(fd, &any)?;
    Ok((fd, own_address(fd)?))
}

/// `getsockname`.
pub(crate) fn own_address(fd: i32) -> Result<SocketAddr, i32> {
    let mut raw = RawAddress::room();
    // SAFETY: storage and length are valid for the call to fill.
    outcome(unsafe { libc::getsockname(fd, (&raw mut raw.storage).cast(), &raw mut raw.length) })?;
    raw.address().ok_or(libc::EAFNOSUPPORT)
}

/// `accept`, asking for the peer.
pub(crate) fn accept(fd: i32) -> Result<(i32, SocketAddr), i32> {
    let mut raw = RawAddress::room();
    // SAFETY: storage and length are valid for the call to fill.
    let accepted = outcome(unsafe { libc::accept(fd, (&raw mut raw.storage).cast(), &raw mut raw.length) })?;
    Ok((accepted as i32, raw.address().ok_or(libc::EAFNOSUPPORT)?))
}

/// `accept4` with flags, not asking for the peer.
pub(crate) fn accept4(fd: i32, flags: i32) -> Outcome {
    // SAFETY: null pointers mean that the peer is not asked for.
    outcome(unsafe { libc::accept4(fd, std::ptr::null_mut(), std::ptr::null_mut(), flags) })
}

/// `send`, which libc makes a `sendto` without an address.
pub(crate) fn send(fd: i32, bytes: &[u8], flags: i32) -> Outcome {
    // SAFETY: the bytes are valid for reads of their length.
    outcome(unsafe { libc::send(fd, bytes.as_ptr().cast(), bytes.len(), flags) } as i64)
}

/// `sendto`.
pub(crate) fn send_to(fd: i32, bytes: &[u8], to: &SocketAddr) -> Outcome {
    let to = RawAddress::of(to);
    let (start, length) = (bytes.as_ptr().cast(), bytes.len());
    // SAFETY: bytes and address outlive the call and their lengths are their own.
    outcome(unsafe { libc::sendto(fd, start, length, 0, to.pointer(), to.length) } as i64)
}

/// `recv`, which libc makes a `recvfrom` without an address.
pub(crate) fn recv(fd: i32, buffer: &mut [u8], flags: i32) -> Outcome {
    // SAFETY: the buffer is valid for writes of its length.
    outcome(unsafe { libc::recv(fd, buffer.as_mut_ptr().cast(), buffer.len(), flags) } as i64)
}

/// `recvfrom`, asking for the peer.
pub(crate) fn recv_from(fd: i32, buffer: &mut [u8]) -> Result<(u64, SocketAddr), i32> {
    let mut raw = RawAddress::room();
    let (start, length) = (buffer.as_mut_ptr().cast(), buffer.len());
    let (place, place_length) = ((&raw mut raw.storage).cast(), &raw mut raw.length);
    // SAFETY: buffer, storage and length are valid for the call to fill.
    let received = outcome(unsafe { libc::recvfrom(fd, start, length, 0, place, place_length) } as i64)?;
    Ok((received, raw.address().ok_or(libc::EAFNOSUPPORT)?))
}

/// `shutdown` of the sending side.
pub(crate) fn shutdown_write(fd: i32) -> Outcome {
    // SAFETY: takes numbers only.
    outcome(unsafe { libc::shutdown(fd, libc::SHUT_WR) })
}

/// `epoll_wait` for input on any of these; how many events came.
pub(crate) fn epoll(fds: &[i32], timeout_ms: i32) -> Outcome {
    // SAFETY: takes numbers only.
    let epoll = outcome(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })? as i32;
    for fd in fds {
        let mut event = libc::epoll_event { events: (libc::EPOLLIN | libc::EPOLLET) as u32, u64: *fd as u64 };
        // SAFETY: the event outlives the call.
        outcome(unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, *fd, &raw mut event) })?;
    }
    let mut events = [libc::epoll_event { events: 0, u64: 0 }; 4];
    // SAFETY: room for as many events as are said.
    outcome(unsafe { libc::epoll_wait(epoll, events.as_mut_ptr(), events.len() as i32, timeout_ms) })
}

/// `poll` of one descriptor; the events that came.
pub(crate) fn poll(fd: i32, events: i16, timeout_ms: i32) -> Result<i16, i32> {
    let mut entry = libc::pollfd { fd, events, revents: 0 };
    // SAFETY: one valid entry.
    outcome(unsafe { libc::poll(&raw mut entry, 1, timeout_ms) })?;
    Ok(entry.revents)
}
