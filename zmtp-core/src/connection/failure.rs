//! Why a connection failed, in the compact form that a connection keeps: the rest of an
//! [`Error`] follows from the configuration and the state.

use super::legacy;
use super::limits::{LARGEST, max_message, max_parts};
use crate::config::Config;
use crate::error::{Error, Limit, LimitExceeded, PeerError, SecurityRole, Timeout};
use crate::mechanism::{HandshakeError, Mechanism, OpenError};
use crate::wire::{
    Command, CommandName, Greeting, GroupError, HeaderError, Malformed, MechanismName, Size,
    SocketType, UnsupportedVersion,
};

/// The scratch stores bytes of the peer: the mechanism of its greeting, later the context of a PONG, and
/// finally the bytes of a [`Failure`]. No larger, because compilers use `memset` for more zeros, which takes
/// flash. The last 4 bytes of the mechanism are stored as the length of a frame, of which there is none yet.
pub(super) type Scratch = [u8; 16];

pub(super) const CLEAN: Scratch = [0; size_of::<Scratch>()];

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Failure {
    // The two with a fixed ERROR come first, so that one comparison finds them.
    /// The peer's mechanism is in the scratch.
    Mechanism,
    /// The peer's socket type is not compatible. Its name has this many bytes and is in the scratch.
    SocketType(u8),
    CommandName,
    /// Our mechanism, or the answer of the application, refuses the peer.
    Denied,
    ErrorReason,
    /// Our mechanism cannot accept a command of the handshake.
    Handshake(HandshakeError),
    /// No nonce is left to seal another frame.
    Exhausted,
    /// The header is in the scratch.
    Header(HeaderError),
    /// A limit is exceeded.
    Limit(Limit),
    MessageInHandshake,
    Metadata,
    MissingSocketType,
    MoreOnIdentity,
    Old(UnsupportedVersion),
    /// A sealed frame is invalid.
    Open(OpenError),
    Refused,
    RoutingIdTooLong,
    SecondReady,
    TimedOut(Timeout),
    /// A command that is not allowed in the handshake. The first bytes of its body are in the scratch.
    UnexpectedCommand,
    // Last: clients without groups take less flash.
    /// A JOIN or LEAVE with a group that is not valid, whose length is stored as that of a frame.
    Group,
    NotGroupAndBody,
}

/// The other data of an [`Error`].
pub(super) struct Details<'d> {
    pub(super) scratch: &'d Scratch,
    /// The number of bytes that the failure concerns.
    pub(super) len: Size,
    /// The value that exceeds a limit.
    pub(super) got: u64,
    /// Whether the peer's greeting names it as a server, and no command of it arrived.
    pub(super) silent_server: bool,
}

impl Failure {
    /// The limit that was exceeded.
    pub(super) const fn limit(self) -> Limit {
        match self {
            Self::Limit(limit) => limit,
            _ => Limit::Frame,
        }
    }

    /// The public error.
    pub(super) fn error<M: Mechanism>(
        self,
        config: &Config,
        mechanism: &M,
        details: &Details<'_>,
    ) -> Error {
        let scratch = details.scratch;
        let ours = || Greeting::mechanism_of(mechanism.greeting());
        let same = |role| PeerError::SameRole { mechanism: ours(), role };
        Error::Peer(match self {
            Self::Limit(limit) => {
                let limits = &config.limits;
                let allowed = match limit {
                    Limit::Command => limits.max_command.into(),
                    Limit::Frame => limits.max_frame,
                    Limit::Message => max_message(limits),
                    Limit::Parts => max_parts(limits).into(),
                };
                return LimitExceeded { limit, allowed: allowed.min(LARGEST), got: details.got }
                    .into();
            }
            Self::CommandName => return Malformed::CommandName.into(),
            Self::ErrorReason => return Malformed::ErrorReason.into(),
            Self::Exhausted => return Error::Exhausted,
            Self::Group => {
                let error = match u32::try_from(details.len) {
                    Ok(..=255) => GroupError::Zero,
                    len => GroupError::TooLong(len.unwrap_or(u32::MAX)),
                };
                return Malformed::Group(error).into();
            }
            Self::Header(flaw) => return flaw.of(scratch).into(),
            Self::Metadata => return Malformed::Metadata.into(),
            Self::MoreOnIdentity => return Malformed::MoreOnIdentity.into(),
            Self::NotGroupAndBody => return Malformed::NotGroupAndBody.into(),
            Self::TimedOut(Timeout::Handshake)
                if mechanism.as_server() && details.silent_server =>
            {
                same(SecurityRole::Server)
            }
            Self::TimedOut(owed) => return Error::TimedOut(owed),
            Self::Denied => PeerError::Denied,
            Self::Handshake(error) => PeerError::Handshake(error),
            Self::Mechanism => {
                let mut name = [0; 20];
                let [.., a, b, c, d] = details.len.to_be_bytes();
                for (slot, byte) in name.iter_mut().zip(scratch.iter().chain(&[a, b, c, d])) {
                    *slot = *byte;
                }
                PeerError::MechanismMismatch { ours: ours(), peer: MechanismName::new(&name) }
            }
            Self::MessageInHandshake => PeerError::MessageInHandshake,
            Self::MissingSocketType => PeerError::MissingSocketType,
            Self::Old(peer) => PeerError::UnsupportedVersion {
                peer,
                lowest: legacy::lowest(config, mechanism),
                mechanism: ours(),
            },
            Self::Open(error) => PeerError::Sealed(error),
            Self::Refused => PeerError::Refused,
            Self::RoutingIdTooLong => {
                PeerError::RoutingIdTooLong(u32::try_from(details.len).unwrap_or(u32::MAX))
            }
            Self::SecondReady => PeerError::SecondReady,
            Self::UnexpectedCommand => {
                // A name that does not end within the scratch is unknown.
                let command = Command::parse(scratch);
                let name = command.map_or(CommandName::Unknown, |command| command.name());
                if mechanism.is_client() && name == CommandName::Hello {
                    same(SecurityRole::Client)
                } else {
                    PeerError::UnexpectedCommand(name)
                }
            }
            Self::SocketType(len) => {
                let name = scratch.get(..usize::from(len));
                let ours = M::socket_type(config);
                match name.and_then(SocketType::from_name) {
                    Some(peer) => PeerError::IncompatibleSocketType { ours, peer },
                    None => PeerError::UnknownSocketType,
                }
            }
        })
    }
}
