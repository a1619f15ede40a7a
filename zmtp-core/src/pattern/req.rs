//! REQ: asks one peer after the other and takes the answer of the one asked (RFC 28).

use super::{Linked, NoRoom, OutOfTurn, PeerId, Reason, Ring, RingLink, Slots, Verdict};
use crate::wire::{FrameHeader, Kind, More};

/// REQ's rules. The driver keeps the octets: requests on their way, and the one reply.
#[derive(Debug)]
pub struct Req<S> {
    peers: S,
    /// Peers that can take a request at once.
    up: Ring<0>,
    /// Peers that are still being connected to: asked only when no peer is up.
    pending: Ring<1>,
    state: State,
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

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Idle,
    /// A request is to go to this peer, and is not out yet.
    Routed(PeerId),
    /// A request went to this peer.
    Asked(PeerId),
    /// The reply from this peer is whole and waits.
    Answered(PeerId),
    /// The peer asked is gone, and the application does not know yet.
    Lost,
}

/// What REQ knows of a peer.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReqPeer {
    up: RingLink,
    pending: RingLink,
    frame: Expect,
}

/// What the next frame of a peer must be.
#[derive(Clone, Copy, Debug, Default)]
enum Expect {
    /// The first frame of a message.
    #[default]
    Start,
    /// The delimiter, after a request id.
    Delimiter,
    /// A part of the reply.
    Body,
    /// The first frame of a message, once [`Req::received`] has said that the reply is whole.
    Received,
    /// A further part of a message that was rejected.
    Rejected,
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
        Self { peers, up, pending, state: State::Idle, mode, request_id }
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
            slot.frame = Expect::Start;
        }
    }

    /// A peer's connection broke, and will be tried again.
    pub fn down(&mut self, peer: PeerId) {
        self.up.remove(&mut self.peers, peer);
        self.pending.push(&mut self.peers, peer);
        if let Some(slot) = self.peers.get_mut(peer) {
            slot.frame = Expect::Start;
        }
    }

    /// The request that went to a peer cannot be answered any more. Returns whether one was due.
    pub fn lost(&mut self, peer: PeerId) -> bool {
        let due = self.asked() == Some(peer);
        if due {
            self.give_up();
            self.state = State::Lost;
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
        let free = matches!(self.state, State::Idle | State::Lost) || self.mode.relaxed;
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
        let pending = matches!(self.state, State::Routed(_) | State::Asked(_) | State::Answered(_));
        if pending && !self.mode.relaxed {
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
        self.state = State::Routed(peer);
        self.request_id = self.request_id.wrapping_add(1);
        Ok(peer)
    }

    /// Whether the request that is not out waits for a peer that is being connected to, while
    /// another is up: gives the old and the new peer, and it is the new one's from now on.
    pub fn reroute(&mut self) -> Option<(PeerId, PeerId)> {
        let State::Routed(old) = self.state else { return None };
        let slot = self.peers.get_mut(old)?;
        let new = self.up.head().filter(|_| !slot.up.is_linked())?;
        self.up.rotate(&mut self.peers);
        self.state = State::Routed(new);
        Some((old, new))
    }

    /// The request to a peer is out, its last octet written. What came of the peer before is no
    /// reply to it.
    pub fn sent(&mut self, peer: PeerId) {
        if self.state == State::Routed(peer) {
            self.state = State::Asked(peer);
        }
    }

    /// The peer of the request that is not answered.
    const fn asked(&self) -> Option<PeerId> {
        match self.state {
            State::Routed(peer) | State::Asked(peer) => Some(peer),
            _ => None,
        }
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
        let more = frame.kind() == Kind::Message(More::Follows);
        let (verdict, next) = match slot.frame {
            Expect::Rejected => (Verdict::Skip, Expect::Rejected),
            Expect::Body => (Verdict::Deliver, Expect::Body),
            Expect::Start | Expect::Received if self.state != State::Asked(peer) => {
                let reason = match self.state {
                    State::Asked(_) => Reason::WrongPeer,
                    State::Routed(asked) if asked != peer => Reason::WrongPeer,
                    _ => Reason::NotAsked,
                };
                (Verdict::Reject(reason), Expect::Rejected)
            }
            Expect::Start | Expect::Received if self.mode.correlate && more && frame.len() == 4 => {
                (Verdict::RequestId, Expect::Delimiter)
            }
            Expect::Start | Expect::Received if self.mode.correlate => {
                (Verdict::Reject(Reason::WrongRequestId), Expect::Rejected)
            }
            Expect::Start | Expect::Received | Expect::Delimiter if more && frame.is_empty() => {
                (Verdict::Envelope, Expect::Body)
            }
            Expect::Start | Expect::Received | Expect::Delimiter => {
                (Verdict::Reject(Reason::BadEnvelope), Expect::Rejected)
            }
        };
        slot.frame = match verdict {
            _ if more => next,
            Verdict::Deliver => Expect::Received,
            _ => Expect::Start,
        };
        verdict
    }

    /// Judges the request id that [`Verdict::RequestId`] asked for: [`Verdict::Envelope`] if it is
    /// the last request's.
    pub fn check_request_id(&mut self, peer: PeerId, id: [u8; 4]) -> Verdict {
        let expected = self.request_id();
        match self.peers.get_mut(peer) {
            // The request was given up while its id came.
            Some(slot) if matches!(slot.frame, Expect::Rejected) => Verdict::Skip,
            Some(_) if expected == Some(id) => Verdict::Envelope,
            slot => {
                if let Some(slot) = slot {
                    slot.frame = Expect::Rejected;
                }
                Verdict::Reject(Reason::WrongRequestId)
            }
        }
    }

    /// A whole reply of a peer has come. `false` if nobody waits for it any more: drop it.
    pub fn received(&mut self, peer: PeerId) -> bool {
        let Some(slot) = self.peers.get_mut(peer) else { return false };
        // A request may be given up, and another sent, while the last part of its reply comes.
        if !matches!(slot.frame, Expect::Received) {
            return false;
        }
        slot.frame = Expect::Start;
        let due = self.state == State::Asked(peer);
        if due {
            self.state = State::Answered(peer);
        }
        due
    }

    /// Whether [`Req::take`] has something to say: a reply, or that the peer asked is gone.
    pub const fn may_take(&self) -> bool {
        matches!(self.state, State::Answered(_) | State::Lost)
    }

    /// Takes the reply: the peer that gave it, `None` if it has not come.
    ///
    /// # Errors
    ///
    /// [`TakeError::PeerLost`] once if the peer asked is gone, [`TakeError::OutOfTurn`] if nothing
    /// was asked. A request can be sent after either.
    pub fn take(&mut self) -> Result<Option<PeerId>, TakeError> {
        match self.state {
            State::Idle => Err(TakeError::OutOfTurn(OutOfTurn::NoRequestSent)),
            State::Routed(_) | State::Asked(_) => Ok(None),
            State::Answered(peer) => {
                self.state = State::Idle;
                Ok(Some(peer))
            }
            State::Lost => {
                self.state = State::Idle;
                Err(TakeError::PeerLost)
            }
        }
    }

    /// Gives the request up: another may be sent. Returns the peer that may still answer it. That
    /// answer would pass for the next one's, unless requests carry ids: close the peer's connection
    /// then, as the Guide's Lazy Pirate does.
    pub fn give_up(&mut self) -> Option<PeerId> {
        let asked = self.asked();
        self.state = State::Idle;
        // What has come of its reply is not for the next request.
        if let Some(slot) = asked.and_then(|peer| self.peers.get_mut(peer)) {
            slot.frame = match slot.frame {
                Expect::Start | Expect::Received => Expect::Start,
                _ => Expect::Rejected,
            };
        }
        asked
    }
}

/// Why there is no reply to wait for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum TakeError {
    /// The application called out of turn.
    OutOfTurn(OutOfTurn),
    /// The peer asked is gone, and the reply with it.
    PeerLost,
}
