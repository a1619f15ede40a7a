//! State per peer in a map: a [`Slots`] unlike [`Fixed`](zmtp_core::pattern::Fixed).

use std::collections::HashMap;

use zmtp_core::pattern::{NoRoom, PeerId, Slots};

/// State of peers in a hash map, with room for so many.
#[derive(Debug)]
pub struct Table<T> {
    peers: HashMap<PeerId, T>,
    room: usize,
}

impl<T> Table<T> {
    /// Room for `room` peers.
    pub fn new(room: usize) -> Self {
        Self { peers: HashMap::new(), room }
    }
}

impl<T> Slots<T> for Table<T> {
    fn insert(&mut self, id: PeerId, value: T) -> Result<(), NoRoom> {
        if let Some(old) = self.holder(id.index()) {
            self.peers.remove(&old);
        }
        if self.peers.len() == self.room {
            return Err(NoRoom);
        }
        self.peers.insert(id, value);
        Ok(())
    }

    fn remove(&mut self, id: PeerId) -> Option<T> {
        self.peers.remove(&id)
    }

    fn get_mut(&mut self, id: PeerId) -> Option<&mut T> {
        self.peers.get_mut(&id)
    }

    fn holder(&mut self, index: u32) -> Option<PeerId> {
        self.peers.keys().find(|held| held.index() == index).copied()
    }
}
