//! DEALER: sends to its peers in turn and receives from them in turn (RFC 28).

use super::{
    Balance, BalancePeer, FairPeer, FairQueue, Linked, NoRoom, Pattern, PeerId, Refused, RingLink,
    RouteError, Slots, TakeError,
};

/// The rules of DEALER. It sends as [`Push`](super::Push) and receives as [`Pull`](super::Pull). Frames
/// are not changed: to send to a REP, the application adds the delimiter itself.
#[derive(Debug)]
pub struct Dealer<S> {
    peers: S,
    outgoing: Balance,
    incoming: FairQueue,
}

/// The state of a peer in DEALER.
#[derive(Clone, Copy, Debug, Default)]
pub struct DealerPeer {
    outgoing: BalancePeer,
    incoming: FairPeer,
}

impl Linked<0> for DealerPeer {
    fn link(&mut self) -> &mut RingLink {
        self.outgoing.link()
    }
}

impl Linked<1> for DealerPeer {
    fn link(&mut self) -> &mut RingLink {
        self.incoming.link()
    }
}

impl AsMut<BalancePeer> for DealerPeer {
    fn as_mut(&mut self) -> &mut BalancePeer {
        &mut self.outgoing
    }
}

impl AsMut<FairPeer> for DealerPeer {
    fn as_mut(&mut self) -> &mut FairPeer {
        &mut self.incoming
    }
}

impl<S: Slots<DealerPeer>> Dealer<S> {
    /// Creates a DEALER without peers. With `only_connected`, messages go only to peers that are
    /// connected, not to those that the socket still connects to (`ZMQ_IMMEDIATE`).
    pub const fn new(peers: S, only_connected: bool) -> Self {
        Self { peers, outgoing: Balance::new(only_connected), incoming: FairQueue::new() }
    }
}

impl<S: Slots<DealerPeer>> Pattern for Dealer<S> {
    fn attached(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        if let Some(old) = self.peers.holder(peer.index()) {
            self.detached(old);
        }
        self.peers.insert(peer, DealerPeer::default())?;
        self.outgoing.attach(&mut self.peers, peer);
        Ok(())
    }

    fn connected(&mut self, peer: PeerId, _routing_id: &[u8]) -> Result<Option<PeerId>, Refused> {
        if self.peers.get_mut(peer).is_none() {
            self.attached(peer)?;
        }
        self.outgoing.set_connected(&mut self.peers, peer, true);
        Ok(None)
    }

    fn disconnected(&mut self, peer: PeerId) {
        self.outgoing.set_connected(&mut self.peers, peer, false);
    }

    fn closed(&mut self, peer: PeerId) {
        self.outgoing.close(&mut self.peers, peer);
        if self.incoming.close(&mut self.peers, peer) {
            self.detached(peer);
        }
    }

    fn detached(&mut self, peer: PeerId) {
        self.outgoing.detach(&mut self.peers, peer);
        self.incoming.detach(&mut self.peers, peer);
        self.peers.remove(peer);
    }

    fn set_full(&mut self, peer: PeerId, full: bool) {
        self.outgoing.set_full(&mut self.peers, peer, full);
    }

    fn received(&mut self, peer: PeerId) -> bool {
        self.incoming.received(&mut self.peers, peer)
    }

    fn may_take(&self) -> bool {
        self.incoming.may_take()
    }

    fn take(&mut self) -> Result<Option<PeerId>, TakeError> {
        let Some((peer, is_last)) = self.incoming.take(&mut self.peers) else { return Ok(None) };
        if is_last {
            self.detached(peer);
        }
        Ok(Some(peer))
    }

    fn may_route(&self) -> bool {
        self.outgoing.may_route()
    }

    fn route(&mut self, _routing_id: &[u8]) -> Result<PeerId, RouteError> {
        self.outgoing.route(&mut self.peers).ok_or(RouteError::NoPeer)
    }

    fn keeps_unsent(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::Fixed;
    use super::*;

    const A: PeerId = PeerId::new(0, 0);
    const B: PeerId = PeerId::new(1, 0);

    #[test]
    fn a_closed_peer_gets_no_messages_but_its_own_can_be_taken() {
        let mut dealer = Dealer::new(Fixed::<_, 2>::new(), false);
        for peer in [A, B] {
            assert_eq!(dealer.connected(peer, &[]), Ok(None));
            assert!(dealer.received(peer));
        }
        dealer.closed(A);
        // Its queue to the peer is emptied.
        dealer.set_full(A, false);
        assert_eq!([dealer.route(&[]), dealer.route(&[])], [Ok(B); 2]);
        assert_eq!(dealer.take(), Ok(Some(A)));
        assert!(!dealer.received(A), "forgotten with its last message");
        assert_eq!([dealer.take(), dealer.take()], [Ok(Some(B)), Ok(None)]);
    }

    #[test]
    fn the_next_peer_at_an_index_is_another_peer() {
        let mut dealer = Dealer::new(Fixed::<_, 2>::new(), false);
        let new = PeerId::new(A.index(), 1);
        dealer.connected(A, &[]).unwrap();
        assert!(dealer.received(A));
        dealer.connected(new, &[]).unwrap();
        assert!(!dealer.may_take(), "the messages of the old peer are gone");
        dealer.set_full(A, true);
        dealer.closed(A);
        assert!(!dealer.received(A) && dealer.received(new));
        assert_eq!((dealer.route(&[]), dealer.take()), (Ok(new), Ok(Some(new))));
    }
}
