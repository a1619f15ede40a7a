//! Messaging patterns: the rules of the socket types. A pattern chooses the peer of the next message to
//! send or to receive, and decides what happens to each received frame.
//!
//! A pattern contains the state of the peers; the driver contains the connections and the queues of
//! messages. The driver reports the events of the peers. For each frame it passes the header to
//! [`Pattern::accept`], stores or drops the body according to the returned [`Verdict`], and reports
//! complete messages. All socket types implement [`Pattern`].
//!
//! The driver chooses the table for the state of the peers, a type that implements [`Slots`]: for
//! example [`Fixed`] on a microcontroller, or a table that grows on a server.
//!
//! | item | content |
//! |---|---|
//! | [`Req`], [`Rep`] | request-reply in lockstep (RFC 28) |
//! | [`Dealer`], [`Router`] | request-reply without lockstep (RFC 28); [`RoutingIds`] stores the routing ids of a ROUTER |
//! | [`Push`], [`Pull`] | pipeline (RFC 30) |
//! | [`Pair`] | exclusive pair (RFC 31) |
//! | [`Client`], [`Server`] | request-reply with messages of one part (RFC 41); [`Server`] is also PEER (RFC 51) |
//! | [`Scatter`], [`Gather`] | pipeline with messages of one part (RFC 49) |
//! | [`Channel`] | exclusive pair with messages of one part (RFC 52) |
//! | [`Outgoing`] | what DEALER, PUSH, CLIENT and SCATTER have in common |
//! | [`Incoming`] | what PULL, GATHER, SUB, PUB, RADIO and DISH have in common |
//! | [`Exclusive`] | what PAIR and CHANNEL have in common |
//! | [`Publish`] | PUB and XPUB (RFC 29); [`Topics`] stores the topics of each peer |
//! | [`Subscribe`] | SUB and XSUB (RFC 29); [`Subscriptions`] stores the topics |
//! | [`Radio`] | RADIO (RFC 48); [`Groups`] stores the groups of each peer |
//! | [`Dish`] | DISH (RFC 48); [`JoinedGroups`] stores the groups |
//! | [`Slots`], [`Fixed`] | state per peer |
//! | [`FixedTopics`], [`FixedSubscriptions`] | topics and groups in an array of fixed size, for microcontrollers |
//! | [`Ring`] | peers in turn: load-balancing for sending, fair-queueing for receiving |
//! | [`Balance`], [`FairQueue`] | load-balancing and fair-queueing, built on [`Ring`] |
//! | [`ReqFrames`], [`ReqTurn`], [`RepFrames`], [`RepTurn`] | the parts of [`Req`] and [`Rep`], for drivers with one peer |

mod balance;
mod dish;
mod error;
mod fair_queue;
mod fixed_topics;
mod incoming;
mod outgoing;
mod pair;
mod peer;
mod publish;
mod radio;
mod records;
mod rep;
mod rep_parts;
mod req;
mod req_parts;
mod ring;
mod router;
mod server;
mod single;
mod slots;
mod subscribe;
mod topics;
mod verdict;

pub use balance::{Balance, BalancePeer};
pub use dish::{Dish, DishRules, JoinError, JoinedGroups};
pub use error::{AttachError, NoRoom, OutOfTurn, RouteError, TakeError};
pub use fair_queue::{FairPeer, FairQueue};
pub use fixed_topics::{FixedSubscriptions, FixedTopics};
pub use incoming::{Gather, GatherRules, Incoming, IncomingRules, Pull, PullRules};
pub use outgoing::{Client, Dealer, Outgoing, OutgoingPeer, Push, Scatter};
pub use pair::{Channel, Exclusive, Pair};
pub use peer::PeerId;
pub use publish::{Publish, PublishRules, Reports};
pub use radio::{Groups, Radio, RadioRules};
pub use rep::{Rep, RepPeer};
pub use rep_parts::{RepFrames, RepTurn};
pub use req::{Mode, Req, ReqPeer};
pub use req_parts::{ReqFrames, ReqTurn};
pub use ring::{Linked, Ring, RingLink};
pub use router::{Router, RouterPeer, RoutingIds};
pub use server::Server;
pub use slots::{Fixed, Slots};
pub use subscribe::{Filter, Subscribe, SubscribeRules, Subscriptions};
pub use topics::{Added, Removed, Topics};
pub use verdict::{Reason, Verdict};

use crate::wire::{FrameHeader, Subscription};

/// The rules of a socket type. They choose the peer of each message and decide what happens to each
/// received frame. The driver contains connections, queues and bytes.
///
/// The default methods are for socket types that have no such rule. An event of an unknown peer changes
/// nothing; a peer is also unknown if its id has an old generation.
///
/// ```text
/// attached ──> connected <──> disconnected        a peer that the socket connects to
///              connected                          a peer that was accepted
/// any state ──> closed      its queued messages can still be taken
/// any state ──> detached    its queued messages are dropped too
/// ```
pub trait Pattern {
    /// The socket begins to connect to a peer. From now on messages may be queued for the peer.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if a table is full.
    fn attached(&mut self, _peer: PeerId) -> Result<(), NoRoom> {
        Ok(())
    }

    /// The handshake with a peer is complete. If the peer is not attached, because its connection was
    /// accepted, it is attached first.
    ///
    /// `routing_id` is the routing id in the peer's READY; it may be empty. If another peer loses its
    /// routing id to this one (`ZMQ_ROUTER_HANDOVER`), returns that peer: close its connection.
    ///
    /// # Errors
    ///
    /// [`AttachError`]: close the connection of `peer`.
    fn connected(
        &mut self,
        _peer: PeerId,
        _routing_id: &[u8],
    ) -> Result<Option<PeerId>, AttachError> {
        Ok(None)
    }

    /// The connection to a peer ended, and the driver connects again.
    ///
    /// If no message is queued for the peer, call [`Pattern::sent`] before this.
    fn disconnected(&mut self, _peer: PeerId) {}

    /// A peer is removed, but its queued messages can still be taken. The state of the peer is removed
    /// with the last of these messages.
    fn closed(&mut self, peer: PeerId) {
        self.detached(peer);
    }

    /// A peer is removed, and the driver drops its queued messages.
    fn detached(&mut self, _peer: PeerId) {}

    /// The queue of messages to a peer has reached its high-water mark (`full` is `true`), or has room
    /// again.
    fn set_full(&mut self, _peer: PeerId, _full: bool) {}

    /// Decides from its header what happens to the next frame of a peer. `first` is whether the frame is
    /// the first of its message.
    fn accept(&mut self, _peer: PeerId, _frame: FrameHeader, _first: bool) -> Verdict {
        Verdict::Deliver
    }

    /// Decides from its body what happens to a complete frame for which [`Pattern::accept`] returned
    /// [`Verdict::RequestId`] or [`Verdict::Subject`].
    fn check(&mut self, _peer: PeerId, _body: &[u8]) -> Verdict {
        Verdict::Deliver
    }

    /// A message of a peer is complete. If this returns `true`, queue the message for the application;
    /// the pattern counts it as queued. If it returns `false`, drop the message.
    ///
    /// Do not report a message that replaces a queued one (`ZMQ_CONFLATE`).
    fn received(&mut self, _peer: PeerId) -> bool {
        true
    }

    /// As [`Pattern::received`] for several messages of a peer.
    fn received_many(&mut self, peer: PeerId, count: u32) -> bool {
        (0..count).all(|_| self.received(peer))
    }

    /// Whether [`Pattern::take`] would return a peer or [`TakeError::PeerLost`].
    fn may_take(&self) -> bool {
        false
    }

    /// Chooses the peer whose oldest queued message the application receives next; `None` if no message
    /// is queued. The pattern no longer counts the message as queued.
    ///
    /// # Errors
    ///
    /// REQ and REP return [`TakeError::OutOfTurn`], REQ also returns [`TakeError::PeerLost`].
    fn take(&mut self) -> Result<Option<PeerId>, TakeError> {
        Ok(None)
    }

    /// A peer subscribes to a topic or cancels a subscription; RADIO: it joins or leaves a group. Returns whether
    /// to queue a report of it for the application (XPUB).
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the table of topics or groups is full. Nothing has changed then.
    fn subscription(
        &mut self,
        _peer: PeerId,
        _what: Subscription,
        _topic: &[u8],
    ) -> Result<bool, NoRoom> {
        Ok(false)
    }

    /// Whether [`Pattern::route`] can return a peer. For ROUTER this depends on the routing id.
    fn may_route(&self) -> bool {
        false
    }

    /// Chooses the peer to which the next message is sent. `routing_id` is the first part of the message for
    /// ROUTER, and the number of the peer for SERVER and PEER; other types do not use it. PUB, XPUB and RADIO have
    /// no such peer: they send to every peer of [`Publish::matches`] or [`Radio::members`].
    ///
    /// # Errors
    ///
    /// [`RouteError`] states why there is no peer for the message.
    fn route(&mut self, _routing_id: &[u8]) -> Result<PeerId, RouteError> {
        Err(RouteError::NoPeer)
    }

    /// The queue of messages to a peer is empty: the last byte was written, or the rest was dropped.
    fn sent(&mut self, _peer: PeerId) {}

    /// REQ: moves a request that is queued for a peer without a connection to a connected peer. Returns
    /// the old and the new peer; `None` if no request has to be moved.
    fn reroute(&mut self) -> Option<(PeerId, PeerId)> {
        None
    }

    /// The routing id of a peer. ROUTER puts it before each message of the peer; SERVER and PEER report it with each
    /// message.
    fn routing_id(&self, _peer: PeerId) -> Option<&[u8]> {
        None
    }

    /// Whether messages that are queued for a peer are kept when its connection ends, and sent over the
    /// next one.
    fn keeps_unsent(&self) -> bool {
        false
    }
}
