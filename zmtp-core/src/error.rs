//! Why a connection cannot go on, and who is at fault.

use crate::wire::{CommandName, Malformed, MechanismName, OldPeer, SocketType};

/// Why a connection failed. It stays failed: every later call repeats the error.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// The peer went past one of our limits.
    Limit(Exceeded),
    /// The peer's bytes break the grammar.
    Malformed(Malformed),
    /// The peer is well-formed but does what it must not do here, or does not fit us.
    Peer(PeerError),
    /// The peer was silent for too long.
    TimedOut(Timeout),
}

/// A peer that may not, or does not, go on with us.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum PeerError {
    /// The two socket types do not go together (RFC 37 § The Socket-Type Property).
    IncompatibleSocketType {
        /// Our type.
        ours: SocketType,
        /// The peer's.
        peer: SocketType,
    },
    /// The peer wants another mechanism (RFC 37 § Authentication and Confidentiality).
    MechanismMismatch {
        /// What the peer's greeting names; on a microcontroller 16 of its 20 bytes.
        peer: MechanismName,
    },
    /// A message frame, also one that holds a READY, before the handshake was over.
    MessageInHandshake,
    /// READY without a Socket-Type, and [`Config::require_socket_type`](crate::Config) is set.
    MissingSocketType,
    /// An older ZMTP, or no ZMTP.
    Old(OldPeer),
    /// The peer sent ERROR: it refuses us, and will again. The reason came as
    /// [`Event::Refused`](crate::Event::Refused).
    Refused,
    /// The Identity property exceeds 255 bytes (RFC 37 § The Identity Property); this many.
    RoutingIdTooLong(u32),
    /// A second READY.
    SecondReady,
    /// A command that has no place here during the handshake.
    UnexpectedCommand(CommandName),
    /// A Socket-Type that is not in RFC 37's table.
    UnknownSocketType,
}

/// A limit of [`Limits`](crate::Limits) and what went past it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Exceeded {
    /// Which limit.
    pub limit: Limit,
    /// What it allows.
    pub allowed: u64,
    /// What the peer announced or sent.
    pub got: u64,
}

/// The limits that a connection keeps.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Limit {
    /// Bytes of a command's body.
    Command,
    /// Bytes of one message frame's body.
    Frame,
    /// Bytes of a message, all parts together.
    Message,
    /// Parts of a message.
    Parts,
}

/// What took too long.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Timeout {
    /// Greeting and handshake.
    Handshake,
    /// A sign of life after our PING ([`Heartbeat::timeout`](crate::Heartbeat)).
    Heartbeat,
    /// A sign of life after a PING of the peer that said when to give it up.
    Ttl,
}

/// Who has to change for it to get better.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Fault {
    /// Both ends are right but do not fit: their types, mechanisms or versions differ, or the
    /// peer refused us. Trying again without a change is pointless.
    Configuration,
    /// The peer, or a limit of ours that is too tight for an honest peer.
    Peer,
    /// Time: trying again may help.
    Time,
}

impl Error {
    /// Who has to change for it to get better.
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Limit(_) | Self::Malformed(_) => Fault::Peer,
            Self::TimedOut(_) => Fault::Time,
            Self::Peer(error) => match error {
                PeerError::IncompatibleSocketType { .. }
                | PeerError::MechanismMismatch { .. }
                | PeerError::Old(_)
                | PeerError::Refused
                | PeerError::UnknownSocketType => Fault::Configuration,
                _ => Fault::Peer,
            },
        }
    }
}

impl From<Exceeded> for Error {
    fn from(error: Exceeded) -> Self {
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
            Self::Limit(exceeded) => exceeded.fmt(f),
            Self::Malformed(malformed) => write!(f, "malformed bytes from the peer: {malformed}"),
            Self::Peer(error) => error.fmt(f),
            Self::TimedOut(Timeout::Handshake) => f.write_str("handshake timed out"),
            Self::TimedOut(Timeout::Heartbeat) => f.write_str("nothing came after our PING"),
            Self::TimedOut(Timeout::Ttl) => {
                f.write_str("nothing came for as long as the peer's PING said")
            }
        }
    }
}

impl core::fmt::Display for PeerError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::IncompatibleSocketType { ours, peer } => {
                write!(f, "a {ours} socket cannot talk to a {peer} socket")
            }
            Self::MechanismMismatch { peer } => {
                write!(f, "peer wants mechanism {peer:?}, not ours")
            }
            Self::MessageInHandshake => f.write_str("message frame before the handshake was over"),
            Self::MissingSocketType => f.write_str("READY without Socket-Type"),
            Self::Old(old) => old.fmt(f),
            Self::Refused => f.write_str("peer refused the connection with an ERROR command"),
            Self::RoutingIdTooLong(len) => {
                write!(f, "peer's routing id has {len} bytes, 255 are allowed")
            }
            Self::SecondReady => f.write_str("second READY"),
            Self::UnexpectedCommand(name) => {
                write!(f, "unexpected command {name:?} in the handshake")
            }
            Self::UnknownSocketType => f.write_str("peer announces an unknown socket type"),
        }
    }
}

impl core::fmt::Display for Exceeded {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { limit, allowed, got } = self;
        let what = match limit {
            Limit::Command => "bytes in a command",
            Limit::Frame => "bytes in a frame",
            Limit::Message => "bytes in a message",
            Limit::Parts => "parts in a message",
        };
        let over = got.saturating_sub(*allowed);
        write!(f, "{got} {what}, {over} more than the limit of {allowed}")
    }
}

impl core::error::Error for Error {}
impl core::error::Error for Exceeded {}
impl core::error::Error for PeerError {}
