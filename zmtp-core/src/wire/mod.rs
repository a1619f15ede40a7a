//! Bytes on the wire: pure parsing and emitting, no state beyond a value.
//!
//! | file | grammar | source |
//! |---|---|---|
//! | `greeting` | signature, version, mechanism, as-server | RFC 37 § Formal Grammar |
//! | `frame` | flags, size | RFC 37 § Framing |
//! | `framing` | the same in older versions | RFC 15, RFC 13 |
//! | `command` | name, data; PING, SUBSCRIBE, ERROR | RFC 37 § Commands |
//! | `metadata` | properties of READY | RFC 37 § Connection Metadata |
//! | `socket_type` | names and legal pairs | RFC 37 § The Socket-Type Property |

use nom::Parser;

mod command;
mod frame;
mod framing;
mod greeting;
mod metadata;
mod socket_type;
mod writer;

pub use command::{Command, CommandName, Ping, error_reason};
pub(crate) use frame::HeaderFlaw;
pub use frame::{FrameHeader, HeaderBytes, Kind, More};
pub(crate) use frame::{Size, wide};
pub use framing::Framing;
pub use greeting::{Greeting, MechanismName, OldPeer, Version};
pub(crate) use greeting::{GreetingReader, SIGNATURE_LEN, SOCKET_TYPE_AT, VERSION_MAJOR_AT};
pub(crate) use metadata::Encoded;
pub use metadata::{Metadata, Properties, Property, RoutingId};
pub use socket_type::SocketType;
pub use writer::{Full, Writer};

/// Takes a fixed number of bytes. nom's own numbers keep a slice that may panic as far as the
/// linker can tell, at optimisation "z".
fn fixed<const N: usize>(input: &[u8]) -> nom::IResult<&[u8], [u8; N], ()> {
    let (taken, rest) = input.split_first_chunk().ok_or(nom::Err::Error(()))?;
    Ok((rest, *taken))
}

/// Takes a number of one byte.
fn short(input: &[u8]) -> nom::IResult<&[u8], u8, ()> {
    let (first, rest) = input.split_first().ok_or(nom::Err::Error(()))?;
    Ok((rest, *first))
}

/// Takes `n` bytes. nom's own `take` keeps a split that may panic as far as the linker can tell.
fn bytes<'a, N: TryInto<usize>>(n: N) -> impl Parser<&'a [u8], Output = &'a [u8], Error = ()> {
    let n = n.try_into().unwrap_or(usize::MAX);
    move |input: &'a [u8]| {
        let (taken, rest) = input.split_at_checked(n).ok_or(nom::Err::Error(()))?;
        Ok((rest, taken))
    }
}

/// Bytes that break the grammar itself, whoever sent them and whenever.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Malformed {
    /// A command's name is empty or longer than its body.
    CommandName,
    /// A frame of ZMTP 1.0 whose length is 0: it counts the flags, so it is at least 1.
    EmptyFrame,
    /// The reason of an ERROR command is missing or longer than its body.
    ErrorReason,
    /// A frame's size has bit 63 set; sizes are 0 to 2^63-1 (RFC 37 § Framing).
    FrameSize(u64),
    /// A property is cut short: its name or value runs past the end of the metadata.
    Metadata,
    /// MORE on a command frame; commands are single frames (RFC 37 § Framing).
    MoreOnCommand,
    /// MORE on the identity frame that opens ZMTP 2.0 and 1.0.
    MoreOnIdentity,
    /// A PING without its two bytes of TTL.
    Ping,
    /// Flag bits 3 to 7 are reserved and zero, in ZMTP 2.0 bits 2 to 7 and in 1.0 bits 1 to 7; this
    /// is the flags byte.
    ReservedFlags(u8),
}

impl core::fmt::Display for Malformed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::CommandName => f.write_str("command name is empty or exceeds the command"),
            Self::EmptyFrame => f.write_str("ZMTP 1.0 frame of length 0"),
            Self::ErrorReason => f.write_str("reason of ERROR is missing or exceeds the command"),
            Self::FrameSize(size) => write!(f, "frame size {size:#x} has bit 63 set"),
            Self::Metadata => f.write_str("a property runs past the end of the metadata"),
            Self::MoreOnCommand => f.write_str("MORE flag on a command"),
            Self::MoreOnIdentity => f.write_str("MORE flag on an identity"),
            Self::Ping => f.write_str("PING without a TTL"),
            Self::ReservedFlags(flags) => write!(f, "reserved flag bits set in {flags:#04x}"),
        }
    }
}

impl core::error::Error for Malformed {}
