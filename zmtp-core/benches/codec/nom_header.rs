//! A nom parser of frame headers, to compare the hand-written parser with.

use nom::error::{ErrorKind, FromExternalError, ParseError};
use nom::number::streaming::{be_u64, u8};
use nom::{Err, IResult, Parser};
use zmtp_core::wire::{FrameHeader, FrameKind, Malformed, More};

/// An error of nom that can contain ours.
#[derive(Debug)]
struct Refused(Option<Malformed>);

impl<I> ParseError<I> for Refused {
    fn from_error_kind(_: I, _: ErrorKind) -> Self {
        Self(None)
    }

    fn append(_: I, _: ErrorKind, other: Self) -> Self {
        other
    }
}

impl<I> FromExternalError<I, Malformed> for Refused {
    fn from_external_error(_: I, _: ErrorKind, error: Malformed) -> Self {
        Self(Some(error))
    }
}

/// The kind, and whether the size is long.
fn flags(input: &[u8]) -> IResult<&[u8], (FrameKind, bool), Refused> {
    u8.map_res(|flags: u8| {
        if flags & 0xf8 != 0 {
            return Err(Malformed::ReservedFlags(flags));
        }
        let kind = match (flags & 0x04 != 0, flags & 0x01 != 0) {
            (true, true) => return Err(Malformed::MoreOnCommand),
            (true, false) => FrameKind::Command,
            (false, true) => FrameKind::Message(More::Follows),
            (false, false) => FrameKind::Message(More::Last),
        };
        Ok((kind, flags & 0x02 != 0))
    })
    .parse(input)
}

fn size(long: bool, input: &[u8]) -> IResult<&[u8], u64, Refused> {
    if long {
        let checked =
            |len: u64| if len >> 63 == 0 { Ok(len) } else { Err(Malformed::FrameSize(len)) };
        be_u64.map_res(checked).parse(input)
    } else {
        u8.map(u64::from).parse(input)
    }
}

/// [`FrameHeader::parse`] with nom.
#[inline]
pub(crate) fn parse(input: &[u8]) -> Result<Option<(FrameHeader, usize)>, Malformed> {
    let header = flags.flat_map(|(kind, long)| {
        move |input| size(long, input).map(|(rest, len)| (rest, FrameHeader::new(kind, len)))
    });
    match { header }.parse(input) {
        Ok((rest, header)) => Ok(Some((header, input.len() - rest.len()))),
        Err(Err::Incomplete(_)) => Ok(None),
        Err(Err::Error(Refused(error)) | Err::Failure(Refused(error))) => {
            Err(error.expect("only our own checks refuse"))
        }
    }
}

/// Both parsers must give the same results.
pub(crate) fn check_against_core() {
    for flags in 0..=u8::MAX {
        for size in [[0; 8], [0xff; 8], [0x7f, 0, 0, 0, 0, 0, 0, 1], [0x80, 0, 0, 0, 0, 0, 0, 1]] {
            let mut bytes = [flags; 10];
            bytes[1..9].copy_from_slice(&size);
            for cut in 0..=bytes.len() {
                let input = &bytes[..cut];
                assert_eq!(parse(input), FrameHeader::parse(input), "{input:x?}");
            }
        }
    }
}
