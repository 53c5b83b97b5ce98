//! `sendmsg`, `recvmsg` and the calls that take several messages.

use std::net::SocketAddr;

use super::RawAddress;
use crate::calls::Outcome;
use crate::calls::outcome;

/// One message: its bytes in two parts, and where it goes or came from.
struct Message {
    parts: [libc::iovec; 2],
    address: RawAddress,
}

impl Message {
    fn new(start: *mut u8, length: usize, address: RawAddress) -> Self {
        let half = length / 2;
        let first = libc::iovec { iov_base: start.cast(), iov_len: half };
        let second = libc::iovec { iov_base: start.wrapping_add(half).cast(), iov_len: length - half };
        Self { parts: [first, second], address }
    }

    /// The header; it points into `self`, which must not move while it is used.
    fn header(&mut self, with_address: bool) -> libc::msghdr {
        // SAFETY: an all-zero header is valid: nothing in it.
        let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
        if with_address {
            header.msg_name = (&raw mut self.address.storage).cast();
            header.msg_namelen = self.address.length;
        }
        header.msg_iov = self.parts.as_mut_ptr();
        header.msg_iovlen = 2;
        header
    }
}

/// `sendmsg` of two parts, to an address or to the connected peer.
pub(crate) fn sendmsg(fd: i32, bytes: &[u8], to: Option<&SocketAddr>) -> Outcome {
    let address = to.map_or_else(RawAddress::room, RawAddress::of);
    let mut message = Message::new(bytes.as_ptr().cast_mut(), bytes.len(), address);
    let header = message.header(to.is_some());
    // SAFETY: the header points to parts and an address that outlive the call, which only reads them.
    outcome(unsafe { libc::sendmsg(fd, &raw const header, 0) } as i64)
}

/// `recvmsg` into two parts; the peer if it was asked for and told.
pub(crate) fn recvmsg(fd: i32, buffer: &mut [u8], ask_peer: bool) -> Result<(u64, Option<SocketAddr>), i32> {
    let mut message = Message::new(buffer.as_mut_ptr(), buffer.len(), RawAddress::room());
    let mut header = message.header(ask_peer);
    // SAFETY: the header points to parts and room that are valid for the call to fill.
    let received = outcome(unsafe { libc::recvmsg(fd, &raw mut header, 0) } as i64)?;
    Ok((received, message.address.address()))
}

fn vector(messages: &mut [Message], with_address: bool) -> Vec<libc::mmsghdr> {
    messages.iter_mut().map(|message| libc::mmsghdr { msg_hdr: message.header(with_address), msg_len: 0 }).collect()
}

/// `sendmmsg`: several datagrams in one call; the length sent of each.
pub(crate) fn sendmmsg(fd: i32, datagrams: &[Vec<u8>], to: Option<&SocketAddr>) -> Result<Vec<u64>, i32> {
    let address = to.map_or_else(RawAddress::room, RawAddress::of);
    let mut messages: Vec<Message> =
        datagrams.iter().map(|bytes| Message::new(bytes.as_ptr().cast_mut(), bytes.len(), address)).collect();
    let mut headers = vector(&mut messages, to.is_some());
    // SAFETY: each header points to parts and an address that outlive the call.
    let sent = outcome(unsafe { libc::sendmmsg(fd, headers.as_mut_ptr(), headers.len() as u32, 0) })?;
    Ok(headers[..sent as usize].iter().map(|header| u64::from(header.msg_len)).collect())
}

/// `recvmmsg` of at least one and at most `buffers.len()` datagrams; the length and the peer of each.
pub(crate) fn recvmmsg(fd: i32, buffers: &mut [Vec<u8>]) -> Result<Vec<(u64, Option<SocketAddr>)>, i32> {
    let mut messages: Vec<Message> =
        buffers.iter_mut().map(|buffer| Message::new(buffer.as_mut_ptr(), buffer.len(), RawAddress::room())).collect();
    let mut headers = vector(&mut messages, true);
    let (start, length) = (headers.as_mut_ptr(), headers.len() as u32);
    // SAFETY: each header points to parts and room that are valid for the call to fill; no time-out is given.
    let got = outcome(unsafe { libc::recvmmsg(fd, start, length, libc::MSG_WAITFORONE as _, std::ptr::null_mut()) })?;
    let lengths = headers[..got as usize].iter().map(|header| u64::from(header.msg_len));
    Ok(lengths.zip(messages.iter().map(|message| message.address.address())).collect())
}
