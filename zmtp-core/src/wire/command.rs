//! Commands: a name and data (RFC 37 § Commands).

use nom::IResult;
use nom::Parser;

use super::{Malformed, bytes, fixed, short};
use crate::buffer::is_name;

/// The names of the commands of ZMTP 3.1. They are case-sensitive.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum CommandName {
    /// Cancels one subscription (RFC 37 § The Publish-Subscribe Pattern).
    Cancel,
    /// Refuses a connection during the handshake and states a reason.
    Error,
    /// Starts the handshake of PLAIN and CURVE.
    Hello,
    /// Carries the client's metadata in PLAIN and CURVE.
    Initiate,
    /// Joins a group (RFC 37 § The Radio-Dish Pattern).
    Join,
    /// Leaves a group.
    Leave,
    /// Carries an encrypted frame of CURVE.
    Message,
    /// Requests a PONG (RFC 37 § Connection Heartbeating).
    Ping,
    /// Answers a PING.
    Pong,
    /// Completes the handshake and carries metadata.
    Ready,
    /// Subscribes to messages that start with a topic.
    Subscribe,
    /// Any other name.
    Unknown,
    /// The server's answer to HELLO.
    Welcome,
}

impl CommandName {
    /// The command with the name `bytes`.
    fn from_bytes(bytes: &[u8]) -> Self {
        match bytes {
            b"CANCEL" => Self::Cancel,
            b"ERROR" => Self::Error,
            b"HELLO" => Self::Hello,
            b"INITIATE" => Self::Initiate,
            b"JOIN" => Self::Join,
            b"LEAVE" => Self::Leave,
            b"MESSAGE" => Self::Message,
            b"PING" => Self::Ping,
            b"PONG" => Self::Pong,
            b"READY" => Self::Ready,
            b"SUBSCRIBE" => Self::Subscribe,
            b"WELCOME" => Self::Welcome,
            _ => Self::Unknown,
        }
    }

    /// The bytes of the name. They are empty for [`CommandName::Unknown`].
    #[inline(always)]
    pub const fn bytes(self) -> &'static [u8] {
        match self.length_prefixed().split_first() {
            Some((_, bytes)) => bytes,
            None => &[],
        }
    }

    /// The name, preceded by one byte with its length.
    #[inline(always)]
    pub(crate) const fn length_prefixed(self) -> &'static [u8] {
        match self {
            Self::Cancel => b"\x06CANCEL",
            Self::Error => b"\x05ERROR",
            Self::Hello => b"\x05HELLO",
            Self::Initiate => b"\x08INITIATE",
            Self::Join => b"\x04JOIN",
            Self::Leave => b"\x05LEAVE",
            Self::Message => b"\x07MESSAGE",
            Self::Ping => b"\x04PING",
            Self::Pong => b"\x04PONG",
            Self::Ready => b"\x05READY",
            Self::Subscribe => b"\x09SUBSCRIBE",
            Self::Unknown => b"\0",
            Self::Welcome => b"\x07WELCOME",
        }
    }

    /// Whether `name`, preceded by one byte with its length, is the name of this command.
    #[inline(always)]
    pub(crate) fn names(self, name: &[u8]) -> bool {
        is_name(name, self.length_prefixed())
    }
}

/// The parsed body of a command frame.
///
/// ```
/// use zmtp_core::wire::{Command, CommandName};
///
/// let command = Command::parse(b"\x05READY").unwrap();
/// assert_eq!((command.name(), command.data), (CommandName::Ready, &b""[..]));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Command<'a> {
    /// The name, preceded by one byte with its length.
    name: &'a [u8],
    /// The bytes after the name.
    pub data: &'a [u8],
}

impl<'a> Command<'a> {
    /// Parses the whole body of a command frame.
    ///
    /// # Errors
    ///
    /// [`Malformed::CommandName`] if the name is empty, or longer than the rest of the body.
    pub fn parse(body: &'a [u8]) -> Result<Self, Malformed> {
        let name = named(body).and_then(|end| body.split_at_checked(end));
        name.map(|(name, data)| Self { name, data }).ok_or(Malformed::CommandName)
    }

    /// As [`Command::parse`], but returns the name, preceded by one byte with its length, and the data,
    /// which may be changed. `None` if the command is malformed.
    #[inline(always)]
    pub(crate) fn split(body: &mut [u8]) -> Option<(&mut [u8], &mut [u8])> {
        named(body).and_then(|end| body.split_at_mut_checked(end))
    }

    /// The name of the command.
    pub fn name(&self) -> CommandName {
        CommandName::from_bytes(self.name.get(1..).unwrap_or_default())
    }

    /// Whether the command is called `name`. This takes less time than a comparison with
    /// [`Command::name`].
    #[inline(always)]
    pub fn is(&self, name: CommandName) -> bool {
        name.names(self.name)
    }
}

/// The length of the name at the front of `body` and of the byte before it. `None` if the name is empty.
///
/// command-body = short-size command-name *OCTET; a name has 1 to 255 bytes.
#[inline(always)]
fn named(body: &[u8]) -> Option<usize> {
    match body.first() {
        Some(&len @ 1..) => Some(usize::from(len).wrapping_add(1)),
        _ => None,
    }
}

/// The data of a PING (RFC 37 § Connection Heartbeating).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ping<'a> {
    /// The TTL in tenths of a second: the receiver may close the connection if no data arrives for
    /// this time after the PING. 0 means that there is no TTL.
    pub ttl: u16,
    /// The bytes that the PONG returns. A longer context is cut to its first 16 bytes, as in libzmq.
    pub context: &'a [u8],
}

impl<'a> Ping<'a> {
    /// The length of the longest context in bytes.
    pub const MAX_CONTEXT: usize = 16;

    /// Converts a TTL to milliseconds.
    pub(crate) const fn millis(ttl: u16) -> u32 {
        (ttl as u32).saturating_mul(100)
    }

    /// Parses the data of a PING.
    ///
    /// # Errors
    ///
    /// [`Malformed::Ping`] if the TTL is missing or incomplete.
    pub fn parse(data: &'a [u8]) -> Result<Self, Malformed> {
        let (context, ttl) = fixed(data).map_err(|_| Malformed::Ping)?;
        let ttl = u16::from_be_bytes(ttl);
        Ok(Self { ttl, context: context.get(..Self::MAX_CONTEXT).unwrap_or(context) })
    }
}

/// Parses the data of an ERROR and returns the reason, up to 255 bytes. Bytes after the reason are
/// ignored.
///
/// # Errors
///
/// [`Malformed::ErrorReason`] if the reason is missing or incomplete.
pub fn error_reason(data: &[u8]) -> Result<&[u8], Malformed> {
    let reason: IResult<&[u8], &[u8], ()> = short.flat_map(bytes).parse(data);
    reason.map(|(_, reason)| reason).map_err(|_| Malformed::ErrorReason)
}

#[cfg(test)]
mod tests {
    use super::super::Writer;
    use super::*;

    #[test]
    fn every_known_name_parses_to_itself() {
        use CommandName::{
            Cancel, Error, Hello, Initiate, Join, Leave, Message, Ping, Pong, Ready, Subscribe,
            Unknown, Welcome,
        };
        let all = [
            Cancel, Error, Hello, Initiate, Join, Leave, Message, Ping, Pong, Ready, Subscribe,
            Welcome,
        ];
        for name in all {
            let text = name.bytes();
            assert!(!text.is_empty());
            let mut frame = [0; 32];
            let mut writer = Writer::new(&mut frame);
            writer.command(name, &[b"x", b"yz"]);
            let command = Command::parse(&writer.written()[2..]).unwrap();
            assert_eq!((command.name(), command.data), (name, &b"xyz"[..]));
            assert!(command.is(name) && !command.is(Unknown));
        }
    }

    #[test]
    fn names_differ_by_case_and_length() {
        assert_eq!(Command::parse(b"\x05ready").unwrap().name(), CommandName::Unknown);
        assert_eq!(Command::parse(b"\x06READYx").unwrap().name(), CommandName::Unknown);
    }

    #[test]
    fn names_that_are_empty_or_exceed_the_body_are_malformed() {
        for body in [&b""[..], b"\x00", b"\x00READY", b"\x06READY"] {
            assert_eq!(Command::parse(body), Err(Malformed::CommandName));
        }
    }

    #[test]
    fn a_ping_requires_a_ttl_and_its_context_is_cut_to_16_bytes() {
        assert_eq!(Ping::parse(b""), Err(Malformed::Ping));
        assert_eq!(Ping::parse(b"\x01"), Err(Malformed::Ping));
        assert_eq!(Ping::parse(b"\x01\x00ab"), Ok(Ping { ttl: 256, context: b"ab" }));
        assert_eq!(Ping::parse(&[9; 42]).unwrap().context, [9; 16]);
    }

    #[test]
    fn bytes_after_a_reason_are_ignored_and_a_short_reason_is_malformed() {
        assert_eq!(error_reason(b"\x03400zzz"), Ok(&b"400"[..]));
        assert_eq!(error_reason(b"\x00"), Ok(&b""[..]));
        assert_eq!(error_reason(b"\x0440"), Err(Malformed::ErrorReason));
        assert_eq!(error_reason(b""), Err(Malformed::ErrorReason));
    }
}
