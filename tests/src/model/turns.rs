//! Slow models of the turns in DEALER, PUSH, PULL and ROUTER.

use std::collections::{BTreeMap, VecDeque};

use zmtp_core::pattern::{AttachError, NoRoom, Pattern, PeerId, RouteError, TakeError};

/// What [`Dealer`](zmtp_core::pattern::Dealer) must do; its halves are PUSH and PULL.
#[derive(Debug)]
pub struct TurnsModel {
    room: usize,
    only_connected: bool,
    peers: BTreeMap<PeerId, Peer>,
    connected: VecDeque<PeerId>,
    pending: VecDeque<PeerId>,
    ready: VecDeque<PeerId>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Peer {
    connected: bool,
    full: bool,
    closed: bool,
    queued: u32,
}

impl TurnsModel {
    /// No peers, with room for so many.
    pub const fn new(room: usize, only_connected: bool) -> Self {
        Self {
            room,
            only_connected,
            peers: BTreeMap::new(),
            connected: VecDeque::new(),
            pending: VecDeque::new(),
            ready: VecDeque::new(),
        }
    }

    fn holder(&self, index: u32) -> Option<PeerId> {
        self.peers.keys().find(|held| held.index() == index).copied()
    }

    fn change(&mut self, peer: PeerId, change: impl FnOnce(&mut Peer)) {
        if let Some(state) = self.peers.get_mut(&peer) {
            change(state);
            self.place(peer);
        }
    }

    /// Puts a peer into the queues where it belongs, at the end if it was not there.
    fn place(&mut self, peer: PeerId) {
        let state = self.peers.get(&peer);
        let takes = state.is_some_and(|state| !state.full && !state.closed);
        let connected = state.is_some_and(|state| state.connected);
        for (turns, belongs) in [
            (&mut self.connected, takes && connected),
            (&mut self.pending, takes && !connected && !self.only_connected),
        ] {
            match (turns.contains(&peer), belongs) {
                (true, false) => turns.retain(|other| *other != peer),
                (false, true) => turns.push_back(peer),
                _ => {}
            }
        }
    }
}

impl Pattern for TurnsModel {
    fn attached(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        if let Some(old) = self.holder(peer.index()) {
            self.detached(old);
        }
        if self.peers.len() == self.room {
            return Err(NoRoom);
        }
        self.peers.insert(peer, Peer::default());
        self.place(peer);
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
        self.change(peer, |state| state.connected = true);
        Ok(None)
    }

    fn disconnected(&mut self, peer: PeerId) {
        self.change(peer, |state| state.connected = false);
    }

    fn closed(&mut self, peer: PeerId) {
        self.change(peer, |state| state.closed = true);
        if self.peers.get(&peer).is_some_and(|state| state.queued == 0) {
            self.detached(peer);
        }
    }

    fn detached(&mut self, peer: PeerId) {
        self.peers.remove(&peer);
        self.place(peer);
        self.ready.retain(|other| *other != peer);
    }

    fn set_full(&mut self, peer: PeerId, full: bool) {
        self.change(peer, |state| state.full = full);
    }

    fn received(&mut self, peer: PeerId) -> bool {
        let Some(state) = self.peers.get_mut(&peer) else { return false };
        state.queued += 1;
        if !self.ready.contains(&peer) {
            self.ready.push_back(peer);
        }
        true
    }

    fn may_take(&self) -> bool {
        !self.ready.is_empty()
    }

    fn take(&mut self) -> Result<Option<PeerId>, TakeError> {
        let Some(peer) = self.ready.pop_front() else { return Ok(None) };
        let state = self.peers.get_mut(&peer).expect("a peer with messages is known");
        state.queued -= 1;
        if state.queued > 0 {
            self.ready.push_back(peer);
        } else if state.closed {
            self.detached(peer);
        }
        Ok(Some(peer))
    }

    fn may_route(&self) -> bool {
        !(self.connected.is_empty() && self.pending.is_empty())
    }

    fn route(&mut self, _routing_id: &[u8]) -> Result<PeerId, RouteError> {
        let any = !self.connected.is_empty();
        let turns = if any { &mut self.connected } else { &mut self.pending };
        let peer = turns.pop_front().ok_or(RouteError::NoPeer)?;
        turns.push_back(peer);
        Ok(peer)
    }
}

/// What [`Router`](zmtp_core::pattern::Router) must do.
#[derive(Debug)]
pub struct RouterModel {
    turns: TurnsModel,
    handover: bool,
    next: u32,
    room: usize,
    /// The routing id of each peer, and whether it leads to the peer.
    ids: BTreeMap<PeerId, (Vec<u8>, bool)>,
}

impl RouterModel {
    /// ROUTER without peers, with room for so many peers and ids.
    pub const fn new(room: usize, ids: usize, next: u32, handover: bool) -> Self {
        let turns = TurnsModel::new(room, false);
        Self { turns, handover, next, room: ids, ids: BTreeMap::new() }
    }

    fn assign(&mut self) -> Vec<u8> {
        loop {
            let id = [&[0], &self.next.to_be_bytes()[..]].concat();
            self.next = self.next.wrapping_add(1);
            if self.led_to(&id).is_none() {
                return id;
            }
        }
    }

    fn led_to(&self, id: &[u8]) -> Option<PeerId> {
        let leads = |(peer, (held, leads)): (&PeerId, &(Vec<u8>, bool))| {
            (*leads && held == id).then_some(*peer)
        };
        self.ids.iter().find_map(leads)
    }
}

impl Pattern for RouterModel {
    fn connected(
        &mut self,
        peer: PeerId,
        routing_id: &[u8],
    ) -> Result<Option<PeerId>, AttachError> {
        let known = self.ids.contains_key(&peer);
        if known && self.turns.peers.get(&peer).is_some_and(|state| state.closed) {
            return Ok(None);
        }
        if known && (routing_id.is_empty() || self.ids[&peer].0 == routing_id) {
            return Ok(None);
        }
        if let Some(old) = self.turns.holder(peer.index()).filter(|old| *old != peer) {
            self.detached(old);
        }
        let id = if routing_id.is_empty() { self.assign() } else { routing_id.to_vec() };
        let displaced = self.led_to(&id).filter(|other| *other != peer);
        if let Some(other) = displaced.filter(|_| !self.handover) {
            return Err(AttachError::RoutingIdInUse(other));
        }
        if !known && self.turns.attached(peer).is_err() {
            return Err(AttachError::NoRoom);
        }
        if !known && self.ids.len() == self.room {
            self.turns.detached(peer);
            return Err(AttachError::NoRoom);
        }
        if let Some(held) = displaced.and_then(|other| self.ids.get_mut(&other)) {
            held.1 = false;
        }
        self.ids.insert(peer, (id, true));
        Ok(displaced)
    }

    fn closed(&mut self, peer: PeerId) {
        self.turns.closed(peer);
        if !self.turns.peers.contains_key(&peer) {
            self.ids.remove(&peer);
        } else if let Some(held) = self.ids.get_mut(&peer) {
            held.1 = false;
        }
    }

    fn detached(&mut self, peer: PeerId) {
        self.turns.detached(peer);
        self.ids.remove(&peer);
    }

    fn set_full(&mut self, peer: PeerId, full: bool) {
        self.turns.set_full(peer, full);
    }

    fn received(&mut self, peer: PeerId) -> bool {
        self.turns.received(peer)
    }

    fn may_take(&self) -> bool {
        self.turns.may_take()
    }

    fn take(&mut self) -> Result<Option<PeerId>, TakeError> {
        let taken = self.turns.take()?;
        self.ids.retain(|peer, _| self.turns.peers.contains_key(peer));
        Ok(taken)
    }

    fn may_route(&self) -> bool {
        let is_full = |peer| self.turns.peers.get(peer).is_some_and(|state: &Peer| state.full);
        self.ids.iter().any(|(peer, (_, leads))| *leads && !is_full(peer))
    }

    fn route(&mut self, routing_id: &[u8]) -> Result<PeerId, RouteError> {
        let peer = self.led_to(routing_id).ok_or(RouteError::Unknown)?;
        let full = self.turns.peers.get(&peer).is_some_and(|state| state.full);
        if full { Err(RouteError::Full(peer)) } else { Ok(peer) }
    }

    fn routing_id(&self, peer: PeerId) -> Option<&[u8]> {
        self.ids.get(&peer).map(|(id, _)| &id[..])
    }
}
