//! Who is sent the next message and whose is taken next, slowly: DEALER, PUSH, PULL and ROUTER.

use std::collections::{BTreeMap, VecDeque};

use zmtp_core::pattern::{Attached, NoRoom, PeerId, RoutingIdInUse, Unroutable};

/// What [`Dealer`](zmtp_core::pattern::Dealer) must do; its halves are PUSH and PULL.
#[derive(Debug)]
pub struct TurnsModel {
    room: usize,
    only_up: bool,
    peers: BTreeMap<PeerId, Peer>,
    up: VecDeque<PeerId>,
    pending: VecDeque<PeerId>,
    ready: VecDeque<PeerId>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Peer {
    up: bool,
    full: bool,
    muted: bool,
    queued: u32,
}

impl TurnsModel {
    /// Nobody, with room for so many.
    pub const fn new(room: usize, only_up: bool) -> Self {
        Self {
            room,
            only_up,
            peers: BTreeMap::new(),
            up: VecDeque::new(),
            pending: VecDeque::new(),
            ready: VecDeque::new(),
        }
    }

    /// A new peer, also under a number that had another.
    ///
    /// # Errors
    ///
    /// [`NoRoom`].
    pub fn attach(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        self.detach(peer);
        if self.peers.len() == self.room {
            return Err(NoRoom);
        }
        self.peers.insert(peer, Peer::default());
        self.place(peer);
        Ok(())
    }

    /// A peer is gone, and what waits of it.
    pub fn detach(&mut self, peer: PeerId) {
        self.peers.remove(&peer);
        self.place(peer);
        self.ready.retain(|other| *other != peer);
    }

    /// A peer gets nothing any more.
    pub fn mute(&mut self, peer: PeerId) {
        self.change(peer, |state| state.muted = true);
    }

    /// A peer is reached or not.
    pub fn set_up(&mut self, peer: PeerId, up: bool) {
        self.change(peer, |state| state.up = up);
    }

    /// A peer's queue is full or not.
    pub fn set_full(&mut self, peer: PeerId, full: bool) {
        self.change(peer, |state| state.full = full);
    }

    fn change(&mut self, peer: PeerId, change: impl FnOnce(&mut Peer)) {
        if let Some(state) = self.peers.get_mut(&peer) {
            change(state);
            self.place(peer);
        }
    }

    /// Has a peer stand where it belongs, at the end if it did not stand there.
    fn place(&mut self, peer: PeerId) {
        let state = self.peers.get(&peer);
        let takes = state.is_some_and(|state| !state.full && !state.muted);
        let up = state.is_some_and(|state| state.up);
        for (turns, belongs) in
            [(&mut self.up, takes && up), (&mut self.pending, takes && !up && !self.only_up)]
        {
            match (turns.contains(&peer), belongs) {
                (true, false) => turns.retain(|other| *other != peer),
                (false, true) => turns.push_back(peer),
                _ => {}
            }
        }
    }

    /// Whether anybody can take a message.
    pub fn may_route(&self) -> bool {
        !(self.up.is_empty() && self.pending.is_empty())
    }

    /// Who gets the next message.
    pub fn route(&mut self) -> Option<PeerId> {
        let turns = if self.up.is_empty() { &mut self.pending } else { &mut self.up };
        let peer = turns.pop_front()?;
        turns.push_back(peer);
        Some(peer)
    }

    /// A message of a peer waits; `false` if nobody knows the peer.
    pub fn received(&mut self, peer: PeerId) -> bool {
        let Some(state) = self.peers.get_mut(&peer) else { return false };
        state.queued += 1;
        if !self.ready.contains(&peer) {
            self.ready.push_back(peer);
        }
        true
    }

    /// Whether a message waits.
    pub fn may_take(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Whose message is taken.
    pub fn take(&mut self) -> Option<PeerId> {
        let peer = self.ready.pop_front()?;
        let state = self.peers.get_mut(&peer).expect("whose message waits is known");
        state.queued -= 1;
        if state.queued > 0 {
            self.ready.push_back(peer);
        }
        Some(peer)
    }
}

/// What [`Router`](zmtp_core::pattern::Router) must do.
#[derive(Debug)]
pub struct RouterModel {
    turns: TurnsModel,
    handover: bool,
    next: u32,
    ids: usize,
    /// What each peer is called, and whether the name leads to it.
    names: BTreeMap<PeerId, (Vec<u8>, bool)>,
}

impl RouterModel {
    /// ROUTER without peers, with room for so many peers and ids.
    pub const fn new(room: usize, ids: usize, next: u32, handover: bool) -> Self {
        let turns = TurnsModel::new(room, false);
        Self { turns, handover, next, ids, names: BTreeMap::new() }
    }

    /// As [`Router::attach`](zmtp_core::pattern::Router::attach).
    ///
    /// # Errors
    ///
    /// [`RoutingIdInUse`].
    pub fn attach(&mut self, peer: PeerId, given: &[u8]) -> Result<Attached, RoutingIdInUse> {
        let known = self.id(peer).map(<[u8]>::to_vec);
        if known.is_some_and(|id| given.is_empty() || id == given) {
            return Ok(Attached { displaced: None });
        }
        let id = if given.is_empty() { self.own_id() } else { given.to_vec() };
        let displaced = self.led_to(&id).filter(|other| *other != peer);
        if let Some(other) = displaced.filter(|_| !self.handover) {
            return Err(RoutingIdInUse::Taken(other));
        }
        if !self.names.contains_key(&peer) && self.turns.attach(peer).is_err() {
            return Err(RoutingIdInUse::NoRoom);
        }
        if !self.names.contains_key(&peer) && self.names.len() == self.ids {
            self.turns.detach(peer);
            return Err(RoutingIdInUse::NoRoom);
        }
        if let Some(name) = displaced.and_then(|other| self.names.get_mut(&other)) {
            name.1 = false;
        }
        self.names.insert(peer, (id, true));
        Ok(Attached { displaced })
    }

    fn own_id(&mut self) -> Vec<u8> {
        loop {
            let id = [&[0], &self.next.to_be_bytes()[..]].concat();
            self.next = self.next.wrapping_add(1);
            if self.led_to(&id).is_none() {
                return id;
            }
        }
    }

    fn led_to(&self, id: &[u8]) -> Option<PeerId> {
        let leads = |(peer, (name, leads)): (&PeerId, &(Vec<u8>, bool))| {
            (*leads && name == id).then_some(*peer)
        };
        self.names.iter().find_map(leads)
    }

    /// A peer is gone, and what waits of it.
    pub fn detach(&mut self, peer: PeerId) {
        self.turns.detach(peer);
        self.names.remove(&peer);
    }

    /// A peer's name is free.
    pub fn mute(&mut self, peer: PeerId) {
        if let Some(name) = self.names.get_mut(&peer) {
            name.1 = false;
        }
    }

    /// A peer's queue is full or not.
    pub fn set_full(&mut self, peer: PeerId, full: bool) {
        self.turns.set_full(peer, full);
    }

    /// As [`Router::route`](zmtp_core::pattern::Router::route).
    ///
    /// # Errors
    ///
    /// [`Unroutable`].
    pub fn route(&self, id: &[u8]) -> Result<PeerId, Unroutable> {
        let peer = self.led_to(id).ok_or(Unroutable::Unknown)?;
        let full = self.turns.peers.get(&peer).is_some_and(|state| state.full);
        if full { Err(Unroutable::Full(peer)) } else { Ok(peer) }
    }

    /// As [`Router::may_route`](zmtp_core::pattern::Router::may_route).
    pub fn may_route(&self) -> bool {
        self.names.values().any(|(name, leads)| *leads && self.route(name).is_ok())
    }

    /// What a peer is called.
    pub fn id(&self, peer: PeerId) -> Option<&[u8]> {
        self.names.get(&peer).map(|(name, _)| &name[..])
    }

    /// A message of a peer waits; `false` if nobody knows the peer.
    pub fn received(&mut self, peer: PeerId) -> bool {
        self.turns.received(peer)
    }

    /// Whether a message waits.
    pub fn may_take(&self) -> bool {
        self.turns.may_take()
    }

    /// Whose message is taken.
    pub fn take(&mut self) -> Option<PeerId> {
        self.turns.take()
    }
}
