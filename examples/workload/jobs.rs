//! The jobs, one visible list.

mod errand;
mod file;
mod held_up;
mod layout;
mod lifecycle;
mod loss;
mod multipath;
mod other_descriptors;
mod owed;
mod path;
mod program;
mod rate;
mod relatives;
mod run_queue;
mod tcp;
mod tcp_server;
mod udp;
mod unseen;
mod waiting;

use std::net::SocketAddr;

use anyhow::Context as _;

use crate::options::Options;
use crate::truth::Truth;

/// A job.
#[derive(Debug)]
pub(crate) struct Job {
    /// Its name on the command line.
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// Does it.
    pub perform: fn(&mut Options, &mut Truth) -> anyhow::Result<()>,
}

/// Every job.
pub(crate) const JOBS: &[Job] = &[
    Job { name: "prepare", about: "makes the files that jobs work on, untraced", perform: layout::prepare },
    Job { name: "connects", about: "connects, some refused, blocking and not", perform: tcp::connects },
    Job { name: "tcp-exchange", about: "bytes both ways with several peers", perform: tcp::exchange },
    Job { name: "idle-recv", about: "waits for data that comes late", perform: tcp::idle_recv },
    Job { name: "response", about: "asks a slow server", perform: tcp::response },
    Job { name: "resets", about: "connections reset by either side", perform: tcp::resets },
    Job { name: "accepts", about: "accepts connections", perform: tcp_server::accepts },
    Job { name: "serve", about: "answers requests, each after a known time", perform: tcp_server::serve },
    Job { name: "loopback", about: "both ends of connections in one process", perform: tcp_server::loopback },
    Job { name: "unanswered", about: "asks peers that do not answer, until it is killed", perform: owed::unanswered },
    Job {
        name: "given-up",
        about: "requests that are never answered, and what looks like one",
        perform: owed::given_up,
    },
    Job { name: "retransmit", about: "lost segments in an own network namespace", perform: loss::retransmit },
    Job { name: "abandoned", about: "connects given up before an answer", perform: loss::abandoned },
    Job { name: "late-data", about: "data for a connection that is closed already", perform: loss::late_data },
    Job { name: "multipath", about: "a server and clients of Multipath TCP", perform: multipath::multipath },
    Job { name: "udp-exchange", about: "datagrams both ways, every way to send one", perform: udp::exchange },
    Job { name: "udp-refused", about: "datagrams to a closed port", perform: udp::refused },
    Job { name: "reads", about: "preads of known sizes", perform: file::reads },
    Job { name: "writes", about: "writes and fsyncs", perform: file::writes },
    Job { name: "read-forms", about: "every call that reads", perform: file::read_forms },
    Job { name: "direct-reads", about: "reads that wait for the disk", perform: file::direct_reads },
    Job { name: "phases", about: "reads in two phases, a file each", perform: file::phases },
    Job { name: "paths", about: "files under every sort of path", perform: path::paths },
    Job { name: "roots", about: "files behind chroot and pivot_root", perform: path::roots },
    Job { name: "open-errors", about: "opens that fail", perform: path::open_errors },
    Job { name: "deep-path", about: "a file in many nested folders", perform: path::deep },
    Job { name: "not-files", about: "reads and writes of what is no file", perform: other_descriptors::not_files },
    Job { name: "memory-file", about: "a file that has no place", perform: other_descriptors::memory_file },
    Job { name: "relatives", about: "copies, splices, truncations, syncs", perform: relatives::relatives },
    Job { name: "file-errors", about: "reads and writes that fail", perform: relatives::errors },
    Job { name: "io-uring", about: "requests to an io_uring", perform: unseen::io_uring },
    Job { name: "compat", about: "system calls of 32-bit programs", perform: unseen::compat },
    Job { name: "nothing", about: "ends at once with `--code`", perform: program::nothing },
    Job { name: "execs", about: "forks that execute this program", perform: program::execs },
    Job { name: "exec-chain", about: "one process that executes itself again and again", perform: program::exec_chain },
    Job { name: "forks", about: "forks that exit at once", perform: lifecycle::forks },
    Job { name: "endings", about: "exit codes and deaths by signal", perform: lifecycle::endings },
    Job { name: "threads", about: "processes of several threads, each one exit", perform: lifecycle::threads },
    Job { name: "short-lived", about: "processes that read a few times and end", perform: lifecycle::short_lived },
    Job { name: "sleeper", about: "sleeps", perform: waiting::sleeper },
    Job { name: "pipe-reader", about: "waits for a pipe", perform: waiting::pipe_reader },
    Job { name: "poller", about: "waits in poll, select and epoll", perform: waiting::poller },
    Job { name: "parent", about: "waits for children", perform: waiting::parent },
    Job { name: "contention", about: "waits for a lock", perform: waiting::contention },
    Job { name: "file-locks", about: "waits for locks on a file", perform: held_up::file_locks },
    Job { name: "rw-locks", about: "waits for read-write locks", perform: held_up::read_write_locks },
    Job { name: "stopped", about: "a child stopped by a signal", perform: held_up::stopped },
    Job { name: "spinner", about: "uses half a CPU", perform: run_queue::spinner },
    Job { name: "run-queue", about: "several spinners on one CPU", perform: run_queue::run_queue },
    Job { name: "errand", about: "connects, reads and executes, as often as it is told", perform: errand::errand },
    Job { name: "many-ops", about: "preads as fast as they go", perform: rate::many_ops },
    Job { name: "many-files", about: "many different files", perform: rate::many_files },
];

/// Says that others may connect now, and where: the file appears whole.
fn announce(options: &mut Options, addresses: &[SocketAddr]) -> anyhow::Result<()> {
    let Some(path) = options.path("ready")? else {
        return Ok(());
    };
    let lines: String = addresses.iter().map(|address| format!("{address}\n")).collect();
    let partial = path.with_extension("partial");
    std::fs::write(&partial, lines).with_context(|| format!("cannot write `{}`", partial.display()))?;
    std::fs::rename(&partial, &path).with_context(|| format!("cannot write `{}`", path.display()))
}
