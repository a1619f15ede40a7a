//! SUB and XSUB: what is subscribed to, and whose message is taken next (RFC 29).

use super::{FairPeer, FairQueue, NoRoom, PeerId, Slots};

/// What is subscribed to, and how often.
pub trait Subscriptions {
    /// Counts a subscription.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the store is full.
    fn add(&mut self, topic: &[u8]) -> Result<(), NoRoom>;

    /// Takes a subscription back; `true` if it was the last one to its topic.
    fn remove(&mut self, topic: &[u8]) -> bool;

    /// Whether `subject` begins with a topic that is subscribed to.
    fn matches(&self, subject: &[u8]) -> bool;

    /// Calls `each` once for every topic that is subscribed to.
    fn each(&self, each: impl FnMut(&[u8]));
}

/// The rules of SUB and XSUB.
#[derive(Debug)]
pub struct Subscribe<S, F> {
    peers: S,
    turns: FairQueue,
    topics: F,
}

impl<S: Slots<FairPeer>, F: Subscriptions> Subscribe<S, F> {
    /// A subscriber without peers and subscriptions.
    pub const fn new(peers: S, topics: F) -> Self {
        Self { peers, turns: FairQueue::new(), topics }
    }

    /// Subscribes to a topic. Say so to all peers, even if it was subscribed to before: an XPUB
    /// behind them may want to know (`ZMQ_XPUB_VERBOSE`).
    ///
    /// # Errors
    ///
    /// [`NoRoom`]; nothing has changed.
    pub fn subscribe(&mut self, topic: &[u8]) -> Result<(), NoRoom> {
        self.topics.add(topic)
    }

    /// Cancels a subscription. Say so to all peers if this returns `true`: it was the last one to
    /// its topic. Cancelling what was not subscribed to changes nothing.
    pub fn cancel(&mut self, topic: &[u8]) -> bool {
        self.topics.remove(topic)
    }

    /// Whether a message with this first frame is wanted.
    pub fn wants(&self, subject: &[u8]) -> bool {
        self.topics.matches(subject)
    }

    /// Calls `each` for every topic that a peer must be told after its handshake.
    pub fn replay(&self, each: impl FnMut(&[u8])) {
        self.topics.each(each);
    }

    /// The topics.
    pub const fn topics(&self) -> &F {
        &self.topics
    }

    /// A new peer.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the table is full.
    pub fn attach(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        self.detach(peer);
        self.peers.insert(peer, FairPeer::default())
    }

    /// A peer is gone, and what waits of it.
    pub fn detach(&mut self, peer: PeerId) {
        self.turns.detach(&mut self.peers, peer);
        self.peers.remove(peer);
    }

    /// A whole message of a peer was queued.
    pub fn received(&mut self, peer: PeerId) {
        self.turns.received(&mut self.peers, peer);
    }

    /// Whether a message can be taken.
    pub const fn may_take(&self) -> bool {
        self.turns.may_take()
    }

    /// The peer whose oldest message is taken now, if any has one.
    pub fn take(&mut self) -> Option<PeerId> {
        self.turns.take(&mut self.peers)
    }
}
