//! Emitting into memory that the caller lends.

use super::{FrameHeader, Kind};

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
        let room = self.out.get_mut(self.len..).unwrap_or_default();
        match room.get_mut(..octets.len()) {
            Some(place) => {
                // At optimisation "z" the compiler keeps the length check of `copy_from_slice`,
                // and with it a panic, though it cannot fail.
                for (slot, octet) in place.iter_mut().zip(octets) {
                    *slot = *octet;
                }
                self.len = self.len.wrapping_add(octets.len());
                Ok(())
            }
            None => Err(Full { needed: octets.len().saturating_sub(room.len()) }),
        }
    }

    /// Appends what `body` writes as a command frame, all or nothing; nothing if it writes nothing.
    pub(crate) fn command(
        &mut self,
        body: impl FnOnce(&mut Writer<'_>) -> Result<(), Full>,
    ) -> Result<(), Full> {
        let start = self.len;
        let result =
            self.put(&[0; 2]).and_then(|()| self.body(body)).and_then(|()| self.head(start));
        if result.is_err() {
            self.len = start;
        }
        result
    }

    /// Lends `body` just the room that leaves place for a long header if it needs one: what has
    /// written its body without an error takes it as written and would not write it again.
    fn body(&mut self, body: impl FnOnce(&mut Writer<'_>) -> Result<(), Full>) -> Result<(), Full> {
        let room = self.out.len().saturating_sub(self.len);
        let room = room.min(usize::from(u8::MAX)).max(room.saturating_sub(7));
        let end = self.len.saturating_add(room);
        let out = self.out.get_mut(..end).unwrap_or_default();
        let mut lent = Writer { out, len: self.len };
        body(&mut lent)?;
        self.len = lent.len;
        Ok(())
    }

    /// Puts the header of a command in front of the body that follows `start` and two octets.
    fn head(&mut self, start: usize) -> Result<(), Full> {
        let body = start.wrapping_add(2);
        let body_len = self.len.saturating_sub(body);
        if body_len == 0 {
            self.len = start;
            return Ok(());
        }
        let header = FrameHeader::new(Kind::Command, body_len as u64).emit();
        let header = header.as_ref();
        let longer = header.len().saturating_sub(2);
        self.put([0; 7].get(..longer).unwrap_or_default())?;
        let frame = self.out.get_mut(start..self.len).unwrap_or_default();
        for at in (header.len()..frame.len()).rev() {
            let octet = frame.get(at.saturating_sub(longer)).copied().unwrap_or_default();
            if let Some(slot) = frame.get_mut(at) {
                *slot = octet;
            }
        }
        for (slot, octet) in frame.iter_mut().zip(header) {
            *slot = *octet;
        }
        Ok(())
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
        for (body, header) in [(1, 2), (255, 2), (256, 9), (300, 9)] {
            let mut out = vec![0xee; 400];
            let mut writer = Writer::new(&mut out);
            writer.put(b"before").unwrap();
            writer.command(|frame| frame.put(&vec![7; body])).unwrap();
            let frame = &writer.written()[6..];
            let (parsed, len) = FrameHeader::parse(frame).unwrap().unwrap();
            assert_eq!((parsed.len(), len), (body as u64, header));
            assert_eq!(frame[header..], vec![7; body]);

            let mut small = vec![0; header + body - 1];
            let mut writer = Writer::new(&mut small);
            assert_eq!(writer.command(|frame| frame.put(&vec![7; body])), Err(Full { needed: 1 }));
            assert!(writer.is_empty());
        }
    }

    #[test]
    fn a_body_that_was_written_always_finds_room_for_its_header() {
        for room in 0..300 {
            let mut out = vec![0; room];
            let (mut writer, mut wrote) = (Writer::new(&mut out), false);
            let result = writer.command(|frame| {
                frame.put(&[7; 288])?;
                wrote = true;
                Ok(())
            });
            assert_eq!((result.is_ok(), wrote), (room >= 297, room >= 297), "{room}");
        }
    }

    #[test]
    fn an_empty_command_leaves_nothing() {
        let mut out = [0; 8];
        let mut writer = Writer::new(&mut out);
        writer.command(|_| Ok(())).unwrap();
        assert!(writer.is_empty());
    }
}
