//! DEALER, PUSH, CLIENT and SCATTER: send to their peers in turn. DEALER and CLIENT also receive from them in turn
//! (RFC 28, 30, 41 and 49).

use super::{
    AttachError, Balance, BalancePeer, FairPeer, FairQueue, Linked, NoRoom, Pattern, PeerId,
    Reason, RingLink, RouteError, Slots, TakeError, Verdict, single, slots,
};
use crate::wire::FrameHeader;

/// The rules of DEALER: it sends as [`Push`] and receives as [`Pull`](super::Pull). Frames are not
/// changed: to send to a REP, the application adds the delimiter itself.
pub type Dealer<S> = Outgoing<S, true>;

/// The rules of PUSH: each message is sent to one peer, in turn among those whose queue has room. Messages
/// of the peers are rejected.
pub type Push<S> = Outgoing<S, false>;

/// The rules of CLIENT: it sends and receives as [`Dealer`], but messages of one part only. Others are rejected.
pub type Client<S> = Outgoing<S, true, true>;

/// The rules of SCATTER: those of PUSH. The driver sends messages of one part only.
pub type Scatter<S> = Push<S>;

/// The rules of a socket type that sends to its peers in turn: [`Dealer`], [`Push`], [`Client`] and [`Scatter`].
///
/// `RECEIVES` is whether it also receives from them, and `SINGLE` is whether it receives messages of one part only.
#[derive(Debug)]
pub struct Outgoing<S, const RECEIVES: bool, const SINGLE: bool = false> {
    peers: S,
    outgoing: Balance,
    incoming: FairQueue,
}

/// The state of a peer in [`Outgoing`].
#[derive(Clone, Copy, Debug, Default)]
pub struct OutgoingPeer {
    outgoing: BalancePeer,
    incoming: FairPeer,
}

impl Linked<0> for OutgoingPeer {
    fn link(&mut self) -> &mut RingLink {
        self.outgoing.link()
    }
}

impl Linked<1> for OutgoingPeer {
    fn link(&mut self) -> &mut RingLink {
        self.incoming.link()
    }
}

impl AsMut<BalancePeer> for OutgoingPeer {
    fn as_mut(&mut self) -> &mut BalancePeer {
        &mut self.outgoing
    }
}

impl AsMut<FairPeer> for OutgoingPeer {
    fn as_mut(&mut self) -> &mut FairPeer {
        &mut self.incoming
    }
}

impl<S: Slots<OutgoingPeer>, const RECEIVES: bool, const SINGLE: bool>
    Outgoing<S, RECEIVES, SINGLE>
{
    /// Creates a socket without peers. With `only_connected`, messages go only to peers that are
    /// connected, not to those that the socket still connects to (`ZMQ_IMMEDIATE`).
    pub const fn new(peers: S, only_connected: bool) -> Self {
        Self { peers, outgoing: Balance::new(only_connected), incoming: FairQueue::new() }
    }

    /// Includes peers that the socket still connects to in the turns of the others, as in libzmq. Call this before there
    /// are peers.
    pub const fn share_turns(&mut self) {
        self.outgoing.share_turns();
    }

    /// Sets whether messages go only to connected peers; see [`Outgoing::new`]. It applies to peers that are attached, or
    /// whose connection ends, from now on.
    pub const fn set_only_connected(&mut self, only_connected: bool) {
        self.outgoing.set_only_connected(only_connected);
    }
}

impl<S: Slots<OutgoingPeer>, const RECEIVES: bool, const SINGLE: bool> Pattern
    for Outgoing<S, RECEIVES, SINGLE>
{
    fn attached(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        slots::attach(self, |pattern| &mut pattern.peers, peer)?;
        self.outgoing.attach(&mut self.peers, peer);
        Ok(())
    }

    fn connected(
        &mut self,
        peer: PeerId,
        _routing_id: &[u8],
    ) -> Result<Option<PeerId>, AttachError> {
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
        self.incoming.close(&mut self.peers, peer);
    }

    fn detached(&mut self, peer: PeerId) {
        self.outgoing.detach(&mut self.peers, peer);
        self.incoming.detach(&mut self.peers, peer);
    }

    fn set_full(&mut self, peer: PeerId, full: bool) {
        self.outgoing.set_full(&mut self.peers, peer, full);
    }

    fn accept(&mut self, _peer: PeerId, frame: FrameHeader, first: bool) -> Verdict {
        match (RECEIVES, first) {
            (true, _) if SINGLE => single::accept(frame, first),
            (true, _) => Verdict::Deliver,
            (false, true) => Verdict::Reject(Reason::SendsOnly),
            (false, false) => Verdict::Skip,
        }
    }

    fn received(&mut self, peer: PeerId) -> bool {
        RECEIVES && self.incoming.received(&mut self.peers, peer)
    }

    fn received_many(&mut self, peer: PeerId, count: u32) -> bool {
        RECEIVES && self.incoming.received_many(&mut self.peers, peer, count)
    }

    fn may_take(&self) -> bool {
        self.incoming.may_take()
    }

    fn take(&mut self) -> Result<Option<PeerId>, TakeError> {
        Ok(self.incoming.take(&mut self.peers).map(|(peer, _)| peer))
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
    use crate::wire::{FrameKind, More};

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
    fn a_client_rejects_a_message_of_several_parts_as_a_whole() {
        let mut client = Client::new(Fixed::<_, 1>::new(), false);
        client.connected(A, &[]).unwrap();
        single::tests::rejects_several_parts(&mut client, A);
    }

    #[test]
    fn a_scatter_rejects_messages_of_its_peers_and_sends_in_turn() {
        let mut scatter = Scatter::new(Fixed::<_, 2>::new(), false);
        for peer in [A, B] {
            scatter.connected(peer, &[]).unwrap();
        }
        let part = FrameHeader::new(FrameKind::Message(More::Last), 1);
        assert_eq!(scatter.accept(A, part, true), Verdict::Reject(Reason::SendsOnly));
        assert!(!scatter.received(A) && !scatter.may_take());
        assert_eq!([scatter.route(&[]), scatter.route(&[])], [Ok(A), Ok(B)]);
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
