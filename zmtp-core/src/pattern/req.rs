//! REQ: asks one peer after the other and takes the answer of the one asked (RFC 28).

use super::{
    Linked, NoRoom, OutOfTurn, PeerId, Reason, ReqFrames, ReqTurn, Ring, RingLink, Slots,
    TakeError, Verdict,
};
use crate::wire::FrameHeader;

/// REQ's rules. The driver keeps the bytes: requests on their way, and the one reply.
#[derive(Debug)]
pub struct Req<S> {
    peers: S,
    /// Peers that can take a request at once.
    up: Ring<0>,
    /// Peers that are still being connected to: asked only when no peer is up.
    pending: Ring<1>,
    turn: ReqTurn<PeerId>,
    mode: Mode,
    request_id: u32,
}

/// The two options of REQ.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Mode {
    /// A new request may be sent before the reply of the last (`ZMQ_REQ_RELAXED`).
    pub relaxed: bool,
    /// Requests carry an id and replies must bring it back (`ZMQ_REQ_CORRELATE`).
    pub correlate: bool,
}

/// What REQ knows of a peer.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReqPeer {
    up: RingLink,
    pending: RingLink,
    frames: ReqFrames,
}

impl Linked<0> for ReqPeer {
    fn link(&mut self) -> &mut RingLink {
        &mut self.up
    }
}

impl Linked<1> for ReqPeer {
    fn link(&mut self) -> &mut RingLink {
        &mut self.pending
    }
}

/// Why no peer can be asked.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum RouteError {
    /// There is no peer that could take the request now; try again later.
    NoPeer,
    /// The application called out of turn.
    OutOfTurn(OutOfTurn),
}

impl<S: Slots<ReqPeer>> Req<S> {
    /// REQ without peers. Request ids start at `request_id`, which should be random.
    #[inline(always)]
    pub const fn new(peers: S, mode: Mode, request_id: u32) -> Self {
        let (up, pending) = (Ring::new(), Ring::new());
        Self { peers, up, pending, turn: ReqTurn::new(), mode, request_id }
    }

    /// A peer that is being connected to: requests may queue for it.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the table is full.
    pub fn attach(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        // A stranger under an old number must not take the old one's place in the turns.
        self.detach(peer);
        self.peers.insert(peer, ReqPeer::default())?;
        self.pending.push(&mut self.peers, peer);
        Ok(())
    }

    /// A peer's handshake is over, or over again.
    pub fn up(&mut self, peer: PeerId) {
        self.pending.remove(&mut self.peers, peer);
        self.up.push(&mut self.peers, peer);
        if let Some(slot) = self.peers.get_mut(peer) {
            slot.frames = ReqFrames::new();
        }
    }

    /// A peer's connection broke, and will be tried again.
    pub fn down(&mut self, peer: PeerId) {
        self.up.remove(&mut self.peers, peer);
        self.pending.push(&mut self.peers, peer);
        if let Some(slot) = self.peers.get_mut(peer) {
            slot.frames = ReqFrames::new();
        }
    }

    /// The request that went to a peer cannot be answered any more. Returns whether one was due.
    pub fn lost(&mut self, peer: PeerId) -> bool {
        let due = self.turn.lost(peer);
        if due {
            self.forget(peer);
        }
        due
    }

    /// A peer is gone for good. Returns whether a reply of it was due.
    pub fn detach(&mut self, peer: PeerId) -> bool {
        self.up.remove(&mut self.peers, peer);
        self.pending.remove(&mut self.peers, peer);
        self.peers.remove(peer);
        self.lost(peer)
    }

    /// Whether [`Req::route`] would find a peer now.
    pub fn may_route(&self) -> bool {
        let free = self.turn.may_ask() || self.mode.relaxed;
        free && (self.up.head().is_some() || self.pending.head().is_some())
    }

    /// Chooses the peer of the next request: in turn among the peers that are up, else among those
    /// being connected to. An earlier request is given up if the mode is relaxed. Say
    /// [`Req::sent`] when the request is out.
    ///
    /// # Errors
    ///
    /// [`RouteError::OutOfTurn`] while a reply is due, [`RouteError::NoPeer`] if there is none.
    pub fn route(&mut self) -> Result<PeerId, RouteError> {
        if !self.turn.may_ask() && !self.mode.relaxed {
            return Err(RouteError::OutOfTurn(OutOfTurn::ReplyPending));
        }
        let peer = match self.up.head() {
            Some(peer) => {
                self.up.rotate(&mut self.peers);
                peer
            }
            None => {
                let peer = self.pending.head().ok_or(RouteError::NoPeer)?;
                self.pending.rotate(&mut self.peers);
                peer
            }
        };
        self.give_up();
        self.turn.ask(peer);
        self.request_id = self.request_id.wrapping_add(1);
        Ok(peer)
    }

    /// Whether the request that is not out waits for a peer that is being connected to, while
    /// another is up: gives the old and the new peer, and it is the new one's from now on.
    pub fn reroute(&mut self) -> Option<(PeerId, PeerId)> {
        let old = self.turn.routed()?;
        let slot = self.peers.get_mut(old)?;
        let new = self.up.head().filter(|_| !slot.up.is_linked())?;
        self.up.rotate(&mut self.peers);
        self.turn.ask(new);
        Some((old, new))
    }

    /// The request to a peer is out, its last byte written. What came of the peer before is no
    /// reply to it.
    pub fn sent(&mut self, peer: PeerId) {
        self.turn.sent(peer);
    }

    /// The options.
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// The id that the last request carries in front of its delimiter, in host order as libzmq
    /// has it; `None` if the mode has none.
    pub fn request_id(&self) -> Option<[u8; 4]> {
        self.mode.correlate.then_some(self.request_id.to_ne_bytes())
    }

    /// Judges the next frame of a peer.
    pub fn accept(&mut self, peer: PeerId, frame: FrameHeader) -> Verdict {
        let Some(slot) = self.peers.get_mut(peer) else {
            return Verdict::Reject(Reason::NotAsked);
        };
        slot.frames.accept(self.turn.refuses(peer), self.mode.correlate, frame)
    }

    /// Judges the request id that [`Verdict::RequestId`] asked for: [`Verdict::Envelope`] if it is
    /// the last request's.
    pub fn check_request_id(&mut self, peer: PeerId, id: [u8; 4]) -> Verdict {
        let is_last = self.request_id() == Some(id);
        match self.peers.get_mut(peer) {
            Some(slot) => slot.frames.check_request_id(is_last),
            None => Verdict::Reject(Reason::WrongRequestId),
        }
    }

    /// A whole reply of a peer has come. `false` if nobody waits for it any more: drop it.
    pub fn received(&mut self, peer: PeerId) -> bool {
        let whole = self.peers.get_mut(peer).is_some_and(|slot| slot.frames.received());
        whole && self.turn.answered(peer)
    }

    /// Whether [`Req::take`] has something to say: a reply, or that the peer asked is gone.
    pub const fn may_take(&self) -> bool {
        self.turn.may_take()
    }

    /// Takes the reply: the peer that gave it, `None` if it has not come.
    ///
    /// # Errors
    ///
    /// [`TakeError::PeerLost`] once if the peer asked is gone, [`TakeError::OutOfTurn`] if nothing
    /// was asked. A request can be sent after either.
    pub fn take(&mut self) -> Result<Option<PeerId>, TakeError> {
        self.turn.take()
    }

    /// Gives the request up: another may be sent. Returns the peer that may still answer it. That
    /// answer would pass for the next one's, unless requests carry ids: close the peer's connection
    /// then, as the Guide's Lazy Pirate does.
    pub fn give_up(&mut self) -> Option<PeerId> {
        let asked = self.turn.give_up();
        if let Some(peer) = asked {
            self.forget(peer);
        }
        asked
    }

    fn forget(&mut self, peer: PeerId) {
        if let Some(slot) = self.peers.get_mut(peer) {
            slot.frames.give_up();
        }
    }
}
