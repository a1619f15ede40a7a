//! The frame headers of each version of ZMTP: 3.x (RFC 37), 2.0 (RFC 15) and 1.0 (RFC 13).

use super::frame::HeaderError;
use super::{FrameHeader, FrameKind, HeaderBytes, Malformed, More};

/// Bit 0 of the flags in every version.
const MORE: u8 = 0x01;
/// Bit 2 of the flags in 3.x, reserved in 2.0.
const COMMAND: u8 = 0x04;
/// The first byte of a long length in 1.0.
const LONG: u8 = 0xff;

/// The encoding of frame headers in a version of ZMTP.
///
/// ```
/// use zmtp_core::wire::{FrameHeader, Framing, FrameKind, More};
///
/// let header = FrameHeader::new(FrameKind::Message(More::Follows), 5);
/// assert_eq!(Framing::V2.emit(header).as_ref(), [1, 5]);
/// // In ZMTP 1.0 the length comes first and counts the flags.
/// assert_eq!(Framing::V1.emit(header).as_ref(), [6, 1]);
/// assert_eq!(Framing::V1.parse(&[6, 1, b'h']), Ok(Some((header, 2))));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[expect(clippy::exhaustive_enums, reason = "a new framing is a new protocol")]
pub enum Framing {
    /// ZMTP 1.0: a length, then the flags. The length includes the flags byte.
    V1,
    /// ZMTP 2.0: as ZMTP 3.0, but without commands.
    V2,
    /// ZMTP 3.0 and 3.1.
    V3,
}

impl Framing {
    /// Parses the header at the front of `input` and returns it with its length in bytes. Returns
    /// `None` if the header is incomplete.
    ///
    /// # Errors
    ///
    /// As [`FrameHeader::parse`]. In ZMTP 1.0 also [`Malformed::EmptyFrame`] if the length is 0.
    #[inline]
    pub fn parse(self, input: &[u8]) -> Result<Option<(FrameHeader, usize)>, Malformed> {
        self.read(input).map_err(|flaw| flaw.of(input))
    }

    /// [`Framing::parse`] with a compact error.
    #[inline]
    pub(crate) fn read(self, input: &[u8]) -> Result<Option<(FrameHeader, usize)>, HeaderError> {
        match self {
            Self::V1 => read_v1(input),
            Self::V2 => match input.first() {
                Some(flags) if flags & COMMAND != 0 => Err(HeaderError::ReservedFlags),
                _ => FrameHeader::read(input),
            },
            Self::V3 => FrameHeader::read(input),
        }
    }

    /// The least number of bytes that complete the incomplete header in `input`.
    pub(crate) fn missing(self, input: &[u8]) -> usize {
        match self {
            Self::V1 => 1,
            Self::V2 | Self::V3 => FrameHeader::missing(input),
        }
    }

    /// The bytes of `header`. Do not pass the header of a command to [`Framing::V1`] or
    /// [`Framing::V2`]: these versions have no commands.
    #[inline]
    pub fn emit(self, header: FrameHeader) -> HeaderBytes {
        match self {
            Self::V1 => emit_v1(header),
            Self::V2 | Self::V3 => header.emit(),
        }
    }
}

/// frame = (length / %xFF 8length) flags body, where length counts flags and body.
fn read_v1(input: &[u8]) -> Result<Option<(FrameHeader, usize)>, HeaderError> {
    let (len, flags, taken) = match input {
        [LONG, rest @ ..] => match rest.split_first_chunk() {
            Some((len, [flags, ..])) => (u64::from_be_bytes(*len), *flags, HeaderBytes::MAX_LEN),
            _ => return Ok(None),
        },
        [0, ..] => return Err(HeaderError::Empty),
        [len, flags, ..] => (u64::from(*len), *flags, 2),
        _ => return Ok(None),
    };
    if flags & !MORE != 0 {
        return Err(HeaderError::ReservedFlagsV1);
    }
    let more = if flags & MORE == 0 { More::Last } else { More::Follows };
    let Some(body) = len.checked_sub(1) else { return Err(HeaderError::Empty) };
    if body > i64::MAX.unsigned_abs() {
        return Err(HeaderError::Size);
    }
    Ok(Some((FrameHeader::new(FrameKind::Message(more), body), taken)))
}

fn emit_v1(header: FrameHeader) -> HeaderBytes {
    let flags = match header.kind() {
        FrameKind::Message(More::Follows) => MORE,
        FrameKind::Command | FrameKind::Message(More::Last) => 0,
    };
    let len = header.len().saturating_add(1);
    match u8::try_from(len) {
        Ok(len) if len < LONG => HeaderBytes::short([len, flags]),
        _ => {
            let [s0, s1, s2, s3, s4, s5, s6, s7] = len.to_be_bytes();
            HeaderBytes::longest([LONG, s0, s1, s2, s3, s4, s5, s6, s7, flags])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: FrameKind = FrameKind::Message(More::Last);

    #[test]
    fn lengths_in_1_0_count_the_flags_and_use_the_long_form_from_255() {
        for (len, taken) in [(0, 2), (253, 2), (254, 10), (255, 10), (i64::MAX as u64, 10)] {
            for more in [More::Last, More::Follows] {
                let header = FrameHeader::new(FrameKind::Message(more), len);
                let bytes = Framing::V1.emit(header);
                assert_eq!(bytes.as_ref().len(), taken);
                assert_eq!(Framing::V1.parse(bytes.as_ref()), Ok(Some((header, taken))));
                for cut in 0..taken {
                    assert_eq!(Framing::V1.parse(&bytes.as_ref()[..cut]), Ok(None));
                }
            }
        }
        let header = FrameHeader::new(LAST, 3);
        assert_eq!(Framing::V1.parse(b"\xff\0\0\0\0\0\0\0\x04\0"), Ok(Some((header, 10))));
    }

    #[test]
    fn length_0_and_reserved_flags_are_refused_in_1_0() {
        assert_eq!(Framing::V1.parse(&[0]), Err(Malformed::EmptyFrame));
        assert_eq!(Framing::V1.parse(b"\xff\0\0\0\0\0\0\0\0\0"), Err(Malformed::EmptyFrame));
        for flags in [2, 4, 0x80, 0xfe] {
            assert_eq!(Framing::V1.parse(&[5, flags]), Err(Malformed::ReservedFlags(flags)));
        }
        let huge = [0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 0];
        assert_eq!(Framing::V1.parse(&huge), Err(Malformed::FrameSize((1 << 63) + 1)));
    }

    #[test]
    fn headers_of_2_0_are_those_of_3_without_commands() {
        let header = FrameHeader::new(LAST, 300);
        let bytes = Framing::V2.emit(header);
        assert_eq!(bytes.as_ref(), header.emit().as_ref());
        assert_eq!(Framing::V2.parse(bytes.as_ref()), Ok(Some((header, 9))));
        for flags in [4, 5, 6, 8] {
            assert_eq!(Framing::V2.parse(&[flags]), Err(Malformed::ReservedFlags(flags)));
        }
    }
}
