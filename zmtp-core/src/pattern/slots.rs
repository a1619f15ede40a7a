//! Per-peer state by peer id.

use super::{NoRoom, PeerId};

/// Storage of one `T` per peer. The driver chooses the ids; a slot table is a secondary map.
pub trait Slots<T> {
    /// Stores the state of a new peer, or replaces it.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the table is full.
    fn insert(&mut self, id: PeerId, value: T) -> Result<(), NoRoom>;

    /// Forgets a peer.
    fn remove(&mut self, id: PeerId) -> Option<T>;

    /// The state of a peer.
    fn get_mut(&mut self, id: PeerId) -> Option<&mut T>;
}

/// Up to `N` peers in place, found by scanning: for microcontrollers, where `N` is small.
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
        if let Some(slot) = self.get_mut(id) {
            *slot = value;
            return Ok(());
        }
        let free = self.0.iter_mut().find(|slot| slot.is_none());
        *free.ok_or(NoRoom)? = Some((id, value));
        Ok(())
    }

    fn remove(&mut self, id: PeerId) -> Option<T> {
        let held = |slot: &&mut Option<(PeerId, T)>| slot.as_ref().is_some_and(|one| one.0 == id);
        self.0.iter_mut().find(held)?.take().map(|(_, value)| value)
    }

    fn get_mut(&mut self, id: PeerId) -> Option<&mut T> {
        self.0.iter_mut().flatten().find(|(held, _)| *held == id).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_table_refuses_a_new_peer_and_keeps_the_old_ones() {
        let mut slots = Fixed::<u8, 2>::new();
        assert_eq!(slots.insert(PeerId(7), 1), Ok(()));
        assert_eq!(slots.insert(PeerId(9), 2), Ok(()));
        assert_eq!(slots.insert(PeerId(8), 3), Err(NoRoom));
        assert_eq!(slots.insert(PeerId(7), 4), Ok(()));
        assert_eq!(slots.remove(PeerId(7)), Some(4));
        assert_eq!(slots.remove(PeerId(7)), None);
        assert_eq!(slots.get_mut(PeerId(9)), Some(&mut 2));
    }
}
