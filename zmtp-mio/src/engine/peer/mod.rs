//! A peer: its queues, and its connection if there is one.

mod outgoing;

use std::sync::Arc;
use std::time::Instant;

use zmtp_core::PeerInfo;
use zmtp_core::pattern::PeerId;

use super::link::{Limits, Link, ReadReport, Receiver};
use super::pattern::{AnyPattern, PeerContext};
use super::queue::{Inbox, InboxMemory, Queue, Usage};
use super::udp::UdpLink;
use crate::connection_id::ConnectionId;
use crate::endpoint::Endpoint;
use crate::inproc::Pipe;
use crate::message::Properties;
use crate::monitor::{CloseReason, Monitor};
use crate::security::User;
use crate::transport::socks::Negotiation;
use crate::transport::{Addresses, Stream, Target};

/// One peer. A peer that the socket connects to exists from `connect` to `disconnect`, across connections.
/// An accepted peer exists until its connection has ended and the application has received its messages.
#[derive(Debug)]
pub(super) struct Peer {
    /// Its slab index and generation; set when it is stored.
    pub(super) id: PeerId,
    pub(super) origin: Origin,
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) state: State,
    /// The reason why its connection ends. The engine ends it in this turn; until then the peer does nothing.
    pub(super) closing: Option<CloseReason>,
    /// The details of the current or last connection.
    pub(super) details: Option<Box<PeerDetails>>,
    /// Messages for the application.
    pub(super) incoming: Inbox,
    /// Messages for the peer that its connection has not taken.
    pub(super) outgoing: Queue,
    /// Its last report to the budget of the socket.
    pub(super) reported: Usage,
    /// Its messages are held back for a larger write.
    pub(super) held: bool,
    /// Its output may have a range of the run.
    pub(super) sharing: bool,
    /// Its outgoing queue is at the high-water mark, which was reported to the pattern.
    pub(super) full: bool,
    /// The messages for it that [count until the next turn](super::burst).
    pub(super) burst: usize,
    /// Messages that the application received from it, minus those that it sent to it as a ROUTER.
    pub(super) owed: i32,
    /// Its deadline.
    pub(super) timer: Option<Instant>,
    /// It has a share of the next turn.
    pub(super) scheduled: bool,
    /// Reading pauses until the memory of the socket is below its limit.
    pub(super) memory_paused: bool,
    /// The time since which it has an unfinished message, and has completed none; see [`Peer::arrival_rate`].
    pub(super) unfinished_since: zmtp_core::Instant,
    /// When the unfinished message grew last.
    pub(super) progressed: zmtp_core::Instant,
    /// The [arrival](Self::arrival) of the unfinished message then, and when it began.
    pub(super) arrived: (usize, zmtp_core::Instant),
    /// When the next check is due whether the unfinished message grows. It stays after the end of the message.
    pub(super) next_check: Option<zmtp_core::Instant>,
}

/// Which side made the connection.
#[derive(Debug)]
pub(super) enum Origin {
    Accepted,
    /// None: the peer is an endpoint of UDP that the socket is bound to. It exists until `unbind`, and until the
    /// application has received its messages.
    Bound,
    Connect(Box<Connector>),
}

/// The state of an endpoint that the socket connects to, across attempts.
#[derive(Debug, Default)]
pub(super) struct Connector {
    /// Addresses of the last look-up that were not tried yet.
    pub(super) targets: Vec<Target>,
    /// The number of addresses of that look-up that were tried.
    pub(super) tried: usize,
    /// The number of attempts since the last useful connection.
    pub(super) failures: u32,
    /// The number of the look-up that it waits for. Results of earlier ones are ignored.
    pub(super) look_up: Option<Arc<u64>>,
    /// When the last attempt began.
    pub(super) last: Option<Instant>,
    /// The application has disconnected the endpoint: there is no next attempt.
    pub(super) disconnected: bool,
}

/// The state of a peer.
#[derive(Debug)]
pub(super) enum State {
    /// No connection. The next attempt begins at the timer.
    Waiting,
    /// A helper thread looks up the host's name.
    Resolving,
    /// The system connects.
    Connecting(Stream),
    /// The system has connected to a proxy, which connects to the endpoint.
    Negotiating(Stream, Box<Negotiation>),
    /// The connection is established and its handshake runs.
    Handshake(Link),
    /// The handshake is complete. Messages are sent and received.
    Ready(Link),
    /// A connection within the process, and the properties of its messages.
    Inproc(Box<Pipe>, Arc<Properties>),
    /// The socket of an endpoint of UDP.
    Udp(Box<UdpLink>),
    /// The connection has ended, and is not established again.
    Closed,
}

impl State {
    /// The properties of the messages of its connection.
    #[inline(always)]
    pub(super) fn properties(&self) -> Option<&Arc<Properties>> {
        match self {
            Self::Ready(link) => link.receive.properties.as_ref(),
            Self::Inproc(_, properties) => Some(properties),
            _ => None,
        }
    }
}

/// The details of a connection.
#[derive(Debug)]
pub(super) struct PeerDetails {
    pub(super) connection: ConnectionId,
    pub(super) addresses: Addresses,
    /// When the connection was established.
    pub(super) since: Instant,
    pub(super) info: Option<PeerInfo>,
    /// The routing id that the peer announced.
    pub(super) routing_id: Box<[u8]>,
    /// The user that the answer about the peer names.
    pub(super) user: Option<Box<User>>,
}

impl PeerDetails {
    pub(super) fn new(connection: ConnectionId, addresses: Addresses, since: Instant) -> Self {
        Self { connection, addresses, since, info: None, routing_id: Box::default(), user: None }
    }

    /// The properties of messages of this connection.
    pub(super) fn properties(&self) -> Arc<Properties> {
        Arc::new(Properties {
            connection: self.connection,
            peer_address: self.addresses.remote,
            descriptor: self.addresses.descriptor,
            socket_type: self.info.and_then(|info| info.socket_type),
            routing_id: self.routing_id.to_vec(),
            peer_metadata: Vec::new(),
            user_id: None,
            metadata: Vec::new(),
        })
    }
}

impl Peer {
    pub(super) const fn new(origin: Origin, endpoint: Arc<Endpoint>, state: State) -> Self {
        Self {
            id: PeerId::NONE,
            origin,
            endpoint,
            state,
            closing: None,
            details: None,
            incoming: Inbox::new(),
            outgoing: Queue::new(),
            reported: Usage { incoming: 0, outgoing: 0, undecoded: 0, unfinished: 0 },
            held: false,
            sharing: false,
            full: false,
            burst: 0,
            owed: 0,
            timer: None,
            scheduled: false,
            memory_paused: false,
            unfinished_since: zmtp_core::Instant::from_millis(0),
            progressed: zmtp_core::Instant::from_millis(0),
            arrived: (0, zmtp_core::Instant::from_millis(0)),
            next_check: None,
        }
    }

    /// The peer in the form that the pattern uses.
    pub(super) fn context(&mut self) -> PeerContext<'_> {
        PeerContext {
            peer: self.id,
            routing_id: &[],
            properties: None,
            incoming: &mut self.incoming,
            outgoing: &mut self.outgoing,
        }
    }

    pub(super) const fn link(&mut self) -> Option<&mut Link> {
        match &mut self.state {
            State::Handshake(link) | State::Ready(link) => Some(link),
            _ => None,
        }
    }

    pub(super) const fn link_ref(&self) -> Option<&Link> {
        match &self.state {
            State::Handshake(link) | State::Ready(link) => Some(link),
            _ => None,
        }
    }

    /// What its link needs to receive, and the link. `None` without a connection.
    pub(super) fn receiver<'e>(
        &'e mut self,
        pattern: &'e mut AnyPattern,
        monitor: &'e mut Monitor,
        limits: Limits,
        now: zmtp_core::Instant,
    ) -> Option<(Receiver<'e>, Option<&'e mut Link>)> {
        let ready = self.is_ready();
        let details = self.details.as_ref()?;
        let to = Receiver {
            pattern,
            monitor,
            incoming: &mut self.incoming,
            outgoing: &mut self.outgoing,
            limits,
            now,
            peer: self.id,
            connection: details.connection,
            addresses: &details.addresses,
            ready,
            report: ReadReport::default(),
        };
        let link = match &mut self.state {
            State::Handshake(link) | State::Ready(link) => Some(link),
            _ => None,
        };
        Some((to, link))
    }

    /// The handshake is complete.
    pub(super) fn set_ready(&mut self) {
        if let Origin::Connect(connector) = &mut self.origin {
            connector.targets.clear();
        }
        self.state = match core::mem::replace(&mut self.state, State::Closed) {
            State::Handshake(link) => State::Ready(link),
            state => state,
        };
    }

    /// The memory that it takes now.
    pub(super) fn usage(&self) -> Usage {
        let InboxMemory { queued, undecoded } = self.incoming.memory();
        let partial = self.link_ref().map_or(0, |link| link.receive.partial_bytes());
        Usage {
            incoming: queued,
            outgoing: self.outgoing_memory(),
            undecoded: partial + undecoded,
            // Behind a full queue there are whole messages: receiving makes room for them.
            unfinished: partial + if self.is_paused() { 0 } else { undecoded },
        }
    }

    /// Whether a message from it has begun that is not complete.
    pub(super) fn has_unfinished(&self) -> bool {
        self.reported.unfinished > 0 || self.link_ref().is_some_and(Link::in_message)
    }

    /// A number that changes with each byte of its unfinished message.
    pub(super) fn arrival(&self) -> usize {
        let arrival = self.link_ref().map_or(0, Link::arrival);
        arrival.wrapping_add(self.incoming.undecoded_len())
    }

    /// Bytes per second at which its unfinished message arrives; `None` without one.
    pub(super) fn arrival_rate(&self, now: zmtp_core::Instant) -> Option<u64> {
        let bytes = self.usage().unfinished as u64;
        let age = now.as_millis().saturating_sub(self.unfinished_since.as_millis());
        (bytes > 0).then(|| bytes.saturating_mul(1_000) / (age + 1))
    }

    /// A message was taken out of its incoming queue. Returns whether that may have made room.
    #[inline(always)]
    pub(super) fn note_taken(&mut self) -> bool {
        self.owed = self.owed.saturating_add(1);
        let waits = |paused: bool| paused && !self.scheduled;
        self.incoming.has_changed()
            || match &self.state {
                State::Handshake(link) | State::Ready(link) => waits(link.receive.paused),
                State::Inproc(pipe, _) => {
                    waits(pipe.paused) || pipe.gives_room(self.incoming.len())
                }
                State::Udp(link) => waits(link.paused),
                _ => false,
            }
    }

    /// Whether reading waits for room in its incoming queue.
    pub(super) const fn is_paused(&self) -> bool {
        match &self.state {
            State::Handshake(link) | State::Ready(link) => link.receive.paused,
            State::Inproc(pipe, _) => pipe.paused,
            State::Udp(link) => link.paused,
            _ => false,
        }
    }

    /// Whether it is connected and its handshake is complete.
    pub(super) const fn is_ready(&self) -> bool {
        matches!(self.state, State::Ready(_) | State::Inproc(..) | State::Udp(_))
            && self.closing.is_none()
    }

    /// Whether its connection was accepted and the handshake is incomplete.
    pub(super) const fn is_in_accepted_handshake(&self) -> bool {
        matches!((&self.origin, &self.state), (Origin::Accepted, State::Handshake(_)))
            && self.closing.is_none()
    }

    /// Whether its connection is established again after it is lost.
    pub(super) const fn reconnects(&self) -> bool {
        match &self.origin {
            Origin::Accepted | Origin::Bound => false,
            Origin::Connect(connector) => !connector.disconnected,
        }
    }

    /// Stops connection attempts to its endpoint. An established connection stays.
    pub(super) fn stop_connecting(&mut self) {
        if let Origin::Connect(connector) = &mut self.origin {
            connector.disconnected = true;
            connector.look_up = None;
        }
    }
}
