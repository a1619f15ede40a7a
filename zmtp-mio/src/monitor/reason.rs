//! Reasons of events.

use core::fmt;
use std::io;

use crate::memory::OutOfMemory;
use crate::transport::SocksError;

/// The reason in the ERROR command of a peer: its first 64 bytes.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct RefusedReason {
    bytes: [u8; 64],
    len: u8,
}

impl RefusedReason {
    pub(crate) fn new(reason: &[u8]) -> Self {
        let len = reason.len().min(64);
        let mut bytes = [0; 64];
        bytes[..len].copy_from_slice(&reason[..len]);
        Self { bytes, len: len as u8 }
    }

    /// Returns the bytes of the reason.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl fmt::Debug for RefusedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// Writes the reason, and escapes bytes that are not printable ASCII.
impl fmt::Display for RefusedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.bytes().escape_ascii())
    }
}

/// The reason why a connection ended or a connection attempt failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CloseReason {
    /// A request to the peer was cancelled. The connection is closed so that a late reply cannot arrive.
    RequestCancelled,
    /// The peer closed the connection.
    ByPeer,
    /// The application closed the connection, with [`Socket::disconnect`](crate::Socket::disconnect) or, on a
    /// STREAM, with an empty message or `close_connection`. Dropping a socket does not queue this event.
    ByUs,
    /// The connection is none of those that [`Options::accept_filter`](crate::Options::accept_filter) accepts.
    Filtered,
    /// Another peer took over the routing id (`ZMQ_ROUTER_HANDOVER`).
    HandedOver,
    /// The queue of subscriptions for the peer was full, because the peer does not read them.
    HighWaterMark,
    /// The system reported this error, for example `ConnectionRefused` or `ConnectionReset`.
    Io(io::ErrorKind),
    /// The messages of the socket exceeded [`Options::max_bytes`](crate::Options::max_bytes), many of them were
    /// unfinished, and that of this connection arrived most slowly.
    MemoryLimit,
    /// A message began to arrive, and nothing of the rest arrived within
    /// [`Limits::message_timeout`](crate::Limits::message_timeout).
    MessageTimeout,
    /// The host name could not be resolved, or has no address in the family of the source address.
    NoAddress,
    /// The system had no memory for what the peer sent. The [limits](crate::Options::max_bytes) of a socket close
    /// connections before that.
    OutOfMemory,
    /// The socket is a PAIR and has another peer.
    PairTaken,
    /// The protocol failed, with an error of the peer or of this side.
    Protocol(zmtp_core::Error),
    /// The SOCKS5 proxy did not connect to the endpoint.
    Proxy(SocksError),
    /// The routing id belongs to another peer.
    RoutingIdInUse,
    /// The number of unfinished handshakes reached
    /// [`Options::max_handshakes`](crate::Options::max_handshakes), or that of its address
    /// [`Options::max_handshakes_per_address`](crate::Options::max_handshakes_per_address), and this one was
    /// among the oldest.
    TooManyHandshakes,
}

impl CloseReason {
    /// The name of the reason, for metrics and logs: lower-case letters and `_`, the same in later versions.
    ///
    /// ```
    /// use zmtp_mio::CloseReason;
    ///
    /// assert_eq!(CloseReason::ByPeer.name(), "by_peer");
    /// ```
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RequestCancelled => "request_cancelled",
            Self::ByPeer => "by_peer",
            Self::ByUs => "by_us",
            Self::Filtered => "filtered",
            Self::HandedOver => "handed_over",
            Self::HighWaterMark => "high_water_mark",
            Self::Io(_) => "io",
            Self::MemoryLimit => "memory_limit",
            Self::MessageTimeout => "message_timeout",
            Self::NoAddress => "no_address",
            Self::OutOfMemory => "out_of_memory",
            Self::PairTaken => "pair_taken",
            Self::Protocol(_) => "protocol",
            Self::Proxy(_) => "proxy",
            Self::RoutingIdInUse => "routing_id_in_use",
            Self::TooManyHandshakes => "too_many_handshakes",
        }
    }
}

impl From<OutOfMemory> for CloseReason {
    fn from(_: OutOfMemory) -> Self {
        Self::OutOfMemory
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RequestCancelled => f.write_str("request cancelled"),
            Self::ByPeer => f.write_str("closed by peer"),
            Self::ByUs => f.write_str("closed by us"),
            Self::Filtered => f.write_str("not accepted by the filter"),
            Self::HandedOver => f.write_str("routing id handed over to another peer"),
            Self::HighWaterMark => f.write_str("peer does not read its subscriptions"),
            Self::Io(kind) => kind.fmt(f),
            Self::MemoryLimit => f.write_str("memory limit of the socket reached"),
            Self::MessageTimeout => f.write_str("the rest of a message did not arrive in time"),
            Self::NoAddress => f.write_str("name has no address"),
            Self::OutOfMemory => f.write_str("no memory for what the peer sent"),
            Self::PairTaken => f.write_str("the socket has its one peer already"),
            Self::Protocol(error) => error.fmt(f),
            Self::Proxy(error) => error.fmt(f),
            Self::RoutingIdInUse => f.write_str("routing id in use by another peer"),
            Self::TooManyHandshakes => f.write_str("too many unfinished handshakes"),
        }
    }
}
