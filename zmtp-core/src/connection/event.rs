//! Events in received bytes.

use crate::wire::{Command, CommandName, FrameHeader, SocketType, Version};

/// The result of [`Connection::receive`](super::Connection::receive): the event at the front of its input.
///
/// All bytes before the last [`Connection::unread`](super::Connection::unread) ones are consumed. The last
/// `payload` consumed bytes belong to the event: they are at `end - payload..end`, where `end` is
/// `input.len() - connection.unread()`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "two words, returned in registers")]
pub struct Received {
    /// The event.
    pub event: Event,
    /// The number of bytes that belong to the event, such as a body or a topic. For [`Event::NeedInput`]
    /// and [`Event::Sealed`], the number of missing bytes.
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
    /// [`Connection::receive`](super::Connection::receive), `unread` the result of
    /// [`Connection::unread`](super::Connection::unread) after it.
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
    /// The peer cancels a subscription. The payload is the topic. Only on PUB and XPUB.
    Cancel,
    /// The connection failed; [`Connection::error`](super::Connection::error) returns the reason.
    Failed,
    /// A message frame begins. [`Connection::frame`](super::Connection::frame) returns its header. The
    /// payload is the part of its body that is in the input, possibly empty; the rest follows as
    /// [`Event::Piece`].
    ///
    /// A message is complete with its last frame. If the connection fails before, discard the received
    /// parts (RFC 37 § Messages).
    Frame,
    /// A command was ignored. The payload is its body; [`Ignored::of`] parses it.
    Ignored,
    /// More bytes are needed: append them to the unread ones. `payload` is the number of missing bytes; it is
    /// a lower bound while a greeting or a header is incomplete.
    NeedInput,
    /// A PONG is due, but the previous one was not sent yet: call
    /// [`Connection::poll_transmit`](super::Connection::poll_transmit), then `receive` again.
    NeedTransmit,
    /// No event: call again. Control bytes may be due.
    Nothing,
    /// More bytes of the body of the frame: the payload.
    Piece,
    /// The handshake is complete on the receiving side: messages may arrive. They may be sent as soon as
    /// [`Connection::is_ready`](super::Connection::is_ready) returns `true`. Reported once per connection.
    /// The payload is the peer's metadata, for [`Connection::metadata`](super::Connection::metadata).
    Ready,
    /// The peer refused the connection with an ERROR command. The payload is its data, for
    /// [`error_reason`](crate::wire::error_reason). The connection failed.
    Refused,
    /// A sealed frame is incomplete and cannot be opened yet. `payload` is the exact number of missing bytes.
    /// A driver appends them to the unread ones, or moves the unread ones to another buffer, collects the
    /// frame there, and passes that buffer as the input.
    Sealed,
    /// The peer subscribes. The payload is the topic. Only on PUB and XPUB. Also reported for a peer of ZMTP
    /// 1.0, with an empty topic: such a peer receives all messages and filters them itself.
    Subscribe,
    /// The handshake waits for [`Connection::answer`](super::Connection::answer). The command in question
    /// stays unread: pass it to `receive` again after the answer. The handshake timeout keeps running.
    Waiting,
}

/// A frame whose body has not arrived completely.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Incoming {
    /// The frame.
    pub header: FrameHeader,
    /// The number of bytes of its body that are missing, at least 1.
    pub remaining: u64,
}

/// A command that was ignored.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Ignored {
    /// The name is unknown, or the command is not valid for this socket type or at this time.
    Command(CommandName),
    /// The name is empty or exceeds the command, or a PING has no TTL. libzmq ignores the first two and
    /// answers the third with bytes of its memory.
    Malformed,
}

impl Ignored {
    /// The reason why the command with this body, the payload of [`Event::Ignored`], was ignored.
    pub fn of(body: &[u8]) -> Self {
        match Command::parse(body) {
            // A PING is ignored only if it has no TTL.
            Ok(command) if !command.is(CommandName::Ping) => Self::Command(command.name()),
            _ => Self::Malformed,
        }
    }
}

impl core::fmt::Display for Ignored {
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

/// The properties of the peer from its greeting and READY.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PeerInfo {
    /// The version that it announced. Major version 2 in a greeting is treated as 3.1, as in libzmq: ZMTP 2.0
    /// sends 1, and ZMTP 1.0 sends 0 or no greeting.
    pub version: Version,
    /// Its socket type; `None` if its READY has no Socket-Type, or with ZMTP 1.0.
    pub socket_type: Option<SocketType>,
}
