//! State per peer.

use super::{NoRoom, Pattern, PeerId};

/// A table with one `T` for each peer. The key is the [`PeerId`], which the driver chooses. For each index
/// the table contains at most one peer.
pub trait Slots<T> {
    /// Stores the state of a peer. It replaces the state of any peer with the same index.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the table is full.
    fn insert(&mut self, id: PeerId, value: T) -> Result<(), NoRoom>;

    /// Removes and returns the state of a peer; `None` if the table does not contain this peer.
    fn remove(&mut self, id: PeerId) -> Option<T>;

    /// The state of a peer; `None` if the table does not contain this peer.
    fn get_mut(&mut self, id: PeerId) -> Option<&mut T>;

    /// The peer in the table with this index, of any generation.
    fn holder(&mut self, index: u32) -> Option<PeerId>;
}

/// Stores the state of a new peer of a pattern. Another peer with the same index is detached first, so that it
/// is in no ring of peers when its state is replaced.
pub(super) fn attach<P: Pattern, S: Slots<T>, T: Default>(
    pattern: &mut P,
    peers: impl Fn(&mut P) -> &mut S,
    peer: PeerId,
) -> Result<(), NoRoom> {
    if let Some(old) = peers(pattern).holder(peer.index()) {
        pattern.detached(old);
    }
    peers(pattern).insert(peer, T::default())
}

/// A table of up to `N` peers in an array. Each access searches the array: use it for small `N`, on
/// microcontrollers.
// Not a `heapless::Vec`, whose removal brings a `memmove` of 700 bytes of flash.
#[derive(Debug)]
pub struct Fixed<T, const N: usize>([Option<(PeerId, T)>; N]);

impl<T, const N: usize> Fixed<T, N> {
    /// An empty table.
    pub const fn new() -> Self {
        Self([const { None }; N])
    }
}

impl<T, const N: usize> Default for Fixed<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const N: usize> Slots<T> for Fixed<T, N> {
    fn insert(&mut self, id: PeerId, value: T) -> Result<(), NoRoom> {
        let held = |slot: &&mut Option<(PeerId, T)>| {
            slot.as_ref().is_some_and(|(held, _)| held.index() == id.index())
        };
        let slot = match self.0.iter_mut().find(held) {
            Some(slot) => slot,
            None => self.0.iter_mut().find(|slot| slot.is_none()).ok_or(NoRoom)?,
        };
        *slot = Some((id, value));
        Ok(())
    }

    fn remove(&mut self, id: PeerId) -> Option<T> {
        let held = |slot: &&mut Option<(PeerId, T)>| slot.as_ref().is_some_and(|one| one.0 == id);
        self.0.iter_mut().find(held)?.take().map(|(_, value)| value)
    }

    fn get_mut(&mut self, id: PeerId) -> Option<&mut T> {
        self.0.iter_mut().flatten().find(|(held, _)| *held == id).map(|(_, value)| value)
    }

    fn holder(&mut self, index: u32) -> Option<PeerId> {
        self.0.iter().flatten().map(|(held, _)| *held).find(|held| held.index() == index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn id(index: u32) -> PeerId {
        PeerId::new(index, 0)
    }

    #[test]
    fn a_full_table_refuses_a_new_peer_and_keeps_the_old_ones() {
        let mut slots = Fixed::<u8, 2>::new();
        assert_eq!(slots.insert(id(7), 1), Ok(()));
        assert_eq!(slots.insert(id(9), 2), Ok(()));
        assert_eq!(slots.insert(id(8), 3), Err(NoRoom));
        assert_eq!(slots.insert(id(7), 4), Ok(()));
        assert_eq!(slots.remove(id(7)), Some(4));
        assert_eq!(slots.remove(id(7)), None);
        assert_eq!(slots.get_mut(id(9)), Some(&mut 2));
    }

    #[test]
    fn an_id_of_another_generation_finds_nothing() {
        let mut slots = Fixed::<u8, 1>::new();
        let (old, new) = (PeerId::new(7, u32::MAX), PeerId::new(7, 0));
        assert_eq!(slots.insert(old, 1), Ok(()));
        assert_eq!(slots.get_mut(new), None);
        assert_eq!(slots.holder(7), Some(old));
        assert_eq!(slots.remove(new), None);
        assert_eq!(slots.insert(new, 2), Ok(()));
        assert_eq!(slots.get_mut(old), None);
        assert_eq!(slots.holder(7), Some(new));
        assert_eq!(slots.remove(old), None);
        assert_eq!(slots.remove(new), Some(2));
        assert_eq!(slots.holder(7), None);
    }
}
