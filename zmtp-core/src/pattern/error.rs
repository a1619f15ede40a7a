//! Errors of patterns.

use super::PeerId;

/// A table has no room for another peer or topic.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[expect(clippy::exhaustive_structs, reason = "stores construct it")]
pub struct NoRoom;

impl core::fmt::Display for NoRoom {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("no room for another peer or topic")
    }
}

impl core::error::Error for NoRoom {}

/// Why a peer is refused after its handshake. The driver closes its connection.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum AttachError {
    /// A table is full.
    NoRoom,
    /// ROUTER: another peer, the value, has the same routing id. libzmq leaves such a connection open, but
    /// ignores it.
    RoutingIdInUse(PeerId),
    /// PAIR or CHANNEL already has a peer.
    SecondPeer,
}

impl From<NoRoom> for AttachError {
    fn from(_: NoRoom) -> Self {
        Self::NoRoom
    }
}

impl core::fmt::Display for AttachError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NoRoom => "no room for another peer",
            Self::RoutingIdInUse(_) => "another peer has the routing id",
            Self::SecondPeer => "the socket has its only peer already",
        })
    }
}

impl core::error::Error for AttachError {}

/// REQ or REP was called out of turn (`EFSM` in libzmq).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum OutOfTurn {
    /// REQ: the application received before it sent a request.
    NoRequestSent,
    /// REP: the application replied before it received a request.
    NoRequestTaken,
    /// REP: the application received before it replied to the last request.
    ReplyDue,
    /// REQ: the application sent a request before it received the last reply.
    ReplyPending,
}

impl core::fmt::Display for OutOfTurn {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NoRequestSent => "receive before a request was sent",
            Self::NoRequestTaken => "reply before a request was received",
            Self::ReplyDue => "receive before the last request was answered",
            Self::ReplyPending => "send before the last request was answered",
        })
    }
}

impl core::error::Error for OutOfTurn {}

/// Why a message has no peer to be sent to.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum RouteError {
    /// ROUTER, SERVER, PEER: the queue to the peer, the value, has reached its high-water mark.
    Full(PeerId),
    /// No peer can take a message now; retry later.
    NoPeer,
    /// The application sent or received out of turn.
    OutOfTurn(OutOfTurn),
    /// REP: the connection of the request has ended. Drop the reply (RFC 28). The next request can be
    /// taken.
    PeerLost,
    /// ROUTER, SERVER, PEER: no peer has the routing id (`EHOSTUNREACH` in libzmq).
    Unknown,
}

impl From<OutOfTurn> for RouteError {
    fn from(error: OutOfTurn) -> Self {
        Self::OutOfTurn(error)
    }
}

impl core::fmt::Display for RouteError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Full(_) => f.write_str("the queue to the peer is full"),
            Self::NoPeer => f.write_str("no peer can take a message"),
            Self::OutOfTurn(error) => error.fmt(f),
            Self::PeerLost => f.write_str("the connection of the request has ended"),
            Self::Unknown => f.write_str("no peer has the routing id"),
        }
    }
}

impl core::error::Error for RouteError {}

/// Why no message can be taken.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum TakeError {
    /// The application sent or received out of turn.
    OutOfTurn(OutOfTurn),
    /// REQ: the peer was lost before its reply arrived. The next request can be sent.
    PeerLost,
}

impl From<OutOfTurn> for TakeError {
    fn from(error: OutOfTurn) -> Self {
        Self::OutOfTurn(error)
    }
}

impl core::fmt::Display for TakeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::OutOfTurn(error) => error.fmt(f),
            Self::PeerLost => f.write_str("the connection to the peer of the request was lost"),
        }
    }
}

impl core::error::Error for TakeError {}
