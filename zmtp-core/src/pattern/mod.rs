//! Messaging patterns: which peer gets the next message, which message is received next, and what a
//! frame means.
//!
//! A pattern handles peers and frame headers; connections and queues belong to the driver. The driver
//! reports events of peers, gets a [`Verdict`] for the header of each frame, stores the body
//! accordingly, and reports complete messages. All socket types implement [`Pattern`].
//!
//! State per peer lives in [`Slots`], which the driver chooses: [`Fixed`] on a microcontroller, a
//! growing table on a server.
//!
//! | item | content |
//! |---|---|
//! | [`Req`], [`Rep`] | request-reply in lockstep (RFC 28) |
//! | [`Dealer`], [`Router`] | request-reply without lockstep (RFC 28); [`RoutingIds`] stores a ROUTER's ids |
//! | [`Push`], [`Pull`] | pipeline (RFC 30) |
//! | [`Pair`] | exclusive pair (RFC 31) |
//! | [`Publish`] | PUB and XPUB (RFC 29); [`Topics`] stores the topics of each peer |
//! | [`Subscribe`] | SUB and XSUB (RFC 29); [`Subscriptions`] stores the topics |
//! | [`Slots`], [`Fixed`] | state per peer |
//! | [`FixedTopics`], [`FixedSubscriptions`] | topics in an array, for microcontrollers |
//! | [`Ring`] | peers in turn: load-balancing for sending, fair-queueing for receiving |
//! | [`Balance`], [`FairQueue`] | the two as used by all types |
//! | [`ReqFrames`], [`ReqTurn`], [`RepFrames`], [`RepTurn`] | the parts of [`Req`] and [`Rep`], for drivers with one peer |

mod balance;
mod dealer;
mod error;
mod fair_queue;
mod fixed_topics;
mod pair;
mod peer;
mod publish;
mod push_pull;
mod records;
mod rep;
mod rep_parts;
mod req;
mod req_parts;
mod ring;
mod router;
mod slots;
mod subscribe;
mod verdict;

pub use balance::{Balance, BalancePeer};
pub use dealer::{Dealer, DealerPeer};
pub use error::{NoRoom, OutOfTurn, Refused, RouteError, TakeError};
pub use fair_queue::{FairPeer, FairQueue};
pub use fixed_topics::{FixedSubscriptions, FixedTopics};
pub use pair::Pair;
pub use peer::PeerId;
pub use publish::{Added, Publish, Removed, Reports, Topics};
pub use push_pull::{Pull, Push};
pub use rep::{Rep, RepPeer};
pub use rep_parts::{RepFrames, RepTurn};
pub use req::{Mode, Req, ReqPeer};
pub use req_parts::{ReqFrames, ReqTurn};
pub use ring::{Linked, Ring, RingLink};
pub use router::{Router, RouterPeer, RoutingIds};
pub use slots::{Fixed, Slots};
pub use subscribe::{Filter, Subscribe, Subscriptions};
pub use verdict::{Reason, Verdict};

use crate::wire::{FrameHeader, Subscription};

/// The rules of a socket type. The driver owns connections, queues and bytes; the rules decide which
/// peer a message goes to and what happens to a frame.
///
/// The default methods are for types without a rule of their own. An event of an unknown peer, such
/// as one with an old generation, changes nothing.
///
/// ```text
/// attached ──> connected <──> disconnected        a peer that the socket connects to
///              connected                          a peer that was accepted
/// any state ──> closed      its queued messages can still be taken
/// any state ──> detached    its queued messages are dropped too
/// ```
pub trait Pattern {
    /// The socket begins to connect to a peer. Messages may be queued for it.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if a table is full.
    fn attached(&mut self, _peer: PeerId) -> Result<(), NoRoom> {
        Ok(())
    }

    /// A handshake is complete. A peer that is not attached, as it was accepted, is attached first.
    ///
    /// `routing_id` is the one that the peer announced in its READY, or empty. Returns the peer that
    /// loses its routing id to this one (`ZMQ_ROUTER_HANDOVER`): close its connection.
    ///
    /// # Errors
    ///
    /// [`Refused`]: close this connection.
    fn connected(&mut self, _peer: PeerId, _routing_id: &[u8]) -> Result<Option<PeerId>, Refused> {
        Ok(None)
    }

    /// The connection to a peer ended, and the driver connects again.
    ///
    /// If no message is queued for the peer any more, call [`Pattern::sent`] first.
    fn disconnected(&mut self, _peer: PeerId) {}

    /// A peer is gone for good. Its messages that are queued can still be taken; the pattern forgets
    /// the peer with the last of them.
    fn closed(&mut self, peer: PeerId) {
        self.detached(peer);
    }

    /// A peer is gone for good, and its queued messages are dropped.
    fn detached(&mut self, _peer: PeerId) {}

    /// The queue of messages to a peer reached its high-water mark, or has room again.
    fn set_full(&mut self, _peer: PeerId, _full: bool) {}

    /// Judges the next frame of a peer from its header. `first`: it is the first of its message.
    fn accept(&mut self, _peer: PeerId, _frame: FrameHeader, _first: bool) -> Verdict {
        Verdict::Deliver
    }

    /// Judges a complete frame for which [`Pattern::accept`] returned [`Verdict::RequestId`] or
    /// [`Verdict::Subject`], from its body.
    fn check(&mut self, _peer: PeerId, _body: &[u8]) -> Verdict {
        Verdict::Deliver
    }

    /// A message of a peer is complete. Returns whether to queue it for the application; it then
    /// counts as queued. `false`: drop it.
    ///
    /// A message that replaces a queued one (`ZMQ_CONFLATE`) is not reported.
    fn received(&mut self, _peer: PeerId) -> bool {
        true
    }

    /// Whether [`Pattern::take`] returns a peer, or an error that the application waits for.
    fn may_take(&self) -> bool {
        false
    }

    /// The peer whose oldest queued message the application receives next; `None` if no message is
    /// queued. The message no longer counts as queued.
    ///
    /// # Errors
    ///
    /// [`TakeError::OutOfTurn`] for REQ and REP, [`TakeError::PeerLost`] for REQ.
    fn take(&mut self) -> Result<Option<PeerId>, TakeError> {
        Ok(None)
    }

    /// A peer subscribes to a topic or cancels a subscription. Returns whether XPUB's application
    /// receives a report of it.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the store of topics is full; nothing has changed.
    fn subscription(
        &mut self,
        _peer: PeerId,
        _what: Subscription,
        _topic: &[u8],
    ) -> Result<bool, NoRoom> {
        Ok(false)
    }

    /// Whether [`Pattern::route`] can return a peer.
    fn may_route(&self) -> bool {
        false
    }

    /// The peer that gets the next message. `routing_id`, the first part of the message, is used by
    /// ROUTER only. PUB and XPUB send to every peer of [`Publish::matches`] instead.
    ///
    /// # Errors
    ///
    /// [`RouteError`].
    fn route(&mut self, _routing_id: &[u8]) -> Result<PeerId, RouteError> {
        Err(RouteError::NoPeer)
    }

    /// No message is queued for a peer any more: the last byte was written, or the rest was dropped.
    fn sent(&mut self, _peer: PeerId) {}

    /// REQ: moves a queued request. Returns the peer it is queued for, which is being connected to, and
    /// a connected peer that gets it instead.
    fn reroute(&mut self) -> Option<(PeerId, PeerId)> {
        None
    }

    /// The routing id that precedes each message of a peer (ROUTER).
    fn routing_id(&self, _peer: PeerId) -> Option<&[u8]> {
        None
    }

    /// Whether messages that are queued for a peer are kept for its next connection.
    fn keeps_unsent(&self) -> bool {
        false
    }
}
