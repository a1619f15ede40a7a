//! A slow model of REQ (RFC 28 § The REQ Socket Type).

use std::collections::{BTreeMap, VecDeque};

use zmtp_core::pattern::{
    AttachError, Mode, NoRoom, OutOfTurn, Pattern, PeerId, Reason, RouteError, TakeError, Verdict,
};
use zmtp_core::wire::{FrameHeader, FrameKind, More};

/// What [`Req`](zmtp_core::pattern::Req) must do.
#[derive(Debug)]
pub struct ReqModel {
    room: usize,
    mode: Mode,
    id: u32,
    peers: BTreeMap<PeerId, Peer>,
    connected: VecDeque<PeerId>,
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
            connected: VecDeque::new(),
            pending: VecDeque::new(),
            request: Request::None,
        }
    }

    /// As [`Req::request_id`](zmtp_core::pattern::Req::request_id).
    pub fn request_id(&self) -> Option<[u8; 4]> {
        self.mode.correlate.then_some(self.id.to_ne_bytes())
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

    /// As [`Req::cancel_request`](zmtp_core::pattern::Req::cancel_request).
    pub fn cancel_request(&mut self) -> Option<PeerId> {
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

    /// What was received of a reply must not become part of the next one.
    fn forget_reply(&mut self) {
        if let Some(peer) = self.asked()
            && let Some(slot) = self.peers.get_mut(&peer)
        {
            slot.rejected |= slot.frames > 0;
            slot.complete = false;
        }
    }
}

impl Pattern for ReqModel {
    fn attached(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        let old = self.peers.keys().find(|held| held.index() == peer.index());
        if let Some(old) = old.copied() {
            self.detached(old);
        }
        if self.peers.len() == self.room {
            return Err(NoRoom);
        }
        self.peers.insert(peer, Peer::default());
        self.pending.push_back(peer);
        Ok(())
    }

    fn connected(
        &mut self,
        peer: PeerId,
        _routing_id: &[u8],
    ) -> Result<Option<PeerId>, AttachError> {
        if !self.peers.contains_key(&peer) {
            self.attached(peer)?;
        }
        self.peers.insert(peer, Peer::default());
        self.pending.retain(|other| *other != peer);
        if !self.connected.contains(&peer) {
            self.connected.push_back(peer);
        }
        Ok(None)
    }

    fn disconnected(&mut self, peer: PeerId) {
        if let Some(slot) = self.peers.get_mut(&peer) {
            *slot = Peer::default();
            self.connected.retain(|other| *other != peer);
            if !self.pending.contains(&peer) {
                self.pending.push_back(peer);
            }
        }
        if self.request == Request::Asked(peer) {
            self.request = Request::Lost;
        }
    }

    fn closed(&mut self, peer: PeerId) {
        self.lost(peer);
        self.peers.remove(&peer);
        self.connected.retain(|other| *other != peer);
        self.pending.retain(|other| *other != peer);
    }

    fn detached(&mut self, peer: PeerId) {
        self.closed(peer);
        if self.request == Request::Answered(peer) {
            self.request = Request::Lost;
        }
    }

    fn accept(&mut self, peer: PeerId, frame: FrameHeader, _first: bool) -> Verdict {
        let asked = self.asked();
        let Some(slot) = self.peers.get_mut(&peer) else {
            return Verdict::Reject(Reason::Unsolicited);
        };
        let more = frame.kind() == FrameKind::Message(More::Follows);
        // Frames in front of the body: the id if there are ids, then the delimiter.
        let delimiter_at = usize::from(self.mode.correlate);
        let at = slot.frames;
        let verdict = if slot.rejected {
            Verdict::Skip
        } else if at == 0 && self.request != Request::Asked(peer) {
            let elsewhere = asked.is_some_and(|asked| asked != peer);
            Verdict::Reject(if elsewhere { Reason::WrongPeer } else { Reason::Unsolicited })
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

    fn check(&mut self, peer: PeerId, body: &[u8]) -> Verdict {
        let is_last = self.request_id().is_some_and(|id| id == body);
        let Some(slot) = self.peers.get_mut(&peer) else {
            return Verdict::Reject(Reason::WrongRequestId);
        };
        if slot.rejected {
            return Verdict::Skip;
        }
        if is_last {
            return Verdict::Envelope;
        }
        slot.rejected = true;
        Verdict::Reject(Reason::WrongRequestId)
    }

    fn received(&mut self, peer: PeerId) -> bool {
        let complete =
            self.peers.get_mut(&peer).is_some_and(|slot| core::mem::take(&mut slot.complete));
        let due = complete && self.request == Request::Asked(peer);
        if due {
            self.request = Request::Answered(peer);
        }
        due
    }

    fn may_take(&self) -> bool {
        matches!(self.request, Request::Answered(_) | Request::Lost)
    }

    fn take(&mut self) -> Result<Option<PeerId>, TakeError> {
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

    fn may_route(&self) -> bool {
        let busy = !matches!(self.request, Request::None | Request::Lost);
        (!busy || self.mode.relaxed) && !(self.connected.is_empty() && self.pending.is_empty())
    }

    fn route(&mut self, _routing_id: &[u8]) -> Result<PeerId, RouteError> {
        let busy = !matches!(self.request, Request::None | Request::Lost);
        if busy && !self.mode.relaxed {
            return Err(RouteError::OutOfTurn(OutOfTurn::ReplyPending));
        }
        let turns = if self.connected.is_empty() { &mut self.pending } else { &mut self.connected };
        let peer = turns.pop_front().ok_or(RouteError::NoPeer)?;
        turns.push_back(peer);
        self.forget_reply();
        self.request = Request::Routed(peer);
        self.id = self.id.wrapping_add(1);
        Ok(peer)
    }

    fn sent(&mut self, peer: PeerId) {
        if self.request == Request::Routed(peer) {
            self.request = Request::Asked(peer);
        }
    }

    fn reroute(&mut self) -> Option<(PeerId, PeerId)> {
        let Request::Routed(old) = self.request else { return None };
        if self.connected.contains(&old) {
            return None;
        }
        let new = self.connected.pop_front()?;
        self.connected.push_back(new);
        self.request = Request::Routed(new);
        Some((old, new))
    }
}
