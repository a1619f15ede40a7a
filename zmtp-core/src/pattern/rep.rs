//! REP: takes requests in turn from all peers and answers each where it came from (RFC 28).

use super::{Linked, NoRoom, OutOfTurn, PeerId, Reason, Ring, RingLink, Slots, Verdict};
use crate::wire::FrameHeader;

/// REP's rules. The driver keeps the octets: a queue of requests per peer, each with its
/// envelope, and the envelope of the request being answered.
#[derive(Debug)]
pub struct Rep<S> {
    peers: S,
    ready: Ring<0>,
    turn: Turn,
}

#[derive(Clone, Copy, Debug)]
enum Turn {
    /// The application takes a request next.
    Take,
    /// The application answers this peer next; `None` if it is gone.
    Reply(Option<PeerId>),
}

/// What REP knows of a peer.
#[derive(Clone, Copy, Debug, Default)]
pub struct RepPeer {
    link: RingLink,
    /// Whole requests that wait.
    queued: u32,
    frame: Expect,
}

/// What the next frame of a peer must be.
#[derive(Clone, Copy, Debug, Default)]
enum Expect {
    #[default]
    Envelope,
    Body,
}

impl Linked<0> for RepPeer {
    fn link(&mut self) -> &mut RingLink {
        &mut self.link
    }
}

impl<S: Slots<RepPeer>> Rep<S> {
    /// REP without peers.
    pub const fn new(peers: S) -> Self {
        Self { peers, ready: Ring::new(), turn: Turn::Take }
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
            slot.frame = Expect::Envelope;
        }
        self.forget(peer);
    }

    /// The request just taken came on an earlier connection of its peer: its reply has nowhere to
    /// go.
    pub fn forget(&mut self, peer: PeerId) {
        if let Turn::Reply(owed) = &mut self.turn
            && *owed == Some(peer)
        {
            *owed = None;
        }
    }

    /// Requests of a peer that wait.
    pub fn queued(&mut self, peer: PeerId) -> u32 {
        self.peers.get_mut(peer).map_or(0, |slot| slot.queued)
    }

    /// Judges the next frame of a peer. Frames up to and including the first empty one are the
    /// envelope; a request that ends there or before is rejected.
    pub fn accept(&mut self, peer: PeerId, frame: FrameHeader) -> Verdict {
        let Some(slot) = self.peers.get_mut(peer) else {
            return Verdict::Reject(Reason::NotAsked);
        };
        match (slot.frame, frame.is_final()) {
            (Expect::Envelope, true) => Verdict::Reject(Reason::BadEnvelope),
            (Expect::Envelope, false) => {
                if frame.is_empty() {
                    slot.frame = Expect::Body;
                }
                Verdict::Envelope
            }
            (Expect::Body, last) => {
                if last {
                    slot.frame = Expect::Envelope;
                }
                Verdict::Deliver
            }
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
        matches!(self.turn, Turn::Take) && self.ready.head().is_some()
    }

    /// Whether a reply is due.
    pub const fn may_reply(&self) -> bool {
        matches!(self.turn, Turn::Reply(_))
    }

    /// Takes the next request: the peer whose oldest request it is, in turn; `None` if none waits.
    ///
    /// # Errors
    ///
    /// [`OutOfTurn::ReplyDue`] while the last request is unanswered.
    pub fn take(&mut self) -> Result<Option<PeerId>, OutOfTurn> {
        if matches!(self.turn, Turn::Reply(_)) {
            return Err(OutOfTurn::ReplyDue);
        }
        let Some(peer) = self.ready.head() else { return Ok(None) };
        self.ready.rotate(&mut self.peers);
        if let Some(slot) = self.peers.get_mut(peer) {
            slot.queued = slot.queued.saturating_sub(1);
            if slot.queued == 0 {
                self.ready.remove(&mut self.peers, peer);
            }
        }
        self.turn = Turn::Reply(Some(peer));
        Ok(Some(peer))
    }

    /// Gives the reply its address: the peer to send to, or `None` if it is gone and the reply is
    /// dropped (RFC 28). The next request may be taken in either case.
    ///
    /// # Errors
    ///
    /// [`OutOfTurn::NoRequestTaken`] if no request was taken.
    pub fn reply(&mut self) -> Result<Option<PeerId>, OutOfTurn> {
        match self.turn {
            Turn::Take => Err(OutOfTurn::NoRequestTaken),
            Turn::Reply(peer) => {
                self.turn = Turn::Take;
                Ok(peer)
            }
        }
    }
}
