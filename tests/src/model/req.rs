//! REQ, slowly (RFC 28 § The REQ Socket Type).

use std::collections::{BTreeMap, VecDeque};

use zmtp_core::pattern::{Mode, NoRoom, OutOfTurn, PeerId, Reason, RouteError, TakeError, Verdict};
use zmtp_core::wire::{FrameHeader, FrameKind, More};

/// What [`Req`](zmtp_core::pattern::Req) must do.
#[derive(Debug)]
pub struct ReqModel {
    room: usize,
    mode: Mode,
    id: u32,
    peers: BTreeMap<PeerId, Peer>,
    up: VecDeque<PeerId>,
    pending: VecDeque<PeerId>,
    request: Request,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Request {
    None,
    /// Not out yet.
    Routed(PeerId),
    Asked(PeerId),
    Answered(PeerId),
    Lost,
}

#[derive(Debug, Default)]
struct Peer {
    /// Frames of the message under way, and whether it was rejected.
    frames: usize,
    rejected: bool,
    /// Whether the last frame was the last of a reply that is still wanted.
    complete: bool,
}

impl ReqModel {
    /// REQ without peers, with room for so many.
    pub const fn new(room: usize, mode: Mode, id: u32) -> Self {
        Self {
            room,
            mode,
            id,
            peers: BTreeMap::new(),
            up: VecDeque::new(),
            pending: VecDeque::new(),
            request: Request::None,
        }
    }

    /// As [`Req::attach`](zmtp_core::pattern::Req::attach).
    ///
    /// # Errors
    ///
    /// [`NoRoom`].
    pub fn attach(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        if self.peers.len() == self.room {
            return Err(NoRoom);
        }
        self.peers.insert(peer, Peer::default());
        self.pending.push_back(peer);
        Ok(())
    }

    /// As [`Req::up`](zmtp_core::pattern::Req::up).
    pub fn up(&mut self, peer: PeerId) {
        let Some(slot) = self.peers.get_mut(&peer) else { return };
        *slot = Peer::default();
        self.pending.retain(|other| *other != peer);
        if !self.up.contains(&peer) {
            self.up.push_back(peer);
        }
    }

    /// As [`Req::down`](zmtp_core::pattern::Req::down).
    pub fn down(&mut self, peer: PeerId) {
        let Some(slot) = self.peers.get_mut(&peer) else { return };
        *slot = Peer::default();
        self.up.retain(|other| *other != peer);
        if !self.pending.contains(&peer) {
            self.pending.push_back(peer);
        }
    }

    /// As [`Req::lost`](zmtp_core::pattern::Req::lost).
    pub fn lost(&mut self, peer: PeerId) -> bool {
        let due = self.asked() == Some(peer);
        if due {
            self.forget_reply();
            self.request = Request::Lost;
        }
        due
    }

    /// As [`Req::detach`](zmtp_core::pattern::Req::detach).
    pub fn detach(&mut self, peer: PeerId) -> bool {
        let due = self.lost(peer);
        self.peers.remove(&peer);
        self.up.retain(|other| *other != peer);
        self.pending.retain(|other| *other != peer);
        due
    }

    /// As [`Req::may_route`](zmtp_core::pattern::Req::may_route).
    pub fn may_route(&self) -> bool {
        let busy = !matches!(self.request, Request::None | Request::Lost);
        (!busy || self.mode.relaxed) && !(self.up.is_empty() && self.pending.is_empty())
    }

    /// As [`Req::route`](zmtp_core::pattern::Req::route).
    ///
    /// # Errors
    ///
    /// [`RouteError`].
    pub fn route(&mut self) -> Result<PeerId, RouteError> {
        let busy = !matches!(self.request, Request::None | Request::Lost);
        if busy && !self.mode.relaxed {
            return Err(RouteError::OutOfTurn(OutOfTurn::ReplyPending));
        }
        let turns = if self.up.is_empty() { &mut self.pending } else { &mut self.up };
        let peer = turns.pop_front().ok_or(RouteError::NoPeer)?;
        turns.push_back(peer);
        self.forget_reply();
        self.request = Request::Routed(peer);
        self.id = self.id.wrapping_add(1);
        Ok(peer)
    }

    /// As [`Req::reroute`](zmtp_core::pattern::Req::reroute).
    pub fn reroute(&mut self) -> Option<(PeerId, PeerId)> {
        let Request::Routed(old) = self.request else { return None };
        if self.up.contains(&old) {
            return None;
        }
        let new = self.up.pop_front()?;
        self.up.push_back(new);
        self.request = Request::Routed(new);
        Some((old, new))
    }

    /// As [`Req::sent`](zmtp_core::pattern::Req::sent).
    pub fn sent(&mut self, peer: PeerId) {
        if self.request == Request::Routed(peer) {
            self.request = Request::Asked(peer);
        }
    }

    /// As [`Req::request_id`](zmtp_core::pattern::Req::request_id).
    pub fn request_id(&self) -> Option<[u8; 4]> {
        self.mode.correlate.then_some(self.id.to_ne_bytes())
    }

    /// As [`Req::accept`](zmtp_core::pattern::Req::accept).
    pub fn accept(&mut self, peer: PeerId, frame: FrameHeader) -> Verdict {
        let asked = self.asked();
        let Some(slot) = self.peers.get_mut(&peer) else {
            return Verdict::Reject(Reason::NotAsked);
        };
        let more = frame.kind() == FrameKind::Message(More::Follows);
        // Frames in front of the body: the id if there are ids, then the delimiter.
        let delimiter_at = usize::from(self.mode.correlate);
        let at = slot.frames;
        let verdict = if slot.rejected {
            Verdict::Skip
        } else if at == 0 && self.request != Request::Asked(peer) {
            let elsewhere = asked.is_some_and(|asked| asked != peer);
            Verdict::Reject(if elsewhere { Reason::WrongPeer } else { Reason::NotAsked })
        } else if at < delimiter_at {
            let id = more && frame.len() == 4;
            if id { Verdict::RequestId } else { Verdict::Reject(Reason::WrongRequestId) }
        } else if at == delimiter_at {
            let good = more && frame.is_empty();
            if good { Verdict::Envelope } else { Verdict::Reject(Reason::BadEnvelope) }
        } else {
            Verdict::Deliver
        };
        slot.rejected |= matches!(verdict, Verdict::Reject(_));
        slot.frames += 1;
        slot.complete = !more && verdict == Verdict::Deliver;
        if !more {
            (slot.frames, slot.rejected) = (0, false);
        }
        verdict
    }

    /// As [`Req::check_request_id`](zmtp_core::pattern::Req::check_request_id).
    pub fn check_request_id(&mut self, peer: PeerId, id: [u8; 4]) -> Verdict {
        let Some(slot) = self.peers.get_mut(&peer) else {
            return Verdict::Reject(Reason::WrongRequestId);
        };
        if slot.rejected {
            return Verdict::Skip;
        }
        if id == self.id.to_ne_bytes() {
            return Verdict::Envelope;
        }
        slot.rejected = true;
        Verdict::Reject(Reason::WrongRequestId)
    }

    /// As [`Req::received`](zmtp_core::pattern::Req::received).
    pub fn received(&mut self, peer: PeerId) -> bool {
        let complete =
            self.peers.get_mut(&peer).is_some_and(|slot| core::mem::take(&mut slot.complete));
        let due = complete && self.request == Request::Asked(peer);
        if due {
            self.request = Request::Answered(peer);
        }
        due
    }

    /// As [`Req::may_take`](zmtp_core::pattern::Req::may_take).
    pub const fn may_take(&self) -> bool {
        matches!(self.request, Request::Answered(_) | Request::Lost)
    }

    /// As [`Req::take`](zmtp_core::pattern::Req::take).
    ///
    /// # Errors
    ///
    /// [`TakeError`].
    pub fn take(&mut self) -> Result<Option<PeerId>, TakeError> {
        let request = self.request;
        if self.may_take() {
            self.request = Request::None;
        }
        match request {
            Request::None => Err(TakeError::OutOfTurn(OutOfTurn::NoRequestSent)),
            Request::Routed(_) | Request::Asked(_) => Ok(None),
            Request::Answered(peer) => Ok(Some(peer)),
            Request::Lost => Err(TakeError::PeerLost),
        }
    }

    /// As [`Req::give_up`](zmtp_core::pattern::Req::give_up).
    pub fn give_up(&mut self) -> Option<PeerId> {
        self.forget_reply();
        let asked = self.asked();
        self.request = Request::None;
        asked
    }

    const fn asked(&self) -> Option<PeerId> {
        match self.request {
            Request::Routed(peer) | Request::Asked(peer) => Some(peer),
            _ => None,
        }
    }

    /// What came of a reply must not become part of the next one.
    fn forget_reply(&mut self) {
        if let Some(peer) = self.asked()
            && let Some(slot) = self.peers.get_mut(&peer)
        {
            slot.rejected |= slot.frames > 0;
            slot.complete = false;
        }
    }
}
