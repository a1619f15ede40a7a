//! Routing ids of peers.

use core::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use zmtp_core::pattern::{NoRoom, PeerId, RoutingIds, Slots};

use crate::slots::Table;

/// The routing ids of the peers of a ROUTER.
#[derive(Debug)]
pub(crate) struct RoutingTable {
    peers: HashMap<Arc<[u8]>, PeerId>,
    names: Table<Arc<[u8]>>,
    /// The peer that was found last: many messages in a row go to the same one.
    last: Cell<PeerId>,
}

impl RoutingTable {
    pub(crate) fn new() -> Self {
        Self { peers: HashMap::new(), names: Table::new(), last: Cell::new(PeerId::NONE) }
    }
}

impl RoutingIds for RoutingTable {
    fn insert(&mut self, peer: PeerId, id: &[u8]) -> Result<(), NoRoom> {
        // It may be the id of another peer that hands it over.
        self.last.set(PeerId::NONE);
        let id: Arc<[u8]> = id.into();
        self.peers.insert(Arc::clone(&id), peer);
        self.names.insert(peer, id)
    }

    fn hide(&mut self, peer: PeerId) {
        self.last.set(PeerId::NONE);
        if let Some(id) = self.names.get(peer)
            && self.peers.get(id) == Some(&peer)
        {
            self.peers.remove(id);
        }
    }

    fn remove(&mut self, peer: PeerId) {
        self.hide(peer);
        self.names.remove(peer);
    }

    fn peer(&self, id: &[u8]) -> Option<PeerId> {
        let last = self.last.get();
        if self.names.get(last).is_some_and(|name| **name == *id) {
            return Some(last);
        }
        let found = self.peers.get(id).copied();
        self.last.set(found.unwrap_or(PeerId::NONE));
        found
    }

    fn id(&self, peer: PeerId) -> Option<&[u8]> {
        self.names.get(peer).map(|id| &**id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peer_that_was_found_last_is_not_found_when_it_has_lost_its_id() {
        let (old, new) = (PeerId::new(0, 0), PeerId::new(1, 1));
        let mut ids = RoutingTable::new();
        ids.insert(old, b"id").unwrap();
        assert_eq!(
            (ids.peer(b"id"), ids.peer(b"id"), ids.peer(b"i")),
            (Some(old), Some(old), None)
        );
        assert_eq!(ids.peer(b"id"), Some(old));
        ids.insert(new, b"id").unwrap();
        assert_eq!(ids.peer(b"id"), Some(new));
        ids.hide(new);
        assert_eq!((ids.peer(b"id"), ids.id(new)), (None, Some(&b"id"[..])));
    }
}
