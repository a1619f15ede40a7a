//! PUSH and PULL: PUSH sends to its peers in turn, PULL receives from its peers in turn (RFC 30).

use super::{
    Balance, BalancePeer, FairPeer, FairQueue, NoRoom, Pattern, PeerId, Reason, Refused,
    RouteError, Slots, TakeError, Verdict,
};
use crate::wire::FrameHeader;

/// The rules of PUSH: each message is sent to one peer, in turn among those whose queue has room.
#[derive(Debug)]
pub struct Push<S> {
    peers: S,
    turns: Balance,
}

impl<S: Slots<BalancePeer>> Push<S> {
    /// Creates a PUSH without peers. With `only_connected`, messages go only to peers that are
    /// connected, not to those that the socket still connects to (`ZMQ_IMMEDIATE`).
    pub const fn new(peers: S, only_connected: bool) -> Self {
        Self { peers, turns: Balance::new(only_connected) }
    }
}

impl<S: Slots<BalancePeer>> Pattern for Push<S> {
    fn attached(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        if let Some(old) = self.peers.holder(peer.index()) {
            self.detached(old);
        }
        self.peers.insert(peer, BalancePeer::default())?;
        self.turns.attach(&mut self.peers, peer);
        Ok(())
    }

    fn connected(&mut self, peer: PeerId, _routing_id: &[u8]) -> Result<Option<PeerId>, Refused> {
        if self.peers.get_mut(peer).is_none() {
            self.attached(peer)?;
        }
        self.turns.set_connected(&mut self.peers, peer, true);
        Ok(None)
    }

    fn disconnected(&mut self, peer: PeerId) {
        self.turns.set_connected(&mut self.peers, peer, false);
    }

    fn detached(&mut self, peer: PeerId) {
        self.turns.detach(&mut self.peers, peer);
        self.peers.remove(peer);
    }

    fn set_full(&mut self, peer: PeerId, full: bool) {
        self.turns.set_full(&mut self.peers, peer, full);
    }

    fn accept(&mut self, _peer: PeerId, _frame: FrameHeader, first: bool) -> Verdict {
        if first { Verdict::Reject(Reason::SendsOnly) } else { Verdict::Skip }
    }

    fn received(&mut self, _peer: PeerId) -> bool {
        false
    }

    fn may_route(&self) -> bool {
        self.turns.may_route()
    }

    fn route(&mut self, _routing_id: &[u8]) -> Result<PeerId, RouteError> {
        self.turns.route(&mut self.peers).ok_or(RouteError::NoPeer)
    }

    fn keeps_unsent(&self) -> bool {
        true
    }
}

/// The rules of PULL: messages are taken from the peers in turn.
#[derive(Debug)]
pub struct Pull<S> {
    peers: S,
    turns: FairQueue,
}

impl<S: Slots<FairPeer>> Pull<S> {
    /// Creates a PULL without peers.
    pub const fn new(peers: S) -> Self {
        Self { peers, turns: FairQueue::new() }
    }
}

impl<S: Slots<FairPeer>> Pattern for Pull<S> {
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
}
