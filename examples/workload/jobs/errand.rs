//! A bit of everything that a service does, in known numbers.

use std::net::IpAddr;
use std::net::Ipv4Addr;

use crate::calls::file;
use crate::calls::needed;
use crate::calls::process as call;
use crate::calls::socket;
use crate::calls::socket::server_label;
use crate::options::Options;
use crate::truth::Truth;

use super::layout::DATA;
use super::tcp::established;

/// The program that is executed, in `--dir`; one without libraries, so that it reads nothing of its own.
const PROGRAM: &str = "program";

/// `--connects` connections to a listener of its own, `--reads` reads of a file and `--execs` programs executed.
pub(super) fn errand(options: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let directory = options.needed_path("dir")?;
    let connects = options.number("connects", 101)?;
    let reads = options.number("reads", 1_009)?;
    let execs = options.number("execs", 11)?;

    let (listener, address) = socket::listener(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)
        .map_err(|errno| anyhow::anyhow!("listen: errno {errno}"))?;
    for _ in 0..connects {
        let client = established(truth, &address)?;
        let (server, peer) = socket::accept(listener).map_err(|errno| anyhow::anyhow!("accept: errno {errno}"))?;
        truth.peer("tcp.accept", &server_label(peer.ip(), address.port())).add(Ok(0));
        for fd in [client, server] {
            needed("close", file::close(fd))?;
        }
    }
    needed("close", file::close(listener))?;

    let path = directory.join(DATA);
    let fd = super::file::open(truth, &path, libc::O_RDONLY)?;
    super::file::read_times(truth, &path, fd, reads as usize)?;
    super::file::close(truth, &path, fd)?;

    let program = directory.join(PROGRAM);
    for _ in 0..execs {
        let pid = needed(
            "fork",
            call::fork(|| {
                call::exec(&program, &["true"]);
                3
            }),
        )?;
        let status = call::wait(pid).map_err(|errno| anyhow::anyhow!("wait: errno {errno}"))?;
        anyhow::ensure!(status == 0, "`{}` ended with status {status:#x}", program.display());
        truth.entry("process.fork", "all", "").add(Ok(0));
        truth.entry("process.exit", "all", "").add(Ok(0));
        truth.path("process.exec", &program).add(Ok(0));
    }
    Ok(())
}
