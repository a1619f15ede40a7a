//! Growing storage for the core's patterns.

use zmtp_core::pattern::{NoRoom, PeerId, Slots};

/// Per-peer state by the peer's place in the engine's slab: no look-up, no limit of its own.
#[derive(Debug)]
pub(crate) struct Table<T>(Vec<Option<T>>);

impl<T> Table<T> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn get(&self, id: PeerId) -> Option<&T> {
        self.0.get(id.0 as usize)?.as_ref()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten()
    }
}

impl<T> Slots<T> for Table<T> {
    fn insert(&mut self, id: PeerId, value: T) -> Result<(), NoRoom> {
        let index = id.0 as usize;
        if index >= self.0.len() {
            self.0.resize_with(index + 1, || None);
        }
        self.0[index] = Some(value);
        Ok(())
    }

    fn remove(&mut self, id: PeerId) -> Option<T> {
        self.0.get_mut(id.0 as usize)?.take()
    }

    fn get_mut(&mut self, id: PeerId) -> Option<&mut T> {
        self.0.get_mut(id.0 as usize)?.as_mut()
    }
}
