//! REP: takes requests from all peers in turn and sends each reply to the peer of the request
//! (RFC 28).

use super::{
    AttachError, FairPeer, FairQueue, Linked, NoRoom, OutOfTurn, Pattern, PeerId, Reason,
    RepFrames, RepTurn, RingLink, RouteError, Slots, TakeError, Verdict, slots,
};
use crate::wire::FrameHeader;

/// The rules of REP. The driver stores the bytes: for each peer a queue of requests with their
/// envelopes, and the envelope of the request that was taken last.
///
/// * [`Pattern::take`] fails with [`OutOfTurn::ReplyDue`] until the application has replied to the last
///   request.
/// * [`Pattern::route`] returns the peer to which the reply is sent. It fails with
///   [`OutOfTurn::NoRequestTaken`] if no request was taken, and with [`RouteError::PeerLost`] if the
///   connection of the request has ended.
#[derive(Debug)]
pub struct Rep<S> {
    peers: S,
    requests: FairQueue,
    turn: RepTurn<PeerId>,
}

/// The state of a peer in REP.
#[derive(Clone, Copy, Debug, Default)]
pub struct RepPeer {
    requests: FairPeer,
    frames: RepFrames,
}

impl Linked<1> for RepPeer {
    fn link(&mut self) -> &mut RingLink {
        self.requests.link()
    }
}

impl AsMut<FairPeer> for RepPeer {
    fn as_mut(&mut self) -> &mut FairPeer {
        &mut self.requests
    }
}

impl<S: Slots<RepPeer>> Rep<S> {
    /// Creates a REP without peers.
    pub const fn new(peers: S) -> Self {
        Self { peers, requests: FairQueue::new(), turn: RepTurn::new() }
    }

    /// Holds a peer back, or releases it: while it is held back, its requests are not taken. A closed
    /// peer is not held back.
    pub fn hold(&mut self, peer: PeerId, held: bool) {
        self.requests.hold(&mut self.peers, peer, held);
    }

    /// Whether a request of a peer that is not held back is queued, also while a reply is due.
    pub const fn has_requests(&self) -> bool {
        self.requests.may_take()
    }

    /// The number of queued requests of a peer.
    pub fn queued(&mut self, peer: PeerId) -> u32 {
        self.peers.get_mut(peer).map_or(0, |slot| slot.requests.queued())
    }
}

impl<S: Slots<RepPeer>> Pattern for Rep<S> {
    fn attached(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        slots::attach(self, |pattern| &mut pattern.peers, peer)
    }

    fn connected(
        &mut self,
        peer: PeerId,
        _routing_id: &[u8],
    ) -> Result<Option<PeerId>, AttachError> {
        if self.peers.get_mut(peer).is_none() {
            self.attached(peer)?;
        }
        Ok(None)
    }

    /// Requests of the peer that were received can be taken, but not answered.
    fn disconnected(&mut self, peer: PeerId) {
        if let Some(slot) = self.peers.get_mut(peer) {
            slot.frames = RepFrames::new();
            slot.requests.set_stale();
        }
        self.turn.forget(peer);
    }

    fn closed(&mut self, peer: PeerId) {
        self.disconnected(peer);
        self.requests.close(&mut self.peers, peer);
    }

    fn detached(&mut self, peer: PeerId) {
        self.turn.forget(peer);
        self.requests.detach(&mut self.peers, peer);
    }

    fn accept(&mut self, peer: PeerId, frame: FrameHeader, _first: bool) -> Verdict {
        match self.peers.get_mut(peer) {
            Some(slot) => slot.frames.accept(frame),
            None => Verdict::Reject(Reason::Unsolicited),
        }
    }

    fn received(&mut self, peer: PeerId) -> bool {
        self.requests.received(&mut self.peers, peer)
    }

    fn may_take(&self) -> bool {
        !self.turn.may_reply() && self.requests.may_take()
    }

    fn take(&mut self) -> Result<Option<PeerId>, TakeError> {
        if self.turn.may_reply() {
            return Err(OutOfTurn::ReplyDue.into());
        }
        let Some((peer, _)) = self.requests.take(&mut self.peers) else { return Ok(None) };
        self.turn.take(peer)?;
        // Without a slot it is closed, and this is its last request.
        if self.peers.get_mut(peer).is_none_or(|slot| slot.requests.take_stale()) {
            self.turn.forget(peer);
        }
        Ok(Some(peer))
    }

    /// Whether a reply is due.
    fn may_route(&self) -> bool {
        self.turn.may_reply()
    }

    fn route(&mut self, _routing_id: &[u8]) -> Result<PeerId, RouteError> {
        self.turn.reply()?.ok_or(RouteError::PeerLost)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Fixed;
    use super::*;

    #[test]
    fn a_queued_request_is_known_while_a_reply_is_due_unless_its_peer_is_held_back() {
        let mut rep = Rep::new(Fixed::<_, 2>::new());
        let (one, other) = (PeerId::new(0, 0), PeerId::new(1, 0));
        for peer in [one, other] {
            rep.connected(peer, b"").unwrap();
            assert!(rep.received(peer));
        }
        assert_eq!(rep.take(), Ok(Some(one)));
        assert!(!rep.may_take() && rep.has_requests());
        rep.hold(other, true);
        assert!(!rep.has_requests());
    }
}
