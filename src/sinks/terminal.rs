//! What is on the other end of stdout: a terminal or not, its width, whether it wants colours, and when it goes away.

use std::io;
use std::io::IsTerminal;
use std::io::Write;

use crate::report::render::Style;

/// Columns where they cannot be told.
pub const WIDTH: usize = 100;

/// How to write to stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether a person looks at it.
    pub terminal: bool,
    /// Columns.
    pub width: usize,
    /// Whether colours are wanted: on a terminal, unless `NO_COLOR` is set or it is dumb; elsewhere only if
    /// `CLICOLOR_FORCE` is set.
    pub style: Style,
}

/// How to write to this process's stdout.
pub fn stdout() -> Look {
    let terminal = io::stdout().is_terminal();
    let width = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    let colours = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
    look(terminal, width, colours)
}

fn look(terminal: bool, width: Option<usize>, colours: bool) -> Look {
    Look { terminal, width: width.unwrap_or(WIDTH), style: if colours { Style::Ansi } else { Style::Plain } }
}

/// A writer whose reader may leave (`podtrace … | head`): from then on everything is swallowed without an error, so that
/// a trace that nobody reads any more ends well.
#[derive(Debug)]
pub struct Pipe<W> {
    out: W,
    closed: bool,
}

impl<W: Write> Pipe<W> {
    /// Writes to `out` for as long as somebody reads.
    pub fn new(out: W) -> Self {
        Self { out, closed: false }
    }

    /// Whether the reader has left. The caller may stop then.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    fn or_closed<T>(&mut self, result: io::Result<T>, swallowed: T) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(swallowed)
            }
            result => result,
        }
    }
}

impl<W: Write> Write for Pipe<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.closed {
            return Ok(bytes.len());
        }
        let written = self.out.write(bytes);
        self.or_closed(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let flushed = self.out.flush();
        self.or_closed(flushed, ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Check that a pipe without a reader is no error and is noticed, and that one with a reader gets every byte.
    #[test]
    fn reader_leaves() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let mut pipe = Pipe::new(writer);
        assert!(!pipe.is_closed());
        pipe.write_all(&[7; 1009]).unwrap();
        assert!(pipe.is_closed());
        pipe.write_all(b"more").unwrap();
        pipe.flush().unwrap();

        let mut kept = Pipe::new(Vec::new());
        kept.write_all(b"twenty-three").unwrap();
        assert_eq!((kept.out.as_slice(), kept.closed), (b"twenty-three".as_slice(), false));
    }

    /// Check that other errors stay errors.
    #[test]
    fn full_disk_is_an_error() {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut pipe = Pipe::new(full);
        let error = pipe.write_all(b"23").unwrap_err();
        assert_eq!((error.kind(), pipe.is_closed()), (io::ErrorKind::StorageFull, false));
    }

    /// Check that an unknown width gives the default and colours follow the choice.
    #[test]
    fn looks() {
        assert_eq!(look(false, None, false), Look { terminal: false, width: WIDTH, style: Style::Plain });
        assert_eq!(look(true, Some(132), true), Look { terminal: true, width: 132, style: Style::Ansi });
    }
}
