//! Turn-taking: a ring of peers, threaded through their slots.

use super::{PeerId, Slots};

/// Where a peer stands in a ring. One per ring and peer, inside the peer's slot.
#[derive(Clone, Copy, Debug)]
pub struct RingLink(Neighbours);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Neighbours {
    next: PeerId,
    previous: PeerId,
}

/// Of a peer that stands in no ring. Costs no tag: [`PeerId::NONE`] is nobody's.
const NOWHERE: Neighbours = Neighbours { next: PeerId::NONE, previous: PeerId::NONE };

impl RingLink {
    /// Of a peer that stands nowhere.
    pub const fn new() -> Self {
        Self(NOWHERE)
    }

    /// Whether the peer stands in the ring.
    pub const fn is_linked(&self) -> bool {
        self.0.next.0 != PeerId::NONE.0
    }
}

impl Default for RingLink {
    fn default() -> Self {
        Self::new()
    }
}

/// Per-peer state that can stand in the ring `LANE`.
pub trait Linked<const LANE: u8> {
    /// The peer's place in that ring.
    fn link(&mut self) -> &mut RingLink;
}

/// Peers in the order of their turns. Every operation takes constant time, however many peers
/// there are and however many of them have nothing to do.
///
/// Load-balancing keeps the peers that can take a message in one, fair-queueing the peers that
/// have one.
#[derive(Debug)]
pub struct Ring<const LANE: u8> {
    /// [`PeerId::NONE`] if there is nobody, because firmware counts bytes.
    head: PeerId,
}

impl<const LANE: u8> Default for Ring<LANE> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const LANE: u8> Ring<LANE> {
    /// A ring without peers.
    pub const fn new() -> Self {
        Self { head: PeerId::NONE }
    }

    /// Whose turn it is.
    pub const fn head(&self) -> Option<PeerId> {
        if self.head.0 == PeerId::NONE.0 { None } else { Some(self.head) }
    }

    /// Puts a peer at the end of the turns; nothing if it stands in the ring already.
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

    /// Takes a peer out; nothing if it stands elsewhere.
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

    /// Ends the turn of the peer at the head.
    pub fn rotate<T: Linked<LANE>, S: Slots<T>>(&mut self, slots: &mut S) {
        // Nobody's next is nobody.
        self.head = Self::neighbours(slots, self.head).map_or(PeerId::NONE, |at| at.next);
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

    fn turns(ring: &mut Ring<0>, slots: &mut Fixed<Slot, 8>, n: usize) -> Vec<u32> {
        (0..n)
            .filter_map(|_| {
                let head = ring.head().map(|id| id.0);
                ring.rotate(slots);
                head
            })
            .collect()
    }

    #[test]
    fn peers_take_turns_in_order_of_arrival_and_leave_without_disturbing_the_rest() {
        let mut slots = Fixed::<Slot, 8>::new();
        let mut ring = Ring::new();
        for id in 1..=4 {
            slots.insert(PeerId(id), Slot::default()).unwrap();
            ring.push(&mut slots, PeerId(id));
            ring.push(&mut slots, PeerId(id));
        }
        assert_eq!(turns(&mut ring, &mut slots, 6), [1, 2, 3, 4, 1, 2]);
        ring.remove(&mut slots, PeerId(3));
        assert_eq!(turns(&mut ring, &mut slots, 4), [4, 1, 2, 4]);
        ring.remove(&mut slots, PeerId(3));
        ring.remove(&mut slots, PeerId(4));
        ring.remove(&mut slots, PeerId(1));
        assert_eq!(turns(&mut ring, &mut slots, 2), [2, 2]);
        ring.remove(&mut slots, PeerId(2));
        assert_eq!(turns(&mut ring, &mut slots, 2), []);
        ring.push(&mut slots, PeerId(3));
        assert_eq!(turns(&mut ring, &mut slots, 2), [3, 3]);
    }
}
