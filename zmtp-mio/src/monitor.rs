//! What a socket did: counters, and events with reasons.

use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use zmtp_core::pattern::Reason;
use zmtp_core::wire::{SocketType, Version};
use zmtp_core::{Ignored, PeerInfo};

use crate::endpoint::Endpoint;
use crate::transport::Addresses;

/// Events that wait to be taken; older ones give way.
const EVENTS: usize = 1_024;

/// What a socket has done since it was made. All count up.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Counters {
    /// Messages handed to the kernel whole, or to a socket of this process.
    pub messages_sent: u64,
    /// Bytes of their parts, without framing.
    pub bytes_sent: u64,
    /// Messages that came whole and were kept for the application.
    pub messages_received: u64,
    /// Bytes of their parts, without framing and envelope.
    pub bytes_received: u64,
    /// Connections accepted.
    pub accepted: u64,
    /// Dials begun, the first of each endpoint included.
    pub dials: u64,
    /// Handshakes that succeeded.
    pub handshakes: u64,
    /// Connections that ended before their handshake was over: the peer broke the protocol, did
    /// not fit, was too slow, refused us, or went away. The events say which.
    pub refused: u64,
    /// Connections that ended after their handshake, for whatever reason.
    pub disconnects: u64,
    /// Commands that were ignored: unknown, malformed, or of no meaning here.
    pub ignored_commands: u64,
    /// Peers accepted without a Socket-Type in their READY.
    pub unnamed_peers: u64,
    /// Messages that were not delivered or not sent, by cause.
    pub dropped: Dropped,
    /// Events that gave way to newer ones before they were taken.
    pub events_lost: u64,
}

/// Messages that went nowhere, by cause.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Dropped {
    /// Received: no delimiter, or no body behind it.
    pub bad_envelope: u64,
    /// Received: a reply that nobody waited for.
    pub not_asked: u64,
    /// Received: a reply of another peer than the one asked.
    pub wrong_peer: u64,
    /// Received: a reply with another request id than the last.
    pub wrong_request_id: u64,
    /// Received: incomplete when its connection ended.
    pub incomplete: u64,
    /// Received: no subscription matches it.
    pub not_subscribed: u64,
    /// Received by a socket type that only sends.
    pub not_received: u64,
    /// Received or to be sent: replaced by a newer one (`ZMQ_CONFLATE`).
    pub conflated: u64,
    /// To be sent: no peer is called as it says.
    pub unroutable: u64,
    /// To be sent: its peer was gone.
    pub peer_gone: u64,
    /// To be sent: its peer's queue was at the high-water mark and the socket type drops then.
    pub high_water_mark: u64,
    /// To be sent: partly on the wire when the connection ended.
    pub half_sent: u64,
    /// To be sent: given up before it went out, by `disconnect`, a timed-out request, or because
    /// linger was over.
    pub given_up: u64,
}

/// An event of a socket.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// The endpoint that was bound or dialled.
    pub endpoint: Arc<Endpoint>,
    /// The peer's address, where there is a TCP peer.
    pub remote: Option<SocketAddr>,
    /// Our own, where there is a TCP peer: which of this machine's addresses it reached.
    pub local: Option<SocketAddr>,
    /// What happened.
    pub kind: EventKind,
}

/// A peer: who it is, and what waits.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PeerStatus {
    /// The endpoint that was bound or dialled.
    pub endpoint: Arc<Endpoint>,
    /// Whether it dialled us.
    pub accepted: bool,
    /// Its address, if it is a TCP peer (libzmq's message property `Peer-Address`).
    pub remote: Option<SocketAddr>,
    /// Our own then.
    pub local: Option<SocketAddr>,
    /// The version of ZMTP it announced; none on a [`Stream`](crate::Stream).
    pub version: Option<Version>,
    /// Its socket type (`Socket-Type`), if it said so.
    pub socket_type: Option<SocketType>,
    /// What our ROUTER or STREAM calls it, else what it calls itself (`Identity`); may be empty.
    pub routing_id: Vec<u8>,
    /// When the connection was established.
    pub since: Instant,
    /// Messages of it that wait to be received.
    pub to_receive: usize,
    /// Messages for it that are not out.
    pub to_send: usize,
}

/// What happened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum EventKind {
    /// A connection was accepted; its handshake begins.
    Accepted,
    /// Accepting pauses: the system or the limit on connections allows no more. It is tried again
    /// by itself.
    AcceptPaused(io::ErrorKind),
    /// A dialled connection was established; its handshake begins.
    Connected,
    /// A connection ended.
    Closed(CloseReason),
    /// The next dial comes after this wait.
    Retrying(Duration),
    /// The handshake succeeded.
    Ready(PeerInfo),
    /// The peer sent ERROR with this reason.
    Refused(RefusedReason),
    /// A command of the peer was ignored. Of each connection the first is told, and
    /// [`Counters::ignored_commands`] counts them all.
    Ignored(Ignored),
    /// A message of the peer was rejected for this reason. Of each connection the first is told, and
    /// [`Counters::dropped`] counts them all, with those that went nowhere otherwise. Peers of this
    /// process (`inproc`) are only counted.
    Dropped(Reason),
}

/// The reason in a peer's ERROR command, its first 64 bytes.
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

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl fmt::Debug for RefusedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.bytes().escape_ascii())
    }
}

/// Why a connection ended, or did not come to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CloseReason {
    /// A request to it was given up, and a late reply must not pass for the next one's.
    Abandoned,
    /// The peer closed.
    ByPeer,
    /// The application closed it: `disconnect`, or the socket was dropped.
    ByUs,
    /// Another peer took its routing id over (`ZMQ_ROUTER_HANDOVER`).
    HandedOver,
    /// It did not read the subscriptions that are due to it.
    HighWaterMark,
    /// The system reported this: refused, reset, unreachable.
    Io(io::ErrorKind),
    /// All messages of the socket together reached
    /// [`Options::max_bytes`](crate::Options::max_bytes), and this connection had the largest
    /// unfinished one.
    MemoryLimit,
    /// The host's name has no address.
    NoAddress,
    /// A PAIR has its peer already.
    PairTaken,
    /// The protocol forbids to go on; says who is at fault.
    Protocol(zmtp_core::Error),
    /// Its routing id is another peer's.
    RoutingIdInUse,
    /// It subscribed to more than a peer may: see
    /// [`Options::max_subscriptions`](crate::Options::max_subscriptions).
    TooManySubscriptions,
    /// More handshakes were unfinished than
    /// [`Options::max_handshakes`](crate::Options::max_handshakes), and this was the oldest.
    TooManyHandshakes,
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Abandoned => f.write_str("request given up"),
            Self::ByPeer => f.write_str("closed by peer"),
            Self::ByUs => f.write_str("closed by us"),
            Self::HandedOver => f.write_str("routing id handed over to another peer"),
            Self::HighWaterMark => f.write_str("peer does not read its subscriptions"),
            Self::Io(kind) => kind.fmt(f),
            Self::MemoryLimit => f.write_str("memory limit of the socket reached"),
            Self::NoAddress => f.write_str("name has no address"),
            Self::PairTaken => f.write_str("the socket has its one peer already"),
            Self::Protocol(error) => error.fmt(f),
            Self::RoutingIdInUse => f.write_str("routing id in use by another peer"),
            Self::TooManySubscriptions => f.write_str("too many subscriptions"),
            Self::TooManyHandshakes => f.write_str("too many unfinished handshakes"),
        }
    }
}

/// Counters and waiting events.
#[derive(Debug, Default)]
pub(crate) struct Monitor {
    pub(crate) counters: Counters,
    events: VecDeque<Event>,
}

impl Monitor {
    pub(crate) fn note(&mut self, endpoint: &Arc<Endpoint>, at: Addresses, kind: EventKind) {
        if self.events.len() >= EVENTS {
            self.events.pop_front();
            self.counters.events_lost += 1;
        }
        let Addresses { remote, local } = at;
        self.events.push_back(Event { endpoint: Arc::clone(endpoint), remote, local, kind });
    }

    pub(crate) fn take_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    pub(crate) fn rejected(&mut self, reason: Reason) {
        let dropped = &mut self.counters.dropped;
        match reason {
            Reason::BadEnvelope => dropped.bad_envelope += 1,
            Reason::WrongPeer => dropped.wrong_peer += 1,
            Reason::WrongRequestId => dropped.wrong_request_id += 1,
            Reason::SendsOnly => dropped.not_received += 1,
            _ => dropped.not_asked += 1,
        }
    }
}
