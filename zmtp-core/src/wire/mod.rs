//! The grammars of ZMTP. The types parse bytes and emit bytes; they hold no connection state.
//!
//! | file | grammar | source |
//! |---|---|---|
//! | `greeting`, `version` | signature, version, mechanism, as-server | RFC 37 § Formal Grammar |
//! | `frame`, `size` | flags, size | RFC 37 § Framing |
//! | `framing` | flags and size in ZMTP 2.0 and 1.0 | RFC 15, RFC 13 |
//! | `command` | name, data; PING, SUBSCRIBE, ERROR | RFC 37 § Commands |
//! | `metadata`, `application_metadata` | properties of READY | RFC 37 § Connection Metadata |
//! | `datagram` | datagrams of RADIO and DISH | libzmq |
//! | `group` | names of groups | RFC 48 § Group |
//! | `socket_type` | names and compatible pairs | RFC 37 § The Socket-Type Property |
//! | `subscription` | SUBSCRIBE, CANCEL, JOIN and LEAVE, as commands and as messages | RFC 37 § Commands, RFC 23 |

use nom::Parser;

#[cfg(feature = "application-metadata")]
mod application_metadata;
mod command;
mod datagram;
mod frame;
mod framing;
mod greeting;
mod group;
mod metadata;
mod size;
mod socket_type;
mod subscription;
mod version;
mod writer;

#[cfg(feature = "application-metadata")]
pub use application_metadata::{ApplicationMetadata, PropertyError};
pub use command::{Command, CommandName, Ping, error_reason};
pub use datagram::{Datagram, DatagramError};
pub(crate) use frame::HeaderError;
pub use frame::{FrameHeader, FrameKind, HeaderBytes, More};
pub use framing::Framing;
pub use greeting::{Greeting, MechanismName};
pub(crate) use greeting::{GreetingReader, SIGNATURE_LEN, SOCKET_TYPE_AT, VERSION_MAJOR_AT};
pub use group::{Group, GroupError};
pub(crate) use metadata::Encoded;
pub use metadata::{Metadata, Properties, Property, RoutingId};
pub(crate) use size::{Size, size_to_u64};
pub use socket_type::SocketType;
pub use subscription::Subscription;
pub use version::{UnsupportedVersion, Version};
pub use writer::{BufferTooSmall, Writer};

/// Parses a fixed number of bytes. nom's number parsers contain a slice operation whose panic the
/// compiler does not remove at `opt-level = "z"`.
fn fixed<const N: usize>(input: &[u8]) -> nom::IResult<&[u8], [u8; N], ()> {
    let (taken, rest) = input.split_first_chunk().ok_or(nom::Err::Error(()))?;
    Ok((rest, *taken))
}

/// Parses a number of one byte.
fn short(input: &[u8]) -> nom::IResult<&[u8], u8, ()> {
    let (first, rest) = input.split_first().ok_or(nom::Err::Error(()))?;
    Ok((rest, *first))
}

/// Parses `n` bytes. nom's `take` contains a split whose panic the compiler does not remove.
fn bytes<'a, N: TryInto<usize>>(n: N) -> impl Parser<&'a [u8], Output = &'a [u8], Error = ()> {
    let n = n.try_into().unwrap_or(usize::MAX);
    move |input: &'a [u8]| {
        let (taken, rest) = input.split_at_checked(n).ok_or(nom::Err::Error(()))?;
        Ok((rest, taken))
    }
}

/// Bytes that the grammar of the peer's version of ZMTP does not allow.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Malformed {
    /// The name of a command is empty, or longer than the rest of the body.
    CommandName,
    /// The length of a ZMTP 1.0 frame is 0. The length includes the flags byte, so it is at least 1.
    EmptyFrame,
    /// The reason of an ERROR command is missing or incomplete.
    ErrorReason,
    /// The size of a frame has bit 63 set: sizes are at most 2^63-1 (RFC 37 § Framing). The value
    /// is the size.
    FrameSize(u64),
    /// The group of a JOIN or LEAVE is not valid (RFC 48 § Group).
    Group(GroupError),
    /// The name or the value of a property is longer than the rest of the metadata.
    Metadata,
    /// MORE is set on a command frame; a command is always one frame (RFC 37 § Framing).
    MoreOnCommand,
    /// MORE is set on the identity frame, which precedes the messages in ZMTP 2.0 and 1.0.
    MoreOnIdentity,
    /// A message to a DISH is not a group of up to 255 bytes and a body, each in one frame (RFC 37 § The Radio-Dish
    /// Pattern).
    NotGroupAndBody,
    /// The TTL of a PING, two bytes, is missing or incomplete.
    Ping,
    /// A reserved flag bit is set. Reserved are bits 3 to 7; in ZMTP 2.0, bits 2 to 7; in 1.0, bits
    /// 1 to 7. The value is the flags byte.
    ReservedFlags(u8),
}

impl core::fmt::Display for Malformed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::CommandName => f.write_str("command name is empty or exceeds the command"),
            Self::EmptyFrame => f.write_str("ZMTP 1.0 frame of length 0"),
            Self::ErrorReason => f.write_str("reason of ERROR is missing or exceeds the command"),
            Self::FrameSize(size) => write!(f, "frame size {size:#x} has bit 63 set"),
            Self::Group(error) => write!(f, "JOIN or LEAVE: {error}"),
            Self::Metadata => f.write_str("property exceeds the metadata"),
            Self::MoreOnCommand => f.write_str("MORE flag on a command"),
            Self::MoreOnIdentity => f.write_str("MORE flag on an identity frame"),
            Self::NotGroupAndBody => {
                f.write_str("message to a DISH is not a group of up to 255 bytes and a body")
            }
            Self::Ping => f.write_str("PING without a TTL"),
            Self::ReservedFlags(flags) => write!(f, "reserved flag bits set in {flags:#04x}"),
        }
    }
}

impl core::error::Error for Malformed {}
