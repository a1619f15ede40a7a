//! Emitting into memory that the caller lends.

use super::{CommandName, FrameHeader, Kind, RoutingId};

/// The bytes do not fit; `needed` more than there was room for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Full {
    /// Bytes that were missing.
    pub needed: usize,
}

impl core::fmt::Display for Full {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "buffer too small by {} bytes", self.needed)
    }
}

impl core::error::Error for Full {}

/// Appends bytes to a borrowed slice. What does not fit is counted instead of written, so that who
/// appends in many steps asks once whether all of it fitted.
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

    /// Appends `bytes`.
    pub fn put(&mut self, bytes: &[u8]) {
        crate::buffer::copy(self.out.get_mut(self.len..).unwrap_or_default(), bytes);
        self.len = self.len.saturating_add(bytes.len());
    }

    /// Appends a command frame whose data are these parts in a row.
    pub fn command(&mut self, name: CommandName, data: &[&[u8]]) {
        let name = name.sized();
        let len = data.iter().fold(name.len(), |sum, part| sum.saturating_add(part.len()));
        self.put(FrameHeader::new(Kind::Command, len as u64).emit().as_ref());
        self.put(name);
        for part in data {
            self.put(part);
        }
    }

    /// Appends the header of a command of our own, whose body has `len` bytes: they are few where
    /// routing ids are short.
    pub(crate) fn command_header(&mut self, len: usize) {
        if RoutingId::MAX_LEN < 128 {
            let [len, ..] = len.to_le_bytes();
            self.put(&[FrameHeader::COMMAND, len]);
        } else {
            self.put(FrameHeader::new(Kind::Command, len as u64).emit().as_ref());
        }
    }

    /// Changes a byte that was written.
    #[inline(always)]
    pub(crate) fn set(&mut self, at: usize, byte: u8) {
        if let Some(slot) = self.out.get_mut(at) {
            *slot = byte;
        }
    }

    /// Bytes appended so far, those that did not fit included.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing was appended yet.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether all that was appended is there.
    pub const fn fits(&self) -> bool {
        self.len <= self.out.len()
    }

    /// What was appended so far; nothing if it did not fit.
    pub fn written(&self) -> &[u8] {
        self.out.get(..self.len).unwrap_or_default()
    }

    /// How many bytes were written.
    ///
    /// # Errors
    ///
    /// [`Full`] if some of those appended did not fit: those before them mean nothing.
    pub const fn finish(self) -> Result<usize, Full> {
        match self.len.checked_sub(self.out.len()) {
            None | Some(0) => Ok(self.len),
            Some(needed) => Err(Full { needed }),
        }
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
            writer.put(b"before");
            let parts: [&[u8]; 2] = [&vec![7; data / 2], &vec![7; data - data / 2]];
            writer.command(CommandName::Ping, &parts);
            let frame = &writer.written()[6..];
            let (parsed, len) = FrameHeader::parse(frame).unwrap().unwrap();
            assert_eq!((parsed.len(), len), (data as u64 + 5, header));
            assert_eq!(frame[header..], [&b"\x04PING"[..], &vec![7; data]].concat());

            let mut small = vec![0; header + 5 + data - 1];
            let mut writer = Writer::new(&mut small);
            writer.command(CommandName::Ping, &parts);
            assert!(!writer.fits() && writer.written().is_empty());
            assert_eq!(writer.finish(), Err(Full { needed: 1 }));
        }
    }
}
