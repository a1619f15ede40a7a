//! ROUTER: sends each message to the peer with the given routing id, and puts the routing id of the
//! sender before each received message (RFC 28).

use super::{
    AttachError, FairPeer, FairQueue, Linked, NoRoom, Pattern, PeerId, RingLink, RouteError, Slots,
    TakeError,
};

/// A table of the routing ids of peers, searched by id and by peer. If an id is handed over to another
/// peer, a search by id finds the new peer; the old peer keeps the id for its queued messages.
pub trait RoutingIds {
    /// Sets the id of a peer. From now on, [`RoutingIds::peer`] returns this peer for the id.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the table is full.
    fn insert(&mut self, peer: PeerId, id: &[u8]) -> Result<(), NoRoom>;

    /// Hides the id of a peer: [`RoutingIds::peer`] no longer returns the peer, but
    /// [`RoutingIds::id`] still returns the id.
    fn hide(&mut self, peer: PeerId);

    /// Removes a peer and its id.
    fn remove(&mut self, peer: PeerId);

    /// The peer with an id that is not hidden.
    fn peer(&self, id: &[u8]) -> Option<PeerId>;

    /// The id of a peer, also if it is hidden.
    fn id(&self, peer: PeerId) -> Option<&[u8]>;
}

/// The rules of ROUTER.
///
/// A peer has a routing id, and can get messages, from the time when it is
/// [connected](Pattern::connected) or [attached with an id](Router::attach_as). If a peer announces no id,
/// ROUTER assigns one of five bytes: a byte of 0, then a number in four bytes.
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

/// The state of a peer in ROUTER.
#[derive(Clone, Copy, Debug, Default)]
pub struct RouterPeer {
    incoming: FairPeer,
    full: bool,
    /// Its routing id is free for other peers.
    hidden: bool,
    /// The application chose its routing id.
    named: bool,
    /// What it sends is dropped.
    ignored: bool,
}

impl RouterPeer {
    const fn is_open(&self) -> bool {
        !self.full && !self.hidden
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

impl<S: Slots<RouterPeer>, I: RoutingIds> Router<S, I> {
    /// Creates a ROUTER without peers. `first` is the number in the first id that it assigns; use a random
    /// value. `handover` is what happens if a peer announces an id that another peer has: with `true` the
    /// id is handed over to it (`ZMQ_ROUTER_HANDOVER`), with `false` it is refused.
    pub const fn new(peers: S, ids: I, first: u32, handover: bool) -> Self {
        Self { peers, ids, incoming: FairQueue::new(), handover, next: first, open: 0 }
    }

    /// Sets what happens if a peer announces an id that another peer has; see [`Router::new`].
    pub const fn set_handover(&mut self, handover: bool) {
        self.handover = handover;
    }

    /// Holds a peer back, or releases it: while it is held back, its messages are not taken. A closed
    /// peer is not held back.
    pub fn hold(&mut self, peer: PeerId, held: bool) {
        self.incoming.hold(&mut self.peers, peer, held);
    }

    /// Attaches a peer that the socket connects to, with the routing id `id` (`ZMQ_CONNECT_ROUTING_ID`). If
    /// `id` is empty, ROUTER assigns an id. The peer keeps this id, also if it announces another one.
    ///
    /// # Errors
    ///
    /// [`AttachError::RoutingIdInUse`] if another peer has the id, [`AttachError::NoRoom`] if a table is full.
    pub fn attach_as(&mut self, peer: PeerId, id: &[u8]) -> Result<(), AttachError> {
        if let Some(other) = self.ids.peer(id).filter(|other| *other != peer) {
            return Err(AttachError::RoutingIdInUse(other));
        }
        self.connected(peer, id)?;
        self.change(peer, |slot| slot.named = true);
        Ok(())
    }

    /// Frees the routing id of a peer. The peer gets no more messages; its own are still received.
    pub fn hide(&mut self, peer: PeerId) {
        self.change(peer, |slot| slot.hidden = true);
        self.ids.hide(peer);
    }

    /// Drops what a peer sends from now on, until it connects again.
    pub fn ignore(&mut self, peer: PeerId) {
        self.change(peer, |slot| slot.ignored = true);
    }

    /// Whether a peer has this routing id, and it is not hidden.
    pub fn is_taken(&self, id: &[u8]) -> bool {
        self.ids.peer(id).is_some()
    }

    /// An id that no peer has: RFC 28 reserves those that begin with 0 for this.
    fn assign(&mut self) -> Option<[u8; 5]> {
        // Peers may announce such ids too, but not all of them.
        (0..=u16::MAX).find_map(|_| {
            let [a, b, c, d] = self.next.to_be_bytes();
            self.next = self.next.wrapping_add(1);
            let id = [0, a, b, c, d];
            self.ids.peer(&id).is_none().then_some(id)
        })
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
}

impl<S: Slots<RouterPeer>, I: RoutingIds> Pattern for Router<S, I> {
    /// A peer that has a routing id keeps it if it announces none. A [closed](Pattern::closed) peer
    /// stays closed and keeps its routing id.
    fn connected(
        &mut self,
        peer: PeerId,
        routing_id: &[u8],
    ) -> Result<Option<PeerId>, AttachError> {
        let keeps =
            self.peers.get_mut(peer).is_some_and(|slot| slot.named || slot.incoming.is_closed());
        let known = self.ids.id(peer);
        if known.is_some_and(|id| keeps || routing_id.is_empty() || id == routing_id) {
            return Ok(None);
        }
        if known.is_none()
            && let Some(old) = self.peers.holder(peer.index())
        {
            self.detached(old);
        }
        let assigned;
        let id = if routing_id.is_empty() {
            assigned = self.assign().ok_or(AttachError::NoRoom)?;
            &assigned[..]
        } else {
            routing_id
        };
        let displaced = self.ids.peer(id).filter(|other| *other != peer);
        if let Some(other) = displaced
            && !self.handover
        {
            return Err(AttachError::RoutingIdInUse(other));
        }
        if self.peers.get_mut(peer).is_none() {
            self.peers.insert(peer, RouterPeer::default())?;
            self.open = self.open.saturating_add(1);
        }
        self.ids.remove(peer);
        if let Err(full) = self.ids.insert(peer, id) {
            self.detached(peer);
            return Err(full.into());
        }
        self.change(peer, |slot| (slot.hidden, slot.ignored) = (false, false));
        if let Some(other) = displaced {
            self.change(other, |slot| slot.hidden = true);
        }
        Ok(displaced)
    }

    fn closed(&mut self, peer: PeerId) {
        self.hide(peer);
        if self.incoming.close(&mut self.peers, peer) {
            self.ids.remove(peer);
        }
    }

    fn detached(&mut self, peer: PeerId) {
        self.change(peer, |slot| slot.hidden = true);
        self.incoming.detach(&mut self.peers, peer);
        self.ids.remove(peer);
    }

    fn set_full(&mut self, peer: PeerId, full: bool) {
        self.change(peer, |slot| slot.full = full);
    }

    fn received(&mut self, peer: PeerId) -> bool {
        self.received_many(peer, 1)
    }

    fn received_many(&mut self, peer: PeerId, count: u32) -> bool {
        let is_ignored = self.peers.get_mut(peer).is_none_or(|slot| slot.ignored);
        !is_ignored && self.incoming.received_many(&mut self.peers, peer, count)
    }

    fn may_take(&self) -> bool {
        self.incoming.may_take()
    }

    fn take(&mut self) -> Result<Option<PeerId>, TakeError> {
        let Some((peer, removed)) = self.incoming.take(&mut self.peers) else { return Ok(None) };
        if removed {
            self.ids.remove(peer);
        }
        Ok(Some(peer))
    }

    /// Whether any peer can take a message (what `ZMQ_ROUTER_MANDATORY` polls for).
    fn may_route(&self) -> bool {
        self.open > 0
    }

    fn route(&mut self, routing_id: &[u8]) -> Result<PeerId, RouteError> {
        let peer = self.ids.peer(routing_id).ok_or(RouteError::Unknown)?;
        match self.peers.get_mut(peer) {
            Some(slot) if slot.full => Err(RouteError::Full(peer)),
            Some(_) => Ok(peer),
            None => Err(RouteError::Unknown),
        }
    }

    fn routing_id(&self, peer: PeerId) -> Option<&[u8]> {
        self.ids.id(peer)
    }

    fn keeps_unsent(&self) -> bool {
        true
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::HashMap;

    use super::super::Fixed;
    use super::*;

    #[derive(Debug, Default)]
    pub(in super::super) struct Ids {
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

    const fn peer(index: u32) -> PeerId {
        PeerId::new(index, 0)
    }

    fn router(handover: bool) -> Router<Fixed<RouterPeer, 4>, Ids> {
        Router::new(Fixed::new(), Ids::default(), u32::MAX, handover)
    }

    #[test]
    fn a_peer_without_a_routing_id_is_assigned_five_bytes_that_begin_with_0() {
        let mut router = router(false);
        router.connected(peer(0), b"\0\0\0\0\0").unwrap();
        router.connected(peer(1), b"").unwrap();
        router.connected(peer(2), b"").unwrap();
        assert_eq!(router.routing_id(peer(1)), Some(&b"\0\xff\xff\xff\xff"[..]));
        // The next number is in use.
        assert_eq!(router.routing_id(peer(2)), Some(&b"\0\0\0\0\x01"[..]));
        assert_eq!(router.route(b"\0\0\0\0\x01"), Ok(peer(2)));
    }

    #[test]
    fn a_routing_id_in_use_is_refused_until_its_peer_is_gone() {
        let mut router = router(false);
        router.connected(peer(0), b"ann").unwrap();
        assert!(router.received(peer(0)));
        assert_eq!(router.connected(peer(1), b"ann"), Err(AttachError::RoutingIdInUse(peer(0))));
        assert!(!router.received(peer(1)));
        router.closed(peer(0));
        assert_eq!(router.route(b"ann"), Err(RouteError::Unknown));
        assert_eq!(router.connected(peer(1), b"ann"), Ok(None));
        // The queued message of the first peer keeps its id.
        assert_eq!(router.routing_id(peer(0)), Some(&b"ann"[..]));
        assert_eq!(router.take(), Ok(Some(peer(0))));
        assert_eq!(router.routing_id(peer(0)), None, "forgotten with its last message");
        assert_eq!(router.route(b"ann"), Ok(peer(1)));
    }

    #[test]
    fn a_closed_peer_gets_no_new_routing_id_and_no_message() {
        let mut router = router(false);
        router.connected(peer(0), b"ann").unwrap();
        assert!(router.received(peer(0)));
        router.closed(peer(0));
        assert_eq!(router.connected(peer(0), b"bob"), Ok(None));
        assert_eq!(router.routing_id(peer(0)), Some(&b"ann"[..]));
        assert_eq!(router.route(b"bob"), Err(RouteError::Unknown));
        assert!(!router.may_route());
        assert_eq!(router.take(), Ok(Some(peer(0))));
        assert!(!router.may_route(), "the peer is gone");
    }

    #[test]
    fn with_handover_a_routing_id_passes_to_the_new_peer() {
        let mut router = router(true);
        router.connected(peer(0), b"ann").unwrap();
        let attached = router.connected(peer(1), b"ann");
        assert_eq!(attached, Ok(Some(peer(0))));
        assert_eq!(router.route(b"ann"), Ok(peer(1)));
        router.detached(peer(0));
        assert_eq!(router.route(b"ann"), Ok(peer(1)));
    }

    #[test]
    fn what_a_peer_sends_after_it_is_ignored_is_dropped_until_it_connects_again() {
        let mut router = router(true);
        router.connected(peer(0), b"ann").unwrap();
        assert!(router.received(peer(0)));
        router.connected(peer(1), b"ann").unwrap();
        router.ignore(peer(0));
        assert!(!router.received(peer(0)) && router.received(peer(1)));
        assert_eq!(router.take(), Ok(Some(peer(0))), "it was queued before");
        assert_eq!(router.take(), Ok(Some(peer(1))));
        router.connected(peer(0), b"bob").unwrap();
        assert!(router.received(peer(0)));
    }

    #[test]
    fn a_full_peer_and_an_unknown_one_are_different_errors() {
        let mut router = router(false);
        router.connected(peer(0), b"ann").unwrap();
        assert!(router.may_route());
        router.set_full(peer(0), true);
        assert_eq!(router.route(b"ann"), Err(RouteError::Full(peer(0))));
        assert!(!router.may_route());
        router.set_full(peer(0), false);
        assert_eq!(router.route(b"ann"), Ok(peer(0)));
        assert_eq!(router.route(b"bob"), Err(RouteError::Unknown));
    }

    #[test]
    fn a_peer_that_reconnects_with_another_routing_id_loses_the_first() {
        let mut router = router(false);
        router.connected(peer(0), b"ann").unwrap();
        router.connected(peer(0), b"").unwrap();
        assert_eq!(router.routing_id(peer(0)), Some(&b"ann"[..]));
        router.connected(peer(0), b"eve").unwrap();
        assert_eq!(router.route(b"ann"), Err(RouteError::Unknown));
        assert_eq!(router.route(b"eve"), Ok(peer(0)));
    }

    #[test]
    fn a_peer_keeps_the_routing_id_that_the_application_chose() {
        let mut router = router(true);
        router.connected(peer(0), b"ann").unwrap();
        assert_eq!(router.attach_as(peer(1), b"ann"), Err(AttachError::RoutingIdInUse(peer(0))));
        router.attach_as(peer(1), b"bob").unwrap();
        assert_eq!(router.route(b"bob"), Ok(peer(1)));
        assert_eq!(router.connected(peer(1), b"eve"), Ok(None));
        assert_eq!(router.route(b"eve"), Err(RouteError::Unknown));
        assert_eq!(router.routing_id(peer(1)), Some(&b"bob"[..]));
    }
}
