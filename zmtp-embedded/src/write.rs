//! Writing: all of it, and in few calls.

use embedded_io::{Error as _, ErrorKind, Write};

use crate::error::Error;

/// Writes all of `octets`. `embedded_io`'s own `write_all` panics when `write` takes nothing.
pub(crate) fn write_all<IO: Write>(io: &mut IO, mut octets: &[u8]) -> Result<(), Error<IO::Error>> {
    while !octets.is_empty() {
        match io.write(octets) {
            Ok(0) => return Err(Error::Closed),
            Ok(n) => octets = octets.get(n..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::Io(error)),
        }
    }
    Ok(())
}

/// Collects small pieces in `room`, so that a message goes out in one write: pieces written one by
/// one meet Nagle's algorithm and delayed acknowledgements on TCP, tens of milliseconds each.
pub(crate) struct Gather<'a, IO> {
    io: &'a mut IO,
    room: &'a mut [u8],
    len: usize,
}

impl<'a, IO: Write> Gather<'a, IO> {
    pub(crate) const fn new(io: &'a mut IO, room: &'a mut [u8]) -> Self {
        Self { io, room, len: 0 }
    }

    pub(crate) fn put(&mut self, octets: &[u8]) -> Result<(), Error<IO::Error>> {
        if octets.len() > self.room.len().saturating_sub(self.len) {
            self.write()?;
        }
        let room = self.room.get_mut(self.len..).unwrap_or_default();
        match room.get_mut(..octets.len()) {
            Some(place) => {
                for (slot, octet) in place.iter_mut().zip(octets) {
                    *slot = *octet;
                }
                self.len = self.len.saturating_add(octets.len());
                Ok(())
            }
            None => write_all(self.io, octets),
        }
    }

    /// Writes what was collected and flushes the IO.
    pub(crate) fn finish(mut self) -> Result<(), Error<IO::Error>> {
        self.write()?;
        self.io.flush().map_err(Error::Io)
    }

    fn write(&mut self) -> Result<(), Error<IO::Error>> {
        let collected = self.room.get(..self.len).unwrap_or_default();
        self.len = 0;
        write_all(self.io, collected)
    }
}
