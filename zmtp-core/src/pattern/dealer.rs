//! DEALER: sends to its peers in turn and receives from them in turn (RFC 28).

use super::{Balance, BalancePeer, FairPeer, FairQueue, Linked, NoRoom, PeerId, RingLink, Slots};

/// DEALER's rules: [`Push`](super::Push)'s and [`Pull`](super::Pull)'s over the same peers. Frames
/// are the application's: who talks to a REP adds the empty delimiter itself.
#[derive(Debug)]
pub struct Dealer<S> {
    peers: S,
    out: Balance,
    incoming: FairQueue,
}

/// What DEALER knows of a peer.
#[derive(Clone, Copy, Debug, Default)]
pub struct DealerPeer {
    out: BalancePeer,
    incoming: FairPeer,
}

impl Linked<0> for DealerPeer {
    fn link(&mut self) -> &mut RingLink {
        self.out.link()
    }
}

impl Linked<1> for DealerPeer {
    fn link(&mut self) -> &mut RingLink {
        self.incoming.link()
    }
}

impl AsMut<BalancePeer> for DealerPeer {
    fn as_mut(&mut self) -> &mut BalancePeer {
        &mut self.out
    }
}

impl AsMut<FairPeer> for DealerPeer {
    fn as_mut(&mut self) -> &mut FairPeer {
        &mut self.incoming
    }
}

impl<S: Slots<DealerPeer>> Dealer<S> {
    /// DEALER without peers. `only_up`: peers that are being connected to get nothing
    /// (`ZMQ_IMMEDIATE`).
    pub const fn new(peers: S, only_up: bool) -> Self {
        Self { peers, out: Balance::new(only_up), incoming: FairQueue::new() }
    }

    /// A new peer, which is being connected to until [`Dealer::set_up`] says more.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the table is full.
    pub fn attach(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        self.detach(peer);
        self.peers.insert(peer, DealerPeer::default())?;
        self.out.attach(&mut self.peers, peer);
        Ok(())
    }

    /// A peer is gone for good, and what waits of it.
    pub fn detach(&mut self, peer: PeerId) {
        self.out.detach(&mut self.peers, peer);
        self.incoming.detach(&mut self.peers, peer);
        self.peers.remove(peer);
    }

    /// A peer is gone, though messages of it wait: it gets nothing any more.
    pub fn mute(&mut self, peer: PeerId) {
        self.out.mute(&mut self.peers, peer);
    }

    /// A peer's handshake is over, or its connection broke and is tried again.
    pub fn set_up(&mut self, peer: PeerId, up: bool) {
        self.out.set_up(&mut self.peers, peer, up);
    }

    /// A peer's queue reached its high-water mark, or has room again.
    pub fn set_full(&mut self, peer: PeerId, full: bool) {
        self.out.set_full(&mut self.peers, peer, full);
    }

    /// Whether [`Dealer::route`] would find a peer.
    pub const fn may_route(&self) -> bool {
        self.out.may_route()
    }

    /// The peer that gets the next message, if any can take one.
    pub fn route(&mut self) -> Option<PeerId> {
        self.out.route(&mut self.peers)
    }

    /// A whole message of a peer was queued.
    pub fn received(&mut self, peer: PeerId) {
        self.incoming.received(&mut self.peers, peer);
    }

    /// Whether a message can be taken.
    pub const fn may_take(&self) -> bool {
        self.incoming.may_take()
    }

    /// The peer whose oldest message is taken now, if any has one.
    pub fn take(&mut self) -> Option<PeerId> {
        self.incoming.take(&mut self.peers)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Fixed;
    use super::*;

    #[test]
    fn a_peer_that_is_gone_gets_nothing_though_its_messages_can_still_be_taken() {
        let mut dealer = Dealer::new(Fixed::<_, 2>::new(), false);
        for id in 0..2 {
            dealer.attach(PeerId(id)).unwrap();
            dealer.set_up(PeerId(id), true);
            dealer.received(PeerId(id));
        }
        dealer.mute(PeerId(0));
        // Its queue empties, as it goes nowhere.
        dealer.set_full(PeerId(0), false);
        assert_eq!(dealer.route(), Some(PeerId(1)));
        assert_eq!(dealer.route(), Some(PeerId(1)));
        assert_eq!(dealer.take(), Some(PeerId(0)));
        dealer.detach(PeerId(0));
        assert_eq!((dealer.take(), dealer.take()), (Some(PeerId(1)), None));
    }
}
