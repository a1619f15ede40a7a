//! Why a connection failed, as it is kept: [`Error`] without what can be told from elsewhere.

use super::receive::Rx;
use crate::config::Config;
use crate::error::{Error, Limit, LimitExceeded, PeerError, Timeout};
use crate::wire::{
    Command, CommandName, HeaderError, Malformed, MechanismName, Size, SocketType,
    UnsupportedVersion, size_to_u64,
};

/// Bytes of the peer: its mechanism while it greets, what a PONG echoes in traffic, and in the end
/// those that a [`Cause`] is about. On a microcontroller 16, because compilers have a `memset` for
/// more zeros.
pub(super) type Scratch = [u8; if cfg!(target_os = "none") { 16 } else { 20 }];

pub(super) const CLEAN: Scratch = [0; size_of::<Scratch>()];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Cause {
    // The two that are told to the peer, where one comparison finds them.
    /// The peer's is in the scratch.
    Mechanism,
    /// The peer's is none that ours talks to: so many bytes long, and in the scratch.
    SocketType(u8),
    CommandName,
    ErrorReason,
    /// The header is in the scratch.
    Header(HeaderError),
    /// More than a limit allows.
    Limit(Limit),
    MessageInHandshake,
    Metadata,
    MissingSocketType,
    MoreOnIdentity,
    Old(UnsupportedVersion),
    Refused,
    RoutingIdTooLong,
    SecondReady,
    TimedOut(Timeout),
    /// A command that had no place in the handshake: the front of its body is in the scratch.
    UnexpectedCommand,
}

/// The largest frame and message that any limit allows: what goes past it counts as more.
const LARGEST: u64 = size_to_u64(Size::MAX).saturating_sub(1);

/// Whether a limit is passed. Where sizes have 32 bits those that do not fit count as the largest.
pub(super) const fn exceeds(got: Size, allowed: u64) -> bool {
    size_to_u64(got) > allowed
}

impl Cause {
    /// The error to show.
    pub(super) fn error(self, config: &Config, ours: SocketType, rx: &Rx) -> Error {
        let scratch = &rx.scratch;
        Error::Peer(match self {
            Self::Limit(limit) => {
                let limits = &config.limits;
                let allowed = match limit {
                    Limit::Command => limits.max_command.into(),
                    Limit::Frame => limits.max_frame,
                    Limit::Message => limits.max_message,
                    Limit::Parts => limits.max_parts.into(),
                };
                return LimitExceeded { limit, allowed: allowed.min(LARGEST), got: rx.got(limit) }
                    .into();
            }
            Self::CommandName => return Malformed::CommandName.into(),
            Self::ErrorReason => return Malformed::ErrorReason.into(),
            Self::Header(flaw) => return flaw.of(scratch).into(),
            Self::Metadata => return Malformed::Metadata.into(),
            Self::MoreOnIdentity => return Malformed::MoreOnIdentity.into(),
            Self::TimedOut(owed) => return Error::TimedOut(owed),
            Self::Mechanism => PeerError::MechanismMismatch { peer: MechanismName::new(scratch) },
            Self::MessageInHandshake => PeerError::MessageInHandshake,
            Self::MissingSocketType => PeerError::MissingSocketType,
            Self::Old(old) => PeerError::UnsupportedVersion(old),
            Self::Refused => PeerError::Refused,
            Self::RoutingIdTooLong => {
                PeerError::RoutingIdTooLong(u32::try_from(rx.len).unwrap_or(u32::MAX))
            }
            Self::SecondReady => PeerError::SecondReady,
            Self::UnexpectedCommand => {
                // A name that ends behind these is none that is known.
                let command = Command::parse(scratch);
                let name = command.map_or(CommandName::Unknown, |command| command.name());
                PeerError::UnexpectedCommand(name)
            }
            Self::SocketType(len) => {
                let name = scratch.get(..usize::from(len));
                match name.and_then(SocketType::from_name) {
                    Some(peer) => PeerError::IncompatibleSocketType { ours, peer },
                    None => PeerError::UnknownSocketType,
                }
            }
        })
    }
}
