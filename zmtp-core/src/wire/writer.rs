//! Emitting into memory that the caller lends.

use super::{CommandName, FrameHeader, Kind};

/// The octets do not fit; `needed` more than there was room for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Full {
    /// Octets that were missing.
    pub needed: usize,
}

impl core::fmt::Display for Full {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "buffer too small by {} octets", self.needed)
    }
}

impl core::error::Error for Full {}

/// Appends octets to a borrowed slice.
#[derive(Debug)]
pub struct Writer<'o> {
    out: &'o mut [u8],
    len: usize,
}

impl<'o> Writer<'o> {
    /// A writer at the start of `out`.
    pub const fn new(out: &'o mut [u8]) -> Self {
        Self { out, len: 0 }
    }

    /// Appends all of `octets` or nothing.
    ///
    /// # Errors
    ///
    /// [`Full`] if they do not fit.
    pub fn put(&mut self, octets: &[u8]) -> Result<(), Full> {
        self.reserve(octets.len())?;
        let room = self.out.get_mut(self.len..).unwrap_or_default();
        self.len = self.len.wrapping_add(crate::buffer::copy(room, octets));
        Ok(())
    }

    /// Whether so many octets fit.
    ///
    /// # Errors
    ///
    /// [`Full`] if not.
    pub const fn reserve(&self, needed: usize) -> Result<(), Full> {
        let room = self.out.len().wrapping_sub(self.len);
        if needed > room { Err(Full { needed: needed.wrapping_sub(room) }) } else { Ok(()) }
    }

    /// Appends a command frame whose data are these parts in a row, all of it or nothing.
    ///
    /// # Errors
    ///
    /// [`Full`] if it does not fit.
    pub fn command(&mut self, name: CommandName, data: &[&[u8]]) -> Result<(), Full> {
        let octets = name.octets();
        let len = u8::try_from(octets.len()).unwrap_or_default();
        let before = [&[len], octets];
        self.reserve_frame(&before, data)?;
        for part in before.iter().chain(data) {
            self.put(part)?;
        }
        Ok(())
    }

    /// Appends a command frame of these parts, the first of them the name behind its length, or
    /// nothing.
    pub(crate) fn command_of(&mut self, parts: &[&[u8]]) -> Result<(), Full> {
        self.reserve_frame(&[], parts)?;
        for part in parts {
            self.put(part)?;
        }
        Ok(())
    }

    /// Appends the header of a command of these parts, if all of it fits.
    #[inline(always)]
    fn reserve_frame(&mut self, before: &[&[u8]], parts: &[&[u8]]) -> Result<(), Full> {
        let parts = before.iter().chain(parts);
        let len = parts.fold(0, |sum: usize, part| sum.saturating_add(part.len()));
        let header = FrameHeader::new(Kind::Command, len as u64).emit();
        self.reserve(len.saturating_add(header.as_ref().len()))?;
        self.put(header.as_ref())
    }

    /// Changes an octet that was written.
    #[inline(always)]
    pub(crate) fn set(&mut self, at: usize, octet: u8) {
        if let Some(slot) = self.out.get_mut(at) {
            *slot = octet;
        }
    }

    /// Octets written so far.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing was written yet.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What was written so far.
    pub fn written(&self) -> &[u8] {
        self.out.get(..self.len).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_written_whole_or_not_at_all() {
        for (data, header) in [(0, 2), (250, 2), (251, 9), (300, 9)] {
            let mut out = vec![0xee; 400];
            let mut writer = Writer::new(&mut out);
            writer.put(b"before").unwrap();
            let parts: [&[u8]; 2] = [&vec![7; data / 2], &vec![7; data - data / 2]];
            writer.command(CommandName::Ping, &parts).unwrap();
            let frame = &writer.written()[6..];
            let (parsed, len) = FrameHeader::parse(frame).unwrap().unwrap();
            assert_eq!((parsed.len(), len), (data as u64 + 5, header));
            assert_eq!(frame[header..], [&b"\x04PING"[..], &vec![7; data]].concat());

            let mut small = vec![0; header + 5 + data - 1];
            let mut writer = Writer::new(&mut small);
            assert_eq!(writer.command(CommandName::Ping, &parts), Err(Full { needed: 1 }));
            assert!(writer.is_empty());
        }
    }
}
