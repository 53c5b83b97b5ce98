//! Why a container runtime cannot be asked.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a container runtime cannot be asked.
#[derive(Debug, Error)]
pub enum RuntimeError {
    /// No usual socket is there.
    #[error("no container runtime's socket is there: set `{}` if it has another place than the usual", super::ENDPOINT)]
    None,
    /// The environment names something else than a socket.
    #[error("`{name}` is `{value}`: expected a path, or `unix://` and a path", name = super::ENDPOINT)]
    Endpoint {
        /// What it says.
        value: String,
    },
    /// No such socket.
    #[error("there is no socket `{0}`: is the container runtime running?")]
    Absent(PathBuf),
    /// It is not open to this process.
    #[error("cannot connect to `{socket}`: {error}{}", if error.kind() == io::ErrorKind::PermissionDenied { "; run as root" } else { "" })]
    Closed {
        /// The socket.
        socket: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Something else answers there.
    #[error("what answers at `{socket}` does not speak the container runtime interface (CRI v1): {why}")]
    Foreign {
        /// The socket.
        socket: PathBuf,
        /// What it said.
        why: String,
    },
    /// It takes too long.
    #[error("the container runtime at `{socket}` does not answer within {seconds} s")]
    Silent {
        /// The socket.
        socket: PathBuf,
        /// How long it was waited for.
        seconds: u64,
    },
    /// It says no.
    #[error("the container runtime at `{socket}` refuses `{call}`: {why}")]
    Refused {
        /// The socket.
        socket: PathBuf,
        /// What was asked.
        call: &'static str,
        /// What it said.
        why: String,
    },
    /// This process cannot ask at all.
    #[error("cannot begin to ask the container runtime: {0}")]
    Client(io::Error),
}
