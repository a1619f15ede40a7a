//! Growing storage for the patterns of the core.

use zmtp_core::pattern::{NoRoom, PeerId, Slots};

/// State per peer by its index in the engine's slab: no search, and no limit of its own.
#[derive(Debug)]
pub(crate) struct Table<T>(Vec<Option<(PeerId, T)>>);

impl<T> Table<T> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn get(&self, id: PeerId) -> Option<&T> {
        let (held, value) = self.0.get(id.index() as usize)?.as_ref()?;
        (*held == id).then_some(value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten().map(|(_, value)| value)
    }
}

impl<T> Slots<T> for Table<T> {
    fn insert(&mut self, id: PeerId, value: T) -> Result<(), NoRoom> {
        let index = id.index() as usize;
        if index >= self.0.len() {
            self.0.resize_with(index + 1, || None);
        }
        self.0[index] = Some((id, value));
        Ok(())
    }

    fn remove(&mut self, id: PeerId) -> Option<T> {
        let slot = self.0.get_mut(id.index() as usize)?;
        slot.take_if(|(held, _)| *held == id).map(|(_, value)| value)
    }

    fn get_mut(&mut self, id: PeerId) -> Option<&mut T> {
        let (held, value) = self.0.get_mut(id.index() as usize)?.as_mut()?;
        (*held == id).then_some(value)
    }

    fn holder(&mut self, index: u32) -> Option<PeerId> {
        self.0.get(index as usize)?.as_ref().map(|(held, _)| *held)
    }
}
