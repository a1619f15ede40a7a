//! Messages that a queue holds.

use core::fmt;

/// The most parts of a message in a queue.
pub const MAX_PARTS: usize = 8;

/// A message of up to [`MAX_PARTS`] parts with `BYTES` bytes in all.
#[derive(Clone)]
pub struct Packet<const BYTES: usize> {
    bytes: [u8; BYTES],
    /// The end of each part in `bytes`.
    ends: [u16; MAX_PARTS],
    parts: u8,
}

/// A message has too many bytes or parts for its queue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooLarge;

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("message has too many bytes or parts for the queue")
    }
}

impl core::error::Error for TooLarge {}

impl<const BYTES: usize> Packet<BYTES> {
    /// A message of these parts. Without parts, it has one empty part.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] if it has more than `BYTES` bytes or [`MAX_PARTS`] parts.
    pub fn new<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> Result<Self, TooLarge> {
        const { assert!(BYTES <= u16::MAX as usize, "at most 65,535 bytes") };
        let mut packet = Self { bytes: [0; BYTES], ends: [0; MAX_PARTS], parts: 0 };
        let mut end: usize = 0;
        for part in parts {
            let start = end;
            end = start.saturating_add(part.len());
            packet.bytes.get_mut(start..end).ok_or(TooLarge)?.copy_from_slice(part);
            let slot = packet.ends.get_mut(usize::from(packet.parts)).ok_or(TooLarge)?;
            *slot = u16::try_from(end).map_err(|_| TooLarge)?;
            packet.parts = packet.parts.saturating_add(1);
        }
        packet.parts = packet.parts.max(1);
        Ok(packet)
    }

    /// Iterates over the parts, of which there is at least one.
    pub fn parts(&self) -> impl Iterator<Item = &[u8]> {
        let ends = self.ends.iter().take(self.parts.into()).map(|end| usize::from(*end));
        ends.scan(0, |start, end| {
            let part = self.bytes.get(*start..end).unwrap_or_default();
            *start = end;
            Some(part)
        })
    }

    /// The first part.
    pub fn first(&self) -> &[u8] {
        self.parts().next().unwrap_or_default()
    }

    /// Calls `f` with the parts as a slice.
    pub(crate) fn slices<'p>(&'p self, slices: &'p mut [&'p [u8]; MAX_PARTS]) -> &'p [&'p [u8]] {
        let mut n: usize = 0;
        for (slot, part) in slices.iter_mut().zip(self.parts()) {
            *slot = part;
            n = n.saturating_add(1);
        }
        slices.get(..n).unwrap_or_default()
    }
}

impl<const BYTES: usize> fmt::Debug for Packet<BYTES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.parts()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_PARTS, Packet, TooLarge};

    #[test]
    fn a_packet_has_the_parts_that_it_was_made_of() {
        let parts: [&[u8]; 4] = [b"a", b"", b"bcd", b""];
        let packet = Packet::<4>::new(parts).expect("it fits");
        assert!(packet.parts().eq(parts));
        let none = Packet::<0>::new([]).expect("it fits");
        assert!(none.parts().eq([b""]));
        assert_eq!(Packet::<4>::new([&b"abc"[..], b"de"]).err(), Some(TooLarge));
        assert!(Packet::<9>::new([&b"a"[..]; MAX_PARTS]).is_ok());
        assert_eq!(Packet::<9>::new([&b"a"[..]; MAX_PARTS + 1]).err(), Some(TooLarge));
    }
}
