//! Peers of the same process.

use std::sync::Arc;

use mio::Token;
use zmtp_core::pattern::{Pattern, PeerId};
use zmtp_core::wire::{RoutingId, SocketType, Version};
use zmtp_core::{PeerError, PeerInfo};

use super::Engine;
use super::judge::judge;
use super::pattern::PeerContext;
use super::peer::{Origin, Peer, PeerDetails, State};
use super::queue::{Envelope, QueuedMessage};
use super::scheduler::Key;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::inproc::{Host, Mailbox, Pipe, Post, pipe};
use crate::monitor::{CloseReason, EventKind};
use crate::transport::Addresses;

/// Messages taken from one peer in a turn.
const BUDGET: usize = 256;

impl Engine {
    /// The mailbox that other engines of the process post to.
    pub(super) fn mailbox(&mut self) -> Result<Arc<Mailbox>, Error> {
        if let Some(mailbox) = &self.mailbox {
            return Ok(Arc::clone(mailbox));
        }
        let wake = self.wake()?;
        let mailbox = Arc::new(Mailbox::new(move || {
            // It fails only if the system is out of memory for an eight-byte counter.
            let _ = wake.wake();
        }));
        Ok(Arc::clone(self.mailbox.insert(mailbox)))
    }

    /// Binds a name of the context.
    pub(super) fn bind_inproc(&mut self, name: &str) -> Result<Endpoint, Error> {
        let endpoint = Endpoint::Inproc(name.into());
        let host = Host {
            mailbox: self.mailbox()?,
            socket_type: self.pattern.socket_type(),
            routing_id: Box::new(self.options.routing_id),
        };
        if !self.options.context.registry().bind(name, host) {
            return Err(Error::AddressInUse(endpoint));
        }
        self.names.push(Arc::new(endpoint.clone()));
        Ok(endpoint)
    }

    /// Frees a name. `false` if the socket has not bound it.
    pub(super) fn unbind_inproc(&mut self, endpoint: &Endpoint) -> bool {
        let Some(at) = self.names.iter().position(|held| **held == *endpoint) else { return false };
        self.names.swap_remove(at);
        if let Endpoint::Inproc(name) = endpoint {
            self.options.context.registry().unbind(name);
        }
        true
    }

    /// Connects to a name, at once or when it is bound.
    pub(super) fn connect_inproc(&mut self, index: usize, name: &str) {
        self.monitor.counters.dials += 1;
        let Ok(mailbox) = self.mailbox() else {
            return self.close(index, CloseReason::Io(std::io::ErrorKind::OutOfMemory));
        };
        let Some(peer) = self.peers.get_mut(index) else { return };
        peer.state = State::Waiting;
        let Some(host) = self.options.context.registry().find(name, &mailbox, index) else {
            return;
        };
        let endpoint = Arc::clone(&peer.endpoint);
        let (ours, theirs) = pipe();
        host.mailbox.post(Post::Connection {
            endpoint,
            socket_type: self.pattern.socket_type(),
            routing_id: Box::new(self.options.routing_id),
            pipe: theirs,
        });
        self.join(index, EventKind::Connected, host.socket_type, &host.routing_id, ours);
    }

    /// Forgets a peer that may be noted for its name.
    pub(super) fn forget_inproc(&self, index: usize, endpoint: &Endpoint) {
        if let (Endpoint::Inproc(name), Some(mailbox)) = (endpoint, &self.mailbox) {
            self.options.context.registry().forget(name, mailbox, index);
        }
    }

    /// Reads the mailbox. Returns whether there was anything.
    pub(super) fn read_mailbox(&mut self) -> bool {
        let Some(mailbox) = self.mailbox.clone() else { return false };
        let mut any = false;
        for post in mailbox.take_posts() {
            any = true;
            match post {
                Post::Bound(index) => {
                    let waits = self
                        .peers
                        .get(index)
                        .is_some_and(|peer| matches!(peer.state, State::Waiting));
                    if waits {
                        self.connect_next(index);
                    }
                }
                Post::Connection { endpoint, socket_type, routing_id, pipe } => {
                    self.monitor.counters.accepted += 1;
                    let peer = Peer::new(Origin::Accepted, endpoint, State::Waiting);
                    let index = self.insert(peer);
                    self.join(index, EventKind::Accepted, socket_type, &routing_id, pipe);
                }
            }
        }
        // As many as there can be now: answers that arrive meanwhile are for the next turn.
        for _ in 0..self.peers.len() + self.listeners.len() + 1 {
            let Some(key) = mailbox.next_due() else { break };
            any = true;
            match Key::of(Token(key)) {
                Key::Listener(index) => self.accept(index),
                Key::Peer(index) => self.peer_event(index, true, true, false),
            }
        }
        any
    }

    /// Lets the next post wake the poll. `false` if something was posted already.
    pub(super) fn prepare_to_sleep(&self) -> bool {
        self.mailbox.as_ref().is_none_or(|mailbox| mailbox.prepare_to_sleep())
    }

    /// Begins a connection: what the greeting and the handshake are for other transports.
    fn join(
        &mut self,
        index: usize,
        begun: EventKind,
        theirs: SocketType,
        routing_id: &RoutingId,
        pipe: Pipe,
    ) {
        let Some(mailbox) = self.mailbox.clone() else { return };
        let connection = self.monitor.next_connection();
        let Some(peer) = self.peers.get_mut(index) else { return };
        let details = PeerDetails::new(connection, Addresses::default(), self.now);
        let details = peer.details.insert(Box::new(details));
        let info = PeerInfo { version: Version::V3_1, socket_type: Some(theirs) };
        (details.info, details.routing_id) = (Some(info), routing_id.bytes().into());
        self.connection_event(index, begun);
        let displaced = match self.admit(index, theirs, routing_id) {
            Ok(displaced) => displaced,
            Err(reason) => {
                self.monitor.counters.refused += 1;
                return self.close(index, reason);
            }
        };
        let Some(peer) = self.peers.get_mut(index) else { return };
        pipe.settle(&mailbox, Key::Peer(index).token().0);
        let Some(details) = &peer.details else { return };
        peer.state = State::Inproc(Box::new(pipe), details.properties());
        self.monitor.counters.handshakes += 1;
        self.connection_event(index, EventKind::Ready(info));
        if let Some(old) = displaced.and_then(|old| self.index(old)) {
            self.close(old, CloseReason::HandedOver);
        }
        self.flush(index);
    }

    fn admit(
        &mut self,
        index: usize,
        theirs: SocketType,
        routing_id: &RoutingId,
    ) -> Result<Option<PeerId>, CloseReason> {
        let ours = self.pattern.socket_type();
        if !ours.accepts(theirs) {
            let error = PeerError::IncompatibleSocketType { ours, peer: theirs };
            return Err(CloseReason::Protocol(error.into()));
        }
        let Some(peer) = self.peers.get_mut(index) else { return Ok(None) };
        let mut context = PeerContext { routing_id: routing_id.bytes(), ..peer.context() };
        let admitted = self.pattern.peer_connected(&mut context);
        self.report(index);
        admitted
    }

    /// Moves messages for a peer into its pipe.
    pub(super) fn flush_inproc(&mut self, index: usize) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        let State::Inproc(pipe, _) = &peer.state else { return };
        let waited = !peer.outgoing.is_empty();
        let counters = &mut self.monitor.counters;
        let mut any = false;
        // What the other end will not read stays: it goes to the next connection, or is counted, when this
        // one ends.
        while !pipe.is_closed()
            && let Some(queued) = peer.outgoing.pop()
        {
            let (bytes, weight) = (queued.message.byte_len(), queued.weight());
            let message = queued.is_message();
            if let Err(back) = pipe.push(queued, weight) {
                peer.outgoing.push_front(back);
                break;
            }
            any = true;
            counters.messages_sent += u64::from(message);
            counters.bytes_sent += if message { bytes as u64 } else { 0 };
        }
        if any {
            pipe.announce();
        }
        if waited && peer.outgoing.is_empty() {
            self.pattern.sent(peer.id);
        }
        self.mark(index);
    }

    /// Takes messages from a peer's pipe, within the high-water mark.
    pub(super) fn receive_inproc(&mut self, index: usize) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        let State::Inproc(pipe, _) = &mut peer.state else { return };
        pipe.begin_reading();
        for _ in 0..BUDGET {
            let Some(peer) = self.peers.get_mut(index).filter(|peer| peer.closing.is_none()) else {
                return;
            };
            let no_memory = self.budget.is_full() && !peer.incoming.is_empty();
            let full = peer.incoming.is_full(&self.receive_mark) || no_memory;
            let State::Inproc(pipe, _) = &mut peer.state else { return };
            pipe.paused = full;
            if full {
                return;
            }
            let closed = pipe.is_closed();
            let Some(queued) = pipe.pop(QueuedMessage::weight) else {
                if closed {
                    self.close(index, CloseReason::ByPeer);
                }
                return;
            };
            if let Err(reason) = self.deliver(index, queued) {
                return self.close(index, reason);
            }
        }
        self.schedule(index);
    }

    /// Judges a message as if it had come over the wire.
    fn deliver(&mut self, index: usize, queued: QueuedMessage) -> Result<(), CloseReason> {
        let conflate = self.options.conflate;
        let Some(peer) = self.peers.get_mut(index) else { return Ok(()) };
        let properties = match &peer.state {
            State::Inproc(_, properties) => Some(Arc::clone(properties)),
            _ => None,
        };
        let mut context = peer.context();
        let result = if let Envelope::Subscription(what) = queued.envelope {
            self.pattern.peer_subscription(
                &mut context,
                what,
                queued.message.part(0).unwrap_or_default(),
            )
        } else if let Some(mut queued) =
            judge(&mut self.pattern, &mut self.monitor, context.peer, queued)
        {
            queued.message.set_properties(properties);
            self.pattern.keep(&mut context, queued, conflate, &mut self.monitor.counters);
            Ok(())
        } else {
            Ok(())
        };
        self.report(index);
        result
    }
}
