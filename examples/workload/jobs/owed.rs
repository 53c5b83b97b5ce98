//! Requests that peers do not answer, and what only looks like one.

use std::net::SocketAddr;
use std::thread::sleep;
use std::time::Duration;

use crate::calls::descriptor;
use crate::calls::file;
use crate::calls::needed;
use crate::calls::socket as call;
use crate::calls::socket::client_label;
use crate::calls::socket::option;
use crate::clock;
use crate::options::Options;
use crate::truth::Truth;

use super::tcp::established;

/// Longer than anything here waits.
const PATIENCE_MS: i32 = 60_000;

/// Longer than what podtrace takes for a farewell.
const APART: Duration = Duration::from_millis(430);

/// A request that nobody takes for what HTTP/2 sends by itself, and one that may be that.
const LARGE: &[u8] = &[b'r'; 101];
const SMALL: &[u8] = &[b'r'; 7];

/// A farewell of TLS.
const FAREWELL: &[u8] = &[b'f'; 31];

/// A request that the first `--to` does not answer, one that the second does, after which something is sent that needs no
/// answer, and a connect that nobody answers: then waits for the answer in a receive, or with `--by poll` in a poll, or
/// with `--by epoll` in an epoll of all, until it is killed.
pub(super) fn unanswered(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let peers = options.addresses("to")?;
    let [silent, answering] = peers[..] else { anyhow::bail!("two `--to` are needed") };
    let by = options.text("by")?.unwrap_or_else(|| "receive".into());
    let mut buffer = [0; 499];
    let answered = established(truth, &answering)?;
    needed("send", call::send(answered, LARGE, 0))?;
    needed("recv", call::recv(answered, &mut buffer, libc::MSG_WAITALL))?;
    needed("send", call::send(answered, SMALL, 0))?;
    let (listener, deaf) = call::listener(silent.ip(), 0).map_err(|errno| anyhow::anyhow!("listen: errno {errno}"))?;
    needed("SO_ATTACH_FILTER", option::drop_incoming(listener))?;
    let pending = descriptor("socket", call::socket(&deaf, libc::SOCK_STREAM, libc::SOCK_NONBLOCK))?;
    anyhow::ensure!(call::connect(pending, &deaf) == Err(libc::EINPROGRESS), "a connect to nobody came to an end");
    let asked = established(truth, &silent)?;
    needed("send", call::send(asked, if by == "epoll" { LARGE } else { SMALL }, 0))?;
    let waited = match by.as_str() {
        "receive" => call::recv(asked, &mut buffer, 0),
        "poll" => call::poll(asked, libc::POLLIN, PATIENCE_MS).map(|events| events as u64),
        "epoll" => call::epoll(&[asked, answered], PATIENCE_MS),
        _ => anyhow::bail!("`--by` takes receive, poll or epoll, found `{by}`"),
    };
    anyhow::bail!("the silent peer answered: {waited:?}")
}

/// A connection on which something was sent.
struct Asked {
    fd: i32,
    /// When the send had ended.
    sent_ns: u64,
}

fn ask(truth: &mut Truth, peer: &SocketAddr, request: &[u8]) -> anyhow::Result<Asked> {
    let fd = established(truth, peer)?;
    needed("send", call::send(fd, request, 0))?;
    Ok(Asked { fd, sent_ns: clock::now_ns() })
}

impl Asked {
    /// Closes it; `how` is what becomes of the request, if it was one.
    fn close(self, truth: &mut Truth, how: Option<&str>, peer: &SocketAddr) -> anyhow::Result<()> {
        let took_ns = clock::now_ns() - self.sent_ns;
        if let Some(how) = how {
            truth.entry("tcp.unanswered", "waiting", how).add_timed((Ok(0), took_ns));
            truth.peer("tcp.unanswered", &client_label(peer)).add_timed((Ok(0), took_ns));
        }
        needed("close", file::close(self.fd))?;
        Ok(())
    }
}

/// Requests to `--silent`, which does not answer, that are given up in all ways: 7 after which nobody can be seen to wait,
/// 5 of a few bytes for which a receive or a poll waited until it timed out, 3 with a farewell before the close; and 11 to
/// `--ending`, which ends each connection a while after its first byte. Then what is no such request: 5 of a few bytes for
/// which nobody waits, 3 closed at once, one of which with a farewell, 2 answers by `--answering` that were not read, 2 that
/// came after the sending side was closed, and one connection that sends again and again.
pub(super) fn given_up(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let silent = options.needed_address("silent")?;
    let ending = options.needed_address("ending")?;
    let answering = options.needed_address("answering")?;
    let asked = |count: usize, request: &[u8], truth: &mut Truth| -> anyhow::Result<Vec<Asked>> {
        (0..count).map(|_| ask(truth, &silent, request)).collect()
    };
    for turn in 0..5 {
        let request = ask(truth, &silent, SMALL)?;
        if turn % 2 == 0 {
            needed("SO_RCVTIMEO", option::receive_for(request.fd, APART))?;
            let received = call::recv(request.fd, &mut [0; 16], 0);
            anyhow::ensure!(received == Err(libc::EAGAIN), "a silent peer: {received:?}");
        } else {
            let events = call::poll(request.fd, libc::POLLIN, APART.as_millis() as i32);
            anyhow::ensure!(events == Ok(0), "a silent peer: {events:?}");
        }
        request.close(truth, Some("given up"), &silent)?;
    }
    let pushing = ask(truth, &silent, LARGE)?;
    let (large, small, farewells) = (asked(7, LARGE, truth)?, asked(5, SMALL, truth)?, asked(3, LARGE, truth)?);
    let ended = (0..11).map(|_| ask(truth, &ending, LARGE)).collect::<anyhow::Result<Vec<_>>>()?;
    let mut unread = Vec::new();
    for turn in 0..4 {
        let request = ask(truth, &answering, LARGE)?;
        if turn % 2 == 0 {
            needed("shutdown", call::shutdown_write(request.fd))?;
        }
        unread.push(request);
    }
    for farewell in [false, false, true] {
        let request = ask(truth, &silent, LARGE)?;
        if farewell {
            needed("send", call::send(request.fd, FAREWELL, 0))?;
        }
        request.close(truth, None, &silent)?;
    }
    for _ in 0..3 {
        sleep(APART);
        needed("send", call::send(pushing.fd, LARGE, 0))?;
    }
    sleep(APART);
    pushing.close(truth, None, &silent)?;
    for request in large {
        request.close(truth, Some("given up"), &silent)?;
    }
    for request in farewells {
        needed("send", call::send(request.fd, FAREWELL, 0))?;
        request.close(truth, Some("given up"), &silent)?;
    }
    for request in small {
        request.close(truth, None, &silent)?;
    }
    for (turn, request) in unread.into_iter().enumerate() {
        // Those whose sending side is closed are read.
        if turn % 2 == 0 {
            needed("recv", call::recv(request.fd, &mut [0; 499], libc::MSG_WAITALL))?;
        }
        request.close(truth, None, &answering)?;
    }
    for request in ended {
        needed("recv", call::recv(request.fd, &mut [0; 16], 0))?;
        needed("close", file::close(request.fd))?;
        truth.entry("tcp.unanswered", "waiting", "ended by peer").add(Ok(0));
        truth.peer("tcp.unanswered", &client_label(&ending)).add(Ok(0));
    }
    Ok(())
}
