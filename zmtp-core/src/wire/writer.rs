//! Writing bytes to a buffer of the caller.

use super::{CommandName, FrameHeader, FrameKind, RoutingId};
use crate::count::bytes;

/// The buffer is too small for all bytes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BufferTooSmall {
    /// The number of bytes by which the buffer is too small.
    pub missing: usize,
}

impl core::fmt::Display for BufferTooSmall {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "buffer too small by {}", bytes(self.missing as u64))
    }
}

impl core::error::Error for BufferTooSmall {}

/// Appends bytes to a borrowed slice. Bytes that do not fit are counted but not written. Check once
/// after the last call, with [`Writer::fits`] or [`Writer::finish`], whether all bytes fit.
#[derive(Debug)]
pub struct Writer<'o> {
    out: &'o mut [u8],
    len: usize,
}

impl<'o> Writer<'o> {
    /// A writer that starts at the beginning of `out`.
    pub const fn new(out: &'o mut [u8]) -> Self {
        Self { out, len: 0 }
    }

    /// Appends `bytes`.
    pub fn put(&mut self, bytes: &[u8]) {
        crate::buffer::copy(self.out.get_mut(self.len..).unwrap_or_default(), bytes);
        self.len = self.len.saturating_add(bytes.len());
    }

    /// Leaves room for `n` bytes, which keep the value they have.
    #[inline(always)]
    pub(crate) const fn skip(&mut self, n: usize) {
        self.len = self.len.saturating_add(n);
    }

    /// Appends `n` bytes for the caller to write, and returns them. `None` if they do not fit.
    #[cfg(feature = "curve")]
    pub(crate) fn room(&mut self, n: usize) -> Option<&mut [u8]> {
        let start = self.len;
        self.skip(n);
        self.out.get_mut(start..self.len)
    }

    /// Appends a command frame. Its data is the concatenation of the slices in `data`.
    pub fn command(&mut self, name: CommandName, data: &[&[u8]]) {
        let name = name.length_prefixed();
        let len = data.iter().fold(name.len(), |sum, part| sum.saturating_add(part.len()));
        FrameHeader::new(FrameKind::Command, len as u64).put(self);
        self.put(name);
        for part in data {
            self.put(part);
        }
    }

    /// Appends the header of our READY or PING with a body of `len` bytes. On targets with short routing ids, these
    /// bodies always have a short header.
    pub(crate) fn command_header(&mut self, len: usize) {
        if RoutingId::MAX_LEN < 128 {
            let [len, ..] = len.to_le_bytes();
            self.put(&[FrameHeader::COMMAND, len]);
        } else {
            FrameHeader::new(FrameKind::Command, len as u64).put(self);
        }
    }

    /// Replaces a byte that was written before.
    #[inline(always)]
    pub(crate) fn set(&mut self, at: usize, byte: u8) {
        if let Some(slot) = self.out.get_mut(at) {
            *slot = byte;
        }
    }

    /// The number of bytes appended so far, including those that do not fit.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing was appended.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether all appended bytes fit.
    pub const fn fits(&self) -> bool {
        self.len <= self.out.len()
    }

    /// The bytes appended so far, or an empty slice if they do not fit.
    pub fn written(&self) -> &[u8] {
        self.out.get(..self.len).unwrap_or_default()
    }

    /// The number of bytes written.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`] if the appended bytes do not fit. The buffer then contains incomplete
    /// data.
    pub const fn finish(self) -> Result<usize, BufferTooSmall> {
        match self.len.checked_sub(self.out.len()) {
            None | Some(0) => Ok(self.len),
            Some(missing) => Err(BufferTooSmall { missing }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_does_not_fit_is_an_error() {
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
            assert_eq!(writer.finish(), Err(BufferTooSmall { missing: 1 }));
        }
    }
}
