//! Two sockets that exchange bytes through memory, and the same exchange repeated for one of them alone.
//!
//! First both sockets run in turns, each with an [`End`] of a [`Dialogue`]. Then one of them runs again with the same
//! random bytes: it receives what the other one sent, in the same pieces. Its figures contain no work of the other one.

use core::cell::RefCell;

use embedded_io::{ErrorType, Read, Write};

use crate::boards::Quiet;

/// The bytes of one direction.
#[derive(Debug)]
struct Line {
    bytes: [u8; 768],
    len: usize,
    /// For each write: how many bytes the reader had written before it, and the length of the line after it.
    writes: [(u16, u16); 24],
    count: usize,
}

/// The bytes of both directions.
#[derive(Debug)]
pub struct Dialogue([RefCell<Line>; 2]);

impl Dialogue {
    /// No byte was written yet.
    #[expect(clippy::new_without_default, reason = "a constant of this size is not a default")]
    pub const fn new() -> Self {
        const EMPTY: Line = Line { bytes: [0; 768], len: 0, writes: [(0, 0); 24], count: 0 };
        Self([RefCell::new(EMPTY), RefCell::new(EMPTY)])
    }

    /// Removes all bytes.
    pub fn clear(&self) {
        for line in &self.0 {
            let mut line = line.borrow_mut();
            (line.len, line.count) = (0, 0);
        }
    }

    /// The number of bytes that the first and the second end have written.
    pub fn written(&self) -> [usize; 2] {
        self.0.each_ref().map(|line| line.borrow().len)
    }

    /// The first end and the second.
    pub const fn ends(&self) -> [End<'_>; 2] {
        let Self([one, other]) = self;
        [End::new(other, one, false), End::new(one, other, false)]
    }

    /// The same ends, for a socket that runs alone.
    pub const fn ends_again(&self) -> [End<'_>; 2] {
        let Self([one, other]) = self;
        [End::new(other, one, true), End::new(one, other, true)]
    }
}

/// One end of a dialogue.
#[derive(Debug)]
pub struct End<'d> {
    from: &'d RefCell<Line>,
    to: &'d RefCell<Line>,
    again: bool,
    read: usize,
    written: usize,
}

impl<'d> End<'d> {
    const fn new(from: &'d RefCell<Line>, to: &'d RefCell<Line>, again: bool) -> Self {
        Self { from, to, again, read: 0, written: 0 }
    }

    /// Continues with these numbers of bytes that were read and written.
    #[must_use]
    pub const fn at(self, read: usize, written: usize) -> Self {
        Self { read, written, ..self }
    }
}

impl ErrorType for End<'_> {
    type Error = Quiet;
}

impl Read for End<'_> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, Quiet> {
        let line = self.from.borrow();
        let mut end = line.len;
        if self.again {
            let mut writes = line.writes.iter().take(line.count).rev();
            let last = writes.find(|(before, _)| usize::from(*before) <= self.written);
            end = last.map_or(0, |(_, len)| usize::from(*len));
        }
        let new = line.bytes.get(self.read..end).unwrap_or_default();
        let n = new.len().min(buf.len());
        if n == 0 {
            return Err(Quiet);
        }
        buf[..n].copy_from_slice(&new[..n]);
        self.read += n;
        Ok(n)
    }
}

impl Write for End<'_> {
    fn write(&mut self, buf: &[u8]) -> Result<usize, Quiet> {
        self.written += buf.len();
        if !self.again {
            let (mut line, before) = (self.to.borrow_mut(), self.from.borrow().len);
            let (at, count) = (line.len, line.count);
            line.len += buf.len();
            line.bytes[at..][..buf.len()].copy_from_slice(buf);
            line.writes[count] = (before as u16, line.len as u16);
            line.count += 1;
        }
        Ok(buf.len())
    }

    fn flush(&mut self) -> Result<(), Quiet> {
        Ok(())
    }
}
