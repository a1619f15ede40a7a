//! ROUTER: sends to the peer that a message names, and names the sender of each message received
//! (RFC 28).

use zmtp_core::pattern::{Pattern as _, PeerId, Refused, RouteError, Router, RouterPeer};
use zmtp_core::wire::SocketType;

use super::{Pattern, PeerContext, Received};
use crate::message::Message;
use crate::monitor::CloseReason;
use crate::queue::QueuedMessage;
use crate::routing_table::RoutingTable;
use crate::slots::Table;

/// Options of a ROUTER.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RouterOptions {
    /// Sending reports unroutable messages, and waits for room (`ZMQ_ROUTER_MANDATORY`).
    pub(crate) mandatory: bool,
    /// A new peer takes over a routing id that is in use (`ZMQ_ROUTER_HANDOVER`).
    pub(crate) handover: bool,
    /// Each new peer gets an empty message (`ZMQ_PROBE_ROUTER`).
    pub(crate) probe: bool,
    /// A message is delivered for each peer that connects (`ZMQ_ROUTER_NOTIFY`).
    pub(crate) notify_connect: bool,
    /// A message is delivered for each peer that disconnects (`ZMQ_ROUTER_NOTIFY`).
    pub(crate) notify_disconnect: bool,
}

/// The rules of a ROUTER.
#[derive(Debug)]
pub(crate) struct Rules {
    table: Router<Table<RouterPeer>, RoutingTable>,
    options: RouterOptions,
    displaced: Option<PeerId>,
}

impl Rules {
    pub(super) fn new(options: RouterOptions) -> Self {
        let table =
            Router::new(Table::new(), RoutingTable::new(), fastrand::u32(..), options.handover);
        Self { table, options, displaced: None }
    }

    pub(crate) const fn is_mandatory(&self) -> bool {
        self.options.mandatory
    }

    /// Whether a peer has this routing id.
    pub(crate) fn is_taken(&self, id: &[u8]) -> bool {
        self.table.is_taken(id)
    }

    /// Gives a peer that we connect to its routing id, in place of the one in its READY.
    pub(crate) fn name(&mut self, peer: PeerId, id: &[u8]) -> Result<(), Refused> {
        self.table.attach_as(peer, id)
    }

    /// The peer with this routing id.
    pub(crate) fn route_to(&mut self, id: &[u8]) -> Result<PeerId, RouteError> {
        self.table.route(id)
    }

    fn notify(&mut self, peer: &mut PeerContext<'_>) {
        if let Some(id) = self.table.routing_id(peer.peer) {
            peer.deliver(Message::from_parts([id, b""]));
            self.table.received(peer.peer);
        }
    }
}

impl Pattern for Rules {
    fn socket_type(&self) -> SocketType {
        SocketType::Router
    }

    fn keeps_unsent(&self) -> bool {
        true
    }

    fn attached(&mut self, _: PeerId) {}

    fn connected(&mut self, peer: &mut PeerContext<'_>) -> Result<(), CloseReason> {
        let connected = self.table.connected(peer.peer, peer.routing_id);
        self.displaced = connected.map_err(|_| CloseReason::RoutingIdInUse)?;
        if self.options.probe {
            peer.send(QueuedMessage::from(Message::from("")));
        }
        if self.options.notify_connect {
            self.notify(peer);
        }
        Ok(())
    }

    fn displaced(&mut self) -> Option<PeerId> {
        self.displaced.take()
    }

    fn set_full(&mut self, peer: PeerId, full: bool) {
        self.table.set_full(peer, full);
    }

    fn disconnected(&mut self, peer: &mut PeerContext<'_>, _: usize) {
        if self.options.notify_disconnect {
            self.notify(peer);
        }
    }

    fn closed(&mut self, peer: &mut PeerContext<'_>) {
        if self.options.notify_disconnect {
            self.notify(peer);
        }
        self.table.closed(peer.peer);
    }

    fn routing_id(&self, peer: PeerId) -> Option<&[u8]> {
        self.table.routing_id(peer)
    }

    fn received(
        &mut self,
        peer: &mut PeerContext<'_>,
        _: &Message,
    ) -> Result<Received, CloseReason> {
        let known = self.table.routing_id(peer.peer).is_some();
        Ok(if known { Received::Queue } else { Received::NotAsked })
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
        !self.options.mandatory || self.table.may_route()
    }
}
