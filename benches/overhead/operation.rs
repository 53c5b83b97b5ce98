//! The operations whose price is measured, and who does them.

/// Something a program does over and over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    /// A system call that nothing traces.
    Untraced,
    /// One byte from the page cache.
    SmallRead,
    /// 4 KiB from the page cache.
    PageRead,
    /// A datagram of 64 bytes sent or received over loopback.
    Datagram,
    /// 64 bytes sent or received over a TCP connection on loopback.
    Stream,
    /// From one thread to another on the same CPU, which waits for a byte in a pipe.
    Switch,
}

impl Operation {
    /// All of them, in the order of the table.
    pub(crate) const ALL: [Self; 6] =
        [Self::Untraced, Self::SmallRead, Self::PageRead, Self::Datagram, Self::Stream, Self::Switch];

    /// What the generator is asked for by.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Untraced => "untraced",
            Self::SmallRead => "small-read",
            Self::PageRead => "page-read",
            Self::Datagram => "datagram",
            Self::Stream => "stream",
            Self::Switch => "switch",
        }
    }

    /// What the table calls it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Untraced => "`getpid` (not traced)",
            Self::SmallRead => "`pread`, 1 byte",
            Self::PageRead => "`pread`, 4 KiB",
            Self::Datagram => "UDP send or receive, 64 bytes",
            Self::Stream => "TCP send or receive, 64 bytes",
            Self::Switch => "context switch",
        }
    }

    /// Operations in a turn of the generator's loop: a ping-pong has two sends and two receives, or two switches.
    pub(crate) fn a_turn(self) -> u64 {
        match self {
            Self::Untraced | Self::SmallRead | Self::PageRead => 1,
            Self::Datagram | Self::Stream => 4,
            Self::Switch => 2,
        }
    }

    /// Turns that take some 7 ms: long against reading the clock, short against the machine's changes of speed.
    pub(crate) fn turns(self) -> u64 {
        match self {
            Self::Untraced => 60_000,
            Self::SmallRead => 24_000,
            Self::PageRead => 18_000,
            Self::Datagram => 2_000,
            Self::Stream => 1_500,
            Self::Switch => 2_500,
        }
    }
}

/// Who does an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// The process that is traced.
    Target,
    /// Another one on the same machine.
    Bystander,
}

impl Role {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Target, Self::Bystander];

    /// What the table calls it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Bystander => "bystander",
        }
    }
}
