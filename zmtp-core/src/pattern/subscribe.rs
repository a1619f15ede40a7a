//! SUB and XSUB: topics that are subscribed to, and messages in turn (RFC 29).

use super::{
    FairPeer, FairQueue, NoRoom, Pattern, PeerId, Reason, Refused, Slots, TakeError, Verdict,
};
use crate::wire::FrameHeader;

/// Storage of the topics that are subscribed to, and how often.
pub trait Subscriptions {
    /// Counts a subscription.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the store is full.
    fn add(&mut self, topic: &[u8]) -> Result<(), NoRoom>;

    /// Removes a subscription. Returns whether it was the last one to its topic.
    fn remove(&mut self, topic: &[u8]) -> bool;

    /// Whether `subject` begins with a topic that is subscribed to.
    fn matches(&self, subject: &[u8]) -> bool;

    /// Calls `each` once for every topic that is subscribed to.
    fn each(&self, each: impl FnMut(&[u8]));
}

/// Which messages a subscriber delivers to its application.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Filter {
    /// All that publishers send, as XSUB.
    All,
    /// Those that no topic matches (`ZMQ_INVERT_MATCHING`).
    Inverted,
    /// Those that a topic matches, as SUB.
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
    /// A subscriber without peers and subscriptions.
    pub const fn new(peers: S, topics: F, filter: Filter) -> Self {
        Self { peers, turns: FairQueue::new(), topics, filter }
    }

    /// Subscribes to a topic. Send the subscription to all peers, even if there was one to the topic
    /// before: an XPUB may report each (`ZMQ_XPUB_VERBOSE`).
    ///
    /// # Errors
    ///
    /// [`NoRoom`]; nothing has changed.
    pub fn subscribe(&mut self, topic: &[u8]) -> Result<(), NoRoom> {
        self.topics.add(topic)
    }

    /// Cancels a subscription. Send the cancellation to all peers if this returns `true`: it was the
    /// last one to its topic. Cancelling a topic that was not subscribed to changes nothing.
    pub fn cancel(&mut self, topic: &[u8]) -> bool {
        self.topics.remove(topic)
    }

    /// Whether a message with this first frame is delivered.
    pub fn wants(&self, subject: &[u8]) -> bool {
        match self.filter {
            Filter::All => true,
            Filter::Inverted => !self.topics.matches(subject),
            Filter::Matching => self.topics.matches(subject),
        }
    }

    /// Calls `each` for every topic to subscribe to at a peer that has connected.
    pub fn replay(&self, each: impl FnMut(&[u8])) {
        self.topics.each(each);
    }

    /// The topics.
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
