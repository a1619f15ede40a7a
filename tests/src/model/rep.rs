//! REP, slowly (RFC 28 § The REP Socket Type).

use std::collections::{BTreeMap, VecDeque};

use zmtp_core::pattern::{NoRoom, OutOfTurn, PeerId, Reason, Verdict};
use zmtp_core::wire::FrameHeader;

/// What [`Rep`](zmtp_core::pattern::Rep) must do.
#[derive(Debug)]
pub struct RepModel {
    room: usize,
    peers: BTreeMap<PeerId, Peer>,
    /// Peers with a whole request, in the order of their turns.
    turns: VecDeque<PeerId>,
    /// The peer that a reply is due to, if one is due; `None` inside if the peer is gone.
    owed: Option<Option<PeerId>>,
}

#[derive(Debug, Default)]
struct Peer {
    /// The sizes of the frames of the request under way.
    frames: Vec<u64>,
    queued: u32,
}

impl RepModel {
    /// REP without peers, with room for so many.
    pub const fn new(room: usize) -> Self {
        Self { room, peers: BTreeMap::new(), turns: VecDeque::new(), owed: None }
    }

    /// As [`Rep::attach`](zmtp_core::pattern::Rep::attach).
    ///
    /// # Errors
    ///
    /// [`NoRoom`].
    pub fn attach(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        if self.peers.len() == self.room {
            return Err(NoRoom);
        }
        self.peers.insert(peer, Peer::default());
        Ok(())
    }

    /// As [`Rep::detach`](zmtp_core::pattern::Rep::detach).
    pub fn detach(&mut self, peer: PeerId) {
        self.unreachable(peer);
        self.turns.retain(|other| *other != peer);
        self.peers.remove(&peer);
    }

    /// As [`Rep::unreachable`](zmtp_core::pattern::Rep::unreachable).
    pub fn unreachable(&mut self, peer: PeerId) {
        if let Some(peer) = self.peers.get_mut(&peer) {
            peer.frames.clear();
        }
        self.forget(peer);
    }

    /// As [`Rep::forget`](zmtp_core::pattern::Rep::forget).
    pub fn forget(&mut self, peer: PeerId) {
        if self.owed == Some(Some(peer)) {
            self.owed = Some(None);
        }
    }

    /// As [`Rep::queued`](zmtp_core::pattern::Rep::queued).
    pub fn queued(&mut self, peer: PeerId) -> u32 {
        self.peers.get(&peer).map_or(0, |peer| peer.queued)
    }

    /// As [`Rep::accept`](zmtp_core::pattern::Rep::accept).
    pub fn accept(&mut self, peer: PeerId, frame: FrameHeader) -> Verdict {
        let Some(peer) = self.peers.get_mut(&peer) else {
            return Verdict::Reject(Reason::NotAsked);
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

    /// As [`Rep::received`](zmtp_core::pattern::Rep::received).
    pub fn received(&mut self, peer: PeerId) {
        if let Some(slot) = self.peers.get_mut(&peer) {
            slot.queued += 1;
            if !self.turns.contains(&peer) {
                self.turns.push_back(peer);
            }
        }
    }

    /// As [`Rep::may_take`](zmtp_core::pattern::Rep::may_take).
    pub fn may_take(&self) -> bool {
        self.owed.is_none() && !self.turns.is_empty()
    }

    /// As [`Rep::may_reply`](zmtp_core::pattern::Rep::may_reply).
    pub const fn may_reply(&self) -> bool {
        self.owed.is_some()
    }

    /// As [`Rep::take`](zmtp_core::pattern::Rep::take).
    ///
    /// # Errors
    ///
    /// [`OutOfTurn`].
    pub fn take(&mut self) -> Result<Option<PeerId>, OutOfTurn> {
        if self.owed.is_some() {
            return Err(OutOfTurn::ReplyDue);
        }
        let Some(peer) = self.turns.pop_front() else { return Ok(None) };
        let slot = self.peers.get_mut(&peer).expect("peers in turn are known");
        slot.queued -= 1;
        if slot.queued > 0 {
            self.turns.push_back(peer);
        }
        self.owed = Some(Some(peer));
        Ok(Some(peer))
    }

    /// As [`Rep::reply`](zmtp_core::pattern::Rep::reply).
    ///
    /// # Errors
    ///
    /// [`OutOfTurn`].
    pub fn reply(&mut self) -> Result<Option<PeerId>, OutOfTurn> {
        self.owed.take().ok_or(OutOfTurn::NoRequestTaken)
    }
}
