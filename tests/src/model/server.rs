//! A slow model of SERVER and PEER (RFC 41 and 51).

use std::collections::BTreeMap;

use zmtp_core::pattern::{AttachError, NoRoom, Pattern, PeerId, RouteError, TakeError};

/// What [`Server`](zmtp_core::pattern::Server) must do.
#[derive(Debug)]
pub struct ServerModel {
    only_connected: bool,
    next: u32,
    room: usize,
    ids: usize,
    peers: BTreeMap<PeerId, Peer>,
    /// The peers with a message, in turn.
    ready: Vec<PeerId>,
}

#[derive(Debug)]
struct Peer {
    id: [u8; 4],
    full: bool,
    closed: bool,
    queued: u32,
}

impl ServerModel {
    /// SERVER without peers, with room for so many peers and ids.
    pub const fn new(room: usize, ids: usize, next: u32, only_connected: bool) -> Self {
        Self { only_connected, next, room, ids, peers: BTreeMap::new(), ready: Vec::new() }
    }

    /// The peer that a message with this id is sent to.
    fn led_to(&self, id: &[u8]) -> Option<PeerId> {
        let leads =
            |(peer, state): (&PeerId, &Peer)| (!state.closed && state.id == id).then_some(*peer);
        self.peers.iter().find_map(leads)
    }

    fn add(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        if self.peers.contains_key(&peer) {
            return Ok(());
        }
        let id = loop {
            let id = self.next.to_be_bytes();
            self.next = self.next.wrapping_add(1);
            if id != [0; 4] && self.led_to(&id).is_none() {
                break id;
            }
        };
        let old = self.peers.keys().find(|held| held.index() == peer.index()).copied();
        if let Some(old) = old {
            self.detached(old);
        }
        if self.peers.len() == self.room.min(self.ids) {
            return Err(NoRoom);
        }
        self.peers.insert(peer, Peer { id, full: false, closed: false, queued: 0 });
        Ok(())
    }
}

impl Pattern for ServerModel {
    fn attached(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        if self.only_connected { Ok(()) } else { self.add(peer) }
    }

    fn connected(
        &mut self,
        peer: PeerId,
        _routing_id: &[u8],
    ) -> Result<Option<PeerId>, AttachError> {
        self.add(peer)?;
        Ok(None)
    }

    fn closed(&mut self, peer: PeerId) {
        let Some(state) = self.peers.get_mut(&peer) else { return };
        state.closed = true;
        if state.queued == 0 {
            self.peers.remove(&peer);
        }
    }

    fn detached(&mut self, peer: PeerId) {
        self.peers.remove(&peer);
        self.ready.retain(|other| *other != peer);
    }

    fn set_full(&mut self, peer: PeerId, full: bool) {
        if let Some(state) = self.peers.get_mut(&peer) {
            state.full = full;
        }
    }

    fn received(&mut self, peer: PeerId) -> bool {
        let Some(state) = self.peers.get_mut(&peer) else { return false };
        state.queued += 1;
        if !self.ready.contains(&peer) {
            self.ready.push(peer);
        }
        true
    }

    fn may_take(&self) -> bool {
        !self.ready.is_empty()
    }

    fn take(&mut self) -> Result<Option<PeerId>, TakeError> {
        if self.ready.is_empty() {
            return Ok(None);
        }
        let peer = self.ready.remove(0);
        let state = self.peers.get_mut(&peer).expect("a peer with messages is known");
        state.queued -= 1;
        let (left, closed) = (state.queued, state.closed);
        if left > 0 {
            self.ready.push(peer);
        } else if closed {
            self.peers.remove(&peer);
        }
        Ok(Some(peer))
    }

    fn may_route(&self) -> bool {
        self.peers.values().any(|state| !state.full && !state.closed)
    }

    fn route(&mut self, routing_id: &[u8]) -> Result<PeerId, RouteError> {
        let peer = self.led_to(routing_id).ok_or(RouteError::Unknown)?;
        if self.peers[&peer].full { Err(RouteError::Full(peer)) } else { Ok(peer) }
    }

    fn routing_id(&self, peer: PeerId) -> Option<&[u8]> {
        self.peers.get(&peer).map(|state| &state.id[..])
    }
}
