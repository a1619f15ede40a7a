//! What a connection finds in the bytes it receives.

use crate::wire::{Command, CommandName, FrameHeader, SocketType, Version};

/// What [`Connection::receive`](super::Connection::receive) found at the front of its input.
///
/// The bytes up to [`Connection::unread`](super::Connection::unread) from the input's end are dealt
/// with. The last ones of these, `payload` bytes, are what the event is about: they are at
/// `end - payload..end` where `end` is `input.len() - connection.unread()`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "two words, returned in registers")]
pub struct Received {
    /// The event.
    pub event: Event,
    /// How many bytes it is about: a body, a topic. For [`Event::NeedInput`] and [`Event::Sealed`],
    /// how many are missing.
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

    /// The bytes that the event is about: `input` is what
    /// [`Connection::receive`](super::Connection::receive) had, `unread` is
    /// [`Connection::unread`](super::Connection::unread).
    pub fn payload_of<'i>(&self, input: &'i [u8], unread: usize) -> &'i [u8] {
        let end = input.len().saturating_sub(unread);
        input.get(end.saturating_sub(self.payload)..end).unwrap_or_default()
    }
}

/// What a connection found in received bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Event {
    /// The peer cancels a subscription to the payload. Only on PUB and XPUB.
    Cancel,
    /// The connection has failed; [`Connection::error`](super::Connection::error) has the reason.
    Failed,
    /// A message frame begins. [`Connection::frame`](super::Connection::frame) has its header. The
    /// payload is what the input has of its body, perhaps nothing; the rest follows in
    /// [`Event::Piece`]s.
    ///
    /// A message counts only once its last frame is complete: if the connection fails before, the
    /// parts that came must be discarded (RFC 37 § Messages).
    Frame,
    /// A command was ignored. The payload is its body; [`Ignored::of`] tells what it is.
    Ignored,
    /// More bytes are needed: append them to the unread ones. The payload is how many are missing,
    /// exactly or, while a greeting or a header is incomplete, at least.
    NeedInput,
    /// An answer is due and the one before it was not sent: write what
    /// [`Connection::poll_transmit`](super::Connection::poll_transmit) gives, then call again.
    NeedTransmit,
    /// Nothing to report: call again. Control bytes may be due.
    Nothing,
    /// The payload is more bytes of the frame's body.
    Piece,
    /// The handshake is over: messages may arrive, and may be sent as soon as
    /// [`Connection::is_ready`](super::Connection::is_ready). Once per connection. The payload is
    /// the peer's metadata, for [`Connection::metadata`](super::Connection::metadata).
    Ready,
    /// The peer refused us with an ERROR command. The payload is its data, for
    /// [`error_reason`](crate::wire::error_reason). The connection has failed.
    Refused,
    /// A sealed frame is incomplete: it cannot be used before all of it is there. The payload is how
    /// many bytes are missing, exactly. A driver appends them to the unread ones, or moves the
    /// unread ones to another buffer, collects the frame there, and passes that as the input.
    Sealed,
    /// The peer subscribes to the payload. Only on PUB and XPUB. It is also reported for a peer of
    /// ZMTP 1.0, with an empty payload: such a peer receives everything and filters it itself.
    Subscribe,
    /// The handshake waits for [`Connection::answer`](super::Connection::answer). What the answer is
    /// about stays unread: call again with it after the answer. The handshake's deadline keeps
    /// running.
    Waiting,
}

/// A frame whose body is still arriving.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Incoming {
    /// The frame.
    pub header: FrameHeader,
    /// Bytes of its body still to come, at least 1.
    pub remaining: u64,
}

/// A command that changed nothing.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Ignored {
    /// A name that is unknown, or has no meaning for this socket or at this time.
    Command(CommandName),
    /// A command without a name, with a name longer than itself, or a PING without TTL. libzmq
    /// ignores the first two and answers the third with bytes of its memory.
    Malformed,
}

impl Ignored {
    /// What the command with this body, the payload of [`Event::Ignored`], is.
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
                write!(f, "{}, which means nothing here", name.bytes().escape_ascii())
            }
            Self::Malformed => f.write_str("a malformed command"),
        }
    }
}

/// What the peer's greeting and READY show of it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PeerInfo {
    /// The version it announced. A greeting with major version 2 counts as 3.1 here, as in libzmq:
    /// ZMTP 2.0 sends 1, and ZMTP 1.0 sends 0 or no greeting.
    pub version: Version,
    /// Its socket type; `None` if its READY does not name it, or with ZMTP 1.0, which cannot.
    pub socket_type: Option<SocketType>,
}
