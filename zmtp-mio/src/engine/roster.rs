//! Who is connected, and who sent what was received last.

use std::sync::Arc;
use std::time::Instant;

use zmtp_core::PeerInfo;
use zmtp_core::pattern::PeerId;

use super::Engine;
use super::pattern::Pattern;
use super::peer::Origin;
use crate::monitor::PeerStatus;
use crate::transport::Addresses;

/// What is known of who is at the other end of a connection.
#[derive(Debug)]
pub(super) struct Met {
    pub(super) addresses: Addresses,
    /// When the connection was established.
    since: Instant,
    pub(super) info: Option<PeerInfo>,
    /// What its READY called it.
    pub(super) routing_id: Box<[u8]>,
}

impl Met {
    pub(super) fn boxed(addresses: Addresses, since: Instant) -> Box<Self> {
        Box::new(Self { addresses, since, info: None, routing_id: Box::default() })
    }
}

/// Whose letter was taken last. Noting it costs a store; the rest is for who asks.
#[derive(Debug, Default)]
pub(super) enum Last {
    #[default]
    Nobody,
    Here(PeerId),
    /// Its place in the slab is free.
    Gone(Option<Box<PeerStatus>>),
}

impl Engine {
    /// Frees the places of peers that are over.
    pub(super) fn forget_over(&mut self) {
        while let Some(index) = self.over.pop() {
            if matches!(self.last, Last::Here(last) if self.index(last) == Some(index)) {
                self.last = Last::Gone(self.status(index).map(Box::new));
            }
            self.peers.try_remove(index);
        }
    }

    /// The peers that are connected, handshakes over.
    pub(crate) fn connected(&self) -> impl Iterator<Item = PeerStatus> {
        let ready = self.peers.iter().filter(|(_, peer)| peer.is_ready());
        ready.filter_map(|(index, _)| self.status(index))
    }

    /// How many they are.
    pub(crate) fn connected_count(&self) -> usize {
        self.peers.iter().filter(|(_, peer)| peer.is_ready()).count()
    }

    /// Whose letter was taken last.
    pub(crate) fn last_peer(&self) -> Option<PeerStatus> {
        match &self.last {
            Last::Nobody => None,
            Last::Here(peer) => self.status(self.index(*peer)?),
            Last::Gone(status) => status.as_deref().cloned(),
        }
    }

    fn status(&self, index: usize) -> Option<PeerStatus> {
        let peer = self.peers.get(index)?;
        let met = peer.met.as_ref()?;
        let called = self.pattern.prefix(peer.id).unwrap_or(&met.routing_id);
        Some(PeerStatus {
            endpoint: Arc::clone(&peer.endpoint),
            accepted: matches!(peer.origin, Origin::Accepted),
            remote: met.addresses.remote,
            local: met.addresses.local,
            version: met.info.map(|info| info.version),
            socket_type: met.info.and_then(|info| info.socket_type),
            routing_id: called.into(),
            since: met.since,
            to_receive: peer.incoming.len(),
            to_send: peer.outgoing.len(),
        })
    }
}
