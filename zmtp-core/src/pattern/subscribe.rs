//! SUB and XSUB: subscribe to topics, and receive from the peers in turn (RFC 29).

use super::{
    FairPeer, FairQueue, NoRoom, Pattern, PeerId, Reason, Refused, Slots, TakeError, Verdict,
};
use crate::wire::{FrameHeader, SocketType};

/// A table of the topics that a socket subscribed to, with the number of subscriptions to each.
pub trait Subscriptions {
    /// Adds a subscription to a topic.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the table is full.
    fn add(&mut self, topic: &[u8]) -> Result<(), NoRoom>;

    /// Removes a subscription to a topic. Returns whether it was the last one; `false` if there was none.
    fn remove(&mut self, topic: &[u8]) -> bool;

    /// Whether `subject` begins with a topic of the table.
    fn matches(&self, subject: &[u8]) -> bool;

    /// Calls `each` once for every topic of the table.
    fn each(&self, each: impl FnMut(&[u8]));
}

/// The messages that a subscriber delivers to its application.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Filter {
    /// All messages that arrive (XSUB).
    All,
    /// The messages that match no topic (`ZMQ_INVERT_MATCHING`).
    Inverted,
    /// The messages that match a topic (SUB).
    #[default]
    Matching,
}

/// The rules of SUB and XSUB.
#[derive(Debug)]
pub struct Subscribe<S, F> {
    peers: S,
    turns: FairQueue,
    topics: F,
    filter: Filter,
}

impl<S: Slots<FairPeer>, F: Subscriptions> Subscribe<S, F> {
    /// Creates a subscriber without peers. `topics` is usually an empty table.
    pub const fn new(peers: S, topics: F, filter: Filter) -> Self {
        Self { peers, turns: FairQueue::new(), topics, filter }
    }

    /// Subscribes to a topic. Send every subscription to all peers, also a repeated one: an XPUB may report
    /// each of them (`ZMQ_XPUB_VERBOSE`).
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the table is full. Nothing has changed then; send nothing.
    pub fn subscribe(&mut self, topic: &[u8]) -> Result<(), NoRoom> {
        self.topics.add(topic)
    }

    /// Cancels a subscription. Returns `true` if it was the last one to its topic: send the cancellation to
    /// all peers. If there was no subscription to the topic, nothing changes.
    pub fn cancel(&mut self, topic: &[u8]) -> bool {
        self.topics.remove(topic)
    }

    /// Whether a message whose first frame is `subject` is delivered.
    pub fn wants(&self, subject: &[u8]) -> bool {
        match self.filter {
            Filter::All => true,
            Filter::Inverted => !self.topics.matches(subject),
            Filter::Matching => self.topics.matches(subject),
        }
    }

    /// Calls `each` for every topic. Send these subscriptions to each peer that connects.
    pub fn replay(&self, each: impl FnMut(&[u8])) {
        self.topics.each(each);
    }

    /// XSUB with [`Filter::All`], otherwise SUB.
    pub const fn socket_type(&self) -> SocketType {
        if matches!(self.filter, Filter::All) { SocketType::Xsub } else { SocketType::Sub }
    }

    /// The table of topics.
    pub const fn topics(&self) -> &F {
        &self.topics
    }
}

impl<S: Slots<FairPeer>, F: Subscriptions> Pattern for Subscribe<S, F> {
    fn attached(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        if let Some(old) = self.peers.holder(peer.index()) {
            self.detached(old);
        }
        self.peers.insert(peer, FairPeer::default())
    }

    fn connected(&mut self, peer: PeerId, _routing_id: &[u8]) -> Result<Option<PeerId>, Refused> {
        if self.peers.get_mut(peer).is_none() {
            self.attached(peer)?;
        }
        Ok(None)
    }

    fn closed(&mut self, peer: PeerId) {
        if self.turns.close(&mut self.peers, peer) {
            self.detached(peer);
        }
    }

    fn detached(&mut self, peer: PeerId) {
        self.turns.detach(&mut self.peers, peer);
        self.peers.remove(peer);
    }

    fn accept(&mut self, _peer: PeerId, _frame: FrameHeader, first: bool) -> Verdict {
        if first && self.filter != Filter::All { Verdict::Subject } else { Verdict::Deliver }
    }

    fn check(&mut self, _peer: PeerId, body: &[u8]) -> Verdict {
        if self.wants(body) { Verdict::Deliver } else { Verdict::Reject(Reason::NotSubscribed) }
    }

    fn received(&mut self, peer: PeerId) -> bool {
        self.turns.received(&mut self.peers, peer)
    }

    fn may_take(&self) -> bool {
        self.turns.may_take()
    }

    fn take(&mut self) -> Result<Option<PeerId>, TakeError> {
        let Some((peer, is_last)) = self.turns.take(&mut self.peers) else { return Ok(None) };
        if is_last {
            self.detached(peer);
        }
        Ok(Some(peer))
    }

    fn keeps_unsent(&self) -> bool {
        true
    }
}
