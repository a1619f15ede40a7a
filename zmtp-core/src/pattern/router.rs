//! ROUTER: sends to the peer that is named and says of each message who sent it (RFC 28).

use super::{FairPeer, FairQueue, Linked, NoRoom, PeerId, RingLink, Slots};

/// Who is called what. Every peer has one routing id; a peer that gave way to another keeps its
/// own for what waits of it, though the id leads to the newcomer.
pub trait RoutingIds {
    /// Gives a peer its id. From now on the id leads to it, whoever had it before.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the table is full.
    fn insert(&mut self, peer: PeerId, id: &[u8]) -> Result<(), NoRoom>;

    /// The id leads to the peer no more, if it does; the peer is still called by it.
    fn hide(&mut self, peer: PeerId);

    /// Forgets a peer and, if it leads to it, its id.
    fn remove(&mut self, peer: PeerId);

    /// The peer that an id leads to.
    fn peer(&self, id: &[u8]) -> Option<PeerId>;

    /// What a peer is called.
    fn id(&self, peer: PeerId) -> Option<&[u8]>;
}

/// ROUTER's rules. Ids are the driver's to store; what they may be is ruled here.
#[derive(Debug)]
pub struct Router<S, I> {
    peers: S,
    ids: I,
    incoming: FairQueue,
    handover: bool,
    next: u32,
    /// Peers that can take a message.
    open: u32,
}

/// What ROUTER knows of a peer.
#[derive(Clone, Copy, Debug, Default)]
pub struct RouterPeer {
    incoming: FairPeer,
    full: bool,
    gone: bool,
}

impl RouterPeer {
    const fn is_open(&self) -> bool {
        !self.full && !self.gone
    }
}

impl Linked<1> for RouterPeer {
    fn link(&mut self) -> &mut RingLink {
        self.incoming.link()
    }
}

impl AsMut<FairPeer> for RouterPeer {
    fn as_mut(&mut self) -> &mut FairPeer {
        &mut self.incoming
    }
}

/// What came of a new peer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Attached {
    /// The peer that had the routing id before (`ZMQ_ROUTER_HANDOVER`): close its connection.
    pub displaced: Option<PeerId>,
}

/// Why a peer was not taken.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum RoutingIdInUse {
    /// Another peer has the routing id. libzmq keeps such a newcomer and ignores it; close its
    /// connection.
    Taken(PeerId),
    /// A table is full.
    NoRoom,
}

impl From<NoRoom> for RoutingIdInUse {
    fn from(_: NoRoom) -> Self {
        Self::NoRoom
    }
}

/// Why a message has no way to its peer.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Unroutable {
    /// The peer's queue is at its high-water mark.
    Full(PeerId),
    /// No peer is called that (libzmq's `EHOSTUNREACH`).
    Unknown,
}

impl<S: Slots<RouterPeer>, I: RoutingIds> Router<S, I> {
    /// ROUTER without peers. Peers that give no id are called by five bytes, 0 and a number that
    /// counts from `first`, which should be random. `handover`: a newcomer takes a routing id over
    /// from the peer that has it (`ZMQ_ROUTER_HANDOVER`).
    pub const fn new(peers: S, ids: I, first: u32, handover: bool) -> Self {
        Self { peers, ids, incoming: FairQueue::new(), handover, next: first, open: 0 }
    }

    /// A peer's handshake is over, and its READY gave this routing id; none if it is empty. A peer
    /// that has an id keeps it if it gives none now.
    ///
    /// # Errors
    ///
    /// [`RoutingIdInUse`]; a new peer is not known then.
    pub fn attach(&mut self, peer: PeerId, given: &[u8]) -> Result<Attached, RoutingIdInUse> {
        let known = self.ids.id(peer);
        if known.is_some_and(|id| given.is_empty() || id == given) {
            return Ok(Attached { displaced: None });
        }
        if known.is_none() {
            self.detach(peer);
        }
        let own;
        let id = if given.is_empty() {
            own = self.own_id().ok_or(RoutingIdInUse::NoRoom)?;
            &own[..]
        } else {
            given
        };
        let displaced = self.ids.peer(id).filter(|other| *other != peer);
        if let Some(other) = displaced
            && !self.handover
        {
            return Err(RoutingIdInUse::Taken(other));
        }
        if self.peers.get_mut(peer).is_none() {
            self.peers.insert(peer, RouterPeer::default())?;
            self.open = self.open.saturating_add(1);
        }
        self.ids.remove(peer);
        if let Err(full) = self.ids.insert(peer, id) {
            self.detach(peer);
            return Err(full.into());
        }
        self.change(peer, |slot| slot.gone = false);
        if let Some(other) = displaced {
            // Nothing leads to it any more.
            self.change(other, |slot| slot.gone = true);
        }
        Ok(Attached { displaced })
    }

    /// An id that nobody has: RFC 28 leaves those that begin with 0 to us.
    fn own_id(&mut self) -> Option<[u8; 5]> {
        // Peers may have given themselves such ids; as many as there are cannot all be in the way.
        (0..=u16::MAX).find_map(|_| {
            let [a, b, c, d] = self.next.to_be_bytes();
            self.next = self.next.wrapping_add(1);
            let id = [0, a, b, c, d];
            self.ids.peer(&id).is_none().then_some(id)
        })
    }

    /// A peer is gone for good, and what waits of it.
    pub fn detach(&mut self, peer: PeerId) {
        self.change(peer, |slot| slot.gone = true);
        self.incoming.detach(&mut self.peers, peer);
        self.peers.remove(peer);
        self.ids.remove(peer);
    }

    /// A peer is gone, though messages of it wait: its routing id is free.
    pub fn mute(&mut self, peer: PeerId) {
        self.change(peer, |slot| slot.gone = true);
        self.ids.hide(peer);
    }

    /// A peer's queue reached its high-water mark, or has room again.
    pub fn set_full(&mut self, peer: PeerId, full: bool) {
        self.change(peer, |slot| slot.full = full);
    }

    fn change(&mut self, peer: PeerId, change: impl FnOnce(&mut RouterPeer)) {
        let Some(slot) = self.peers.get_mut(peer) else { return };
        let was = slot.is_open();
        change(slot);
        self.open = match (was, slot.is_open()) {
            (true, false) => self.open.saturating_sub(1),
            (false, true) => self.open.saturating_add(1),
            _ => self.open,
        };
    }

    /// Whether there is a peer that can take a message (what `ZMQ_ROUTER_MANDATORY` polls for).
    pub const fn may_route(&self) -> bool {
        self.open > 0
    }

    /// Whether a peer is called so.
    pub fn is_taken(&self, id: &[u8]) -> bool {
        self.ids.peer(id).is_some()
    }

    /// The peer that is called so, if it can take a message.
    ///
    /// # Errors
    ///
    /// [`Unroutable`].
    pub fn route(&mut self, id: &[u8]) -> Result<PeerId, Unroutable> {
        let peer = self.ids.peer(id).ok_or(Unroutable::Unknown)?;
        match self.peers.get_mut(peer) {
            Some(slot) if slot.full => Err(Unroutable::Full(peer)),
            Some(_) => Ok(peer),
            None => Err(Unroutable::Unknown),
        }
    }

    /// What a peer is called.
    pub fn id(&self, peer: PeerId) -> Option<&[u8]> {
        self.ids.id(peer)
    }

    /// A whole message of a peer was queued; `false` if the peer is not known.
    pub fn received(&mut self, peer: PeerId) -> bool {
        let known = self.peers.get_mut(peer).is_some();
        self.incoming.received(&mut self.peers, peer);
        known
    }

    /// Whether a message can be taken.
    pub const fn may_take(&self) -> bool {
        self.incoming.may_take()
    }

    /// The peer whose oldest message is taken now, if any has one.
    pub fn take(&mut self) -> Option<PeerId> {
        self.incoming.take(&mut self.peers)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::super::Fixed;
    use super::*;

    #[derive(Default)]
    struct Ids {
        peers: HashMap<Vec<u8>, PeerId>,
        ids: HashMap<PeerId, Vec<u8>>,
    }

    impl RoutingIds for Ids {
        fn insert(&mut self, peer: PeerId, id: &[u8]) -> Result<(), NoRoom> {
            self.peers.insert(id.into(), peer);
            self.ids.insert(peer, id.into());
            Ok(())
        }

        fn hide(&mut self, peer: PeerId) {
            self.peers.retain(|_, held| *held != peer);
        }

        fn remove(&mut self, peer: PeerId) {
            self.hide(peer);
            self.ids.remove(&peer);
        }

        fn peer(&self, id: &[u8]) -> Option<PeerId> {
            self.peers.get(id).copied()
        }

        fn id(&self, peer: PeerId) -> Option<&[u8]> {
            self.ids.get(&peer).map(Vec::as_slice)
        }
    }

    fn router(handover: bool) -> Router<Fixed<RouterPeer, 4>, Ids> {
        Router::new(Fixed::new(), Ids::default(), u32::MAX, handover)
    }

    #[test]
    fn peers_without_a_name_get_five_bytes_that_begin_with_0() {
        let mut router = router(false);
        router.attach(PeerId(0), b"\0\0\0\0\0").unwrap();
        router.attach(PeerId(1), b"").unwrap();
        router.attach(PeerId(2), b"").unwrap();
        assert_eq!(router.id(PeerId(1)), Some(&b"\0\xff\xff\xff\xff"[..]));
        // The one after that is taken.
        assert_eq!(router.id(PeerId(2)), Some(&b"\0\0\0\0\x01"[..]));
        assert_eq!(router.route(b"\0\0\0\0\x01"), Ok(PeerId(2)));
    }

    #[test]
    fn a_name_that_is_in_use_is_refused_until_its_peer_is_gone() {
        let mut router = router(false);
        router.attach(PeerId(0), b"ann").unwrap();
        assert!(router.received(PeerId(0)));
        assert_eq!(router.attach(PeerId(1), b"ann"), Err(RoutingIdInUse::Taken(PeerId(0))));
        assert!(!router.received(PeerId(1)));
        router.mute(PeerId(0));
        assert_eq!(router.route(b"ann"), Err(Unroutable::Unknown));
        assert_eq!(router.attach(PeerId(1), b"ann"), Ok(Attached { displaced: None }));
        // What the first one said is still its.
        assert_eq!(router.take().and_then(|peer| router.id(peer)), Some(&b"ann"[..]));
        router.detach(PeerId(0));
        assert_eq!(router.route(b"ann"), Ok(PeerId(1)));
    }

    #[test]
    fn a_name_is_handed_over_if_so_set() {
        let mut router = router(true);
        router.attach(PeerId(0), b"ann").unwrap();
        let attached = router.attach(PeerId(1), b"ann");
        assert_eq!(attached, Ok(Attached { displaced: Some(PeerId(0)) }));
        assert_eq!(router.route(b"ann"), Ok(PeerId(1)));
        router.detach(PeerId(0));
        assert_eq!(router.route(b"ann"), Ok(PeerId(1)));
    }

    #[test]
    fn a_full_peer_and_an_unknown_one_are_told_apart() {
        let mut router = router(false);
        router.attach(PeerId(0), b"ann").unwrap();
        assert!(router.may_route());
        router.set_full(PeerId(0), true);
        assert_eq!(router.route(b"ann"), Err(Unroutable::Full(PeerId(0))));
        assert!(!router.may_route());
        router.set_full(PeerId(0), false);
        assert_eq!(router.route(b"ann"), Ok(PeerId(0)));
        assert_eq!(router.route(b"bob"), Err(Unroutable::Unknown));
    }

    #[test]
    fn a_peer_that_comes_back_under_another_name_loses_the_first() {
        let mut router = router(false);
        router.attach(PeerId(0), b"ann").unwrap();
        router.attach(PeerId(0), b"").unwrap();
        assert_eq!(router.id(PeerId(0)), Some(&b"ann"[..]));
        router.attach(PeerId(0), b"eve").unwrap();
        assert_eq!(router.route(b"ann"), Err(Unroutable::Unknown));
        assert_eq!(router.route(b"eve"), Ok(PeerId(0)));
    }
}
