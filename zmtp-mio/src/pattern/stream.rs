//! STREAM: connections without a protocol, routed as a ROUTER routes (`ZMQ_STREAM`).

use std::collections::HashSet;

use zmtp_core::pattern::{Pattern as _, PeerId, RouteError, Router, RouterPeer};
use zmtp_core::wire::{RoutingId, SocketType};

use super::{Pattern, PeerContext};
use crate::message::Message;
use crate::monitor::CloseReason;
use crate::routing_table::RoutingTable;
use crate::slots::Table;

/// Options of a STREAM.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct StreamOptions {
    /// No message is delivered when a peer connects or disconnects (`ZMQ_STREAM_NOTIFY` is 0).
    pub(crate) silent: bool,
}

/// The rules of a STREAM.
#[derive(Debug)]
pub(crate) struct Rules {
    table: Router<Table<RouterPeer>, RoutingTable>,
    options: StreamOptions,
    /// Peers that are connected.
    up: HashSet<PeerId>,
    /// The routing id of the peer that is connected to next.
    next_id: Option<RoutingId>,
}

impl Rules {
    pub(super) fn new(options: StreamOptions) -> Self {
        let table = Router::new(Table::new(), RoutingTable::new(), fastrand::u32(..), false);
        Self { table, options, up: HashSet::new(), next_id: None }
    }

    /// Whether a peer has this routing id.
    pub(crate) fn is_taken(&self, id: &[u8]) -> bool {
        self.table.is_taken(id)
    }

    /// Sets the routing id of the peer that is connected to next.
    pub(crate) const fn set_next_id(&mut self, id: RoutingId) {
        self.next_id = Some(id);
    }

    /// The routing id of a peer.
    pub(crate) fn id(&self, peer: PeerId) -> Option<RoutingId> {
        self.table.routing_id(peer).and_then(RoutingId::new)
    }

    /// The peer with this routing id.
    pub(crate) fn route_to(&mut self, id: &[u8]) -> Result<PeerId, RouteError> {
        self.table.route(id)
    }

    /// Sends nothing to a peer any more. Its messages can still be received.
    pub(crate) fn mute(&mut self, peer: PeerId) {
        self.table.hide(peer);
    }

    fn notify(&mut self, peer: &mut PeerContext<'_>) {
        if let Some(id) = self.table.routing_id(peer.peer).filter(|_| !self.options.silent) {
            peer.deliver(Message::from_parts([id, b""]));
            self.table.received(peer.peer);
        }
    }
}

impl Pattern for Rules {
    /// A STREAM routes as a ROUTER does, and announces no type.
    fn socket_type(&self) -> SocketType {
        SocketType::Router
    }

    fn keeps_unsent(&self) -> bool {
        true
    }

    fn attached(&mut self, peer: PeerId) {
        // The peer has its id before it is connected, so that messages can queue for it. The id is
        // free, and a growing table has room.
        let id = self.next_id.take();
        let _ = self.table.attach_as(peer, id.as_ref().map_or(&[], RoutingId::bytes));
    }

    fn connected(&mut self, peer: &mut PeerContext<'_>) -> Result<(), CloseReason> {
        self.table.connected(peer.peer, &[]).map_err(|_| CloseReason::RoutingIdInUse)?;
        self.up.insert(peer.peer);
        self.notify(peer);
        Ok(())
    }

    fn set_full(&mut self, peer: PeerId, full: bool) {
        self.table.set_full(peer, full);
    }

    fn disconnected(&mut self, peer: &mut PeerContext<'_>, _: usize) {
        // A connection attempt that failed was never announced.
        if self.up.remove(&peer.peer) {
            self.notify(peer);
        }
    }

    fn closed(&mut self, peer: &mut PeerContext<'_>) {
        // No notice of a peer that the application closed: its routing id is unmapped already.
        let mapped = self.table.routing_id(peer.peer).is_some_and(|id| self.table.is_taken(id));
        if self.up.remove(&peer.peer) && mapped {
            self.notify(peer);
        }
        self.table.closed(peer.peer);
    }

    fn routing_id(&self, peer: PeerId) -> Option<&[u8]> {
        self.table.routing_id(peer)
    }

    fn queued(&mut self, peer: PeerId) {
        self.table.received(peer);
    }

    fn take(&mut self) -> Option<PeerId> {
        self.table.take().ok().flatten()
    }

    fn can_receive(&self) -> bool {
        self.table.may_take()
    }

    fn can_send(&self) -> bool {
        self.table.may_route()
    }
}
