//! REP: takes requests in turn from all peers and answers each where it came from (RFC 28).

use super::{
    Linked, NoRoom, OutOfTurn, PeerId, Reason, RepFrames, RepTurn, Ring, RingLink, Slots, Verdict,
};
use crate::wire::FrameHeader;

/// REP's rules. The driver keeps the bytes: a queue of requests per peer, each with its
/// envelope, and the envelope of the request being answered.
#[derive(Debug)]
pub struct Rep<S> {
    peers: S,
    ready: Ring<0>,
    turn: RepTurn<PeerId>,
}

/// What REP knows of a peer.
#[derive(Clone, Copy, Debug, Default)]
pub struct RepPeer {
    link: RingLink,
    /// Whole requests that wait.
    queued: u32,
    frames: RepFrames,
}

impl Linked<0> for RepPeer {
    fn link(&mut self) -> &mut RingLink {
        &mut self.link
    }
}

impl<S: Slots<RepPeer>> Rep<S> {
    /// REP without peers.
    pub const fn new(peers: S) -> Self {
        Self { peers, ready: Ring::new(), turn: RepTurn::new() }
    }

    /// A peer's handshake is over.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the table is full.
    pub fn attach(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        // A stranger under an old number must not take the old one's place in the turns.
        self.detach(peer);
        self.peers.insert(peer, RepPeer::default())
    }

    /// A peer is gone. Requests that wait go with it, and the answer it was owed will be dropped.
    /// A driver that lets the application have what had come whole keeps the peer until
    /// [`Rep::queued`] is 0 and says [`Rep::unreachable`] meanwhile.
    pub fn detach(&mut self, peer: PeerId) {
        self.unreachable(peer);
        self.ready.remove(&mut self.peers, peer);
        self.peers.remove(peer);
    }

    /// A peer's connection broke: it cannot be answered any more, and what it was sending is
    /// forgotten, though whole requests of it may wait.
    pub fn unreachable(&mut self, peer: PeerId) {
        if let Some(slot) = self.peers.get_mut(peer) {
            slot.frames = RepFrames::new();
        }
        self.forget(peer);
    }

    /// The request just taken came on an earlier connection of its peer: its reply has nowhere to
    /// go.
    pub fn forget(&mut self, peer: PeerId) {
        self.turn.forget(peer);
    }

    /// Requests of a peer that wait.
    pub fn queued(&mut self, peer: PeerId) -> u32 {
        self.peers.get_mut(peer).map_or(0, |slot| slot.queued)
    }

    /// Judges the next frame of a peer. Frames up to and including the first empty one are the
    /// envelope; a request that ends there or before is rejected.
    pub fn accept(&mut self, peer: PeerId, frame: FrameHeader) -> Verdict {
        match self.peers.get_mut(peer) {
            Some(slot) => slot.frames.accept(frame),
            None => Verdict::Reject(Reason::NotAsked),
        }
    }

    /// A whole request of a peer was queued.
    pub fn received(&mut self, peer: PeerId) {
        let Some(slot) = self.peers.get_mut(peer) else { return };
        slot.queued = slot.queued.saturating_add(1);
        self.ready.push(&mut self.peers, peer);
    }

    /// Whether a request can be taken now.
    pub const fn may_take(&self) -> bool {
        !self.turn.may_reply() && self.ready.head().is_some()
    }

    /// Whether a reply is due.
    pub const fn may_reply(&self) -> bool {
        self.turn.may_reply()
    }

    /// Takes the next request: the peer whose oldest request it is, in turn; `None` if none waits.
    ///
    /// # Errors
    ///
    /// [`OutOfTurn::ReplyDue`] while the last request is unanswered.
    pub fn take(&mut self) -> Result<Option<PeerId>, OutOfTurn> {
        let Some(peer) = self.ready.head() else {
            return if self.turn.may_reply() { Err(OutOfTurn::ReplyDue) } else { Ok(None) };
        };
        self.turn.take(peer)?;
        self.ready.rotate(&mut self.peers);
        if let Some(slot) = self.peers.get_mut(peer) {
            slot.queued = slot.queued.saturating_sub(1);
            if slot.queued == 0 {
                self.ready.remove(&mut self.peers, peer);
            }
        }
        Ok(Some(peer))
    }

    /// Gives the reply its address: the peer to send to, or `None` if it is gone and the reply is
    /// dropped (RFC 28). The next request may be taken in either case.
    ///
    /// # Errors
    ///
    /// [`OutOfTurn::NoRequestTaken`] if no request was taken.
    pub fn reply(&mut self) -> Result<Option<PeerId>, OutOfTurn> {
        self.turn.reply()
    }
}
