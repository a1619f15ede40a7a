//! Frame headers: flags and size (RFC 37 § Framing).

use super::size::{Size, parsed_size, size, size_to_u64};
use super::{Malformed, Writer};

const MORE: u8 = 0x01;
const LONG: u8 = 0x02;
const COMMAND: u8 = 0x04;
const RESERVED: u8 = 0xf8;

/// Whether another frame of the same message follows.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[expect(clippy::exhaustive_enums, reason = "one bit on the wire")]
pub enum More {
    /// This is the last frame of the message.
    Last,
    /// At least one more frame of the message follows.
    Follows,
}

/// The content of a frame.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[expect(clippy::exhaustive_enums, reason = "one bit on the wire")]
pub enum FrameKind {
    /// A command, which is always a single frame.
    Command,
    /// A part of a message.
    Message(More),
}

impl FrameKind {
    /// The flags of a frame with a short size.
    const fn flags(self) -> u8 {
        match self {
            Self::Command => COMMAND,
            Self::Message(More::Follows) => MORE,
            Self::Message(More::Last) => 0,
        }
    }
}

/// Why a frame header is malformed. Compact: [`HeaderError::of`] adds the bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum HeaderError {
    /// A ZMTP 1.0 frame without a flags byte.
    Empty,
    MoreOnCommand,
    ReservedFlags,
    /// Reserved flags in a ZMTP 1.0 frame, whose flags follow the length.
    ReservedFlagsV1,
    Size,
}

impl HeaderError {
    /// The public error for a header with these bytes.
    pub(crate) fn of(self, bytes: &[u8]) -> Malformed {
        let byte = |at| bytes.get(at).copied().unwrap_or_default();
        match self {
            Self::Empty => Malformed::EmptyFrame,
            Self::MoreOnCommand => Malformed::MoreOnCommand,
            Self::ReservedFlags => Malformed::ReservedFlags(byte(0)),
            Self::ReservedFlagsV1 if byte(0) == u8::MAX => Malformed::ReservedFlags(byte(9)),
            Self::ReservedFlagsV1 => Malformed::ReservedFlags(byte(1)),
            Self::Size => {
                let size = bytes.get(1..).and_then(<[u8]>::first_chunk);
                Malformed::FrameSize(size.copied().map_or(u64::MAX, u64::from_be_bytes))
            }
        }
    }
}

/// The header of a frame: its flags and the size of its body.
///
/// ```
/// use zmtp_core::wire::{FrameHeader, FrameKind, More};
///
/// let header = FrameHeader::new(FrameKind::Message(More::Last), 5);
/// assert_eq!(header.emit().as_ref(), [0x00, 5]);
/// assert_eq!(FrameHeader::parse(&[0x00, 5, b'h', b'e']), Ok(Some((header, 2))));
/// assert_eq!(FrameHeader::parse(&[0x02, 0, 0]), Ok(None)); // a long size is incomplete
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FrameHeader {
    kind: FrameKind,
    len: Size,
}

impl FrameHeader {
    /// The length of the longest ZMTP 3 header in bytes.
    pub const MAX_LEN: usize = 9;

    /// The flags of a short command.
    pub(crate) const COMMAND: u8 = COMMAND;

    /// Creates the header of a frame with a body of `len` bytes. A `len` above 2^63-1, or above
    /// 2^32-1 on targets with 32-bit pointers, is reduced to that value.
    pub const fn new(kind: FrameKind, len: u64) -> Self {
        Self { kind, len: size(len) }
    }

    /// [`FrameHeader::new`] with a size in its stored type.
    pub(crate) const fn of(kind: FrameKind, len: Size) -> Self {
        Self { kind, len }
    }

    /// Parses the header at the front of `input` and returns it with its length in bytes. Returns
    /// `None` if the header is incomplete. The long form is also accepted for sizes below 256.
    ///
    /// # Errors
    ///
    /// * [`Malformed::ReservedFlags`] and [`Malformed::MoreOnCommand`], as soon as `input` contains
    ///   the flags.
    /// * [`Malformed::FrameSize`] if bit 63 of the size is set and `input` contains the whole header.
    #[inline]
    pub fn parse(input: &[u8]) -> Result<Option<(Self, usize)>, Malformed> {
        Self::read(input).map_err(|flaw| flaw.of(input))
    }

    /// As [`FrameHeader::parse`], but without checks. Use it for headers that were parsed before.
    /// Returns `None` if the header is incomplete.
    #[inline]
    pub fn peek(input: &[u8]) -> Option<(Self, usize)> {
        let (&flags, rest) = input.split_first()?;
        let kind = match flags & (COMMAND | MORE) {
            0 => FrameKind::Message(More::Last),
            MORE => FrameKind::Message(More::Follows),
            _ => FrameKind::Command,
        };
        let (len, taken) = if flags & LONG == 0 {
            (Size::from(*rest.first()?), 2)
        } else {
            (parsed_size(rest.first_chunk()?).unwrap_or(size(u64::MAX)), Self::MAX_LEN)
        };
        Some((Self { kind, len }, taken))
    }

    /// The least number of bytes that complete the incomplete header in `input`.
    pub(crate) fn missing(input: &[u8]) -> usize {
        let whole = match input.first() {
            Some(flags) if flags & LONG != 0 => Self::MAX_LEN,
            _ => 2,
        };
        whole.saturating_sub(input.len())
    }

    /// [`FrameHeader::parse`] with a compact error.
    #[inline]
    pub(crate) fn read(input: &[u8]) -> Result<Option<(Self, usize)>, HeaderError> {
        // Written by hand: a nom parser needs an error type of its own, more instructions for a
        // long header and fewer for a short one (see `benches/codec`).
        let Some((&flags, rest)) = input.split_first() else { return Ok(None) };
        if flags & RESERVED != 0 {
            return Err(HeaderError::ReservedFlags);
        }
        let kind = match flags & (COMMAND | MORE) {
            0 => FrameKind::Message(More::Last),
            MORE => FrameKind::Message(More::Follows),
            COMMAND => FrameKind::Command,
            _ => return Err(HeaderError::MoreOnCommand),
        };
        if flags & LONG == 0 {
            let Some(&len) = rest.first() else { return Ok(None) };
            return Ok(Some((Self { kind, len: len.into() }, 2)));
        }
        let Some(bytes) = rest.first_chunk() else { return Ok(None) };
        let Some(len) = parsed_size(bytes) else { return Err(HeaderError::Size) };
        Ok(Some((Self { kind, len }, Self::MAX_LEN)))
    }

    /// The bytes of this header: 2 for a size of up to 255, 9 for a larger size.
    #[cfg_attr(target_os = "none", inline(never))]
    #[cfg_attr(not(target_os = "none"), inline)]
    pub fn emit(&self) -> HeaderBytes {
        let flags = self.kind.flags();
        let [s0, s1, s2, s3, s4, s5, s6, s7] = self.len().to_be_bytes();
        if self.len <= Size::from(u8::MAX) {
            HeaderBytes::short([flags, s7])
        } else {
            let bytes = [flags | LONG, s0, s1, s2, s3, s4, s5, s6, s7, 0];
            HeaderBytes { bytes, len: 9 }
        }
    }

    /// Appends the bytes of this header, as [`FrameHeader::emit`]. Less code, if a program needs no other.
    #[cfg_attr(target_os = "none", inline(always))]
    pub(crate) fn put(self, out: &mut Writer<'_>) {
        let flags = self.kind.flags();
        if self.len <= Size::from(u8::MAX) {
            let [.., len] = self.len.to_be_bytes();
            out.put(&[flags, len]);
        } else {
            out.put(&[flags | LONG]);
            out.put(&self.len().to_be_bytes());
        }
    }

    /// The content of the frame: a command, or a part of a message.
    pub const fn kind(&self) -> FrameKind {
        self.kind
    }

    /// The size of the body in bytes.
    pub const fn len(&self) -> u64 {
        size_to_u64(self.len)
    }

    /// [`FrameHeader::len`] in its stored type.
    pub(crate) const fn size(&self) -> Size {
        self.len
    }

    /// Whether the body is empty.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether this is the last frame of a message. `false` for commands.
    pub const fn is_final(&self) -> bool {
        matches!(self.kind, FrameKind::Message(More::Last))
    }

    /// The length of this header as emitted by [`FrameHeader::emit`]: 2 or 9 bytes.
    pub const fn header_len(&self) -> usize {
        if self.len > u8::MAX as Size { Self::MAX_LEN } else { 2 }
    }
}

/// The bytes of an emitted frame header: 2 or 9 bytes, or 10 in ZMTP 1.0.
#[derive(Clone, Copy, Debug)]
pub struct HeaderBytes {
    bytes: [u8; Self::MAX_LEN],
    len: u8,
}

impl HeaderBytes {
    /// The length of the longest header in bytes: the long form of ZMTP 1.0.
    pub const MAX_LEN: usize = 10;

    pub(super) const fn short([first, second]: [u8; 2]) -> Self {
        Self { bytes: [first, second, 0, 0, 0, 0, 0, 0, 0, 0], len: 2 }
    }

    pub(super) const fn longest(bytes: [u8; Self::MAX_LEN]) -> Self {
        Self { bytes, len: 10 }
    }
}

impl AsRef<[u8]> for HeaderBytes {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_up_to_255_use_the_short_form_and_larger_ones_the_long_form() {
        for (len, header_len) in [(0, 2), (255, 2), (256, 9), (i64::MAX as u64, 9)] {
            for kind in [
                FrameKind::Command,
                FrameKind::Message(More::Last),
                FrameKind::Message(More::Follows),
            ] {
                let header = FrameHeader::new(kind, len);
                let bytes = header.emit();
                assert_eq!(bytes.as_ref().len(), header_len);
                assert_eq!(header.header_len(), header_len);
                assert_eq!(FrameHeader::parse(bytes.as_ref()), Ok(Some((header, header_len))));
            }
        }
    }

    #[test]
    fn the_long_form_is_accepted_for_a_small_size() {
        let header = FrameHeader::new(FrameKind::Message(More::Last), 3);
        assert_eq!(FrameHeader::parse(&[2, 0, 0, 0, 0, 0, 0, 0, 3]), Ok(Some((header, 9))));
    }

    #[test]
    fn every_reserved_bit_is_refused_at_the_first_byte() {
        for bit in 3..8 {
            let flags = 1 << bit;
            assert_eq!(FrameHeader::parse(&[flags]), Err(Malformed::ReservedFlags(flags)));
        }
    }

    #[test]
    fn more_on_a_command_and_bit_63_are_refused() {
        assert_eq!(FrameHeader::parse(&[0x05]), Err(Malformed::MoreOnCommand));
        let header = [2, 0x80, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(FrameHeader::parse(&header), Err(Malformed::FrameSize(1 << 63)));
    }

    #[test]
    fn a_prefix_of_a_header_is_incomplete() {
        let bytes = FrameHeader::new(FrameKind::Message(More::Last), 70_000).emit();
        for cut in 0..9 {
            assert_eq!(FrameHeader::parse(&bytes.as_ref()[..cut]), Ok(None));
        }
    }
}
