//! What `decode` tells its caller.

use crate::wire::{CommandName, FrameHeader, Metadata, SocketType, Version};

/// The outcome of [`Connection::decode`](super::Connection::decode), besides an error.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "drivers must handle each")]
pub enum Decoded<'i> {
    /// Something happened; call again.
    Event(Event<'i>),
    /// Nothing more can be told from the input: append to what is left and call again.
    NeedInput,
    /// An answer is due and its slot is taken: write what
    /// [`Connection::poll_transmit`](super::Connection::poll_transmit) gives, then call again.
    NeedTransmit,
}

/// What happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'i> {
    /// The peer cancels a subscription. Only on PUB and XPUB.
    Cancel(&'i [u8]),
    /// Bytes of a message frame's body.
    Chunk(Chunk<'i>),
    /// A command was ignored; count it.
    Ignored(Ignored),
    /// The handshake is over: messages may come, and go as soon as
    /// [`Connection::is_ready`](super::Connection::is_ready). Once per connection; who needs a
    /// property copies it now. A peer of ZMTP 2.0 or 1.0 has one, its Identity.
    Ready(Metadata<'i>),
    /// The peer sent ERROR with this reason. The next call returns
    /// [`PeerError::Refused`](crate::PeerError::Refused).
    Refused(&'i [u8]),
    /// The peer subscribes to a topic. Only on PUB and XPUB. Told in the name of a peer of ZMTP 1.0
    /// too: it gets everything and chooses by itself.
    Subscribe(&'i [u8]),
}

/// Part or all of a message frame's body, as it arrived.
///
/// The first chunk comes as soon as the header is known, even without a byte, so that the
/// destination can be chosen before the body is read. A message counts only once its last frame is
/// complete: if the connection fails before, what came of it must be thrown away (RFC 37 §
/// Messages).
#[derive(Debug)]
pub struct Chunk<'i> {
    pub(super) header: FrameHeader,
    pub(super) bytes: &'i mut [u8],
    pub(super) first: bool,
    pub(super) last: bool,
}

impl Chunk<'_> {
    /// The header of the frame this belongs to.
    pub const fn header(&self) -> FrameHeader {
        self.header
    }

    /// The bytes.
    pub const fn bytes(&self) -> &[u8] {
        self.bytes
    }

    /// Whether the frame begins here.
    pub const fn is_first(&self) -> bool {
        self.first
    }

    /// Whether the frame ends here. The message ends here if
    /// [`FrameHeader::is_final`](crate::wire::FrameHeader::is_final) too.
    pub const fn is_last(&self) -> bool {
        self.last
    }
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
    /// A name that is unknown, or that means nothing to this socket or at this time.
    Command(CommandName),
    /// A command without a name, with a name longer than itself, or a PING without TTL. libzmq
    /// ignores the first two and answers the third with bytes of its memory.
    Malformed,
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

/// Who the peer is, as far as its greeting and READY said.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PeerInfo {
    /// The version it announced. One whose greeting says 2 is 3.1 here, as libzmq takes it: what is
    /// called ZMTP 2.0 says 1, and that called 1.0 says 0 or does not greet.
    pub version: Version,
    /// Its socket type; `None` if its READY did not say, or ZMTP 1.0 had no place for it.
    pub socket_type: Option<SocketType>,
}
