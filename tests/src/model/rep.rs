//! A slow model of REP (RFC 28 § The REP Socket Type).

use std::collections::{BTreeMap, VecDeque};

use zmtp_core::pattern::{
    AttachError, NoRoom, OutOfTurn, Pattern, PeerId, Reason, RouteError, TakeError, Verdict,
};
use zmtp_core::wire::FrameHeader;

/// What [`Rep`](zmtp_core::pattern::Rep) must do.
#[derive(Debug)]
pub struct RepModel {
    room: usize,
    peers: BTreeMap<PeerId, Peer>,
    /// Peers with a whole request, in the order of their turns.
    turns: VecDeque<PeerId>,
    /// The peer that gets the reply, if a reply is due; `None` inside if the peer is gone.
    owed: Option<Option<PeerId>>,
}

#[derive(Debug, Default)]
struct Peer {
    /// The sizes of the frames of the request under way.
    frames: Vec<u64>,
    /// Whether each queued request came on the connection that there is now.
    queued: VecDeque<bool>,
    closed: bool,
}

impl RepModel {
    /// REP without peers, with room for so many.
    pub const fn new(room: usize) -> Self {
        Self { room, peers: BTreeMap::new(), turns: VecDeque::new(), owed: None }
    }

    /// As [`Rep::queued`](zmtp_core::pattern::Rep::queued).
    pub fn queued(&self, peer: PeerId) -> u32 {
        self.peers.get(&peer).map_or(0, |peer| peer.queued.len() as u32)
    }

    fn forget(&mut self, peer: PeerId) {
        if self.owed == Some(Some(peer)) {
            self.owed = Some(None);
        }
    }
}

impl Pattern for RepModel {
    fn attached(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        let old = self.peers.keys().find(|held| held.index() == peer.index());
        if let Some(old) = old.copied() {
            self.detached(old);
        }
        if self.peers.len() == self.room {
            return Err(NoRoom);
        }
        self.peers.insert(peer, Peer::default());
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
        Ok(None)
    }

    fn disconnected(&mut self, peer: PeerId) {
        if let Some(slot) = self.peers.get_mut(&peer) {
            slot.frames.clear();
            slot.queued.iter_mut().for_each(|current| *current = false);
        }
        self.forget(peer);
    }

    fn closed(&mut self, peer: PeerId) {
        self.disconnected(peer);
        if let Some(slot) = self.peers.get_mut(&peer) {
            slot.closed = true;
            if slot.queued.is_empty() {
                self.detached(peer);
            }
        }
    }

    fn detached(&mut self, peer: PeerId) {
        self.forget(peer);
        self.turns.retain(|other| *other != peer);
        self.peers.remove(&peer);
    }

    fn accept(&mut self, peer: PeerId, frame: FrameHeader, _first: bool) -> Verdict {
        let Some(peer) = self.peers.get_mut(&peer) else {
            return Verdict::Reject(Reason::Unsolicited);
        };
        // The envelope ends with the first empty frame, the request with the last one.
        let in_body = peer.frames.contains(&0);
        peer.frames.push(frame.len());
        if frame.is_final() {
            peer.frames.clear();
        }
        match (in_body, frame.is_final()) {
            (true, _) => Verdict::Deliver,
            (false, false) => Verdict::Envelope,
            (false, true) => Verdict::Reject(Reason::BadEnvelope),
        }
    }

    fn received(&mut self, peer: PeerId) -> bool {
        let Some(slot) = self.peers.get_mut(&peer) else { return false };
        // A closed peer gets no reply.
        slot.queued.push_back(!slot.closed);
        if !self.turns.contains(&peer) {
            self.turns.push_back(peer);
        }
        true
    }

    fn may_take(&self) -> bool {
        self.owed.is_none() && !self.turns.is_empty()
    }

    fn take(&mut self) -> Result<Option<PeerId>, TakeError> {
        if self.owed.is_some() {
            return Err(OutOfTurn::ReplyDue.into());
        }
        let Some(peer) = self.turns.pop_front() else { return Ok(None) };
        let slot = self.peers.get_mut(&peer).expect("peers in turn are known");
        let current = slot.queued.pop_front().expect("peers in turn have a request");
        if !slot.queued.is_empty() {
            self.turns.push_back(peer);
        } else if slot.closed {
            self.peers.remove(&peer);
        }
        self.owed = Some(current.then_some(peer));
        Ok(Some(peer))
    }

    fn may_route(&self) -> bool {
        self.owed.is_some()
    }

    fn route(&mut self, _routing_id: &[u8]) -> Result<PeerId, RouteError> {
        let owed = self.owed.take().ok_or(OutOfTurn::NoRequestTaken)?;
        owed.ok_or(RouteError::PeerLost)
    }
}
