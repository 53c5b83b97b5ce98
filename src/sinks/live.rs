//! The live view: a small table that is drawn anew at every tick, on terminals only.

use std::io;
use std::io::Write;

use crate::report::Live;
use crate::report::render;
use crate::report::render::Style;

/// Draws the live view over itself.
#[derive(Debug)]
pub struct Screen<W> {
    out: W,
    width: usize,
    style: Style,
    lines: usize,
}

impl<W: Write> Screen<W> {
    /// A view on a terminal of a width in columns.
    pub fn new(out: W, width: usize, style: Style) -> Self {
        Self { out, width, style, lines: 0 }
    }

    /// Draws a tick in the place of the one before.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    pub fn draw(&mut self, live: &Live) -> io::Result<()> {
        let text = render::live(live, self.width, self.style);
        let erase = self.erase_sequence();
        self.lines = text.lines().count();
        self.out.write_all(format!("{erase}{text}").as_bytes())?;
        self.out.flush()
    }

    /// Takes the view away, so that the report has the place for itself.
    ///
    /// # Errors
    /// If the terminal cannot be written to.
    pub fn clear(&mut self) -> io::Result<()> {
        let erase = self.erase_sequence();
        self.lines = 0;
        self.out.write_all(erase.as_bytes())?;
        self.out.flush()
    }

    /// Up to the first line of what was drawn, and erase to the end of the screen (ECMA-48 CPL and ED).
    fn erase_sequence(&self) -> String {
        if self.lines == 0 { String::new() } else { format!("\x1b[{}F\x1b[J", self.lines) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Check that a second drawing goes over the first and nothing is erased before there is something.
    #[test]
    fn draws_over_itself() {
        let live = Live { at_seconds: 1.0, seconds: 1.0, ..Live::default() };
        let mut screen = Screen::new(Vec::new(), 80, Style::Plain);
        screen.draw(&live).unwrap();
        let once = String::from_utf8(screen.out.clone()).unwrap();
        assert!(!once.contains('\x1b') && once.ends_with('\n'), "{once:?}");
        screen.draw(&live).unwrap();
        let lines = once.lines().count();
        let twice = String::from_utf8(screen.out.clone()).unwrap();
        assert_eq!(twice, format!("{once}\x1b[{lines}F\x1b[J{once}"));
        screen.clear().unwrap();
        screen.clear().unwrap();
        assert_eq!(String::from_utf8(screen.out).unwrap(), format!("{twice}\x1b[{lines}F\x1b[J"));
    }
}
