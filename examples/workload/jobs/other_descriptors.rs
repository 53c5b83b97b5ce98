//! Reads and writes that are none of a file: pipes, sockets of the machine, terminals, counters.

use crate::calls::Outcome;
use crate::calls::descriptor;
use crate::calls::file as call;
use crate::calls::needed;
use crate::calls::outcome;
use crate::options::Options;
use crate::truth::Truth;

/// Moves 101 messages through each of them. Nothing of it is a file, so the truth has no entry; it says how much was
/// moved, so that a test knows that there was something to be wrong about.
pub(super) fn not_files(_: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    let mut moved = 0;
    let mut pair = |from: i32, to: i32, message: &[u8]| -> anyhow::Result<()> {
        for _ in 0..101 {
            needed("write", call::write(from, message))?;
            let mut buffer = [0; 64];
            needed("read", call::read(to, &mut buffer))?;
            moved += 2;
        }
        Ok(())
    };

    let (drain, fill) = call::pipe().map_err(|errno| anyhow::anyhow!("pipe: errno {errno}"))?;
    pair(fill, drain, b"through a pipe")?;

    let mut ends = [0; 2];
    // SAFETY: `ends` has room for two descriptors.
    needed("socketpair", outcome(unsafe { libc::socketpair(libc::AF_UNIX, libc::SOCK_STREAM, 0, ends.as_mut_ptr()) }))?;
    pair(ends[0], ends[1], b"through a socket of this machine")?;

    // SAFETY: takes numbers only.
    let counter = descriptor("eventfd", outcome(unsafe { libc::eventfd(0, 0) }))?;
    pair(counter, counter, &7u64.to_ne_bytes())?;

    let (master, terminal) = terminal()?;
    pair(master, terminal, b"a line\n")?;

    for fd in [drain, fill, ends[0], ends[1], counter, master, terminal] {
        needed("close", call::close(fd))?;
    }
    truth.fact("moved", moved);
    Ok(())
}

/// 11 writes of 101 bytes to a file in memory, which has a name and no place, and 7 reads of them.
pub(super) fn memory_file(_: &mut Options, truth: &mut Truth) -> anyhow::Result<()> {
    // SAFETY: the name ends with a zero byte.
    let made = outcome(unsafe { libc::memfd_create(c"of-podtrace".as_ptr(), 0) });
    let memory = descriptor("memfd_create", made)?;
    let path = std::path::Path::new("/memfd:of-podtrace");
    for _ in 0..11 {
        truth.path("file.write", path).add(call::write(memory, &[b'm'; 101]));
    }
    for _ in 0..7 {
        truth.path("file.read", path).add(call::pread(memory, &mut [0; 101], 0));
    }
    truth.path("file.close", path).add(call::close(memory));
    Ok(())
}

/// Both ends of a pseudo-terminal that does not echo.
fn terminal() -> anyhow::Result<(i32, i32)> {
    // SAFETY: takes numbers only.
    let master = descriptor("posix_openpt", outcome(unsafe { libc::posix_openpt(libc::O_RDWR | libc::O_NOCTTY) }))?;
    // SAFETY: takes a number only.
    needed("unlockpt", outcome(unsafe { libc::unlockpt(master) }))?;
    let mut number = 0i32;
    // SAFETY: TIOCGPTN fills one int.
    needed("TIOCGPTN", outcome(unsafe { libc::ioctl(master, libc::TIOCGPTN, &raw mut number) }))?;
    let name = format!("/dev/pts/{number}");
    let opened: Outcome = call::open(std::path::Path::new(&name), libc::O_RDWR | libc::O_NOCTTY);
    let terminal = descriptor("open the terminal", opened)?;
    // SAFETY: all-zero is a valid value to be filled.
    let mut settings: libc::termios = unsafe { std::mem::zeroed() };
    // SAFETY: `settings` is valid for the call to fill.
    needed("tcgetattr", outcome(unsafe { libc::tcgetattr(terminal, &raw mut settings) }))?;
    settings.c_lflag &= !libc::ECHO;
    // SAFETY: `settings` outlives the call.
    needed("tcsetattr", outcome(unsafe { libc::tcsetattr(terminal, libc::TCSANOW, &raw const settings) }))?;
    Ok((master, terminal))
}
