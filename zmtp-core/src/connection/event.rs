//! Events in received bytes.

use crate::wire::{Command, CommandName, FrameHeader, SocketType, Version};

/// The result of [`Connection::receive`](super::Connection::receive): the event at the front of its input.
///
/// The call consumed the input up to `end`, which is `input.len() - connection.unread()` (see
/// [`Connection::unread`](super::Connection::unread)). The bytes `end - payload..end` belong to the event;
/// [`Received::payload_of`] returns them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "two words, returned in registers")]
pub struct Received {
    /// The event.
    pub event: Event,
    /// The number of bytes that belong to the event, for example a body or a topic. For
    /// [`Event::NeedInput`] and [`Event::Sealed`] it is the number of missing bytes.
    pub payload: usize,
}

impl Received {
    pub(super) const FAILED: Self = Self::bare(Event::Failed);

    /// This many bytes are missing.
    pub(super) const fn missing(payload: usize) -> Self {
        Self { event: Event::NeedInput, payload }
    }

    pub(super) const fn bare(event: Event) -> Self {
        Self { event, payload: 0 }
    }

    /// The bytes that belong to the event. `input` is the input of
    /// [`Connection::receive`](super::Connection::receive). `unread` is
    /// [`Connection::unread`](super::Connection::unread) after that call. Not for [`Event::NeedInput`] and
    /// [`Event::Sealed`].
    pub fn payload_of<'i>(&self, input: &'i [u8], unread: usize) -> &'i [u8] {
        let end = input.len().saturating_sub(unread);
        input.get(end.saturating_sub(self.payload)..end).unwrap_or_default()
    }
}

/// An event in received bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Event {
    /// The peer cancels a subscription with a CANCEL command. The payload is the topic. Only PUB and XPUB
    /// report this. RADIO reports it for a LEAVE; the payload is then the [`Group`](crate::wire::Group).
    Cancel,
    /// The connection failed; [`Connection::error`](super::Connection::error) returns the reason.
    Failed,
    /// A message frame begins. [`Connection::frame`](super::Connection::frame) returns its header. The
    /// payload is the first piece of its body, which may be empty. [`Event::Piece`] reports the rest.
    ///
    /// A message is complete when its last frame is complete. If the connection fails earlier, discard the
    /// received parts (RFC 37 § Messages).
    Frame,
    /// A command was ignored. The payload is its body; [`IgnoredCommand::of`] parses it.
    Ignored,
    /// More input is needed: append received bytes to the unread ones. `payload` is the number of missing
    /// bytes. While a greeting, an identity frame or a frame header is incomplete, it is a lower bound.
    NeedInput,
    /// A PING arrived before the PONG to the previous PING was written: call
    /// [`Connection::poll_transmit`](super::Connection::poll_transmit), then `receive` again.
    NeedTransmit,
    /// Bytes were consumed without an event. Call `receive` again. Control bytes may be due.
    Nothing,
    /// The next piece of the body of the current frame. The payload is the piece.
    Piece,
    /// The peer has completed the handshake, and messages may arrive. Messages may be sent as soon as
    /// [`Connection::is_ready`](super::Connection::is_ready) returns `true`. Reported once per connection.
    /// The payload is the peer's metadata, for [`Connection::metadata`](super::Connection::metadata).
    Ready,
    /// The peer refused the connection with an ERROR command, and the connection has failed. The payload is
    /// the data of the command; [`error_reason`](crate::wire::error_reason) parses it.
    Refused,
    /// A sealed frame is incomplete and cannot be opened yet. `payload` is the exact number of missing bytes.
    /// A driver appends these to the unread bytes. If its buffer is too small, it moves the unread bytes to a
    /// larger buffer, collects the rest of the frame there, and passes that buffer as the input.
    Sealed,
    /// The peer subscribes with a SUBSCRIBE command. The payload is the topic. Only PUB and XPUB report this.
    /// They also report it, with an empty topic, for each peer of ZMTP 1.0, which receives all messages and
    /// filters them itself. RADIO reports it for a JOIN; the payload is then the [`Group`](crate::wire::Group).
    Subscribe,
    /// The handshake is suspended until [`Connection::answer`](super::Connection::answer) is called. The
    /// current command stays unread: pass it to `receive` again after the answer. The handshake timeout
    /// applies meanwhile.
    Waiting,
}

/// A frame whose body is incomplete.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Incoming {
    /// The header of the frame.
    pub header: FrameHeader,
    /// The number of missing bytes of the body, at least 1.
    pub remaining: u64,
}

/// A command that was ignored.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum IgnoredCommand {
    /// The name is unknown, or the command is not valid for this socket type or at this time.
    Command(CommandName),
    /// The name is empty or incomplete, or a PING has no complete TTL. libzmq also ignores malformed names,
    /// but answers such a PING with bytes of its memory.
    Malformed,
}

impl IgnoredCommand {
    /// The reason why a command was ignored. `body` is the payload of [`Event::Ignored`].
    pub fn of(body: &[u8]) -> Self {
        match Command::parse(body) {
            // A PING is ignored only if it has no TTL.
            Ok(command) if !command.is(CommandName::Ping) => Self::Command(command.name()),
            _ => Self::Malformed,
        }
    }
}

impl core::fmt::Display for IgnoredCommand {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Command(CommandName::Unknown) => f.write_str("an unknown command"),
            Self::Command(name) => {
                write!(f, "{}, which is not valid here", name.bytes().escape_ascii())
            }
            Self::Malformed => f.write_str("a malformed command"),
        }
    }
}

/// The version and socket type of the peer, from its greeting and READY.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PeerInfo {
    /// The version that the peer announced. A greeting with major version 2 counts as 3.1, as in libzmq: in
    /// the greeting of ZMTP 2.0 the major version is 1, and in that of ZMTP 1.0, if it has one, 0.
    pub version: Version,
    /// The socket type of the peer; `None` if its READY has no Socket-Type, or if it uses ZMTP 1.0.
    pub socket_type: Option<SocketType>,
}
