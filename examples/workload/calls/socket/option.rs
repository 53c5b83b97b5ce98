//! Socket options, and what the kernel says about a connection.

use std::time::Duration;

use crate::calls::Outcome;
use crate::calls::outcome;

fn set<T>(fd: i32, level: i32, name: i32, value: &T) -> Outcome {
    let start = std::ptr::from_ref(value).cast();
    // SAFETY: the value outlives the call and the length given is its own.
    outcome(unsafe { libc::setsockopt(fd, level, name, start, size_of::<T>() as libc::socklen_t) })
}

/// The pending error of a socket, which is thereby taken from it; 0 for none.
pub(crate) fn take_error(fd: i32) -> Result<i32, i32> {
    let mut error = 0i32;
    let mut length = size_of::<i32>() as libc::socklen_t;
    let place = (&raw mut error).cast();
    // SAFETY: `error` and `length` are valid for the call to fill.
    outcome(unsafe { libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_ERROR, place, &raw mut length) })?;
    Ok(error)
}

/// Makes `close` reset the connection.
pub(crate) fn reset_on_close(fd: i32) -> Outcome {
    set(fd, libc::SOL_SOCKET, libc::SO_LINGER, &libc::linger { l_onoff: 1, l_linger: 0 })
}

/// Makes receives that wait end after a while.
pub(crate) fn receive_for(fd: i32, time: Duration) -> Outcome {
    let time = libc::timeval {
        tv_sec: time.as_secs() as libc::time_t,
        tv_usec: libc::suseconds_t::from(time.subsec_micros()),
    };
    set(fd, libc::SOL_SOCKET, libc::SO_RCVTIMEO, &time)
}

/// Sends small segments at once.
pub(crate) fn no_delay(fd: i32) -> Outcome {
    set(fd, libc::IPPROTO_TCP, libc::TCP_NODELAY, &1i32)
}

/// Makes a socket drop every packet that comes in, as a lossy network would. This is how loss is forced without a
/// device or a firewall: the sender's kernel sees nothing but silence.
pub(crate) fn drop_incoming(fd: i32) -> Outcome {
    // `ret #0` of the classic packet filter: keep no byte of any packet.
    let mut code = [libc::sock_filter { code: (libc::BPF_RET | libc::BPF_K) as u16, jt: 0, jf: 0, k: 0 }];
    let program = libc::sock_fprog { len: 1, filter: code.as_mut_ptr() };
    set(fd, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &program)
}

/// Ends what [`drop_incoming`] began.
pub(crate) fn keep_incoming(fd: i32) -> Outcome {
    set(fd, libc::SOL_SOCKET, libc::SO_DETACH_FILTER, &0i32)
}

/// Segments the kernel sent again on this connection so far (`tcpi_total_retrans`).
pub(crate) fn retransmits(fd: i32) -> Result<u64, i32> {
    // SAFETY: all-zero is valid for this structure of numbers.
    let mut info: libc::tcp_info = unsafe { std::mem::zeroed() };
    let mut length = size_of::<libc::tcp_info>() as libc::socklen_t;
    let place = (&raw mut info).cast();
    // SAFETY: `info` and `length` are valid for the call to fill.
    outcome(unsafe { libc::getsockopt(fd, libc::IPPROTO_TCP, libc::TCP_INFO, place, &raw mut length) })?;
    Ok(u64::from(info.tcpi_total_retrans))
}

/// Brings the loopback device of this network namespace up.
pub(crate) fn loopback_up() -> Result<(), i32> {
    // SAFETY: takes numbers only.
    let fd = outcome(unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) })? as i32;
    // SAFETY: all-zero is a valid request: no name, no flags.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    request.ifr_name[0] = b'l' as libc::c_char;
    request.ifr_name[1] = b'o' as libc::c_char;
    // SAFETY: `request` is valid for the call to fill.
    outcome(unsafe { libc::ioctl(fd, libc::SIOCGIFFLAGS, &raw mut request) })?;
    // SAFETY: the call before has just written the flags.
    unsafe { request.ifr_ifru.ifru_flags |= libc::IFF_UP as libc::c_short };
    // SAFETY: `request` outlives the call.
    outcome(unsafe { libc::ioctl(fd, libc::SIOCSIFFLAGS, &raw mut request) })?;
    super::super::file::close(fd)?;
    Ok(())
}
