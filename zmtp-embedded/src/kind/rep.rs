//! REP: receives a request, then sends its reply (RFC 28).

use zmtp_core::mechanism::{Mechanism, Role};
use zmtp_core::pattern::{
    OutOfTurn, Pattern, PeerId, Reason, RepFrames, RepTurn, RouteError, TakeError, Verdict,
};
use zmtp_core::wire::{FrameHeader, SocketType};
use zmtp_core::{Config, Connection};

use super::Kind;
use crate::inbox::Fate;
use crate::outbox::Prefix;

/// REP over `N` links, at most 256. With several links, the socket receives from the links in turn.
#[derive(Debug)]
pub struct Rep<const N: usize = 1> {
    turn: RepTurn<Link<N>>,
    frames: [RepFrames; N],
}

/// The index of one of `N` links. All are equal if there is only one.
#[derive(Clone, Copy, Debug)]
struct Link<const N: usize>(u8);

impl<const N: usize> Link<N> {
    const fn of(peer: PeerId) -> Self {
        let [index, ..] = peer.index().to_le_bytes();
        Self(if N == 1 { 0 } else { index })
    }

    fn peer(self) -> PeerId {
        PeerId::new(self.0.into(), 0)
    }
}

impl<const N: usize> PartialEq for Link<N> {
    fn eq(&self, other: &Self) -> bool {
        N == 1 || self.0 == other.0
    }
}

impl<const N: usize> Eq for Link<N> {}

impl<const N: usize> Rep<N> {
    pub(crate) const fn new() -> Self {
        const { assert!(N <= 256, "REP has at most 256 links") };
        Self { turn: RepTurn::new(), frames: [RepFrames::new(); N] }
    }

    fn frames(&mut self, peer: PeerId) -> Option<&mut RepFrames> {
        if N == 1 { self.frames.first_mut() } else { self.frames.get_mut(peer.index() as usize) }
    }
}

impl<const N: usize> Role for Rep<N> {
    const SOCKET_TYPE: SocketType = SocketType::Rep;
}

impl<const N: usize> Pattern for Rep<N> {
    fn disconnected(&mut self, peer: PeerId) {
        if let Some(frames) = self.frames(peer) {
            *frames = RepFrames::new();
        }
        self.turn.forget(Link::of(peer));
    }

    fn accept(&mut self, peer: PeerId, frame: FrameHeader, _first: bool) -> Verdict {
        match self.frames(peer) {
            Some(frames) => frames.accept(frame),
            None => Verdict::Reject(Reason::Unsolicited),
        }
    }

    fn received(&mut self, peer: PeerId) -> bool {
        self.turn.take(Link::of(peer)).is_ok()
    }

    #[inline(always)]
    fn take(&mut self) -> Result<Option<PeerId>, TakeError> {
        if self.turn.has_lost_peer() {
            // The reply would be dropped.
            let _ = self.turn.reply();
        }
        if self.turn.may_reply() { Err(OutOfTurn::ReplyDue.into()) } else { Ok(None) }
    }

    fn may_route(&self) -> bool {
        self.turn.may_reply()
    }

    #[inline(always)]
    fn route(&mut self, _routing_id: &[u8]) -> Result<PeerId, RouteError> {
        self.turn.reply()?.map(Link::peer).ok_or(RouteError::PeerLost)
    }
}

impl<const N: usize> Kind for Rep<N> {
    fn blank() -> Self {
        Self::new()
    }

    fn returns(fate: Fate) -> bool {
        matches!(fate, Fate::Deliver | Fate::Envelope | Fate::Reject)
    }

    fn prefix_len<M: Mechanism>(
        &self,
        connection: &Connection<M, &Config>,
        envelope: &[u8],
    ) -> usize {
        connection.forwarded_len(envelope)
    }

    fn prefix<'e>(&self, envelope: &'e [u8]) -> Prefix<'e> {
        Prefix::Frames(envelope)
    }
}
