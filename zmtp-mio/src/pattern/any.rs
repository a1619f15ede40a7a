//! The rules of a socket whose type is known at run time.

use std::collections::HashSet;

use zmtp_core::pattern::{
    Channel, Client, Dealer, Dish, FairPeer, Gather, OutgoingPeer, Pair, Pattern, PeerId, Publish,
    Pull, Push, Radio, Rep, RepPeer, Req, ReqPeer, Router, RouterPeer, Scatter, Server, Subscribe,
};
use zmtp_core::wire::SocketType;

use super::{
    DealerOptions, PeerContext, PeerMessages, PublishOptions, RouterOptions, StreamOptions,
};
use crate::monitor::Counters;
use crate::queue::QueuedMessage;
use crate::routing_table::RoutingTable;
use crate::slots::Table;
use crate::socket_kind::SocketKind;
use crate::topics::{Counted, Subscribers};

/// The rules of any socket type.
#[derive(Debug)]
// Without it the type is computed from a field at every call.
#[repr(u8)]
pub(crate) enum AnyPattern {
    Channel(Channel, OnConflict),
    Client(Client<Table<OutgoingPeer>>, PeerMessages),
    Dealer(Dealer<Table<OutgoingPeer>>, DealerOptions),
    /// DGRAM has no rules in ZMTP. It has one endpoint: the only peer.
    Dgram(Dealer<Table<OutgoingPeer>>),
    Dish(Receiver),
    Gather(Gather<Table<FairPeer>>),
    Pair(Pair, OnConflict),
    /// PUB and XPUB.
    Publish(Publisher, Publishing),
    Pull(Pull<Table<FairPeer>>),
    Push(Push<Table<OutgoingPeer>>),
    Radio(Transmitter, Publishing),
    Rep(Rep<Table<RepPeer>>),
    Req(Requester),
    Router(Routes, RouterOptions, OnConflict),
    Scatter(Scatter<Table<OutgoingPeer>>),
    /// SERVER and PEER.
    Server(Numbered, SocketType, PeerMessages),
    /// Connections without a protocol, routed as in ROUTER (`ZMQ_STREAM`).
    Stream(Routes, Streaming),
    /// SUB and XSUB.
    Subscribe(Subscriber, Subscribing),
}

pub(super) type Publisher = Publish<Table<FairPeer>, Subscribers>;
pub(super) type Requester = Req<Table<ReqPeer>>;
pub(super) type Routes = Router<Table<RouterPeer>, RoutingTable>;
pub(super) type Transmitter = Radio<Table<FairPeer>, Subscribers>;
pub(super) type Receiver = Dish<Table<FairPeer>, Counted>;
pub(super) type Numbered = Server<Table<RouterPeer>, RoutingTable>;
pub(super) type Subscriber = Subscribe<Table<FairPeer>, Counted>;

/// What happens to a peer whose place is taken: another peer has the routing id, or is the one peer of a PAIR or CHANNEL.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum OnConflict {
    /// Its connection is closed.
    Close,
    /// It stays connected and is ignored.
    Ignore,
}

/// The options and state of a publisher besides the core's pattern.
#[derive(Debug)]
pub(crate) struct Publishing {
    pub(super) options: PublishOptions,
    /// Peers whose queues are full.
    pub(super) full: usize,
    /// RADIO: the UDP endpoints, which get the messages of all groups.
    pub(super) all_groups: Vec<PeerId>,
}

impl Publishing {
    pub(super) fn new() -> Self {
        Self { options: PublishOptions::default(), full: 0, all_groups: Vec::new() }
    }

    /// The peers that get the messages of all groups.
    pub(crate) fn all_groups(&self) -> &[PeerId] {
        &self.all_groups
    }

    /// Whether a message must wait while the queue of one of its targets is full.
    pub(crate) const fn waits_for_room(&self) -> bool {
        self.options.no_drop && self.full > 0
    }

    /// Whether messages wait for room instead of being dropped.
    pub(crate) const fn waits_when_full(&self) -> bool {
        self.options.no_drop
    }

    /// Whether a message goes only to the peer whose request was received last.
    pub(crate) const fn answers_last(&self) -> bool {
        self.options.answers_last
    }

    /// Whether messages go to the peers that did not subscribe to them.
    pub(crate) const fn is_inverted(&self) -> bool {
        self.options.invert
    }
}

/// The options of a subscriber besides the core's pattern.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subscribing {
    /// Every cancellation is sent (`ZMQ_XSUB_VERBOSE_UNSUBSCRIBE`).
    pub(super) all_cancellations: bool,
}

/// The options and state of a STREAM besides the pattern of ROUTER.
#[derive(Debug)]
pub(crate) struct Streaming {
    pub(super) options: StreamOptions,
    /// Peers that are connected.
    pub(super) up: HashSet<PeerId>,
}

impl Streaming {
    pub(super) fn new() -> Self {
        Self { options: StreamOptions::default(), up: HashSet::new() }
    }
}

impl AnyPattern {
    /// The kind of the socket.
    pub(crate) fn kind(&self) -> SocketKind {
        match self {
            Self::Dgram(_) => return SocketKind::Dgram,
            Self::Stream(..) => return SocketKind::Stream,
            _ => {}
        }
        let is_it = |kind: &SocketKind| kind.socket_type() == Some(self.socket_type());
        SocketKind::ALL.into_iter().find(is_it).unwrap_or(SocketKind::Stream)
    }

    /// The type that READY announces. A STREAM announces none; it routes as a ROUTER. A DGRAM has no READY.
    pub(crate) const fn socket_type(&self) -> SocketType {
        match self {
            Self::Channel(..) => SocketType::Channel,
            Self::Client(..) => SocketType::Client,
            Self::Dealer(..) => SocketType::Dealer,
            Self::Dish(_) => SocketType::Dish,
            Self::Gather(_) => SocketType::Gather,
            Self::Dgram(_) | Self::Pair(..) => SocketType::Pair,
            Self::Publish(rules, _) => rules.socket_type(),
            Self::Pull(_) => SocketType::Pull,
            Self::Push(_) => SocketType::Push,
            Self::Radio(..) => SocketType::Radio,
            Self::Rep(_) => SocketType::Rep,
            Self::Req(_) => SocketType::Req,
            Self::Router(..) | Self::Stream(..) => SocketType::Router,
            Self::Scatter(_) => SocketType::Scatter,
            Self::Server(_, socket_type, _) => *socket_type,
            Self::Subscribe(rules, _) => rules.socket_type(),
        }
    }

    /// Whether links carry bytes without any protocol.
    pub(crate) const fn is_raw(&self) -> bool {
        matches!(self, Self::Stream(..))
    }

    /// The part that is put before each message of a peer. The application of a SERVER or PEER receives it as the
    /// routing id of the message.
    #[inline(always)]
    pub(crate) fn prefix(&self, peer: PeerId) -> Option<&[u8]> {
        match self {
            Self::Router(rules, ..) | Self::Stream(rules, _) => rules.routing_id(peer),
            Self::Server(rules, ..) => rules.routing_id(peer),
            _ => None,
        }
    }

    /// The peer whose message is received next. `None` if no message is queued, or if a receive does more than
    /// to take the oldest message of the next peer in turn.
    #[inline(always)]
    pub(crate) fn next_in_turn(&mut self) -> Option<PeerId> {
        let next = match self {
            Self::Channel(rules, _) => rules.take(),
            Self::Client(rules, _) => rules.take(),
            Self::Dealer(rules, _) | Self::Dgram(rules) => rules.take(),
            Self::Gather(rules) => rules.take(),
            Self::Pair(rules, _) => rules.take(),
            Self::Pull(rules) => rules.take(),
            Self::Router(rules, ..) => rules.take(),
            Self::Subscribe(rules, _) => rules.take(),
            Self::Stream(rules, _) => rules.take(),
            _ => return None,
        };
        next.ok().flatten()
    }

    /// Whether each message is sent to the next peer in turn, without an envelope.
    pub(crate) const fn sends_in_turn(&self) -> bool {
        matches!(
            self,
            Self::Channel(..)
                | Self::Client(..)
                | Self::Dealer(..)
                | Self::Pair(..)
                | Self::Push(_)
                | Self::Scatter(_)
        )
    }

    /// Whether each message that is sent has one part.
    pub(crate) const fn sends_one_part(&self) -> bool {
        matches!(
            self,
            Self::Channel(..)
                | Self::Client(..)
                | Self::Radio(..)
                | Self::Scatter(_)
                | Self::Server(..)
        )
    }

    /// Whether each frame of each message is delivered, whatever its header and its body.
    pub(crate) fn delivers_all(&self) -> bool {
        match self {
            Self::Dealer(..) | Self::Pair(..) | Self::Pull(_) | Self::Router(..) => true,
            Self::Subscribe(rules, _) => rules.socket_type() == SocketType::Xsub,
            _ => false,
        }
    }

    /// Whether each message of one part is delivered, whatever its body.
    pub(crate) fn delivers_singles(&self) -> bool {
        match self {
            Self::Channel(..) | Self::Client(..) | Self::Gather(_) | Self::Server(..) => true,
            _ => self.delivers_all(),
        }
    }

    /// Whether a message of a peer that is not held back is queued.
    pub(crate) fn has_unheld(&self) -> bool {
        match self {
            Self::Rep(rules) => rules.has_requests(),
            _ => self.may_take(),
        }
    }

    /// Holds a peer back, or releases it: while its replies have no room, its further requests are not received. A
    /// mandatory ROUTER reports the lack of room instead.
    pub(crate) fn hold(&mut self, peer: PeerId, held: bool) {
        match self {
            Self::Rep(rules) => rules.hold(peer, held),
            Self::Router(rules, RouterOptions { mandatory: false, .. }, _) => {
                rules.hold(peer, held);
            }
            _ => {}
        }
    }

    /// A ROUTER drops what a peer sends from now on, until it connects again.
    pub(super) fn ignore(&mut self, peer: PeerId) {
        if let Self::Router(rules, ..) = self {
            rules.ignore(peer);
        }
    }

    /// What happens to a peer whose place is taken.
    pub(super) const fn on_conflict(&self) -> Option<OnConflict> {
        match self {
            Self::Channel(_, on_conflict)
            | Self::Pair(_, on_conflict)
            | Self::Router(_, _, on_conflict) => Some(*on_conflict),
            _ => None,
        }
    }

    /// Whether a peer is refused because its place is taken.
    pub(crate) const fn may_refuse(&self) -> bool {
        matches!(self.on_conflict(), Some(OnConflict::Close))
    }

    /// Whether the socket is a PAIR or CHANNEL that refuses this peer, because it has another one.
    pub(crate) fn refuses(&self, peer: PeerId) -> bool {
        let held = match self {
            Self::Channel(rules, OnConflict::Close) => rules.peer(),
            Self::Pair(rules, OnConflict::Close) => rules.peer(),
            _ => None,
        };
        held.is_some_and(|held| held != peer)
    }

    /// Whether a queue may keep only its newest message
    /// ([`Options::conflate`](crate::Options::conflate)). The others count messages, or address
    /// them, so that one cannot replace another.
    pub(crate) const fn can_conflate(&self) -> bool {
        use SocketType::{Dealer, Pub, Pull, Push, Sub};
        matches!(self.socket_type(), Dealer | Pub | Pull | Push | Sub)
    }

    /// Queues a complete message of a peer for the application and counts it. With `conflate` it replaces
    /// the queued one. Returns `false` if no request waits for it: it is dropped and counted.
    pub(crate) fn keep(
        &mut self,
        peer: &mut PeerContext<'_>,
        queued: QueuedMessage,
        conflate: bool,
        counters: &mut Counters,
    ) -> bool {
        if conflate && peer.incoming.pop().is_some() {
            counters.dropped.conflated += 1;
        } else if !self.received(peer.peer) {
            counters.dropped.unsolicited += 1;
            return false;
        }
        let prefix = self.prefix(peer.peer).map_or(0, <[u8]>::len);
        counters.messages_received += 1;
        counters.bytes_received += (queued.message.byte_len() - prefix) as u64;
        peer.incoming.push(queued);
        true
    }

    /// A peer is removed: its id is not used any more.
    pub(super) fn forget(&mut self, peer: PeerId) {
        if let Self::Radio(_, own) = self {
            own.all_groups.retain(|other| *other != peer);
        }
    }

    /// Whether a send would return at once.
    pub(crate) fn can_send(&self) -> bool {
        match self {
            // A message without room is dropped.
            Self::Publish(_, own) | Self::Radio(_, own) => !own.waits_for_room(),
            Self::Router(..) if !self.is_mandatory() => true,
            Self::Subscribe(rules, _) => rules.socket_type() == SocketType::Xsub,
            _ => self.may_route(),
        }
    }

    /// Whether sending reports unroutable messages and waits for room (`ZMQ_ROUTER_MANDATORY`).
    pub(crate) const fn is_mandatory(&self) -> bool {
        matches!(self, Self::Router(_, RouterOptions { mandatory: true, .. }, _))
    }

    /// How many different topics are subscribed to, at a publisher or by a subscriber; 0 for other
    /// types.
    pub(crate) fn topic_count(&self) -> usize {
        match self {
            Self::Dish(rules) => rules.joined().topic_count(),
            Self::Publish(rules, _) => rules.topics().topic_count(),
            Self::Radio(rules, _) => rules.groups().topic_count(),
            Self::Subscribe(rules, _) => rules.topics().topic_count(),
            _ => 0,
        }
    }
}
