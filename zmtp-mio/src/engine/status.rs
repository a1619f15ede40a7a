//! The status of peers, and the peer whose message was received last.

use std::sync::Arc;

use zmtp_core::pattern::{Pattern, PeerId};

use super::Engine;
use super::peer::Origin;
use crate::monitor::{EventKind, PeerStatus};
use crate::transport::Addresses;

/// The peer whose message was received last.
#[derive(Debug, Default)]
pub(super) enum LastPeer {
    #[default]
    None,
    Here(PeerId),
    /// The peer was removed afterwards.
    Removed(Option<Box<PeerStatus>>),
}

impl Engine {
    /// Keeps the status of a peer that is removed, if its message was received last.
    pub(super) fn keep_status(&mut self, index: usize) {
        if matches!(self.last, LastPeer::Here(last) if self.index(last) == Some(index)) {
            self.last = LastPeer::Removed(self.status(index).map(Box::new));
        }
    }

    /// The connected peers whose handshakes are complete.
    pub(crate) fn connected(&self) -> impl Iterator<Item = PeerStatus> {
        let ready = self.peers.iter().filter(|(_, peer)| peer.is_ready());
        ready.filter_map(|(index, _)| self.status(index))
    }

    /// The number of connected peers whose handshakes are complete.
    pub(crate) fn connected_count(&self) -> usize {
        self.peers.iter().filter(|(_, peer)| peer.is_ready()).count()
    }

    /// The peer whose message was received last.
    pub(crate) fn last_peer(&self) -> Option<PeerStatus> {
        match &self.last {
            LastPeer::None => None,
            LastPeer::Here(peer) => self.status(self.index(*peer)?),
            LastPeer::Removed(status) => status.as_deref().cloned(),
        }
    }

    /// Queues an event with the sizes of the queues of each connected peer. Returns their number.
    pub(crate) fn report_queues(&mut self) -> usize {
        let peers: Vec<_> = self.connected().collect();
        for peer in &peers {
            let at = Addresses { remote: peer.remote, local: peer.local, descriptor: None };
            let kind = EventKind::Queued { to_send: peer.to_send, to_receive: peer.to_receive };
            self.monitor.note_connection(peer.connection, &peer.endpoint, at, kind);
        }
        peers.len()
    }

    fn status(&self, index: usize) -> Option<PeerStatus> {
        let peer = self.peers.get(index)?;
        let details = peer.details.as_ref()?;
        let routing_id = self.pattern.routing_id(peer.id).unwrap_or(&details.routing_id);
        Some(PeerStatus {
            endpoint: Arc::clone(&peer.endpoint),
            connection: details.connection,
            accepted: matches!(peer.origin, Origin::Accepted),
            remote: details.addresses.remote,
            local: details.addresses.local,
            version: details.info.map(|info| info.version),
            socket_type: details.info.and_then(|info| info.socket_type),
            routing_id: routing_id.into(),
            user: details.user.as_deref().cloned(),
            since: details.since,
            to_receive: peer.incoming.len(),
            to_send: peer.queued_count(),
        })
    }
}
