//! Monitoring: counters, and events with reasons.

mod counters;
mod event;
#[cfg(feature = "log")]
mod log;
mod queue;
mod reason;
#[cfg(feature = "serde")]
mod serialize;

use std::sync::Arc;

use zmtp_core::pattern::Reason;

pub use counters::{Counters, DroppedMessages};
pub use event::{Event, EventKind, PeerStatus};
use queue::EventQueue;
pub use queue::EventReader;
pub use reason::{CloseReason, RefusedReason};

use crate::connection_id::ConnectionId;
use crate::endpoint::Endpoint;
use crate::transport::Addresses;

/// Counters and events of one socket.
#[derive(Debug, Default)]
pub(crate) struct Monitor {
    pub(crate) counters: Counters,
    events: Arc<EventQueue>,
    /// The number of connections so far.
    connections: u64,
}

impl Monitor {
    /// Returns the id of a new connection.
    pub(crate) const fn next_connection(&mut self) -> ConnectionId {
        self.connections += 1;
        ConnectionId(self.connections)
    }

    /// Queues an event of an endpoint.
    pub(crate) fn note(&mut self, endpoint: &Arc<Endpoint>, at: Addresses, kind: EventKind) {
        self.queue(endpoint, None, at, kind);
    }

    /// Queues an event of a connection.
    pub(crate) fn note_connection(
        &mut self,
        connection: ConnectionId,
        endpoint: &Arc<Endpoint>,
        at: Addresses,
        kind: EventKind,
    ) {
        self.queue(endpoint, Some(connection), at, kind);
    }

    fn queue(
        &mut self,
        endpoint: &Arc<Endpoint>,
        connection: Option<ConnectionId>,
        at: Addresses,
        kind: EventKind,
    ) {
        let Addresses { remote, local, descriptor } = at;
        let endpoint = Arc::clone(endpoint);
        let event = Event { endpoint, connection, remote, local, descriptor, kind };
        #[cfg(feature = "log")]
        log::log(&event);
        if !self.events.push(event) {
            self.counters.events_lost += 1;
        }
    }

    /// Returns a reader of the events for other threads.
    pub(crate) fn events(&self) -> EventReader {
        self.events.reader()
    }

    /// Returns a reader of the next events, which have a queue of their own. Ends the waits of earlier readers, as
    /// [`Self::end_events`].
    pub(crate) fn begin_events(&mut self) -> EventReader {
        self.events.close();
        self.events = Arc::default();
        self.events()
    }

    /// Ends the waits of readers: they return `None` when no event is left.
    pub(crate) fn end_events(&self) {
        self.events.close();
    }

    /// Counts a message of a peer that the pattern rejected.
    pub(crate) const fn rejected(&mut self, reason: Reason) {
        self.counters.dropped.reject(reason);
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.events.close();
    }
}
