//! PAIR and CHANNEL: exchange messages with a single peer (RFC 31 and 52).

use super::{AttachError, NoRoom, Pattern, PeerId, RouteError, TakeError, Verdict, single};
use crate::wire::FrameHeader;

/// The rules of PAIR: it refuses other peers until its first peer is removed.
pub type Pair = Exclusive<false>;

/// The rules of CHANNEL: as PAIR, for messages of one part. Others are rejected.
pub type Channel = Exclusive<true>;

/// The rules of a socket type with a single peer: [`Pair`] and [`Channel`]. `SINGLE` is whether it receives messages
/// of one part only.
#[derive(Debug, Default)]
pub struct Exclusive<const SINGLE: bool> {
    peer: Option<PeerId>,
    /// The peer was removed, and messages of it are queued.
    closed: bool,
    full: bool,
    /// The socket connects to the peer, and no messages are queued for it until it is connected.
    held: bool,
    only_connected: bool,
    queued: u32,
}

impl<const SINGLE: bool> Exclusive<SINGLE> {
    /// Creates a socket without a peer. With `only_connected`, no message is queued for the peer until it is
    /// connected (`ZMQ_IMMEDIATE`).
    pub const fn new(only_connected: bool) -> Self {
        Self { peer: None, closed: false, full: false, held: false, only_connected, queued: 0 }
    }

    /// Sets whether messages are queued only for a connected peer; see [`Exclusive::new`]. It applies to a peer that is
    /// attached, or whose connection ends, from now on.
    pub const fn set_only_connected(&mut self, only_connected: bool) {
        self.only_connected = only_connected;
    }

    /// The peer; `None` if there is none.
    pub const fn peer(&self) -> Option<PeerId> {
        self.peer
    }

    fn is_peer(&self, peer: PeerId) -> bool {
        self.peer == Some(peer)
    }
}

impl<const SINGLE: bool> Pattern for Exclusive<SINGLE> {
    /// The current peer may be attached again.
    fn attached(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        if self.peer.is_some_and(|held| held.index() != peer.index()) {
            return Err(NoRoom);
        }
        if !self.is_peer(peer) {
            *self = Self::new(self.only_connected);
            self.peer = Some(peer);
            self.held = self.only_connected;
        }
        self.closed = false;
        Ok(())
    }

    fn connected(
        &mut self,
        peer: PeerId,
        _routing_id: &[u8],
    ) -> Result<Option<PeerId>, AttachError> {
        self.attached(peer).map_err(|_| AttachError::SecondPeer)?;
        self.held = false;
        Ok(None)
    }

    fn disconnected(&mut self, peer: PeerId) {
        if self.is_peer(peer) {
            self.held = self.only_connected;
        }
    }

    fn closed(&mut self, peer: PeerId) {
        if self.is_peer(peer) {
            self.closed = true;
            if self.queued == 0 {
                self.detached(peer);
            }
        }
    }

    fn detached(&mut self, peer: PeerId) {
        if self.is_peer(peer) {
            *self = Self::new(self.only_connected);
        }
    }

    fn set_full(&mut self, peer: PeerId, full: bool) {
        if self.is_peer(peer) {
            self.full = full;
        }
    }

    fn accept(&mut self, _peer: PeerId, frame: FrameHeader, first: bool) -> Verdict {
        if SINGLE { single::accept(frame, first) } else { Verdict::Deliver }
    }

    fn received(&mut self, peer: PeerId) -> bool {
        let known = self.is_peer(peer);
        if known {
            self.queued = self.queued.saturating_add(1);
        }
        known
    }

    fn may_take(&self) -> bool {
        self.queued > 0
    }

    fn take(&mut self) -> Result<Option<PeerId>, TakeError> {
        let Some(left) = self.queued.checked_sub(1) else { return Ok(None) };
        self.queued = left;
        let peer = self.peer;
        if self.closed && left == 0 {
            *self = Self::new(self.only_connected);
        }
        Ok(peer)
    }

    fn may_route(&self) -> bool {
        self.peer.is_some() && !(self.full || self.closed || self.held)
    }

    fn route(&mut self, _routing_id: &[u8]) -> Result<PeerId, RouteError> {
        self.peer.filter(|_| self.may_route()).ok_or(RouteError::NoPeer)
    }

    fn keeps_unsent(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: PeerId = PeerId::new(1, 0);
    const B: PeerId = PeerId::new(2, 0);

    #[test]
    fn a_channel_rejects_a_message_of_several_parts_as_a_whole() {
        let mut channel = Channel::new(false);
        channel.connected(A, &[]).unwrap();
        single::tests::rejects_several_parts(&mut channel, A);
        assert_eq!(channel.connected(B, &[]), Err(AttachError::SecondPeer));
    }

    #[test]
    fn a_second_peer_is_refused_until_the_first_is_gone() {
        let mut pair = Pair::new(false);
        assert_eq!(pair.route(&[]), Err(RouteError::NoPeer));
        assert_eq!(pair.attached(A), Ok(()));
        assert_eq!(pair.attached(B), Err(NoRoom));
        assert_eq!(pair.connected(B, &[]), Err(AttachError::SecondPeer));
        pair.detached(B);
        assert_eq!(pair.route(&[]), Ok(A));
        assert!(pair.received(A) && !pair.received(B));
        pair.closed(A);
        assert!(!pair.may_route());
        assert_eq!(pair.attached(B), Err(NoRoom), "a message of the first is queued");
        assert_eq!([pair.take(), pair.take()], [Ok(Some(A)), Ok(None)]);
        assert_eq!(pair.attached(B), Ok(()));
        assert_eq!(pair.route(&[]), Ok(B));
        pair.closed(B);
        assert_eq!(pair.attached(A), Ok(()));
    }

    #[test]
    fn with_only_connected_no_messages_are_queued_for_an_unconnected_peer() {
        let mut pair = Pair::new(true);
        pair.attached(A).unwrap();
        assert!(!pair.may_route());
        pair.connected(A, &[]).unwrap();
        assert_eq!(pair.route(&[]), Ok(A));
        pair.set_full(A, true);
        assert!(!pair.may_route());
        pair.set_full(A, false);
        pair.disconnected(A);
        assert!(!pair.may_route());
    }
}
