//! A ring of peers, for turns. The links are part of the state of each peer.

use super::{PeerId, Slots};

/// The neighbours of a peer in a ring. The state of a peer contains one link for each ring.
#[derive(Clone, Copy, Debug)]
pub struct RingLink(Neighbours);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Neighbours {
    next: PeerId,
    previous: PeerId,
}

/// The neighbours of a peer that is in no ring.
const NOWHERE: Neighbours = Neighbours { next: PeerId::NONE, previous: PeerId::NONE };

impl RingLink {
    /// Creates the link of a peer that is not in the ring.
    pub const fn new() -> Self {
        Self(NOWHERE)
    }

    /// Whether the peer is in the ring.
    pub const fn is_linked(&self) -> bool {
        !self.0.next.is_none()
    }
}

impl Default for RingLink {
    fn default() -> Self {
        Self::new()
    }
}

/// The state of a peer that can be in the ring with the number `LANE`.
pub trait Linked<const LANE: u8> {
    /// The peer's link in that ring.
    fn link(&mut self) -> &mut RingLink;
}

/// Peers in the order of their turns. Apart from the access to [`Slots`], every operation takes constant
/// time.
///
/// Load-balancing uses a ring of the peers that can take a message, fair-queueing a ring of the peers
/// that have a queued message.
#[derive(Debug)]
pub struct Ring<const LANE: u8> {
    /// [`PeerId::NONE`] if the ring is empty: an `Option` would be larger.
    head: PeerId,
}

impl<const LANE: u8> Default for Ring<LANE> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const LANE: u8> Ring<LANE> {
    /// Creates a ring without peers.
    pub const fn new() -> Self {
        Self { head: PeerId::NONE }
    }

    /// The peer whose turn it is; `None` if the ring is empty.
    pub const fn head(&self) -> Option<PeerId> {
        if self.head.is_none() { None } else { Some(self.head) }
    }

    /// Adds a peer as the last one. Does nothing if the peer is already in the ring.
    pub fn push<T: Linked<LANE>, S: Slots<T>>(&mut self, slots: &mut S, id: PeerId) {
        let Some(slot) = slots.get_mut(id) else { return };
        if slot.link().is_linked() {
            return;
        }
        let head = self.head;
        if head == PeerId::NONE {
            slot.link().0 = Neighbours { next: id, previous: id };
            self.head = id;
            return;
        }
        let last = Self::neighbours(slots, head).map_or(head, |at| at.previous);
        Self::set(slots, id, Neighbours { next: head, previous: last });
        Self::change(slots, last, |at| at.next = id);
        Self::change(slots, head, |at| at.previous = id);
    }

    /// Removes a peer. Does nothing if the peer is not in the ring.
    pub fn remove<T: Linked<LANE>, S: Slots<T>>(&mut self, slots: &mut S, id: PeerId) {
        let Some(slot) = slots.get_mut(id) else { return };
        let at = core::mem::replace(&mut slot.link().0, NOWHERE);
        if at == NOWHERE {
            return;
        }
        if at.next == id {
            self.head = PeerId::NONE;
            return;
        }
        Self::change(slots, at.previous, |previous| previous.next = at.next);
        Self::change(slots, at.next, |next| next.previous = at.previous);
        if self.head == id {
            self.head = at.next;
        }
    }

    /// Ends the turn of the first peer, which becomes the last one.
    pub fn rotate<T: Linked<LANE>, S: Slots<T>>(&mut self, slots: &mut S) {
        // An empty ring stays empty.
        self.head = Self::neighbours(slots, self.head).map_or(PeerId::NONE, |at| at.next);
    }

    /// As [`Ring::rotate`], with the link of the first peer.
    pub(super) const fn pass(&mut self, first: &RingLink) {
        self.head = first.0.next;
    }

    fn neighbours<T: Linked<LANE>>(slots: &mut impl Slots<T>, id: PeerId) -> Option<Neighbours> {
        slots.get_mut(id).map(|slot| slot.link().0).filter(|at| *at != NOWHERE)
    }

    fn set<T: Linked<LANE>>(slots: &mut impl Slots<T>, id: PeerId, at: Neighbours) {
        if let Some(slot) = slots.get_mut(id) {
            slot.link().0 = at;
        }
    }

    fn change<T: Linked<LANE>>(
        slots: &mut impl Slots<T>,
        id: PeerId,
        change: impl FnOnce(&mut Neighbours),
    ) {
        if let Some(slot) = slots.get_mut(id) {
            change(&mut slot.link().0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Fixed;
    use super::*;

    #[derive(Default)]
    struct Slot(RingLink);

    impl Linked<0> for Slot {
        fn link(&mut self) -> &mut RingLink {
            &mut self.0
        }
    }

    const fn peer(index: u32) -> PeerId {
        PeerId::new(index, 0)
    }

    fn turns(ring: &mut Ring<0>, slots: &mut Fixed<Slot, 8>, n: usize) -> Vec<u32> {
        (0..n)
            .filter_map(|_| {
                let head = ring.head().map(PeerId::index);
                ring.rotate(slots);
                head
            })
            .collect()
    }

    #[test]
    fn peers_take_turns_in_order_of_arrival_and_can_be_removed() {
        let mut slots = Fixed::<Slot, 8>::new();
        let mut ring = Ring::new();
        for id in 1..=4 {
            slots.insert(peer(id), Slot::default()).unwrap();
            ring.push(&mut slots, peer(id));
            ring.push(&mut slots, peer(id));
        }
        assert_eq!(turns(&mut ring, &mut slots, 6), [1, 2, 3, 4, 1, 2]);
        ring.remove(&mut slots, peer(3));
        assert_eq!(turns(&mut ring, &mut slots, 4), [4, 1, 2, 4]);
        ring.remove(&mut slots, peer(3));
        ring.remove(&mut slots, peer(4));
        ring.remove(&mut slots, peer(1));
        assert_eq!(turns(&mut ring, &mut slots, 2), [2, 2]);
        ring.remove(&mut slots, peer(2));
        assert_eq!(turns(&mut ring, &mut slots, 2), []);
        ring.push(&mut slots, peer(3));
        assert_eq!(turns(&mut ring, &mut slots, 2), [3, 3]);
    }
}
