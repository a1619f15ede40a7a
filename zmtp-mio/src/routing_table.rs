//! Routing ids of peers.

use std::collections::HashMap;
use std::sync::Arc;

use zmtp_core::pattern::{NoRoom, PeerId, RoutingIds, Slots};

use crate::slots::Table;

/// The routing ids of the peers of a ROUTER.
#[derive(Debug)]
pub(crate) struct RoutingTable {
    peers: HashMap<Arc<[u8]>, PeerId>,
    names: Table<Arc<[u8]>>,
}

impl RoutingTable {
    pub(crate) fn new() -> Self {
        Self { peers: HashMap::new(), names: Table::new() }
    }
}

impl RoutingIds for RoutingTable {
    fn insert(&mut self, peer: PeerId, id: &[u8]) -> Result<(), NoRoom> {
        let id: Arc<[u8]> = id.into();
        self.peers.insert(Arc::clone(&id), peer);
        self.names.insert(peer, id)
    }

    fn hide(&mut self, peer: PeerId) {
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
        self.peers.get(id).copied()
    }

    fn id(&self, peer: PeerId) -> Option<&[u8]> {
        self.names.get(peer).map(|id| &**id)
    }
}
