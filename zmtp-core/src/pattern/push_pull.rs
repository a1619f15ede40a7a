//! PUSH and PULL: work goes out in turn and comes in in turn (RFC 30).

use super::{Balance, BalancePeer, FairPeer, FairQueue, NoRoom, PeerId, Slots};

/// PUSH's rules: each message goes to one peer, in turn among those that can take one.
#[derive(Debug)]
pub struct Push<S> {
    peers: S,
    turns: Balance,
}

impl<S: Slots<BalancePeer>> Push<S> {
    /// PUSH without peers. `only_up`: peers that are being connected to get nothing
    /// (`ZMQ_IMMEDIATE`).
    pub const fn new(peers: S, only_up: bool) -> Self {
        Self { peers, turns: Balance::new(only_up) }
    }

    /// A new peer, which is being connected to until [`Push::set_up`] says more.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the table is full.
    pub fn attach(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        self.detach(peer);
        self.peers.insert(peer, BalancePeer::default())?;
        self.turns.attach(&mut self.peers, peer);
        Ok(())
    }

    /// A peer is gone for good.
    pub fn detach(&mut self, peer: PeerId) {
        self.turns.detach(&mut self.peers, peer);
        self.peers.remove(peer);
    }

    /// A peer's handshake is over, or its connection broke and is tried again.
    pub fn set_up(&mut self, peer: PeerId, up: bool) {
        self.turns.set_up(&mut self.peers, peer, up);
    }

    /// A peer's queue reached its high-water mark, or has room again.
    pub fn set_full(&mut self, peer: PeerId, full: bool) {
        self.turns.set_full(&mut self.peers, peer, full);
    }

    /// Whether [`Push::route`] would find a peer.
    pub const fn may_route(&self) -> bool {
        self.turns.may_route()
    }

    /// The peer that gets the next message, if any can take one.
    pub fn route(&mut self) -> Option<PeerId> {
        self.turns.route(&mut self.peers)
    }
}

/// PULL's rules: messages are taken from the peers in turn.
#[derive(Debug)]
pub struct Pull<S> {
    peers: S,
    turns: FairQueue,
}

impl<S: Slots<FairPeer>> Pull<S> {
    /// PULL without peers.
    pub const fn new(peers: S) -> Self {
        Self { peers, turns: FairQueue::new() }
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

    /// A peer is gone, and what waits of it. A driver that lets the application have what had come
    /// whole says so only when that is taken.
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
