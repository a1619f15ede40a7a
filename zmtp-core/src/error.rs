//! Errors that end a connection.

use crate::count::{bytes, parts};
use crate::mechanism::{HandshakeError, OpenError};
use crate::wire::{CommandName, Malformed, MechanismName, SocketType, UnsupportedVersion, Version};

/// Why a connection failed. The failure is final: every later call returns the same error.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// All nonces of the connection are used, so that no further frame can be sealed. A new
    /// connection starts with new nonces.
    Exhausted,
    /// The peer exceeded one of our limits.
    Limit(LimitExceeded),
    /// Bytes of the peer violate the grammar of its version.
    Malformed(Malformed),
    /// Bytes of the peer are well-formed, but violate the protocol in this state, or the peer does
    /// not match our settings.
    Peer(PeerError),
    /// The handshake took too long, or the peer sent no data for too long.
    TimedOut(Timeout),
}

/// A violation of the protocol, or a mismatch between the two ends.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum PeerError {
    /// Our mechanism or our application refused the peer in the handshake.
    Denied,
    /// The peer sent an invalid command in the handshake of PLAIN or CURVE.
    Handshake(HandshakeError),
    /// The two socket types are not compatible (RFC 37 § The Socket-Type Property).
    IncompatibleSocketType {
        /// Our type.
        ours: SocketType,
        /// The peer's type.
        peer: SocketType,
    },
    /// The peer's greeting names another mechanism (RFC 37 § Authentication and Confidentiality).
    MechanismMismatch {
        /// Our mechanism.
        ours: MechanismName,
        /// The mechanism in the peer's greeting.
        peer: MechanismName,
    },
    /// A message frame arrived before the handshake was complete, even if its body is a READY.
    MessageInHandshake,
    /// [`Config::require_socket_type`](crate::Config) is set, and the peer's READY has no
    /// Socket-Type, or the peer uses ZMTP 1.0.
    MissingSocketType,
    /// The peer refused the connection with an ERROR command.
    /// [`Event::Refused`](crate::Event::Refused) reported the reason.
    Refused,
    /// The peer's routing id has more than 255 bytes (RFC 37 § The Identity Property). The value is
    /// its length in bytes.
    RoutingIdTooLong(u32),
    /// Both ends are clients of the mechanism, or both are servers (RFC 24, RFC 26). Two clients are detected by
    /// the HELLO of the peer. Two servers send no command: they are detected at the end of
    /// [`Limits::handshake_timeout`](crate::Limits), by the as-server bit in the peer's greeting. libzmq never sets
    /// this bit; if the peer is such a server, the error is [`Error::TimedOut`].
    SameRole {
        /// The mechanism of both ends.
        mechanism: MechanismName,
        /// The role of both ends.
        role: SecurityRole,
    },
    /// The peer sent READY twice.
    SecondReady,
    /// The peer sent an invalid frame on a sealed connection.
    Sealed(OpenError),
    /// The peer sent a command that is not allowed at this point of the handshake.
    UnexpectedCommand(CommandName),
    /// The peer's socket type is not one of [`SocketType`].
    UnknownSocketType,
    /// The peer uses a version of ZMTP that the mechanism, the socket type or
    /// [`Config::min_version`](crate::Config) does not accept, or another protocol.
    UnsupportedVersion {
        /// The version of the peer, as far as it is known.
        peer: UnsupportedVersion,
        /// The lowest version that we accept. All higher ones are accepted too.
        lowest: Version,
        /// Our mechanism. PLAIN and CURVE need ZMTP 3.0 or higher.
        mechanism: MechanismName,
    },
}

/// One of the two roles in the handshake of PLAIN or CURVE.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[expect(clippy::exhaustive_enums, reason = "a handshake has two ends")]
pub enum SecurityRole {
    /// The end that sends its credentials.
    Client,
    /// The end that accepts or refuses clients.
    Server,
}

/// A value of the peer that exceeds one of our [`Limits`](crate::Limits).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LimitExceeded {
    /// The limit that was exceeded.
    pub limit: Limit,
    /// The largest value that the limit allows, in bytes or parts.
    pub allowed: u64,
    /// The value that the peer announced or sent, in bytes or parts.
    pub got: u64,
}

/// The limits that a connection enforces on its peer.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Limit {
    /// Bytes of a command's body.
    Command,
    /// Bytes of one message frame's body.
    Frame,
    /// Bytes of a message, the sum of its parts. Only with the feature `message-limits`.
    Message,
    /// Number of parts of a message. Only with the feature `message-limits`.
    Parts,
}

/// Which timeout ended a connection.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Timeout {
    /// The handshake did not complete in time ([`Limits::handshake_timeout`](crate::Limits)).
    Handshake,
    /// No data arrived in time after our PING
    /// ([`Heartbeat::timeout`](crate::Heartbeat)).
    Heartbeat,
    /// No data arrived within the TTL of the peer's last PING.
    Ttl,
}

/// What must change before a retry can succeed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ErrorKind {
    /// The two ends do not match: their socket types are not compatible, their mechanisms or
    /// versions differ, or one end refused the other. A retry fails until one configuration
    /// changes.
    Configuration,
    /// The peer violated the protocol or exceeded a limit. A retry fails until the peer changes or
    /// the limit is raised.
    Protocol,
    /// The connection timed out, or used all its nonces. A retry may succeed.
    TimedOut,
}

impl Error {
    /// What must change before a retry can succeed.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Limit(_) | Self::Malformed(_) => ErrorKind::Protocol,
            Self::Exhausted | Self::TimedOut(_) => ErrorKind::TimedOut,
            Self::Peer(error) => match error {
                PeerError::Denied
                | PeerError::IncompatibleSocketType { .. }
                | PeerError::MechanismMismatch { .. }
                | PeerError::Refused
                | PeerError::SameRole { .. }
                | PeerError::UnsupportedVersion { .. }
                | PeerError::UnknownSocketType => ErrorKind::Configuration,
                _ => ErrorKind::Protocol,
            },
        }
    }
}

impl From<LimitExceeded> for Error {
    fn from(error: LimitExceeded) -> Self {
        Self::Limit(error)
    }
}

impl From<Malformed> for Error {
    fn from(error: Malformed) -> Self {
        Self::Malformed(error)
    }
}

impl From<PeerError> for Error {
    fn from(error: PeerError) -> Self {
        Self::Peer(error)
    }
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Exhausted => f.write_str("all nonces of the connection are used"),
            Self::Limit(exceeded) => exceeded.fmt(f),
            Self::Malformed(malformed) => write!(f, "malformed bytes from the peer: {malformed}"),
            Self::Peer(error) => error.fmt(f),
            Self::TimedOut(Timeout::Handshake) => f.write_str("handshake timed out"),
            Self::TimedOut(Timeout::Heartbeat) => f.write_str("no data after our PING"),
            Self::TimedOut(Timeout::Ttl) => {
                f.write_str("no data within the TTL of the peer's PING")
            }
        }
    }
}

impl core::fmt::Display for PeerError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Denied => f.write_str("credentials of the peer were refused"),
            Self::Handshake(error) => write!(f, "invalid handshake command: {error}"),
            Self::IncompatibleSocketType { ours, peer } => {
                write!(f, "a {ours} socket cannot connect to a {peer} socket")
            }
            Self::MechanismMismatch { ours, peer } => {
                write!(f, "peer uses mechanism {peer:?}, this socket uses {ours:?}")
            }
            Self::MessageInHandshake => f.write_str("message frame during the handshake"),
            Self::MissingSocketType => f.write_str("READY without Socket-Type"),
            Self::Refused => f.write_str("peer refused the connection with an ERROR command"),
            Self::RoutingIdTooLong(len) => {
                write!(f, "routing id of the peer has {len} bytes, more than 255")
            }
            Self::SameRole { mechanism, role: SecurityRole::Client } => {
                write!(f, "both ends are clients of {mechanism}")
            }
            Self::SameRole { mechanism, role: SecurityRole::Server } => {
                write!(f, "both ends are servers of {mechanism}")
            }
            Self::Sealed(error) => error.fmt(f),
            Self::SecondReady => f.write_str("second READY"),
            Self::UnexpectedCommand(name) => {
                write!(f, "unexpected command {name:?} in the handshake")
            }
            Self::UnknownSocketType => f.write_str("peer has an unknown socket type"),
            Self::UnsupportedVersion { peer, lowest, mechanism } => {
                write!(
                    f,
                    "{peer}; this socket uses {mechanism} and accepts ZMTP {lowest} and higher"
                )
            }
        }
    }
}

impl core::fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { limit, allowed, got } = self;
        let (found, place) = match limit {
            Limit::Command => (bytes(*got), "command"),
            Limit::Frame => (bytes(*got), "frame"),
            Limit::Message => (bytes(*got), "message"),
            Limit::Parts => (parts(*got), "message"),
        };
        let excess = got.saturating_sub(*allowed);
        write!(f, "{found} in a {place}, {excess} more than the limit of {allowed}")
    }
}

impl core::error::Error for Error {}
impl core::error::Error for LimitExceeded {}
impl core::error::Error for PeerError {}
