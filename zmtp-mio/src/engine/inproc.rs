//! Peers of the same process.

use std::sync::Arc;

use zmtp_core::pattern::{Pattern, PeerId};
use zmtp_core::wire::{RoutingId, SocketType, Version};
use zmtp_core::{PeerError, PeerInfo};

use super::Engine;
use super::link::count_sent;
use super::pattern::PeerContext;
use super::peer::{Origin, Peer, PeerDetails, State};
use super::queue::{Chunk, Envelope, Outgoing, QueuedMessage};
use super::rules::apply_rules;
use super::scheduler::Key;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::inproc::{About, COPIED, Host, Mailbox, Parcel, Pipe, Post, pipe};
use crate::message::{Message, Properties};
use crate::monitor::{CloseReason, EventKind};
use crate::transport::Addresses;

/// Messages taken from one peer in a turn.
const BUDGET: usize = 256;

impl Engine {
    /// Binds a name of the context. Adds the mailboxes of the sockets that connect to it: they have a post.
    pub(super) fn bind_inproc(
        &mut self,
        name: &str,
        mailboxes: &mut Vec<Arc<Mailbox>>,
    ) -> Result<Endpoint, Error> {
        let endpoint = Endpoint::Inproc(name.into());
        let host = Host { mailbox: self.mailbox()?, about: self.about() };
        let Some(connecting) = self.options.context.registry().bind(name, host) else {
            return Err(Error::AddressInUse(endpoint));
        };
        let bound = Arc::new(endpoint.clone());
        self.names.push(Arc::clone(&bound));
        self.tick();
        for (socket, peer) in connecting {
            let (ours, theirs) = self.pipe(&socket.about);
            let (about, pipe) = (self.about(), Box::new(theirs));
            socket.mailbox.post(Post::Bound { peer, about, pipe });
            self.accept_inproc(Arc::clone(&bound), &socket.about, Box::new(ours));
            mailboxes.push(socket.mailbox);
        }
        self.carry_out_closes();
        self.note_change();
        Ok(endpoint)
    }

    /// What the other end of a connection must know about this socket.
    fn about(&self) -> About {
        About {
            socket_type: self.pattern.socket_type(),
            routing_id: Box::new(self.options.routing_id),
            mark: self.options.rules.sums_marks.then_some(self.receive_mark.messages),
        }
    }

    /// A connection with the socket that is described.
    fn pipe(&self, theirs: &About) -> (Pipe, Pipe) {
        pipe(self.about().mark.zip(theirs.mark))
    }

    /// A connection from a socket that connects to a name of this socket.
    pub(super) fn accept_inproc(
        &mut self,
        endpoint: Arc<Endpoint>,
        about: &About,
        pipe: Box<Pipe>,
    ) {
        self.monitor.counters.accepted += 1;
        let index = self.insert(Peer::new(Origin::Accepted, endpoint, State::Waiting));
        self.join(index, EventKind::Accepted, about, pipe);
    }

    /// Frees a name. Returns `false` if the socket has not bound it.
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
        self.monitor.counters.connection_attempts += 1;
        let Ok(mailbox) = self.mailbox() else {
            return self.close(index, CloseReason::Io(std::io::ErrorKind::OutOfMemory));
        };
        let Some(peer) = self.peers.get_mut(index) else { return };
        peer.state = State::Waiting;
        let (endpoint, id) = (Arc::clone(&peer.endpoint), peer.id);
        let socket = Host { mailbox, about: self.about() };
        let Some(host) = self.options.context.registry().find(name, &socket, id) else {
            return;
        };
        let (ours, theirs) = self.pipe(&host.about);
        let (about, pipe) = (socket.about, Box::new(theirs));
        host.mailbox.post(Post::Connection { endpoint, about, pipe });
        self.join(index, EventKind::Connected, &host.about, Box::new(ours));
    }

    /// Removes a peer that may wait for its name.
    pub(super) fn forget_inproc(&self, index: usize, endpoint: &Endpoint) {
        if let (Endpoint::Inproc(name), Some(mailbox), Some(peer)) =
            (endpoint, &self.mailbox, self.peers.get(index))
        {
            self.options.context.registry().forget(name, mailbox, peer.id);
        }
    }

    /// Begins a connection, in place of a greeting and a handshake.
    pub(super) fn join(&mut self, index: usize, begun: EventKind, about: &About, pipe: Box<Pipe>) {
        let (theirs, routing_id) = (about.socket_type, &*about.routing_id);
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
        pipe.set_mark(self.receive_mark.messages);
        pipe.settle(&mailbox, Key::Peer(index).token().0);
        let Some(details) = &peer.details else { return };
        peer.state = State::Inproc(pipe, details.properties());
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
        if !ours.accepts(theirs) && !self.options.rules.inproc_accepts_all {
            let error = PeerError::IncompatibleSocketType { ours, peer: theirs };
            return Err(CloseReason::Protocol(error.into()));
        }
        let Some(peer) = self.peers.get_mut(index) else { return Ok(None) };
        let mut context = PeerContext { routing_id: routing_id.bytes(), ..peer.context() };
        let admitted = self.pattern.peer_connected(&mut context);
        self.report(index);
        admitted
    }

    /// Whether a peer gets each message at once, because the marks of both ends are added up.
    #[inline]
    pub(super) fn is_unbounded(&self, peer: PeerId) -> bool {
        self.options.rules.sums_marks
            && self.peers.get(peer.index() as usize).is_some_and(Peer::is_unbounded_inproc)
    }

    /// Puts a message into the ring of a peer, if it is connected and nothing waits before the message. The other
    /// end learns of it at once, or with others if messages are held back.
    #[inline]
    pub(super) fn send_inproc(
        &mut self,
        peer: PeerId,
        outgoing: &mut Outgoing<'_>,
        holds: bool,
    ) -> bool {
        let index = peer.index() as usize;
        let Some(slot) = self.peers.get_mut(index) else { return false };
        let State::Inproc(pipe, _) = &mut slot.state else { return false };
        if slot.id != peer || slot.closing.is_some() || slot.full || !slot.outgoing.is_empty() {
            return false;
        }
        if self.options.conflate || self.budget.is_full() || pipe.is_closed() || !pipe.has_room() {
            return false;
        }
        match outgoing.only_frame() {
            Some(body) if holds && body.len() <= COPIED => {
                pipe.add(body);
                self.monitor.counters.messages_sent += 1;
                self.monitor.counters.bytes_sent += body.len() as u64;
            }
            Some(body) if body.len() <= COPIED && pipe.add_behind(body) => {
                self.monitor.counters.messages_sent += 1;
                self.monitor.counters.bytes_sent += body.len() as u64;
            }
            _ => {
                let mut queued = outgoing.take();
                queued.settle();
                count_sent(&mut self.monitor.counters, &queued);
                if let Err(back) = pipe.push(queued) {
                    slot.outgoing.push(back);
                }
            }
        }
        let (count, bytes) = pipe.unread_at_most();
        let may_be_full = pipe.limit(self.send_mark).is_reached(count, bytes);
        let due = may_be_full || pipe.is_announcement_due();
        let held = slot.held;
        if !holds && self.held.is_empty() && !may_be_full {
            pipe.announce();
            self.pattern.sent(peer);
            return true;
        }
        self.pattern.sent(peer);
        if !holds || !held || due {
            self.write_or_hold(index, holds && !due);
        }
        true
    }

    /// Moves messages for a peer into its ring.
    pub(super) fn flush_inproc(&mut self, index: usize) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        let State::Inproc(pipe, _) = &mut peer.state else { return };
        let waited = !peer.outgoing.is_empty();
        // Messages that the other end will not read stay queued. When this connection ends, they go to the next
        // one, or are counted.
        while !pipe.is_closed()
            && pipe.has_room()
            && let Some(queued) = peer.outgoing.pop()
        {
            count_sent(&mut self.monitor.counters, &queued);
            if let Err(back) = pipe.push(queued) {
                peer.outgoing.push_front(back);
                break;
            }
        }
        pipe.announce();
        if waited && peer.outgoing.is_empty() {
            self.pattern.sent(peer.id);
        }
        self.mark(index);
    }

    /// Takes messages from a peer's ring, within the high-water mark.
    pub(super) fn receive_inproc(&mut self, index: usize) {
        let Some(peer) = self.peers.get_mut(index).filter(|peer| peer.closing.is_none()) else {
            return;
        };
        let State::Inproc(pipe, _) = &peer.state else { return };
        if self.ending.is_some() && !pipe.is_closed() {
            // The messages stay with the other end.
            return;
        }
        pipe.begin_reading();
        let result = self.take_from_ring(index);
        self.report(index);
        if let Some(peer) = self.peers.get(index)
            && let State::Inproc(pipe, _) = &peer.state
        {
            pipe.end_reading(peer.incoming.len());
        }
        match result {
            Ok(true) => self.schedule(index),
            Ok(false) => {}
            Err(reason) => self.close(index, reason),
        }
    }

    /// Takes messages from a peer's ring and applies the rules of the pattern to them. Returns whether there may be more that
    /// can be taken.
    fn take_from_ring(&mut self, index: usize) -> Result<bool, CloseReason> {
        let room = self.budget.room();
        let Some(peer) = self.peers.get_mut(index) else { return Ok(false) };
        let limit = peer.reported.incoming.saturating_add(room);
        let State::Inproc(_, properties) = &peer.state else { return Ok(false) };
        let properties = Arc::clone(properties);
        let delivers_singles = self.pattern.delivers_singles()
            && self.pattern.prefix(peer.id).is_none()
            && !self.options.conflate;
        let delivers_all = delivers_singles && self.pattern.delivers_all();
        let mut taken = 0;
        while taken < BUDGET {
            let Some(peer) = self.peers.get_mut(index) else { return Ok(false) };
            let no_memory = peer.incoming.memory().queued >= limit && !peer.incoming.is_empty();
            let full = peer.incoming.is_full(&self.receive_mark) || no_memory;
            let State::Inproc(pipe, _) = &mut peer.state else { return Ok(false) };
            pipe.paused = full;
            if full {
                return Ok(false);
            }
            // Looked at first: what was put in before the end is taken out.
            let closed = pipe.is_closed();
            match pipe.pop() {
                // The marks are added up: it waits for the application to receive what is queued.
                Some(Parcel::Chunk(chunk))
                    if pipe.is_unbounded()
                        && !peer.incoming.is_empty()
                        && chunk.added().0 > peer.incoming.room(&self.receive_mark).0 =>
                {
                    pipe.put_back(chunk);
                    pipe.paused = true;
                    return Ok(false);
                }
                Some(Parcel::Chunk(chunk)) => taken += self.take_chunk(index, chunk, &properties),
                // Most messages, with fewer moves and the same result.
                Some(Parcel::Message(mut queued))
                    if (delivers_all || delivers_singles && queued.message.part_count() == 1)
                        && matches!(queued.envelope, Envelope::None) =>
                {
                    taken += 1;
                    if self.pattern.received(peer.id) {
                        let counters = &mut self.monitor.counters;
                        counters.messages_received += 1;
                        counters.bytes_received += queued.message.byte_len() as u64;
                        queued.message.set_properties(Some(Arc::clone(&properties)));
                        peer.incoming.push(queued);
                    } else {
                        self.monitor.counters.dropped.unsolicited += 1;
                    }
                }
                Some(Parcel::Message(queued)) => {
                    taken += 1;
                    self.deliver(index, queued, &properties);
                }
                None if closed => return Err(CloseReason::ByPeer),
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Takes the messages of a chunk, within the high-water mark: the whole chunk if all of them are delivered. Returns
    /// their number.
    fn take_chunk(
        &mut self,
        index: usize,
        mut chunk: Box<Chunk>,
        properties: &Arc<Properties>,
    ) -> usize {
        let Some(peer) = self.peers.get_mut(index) else { return 0 };
        let State::Inproc(pipe, _) = &mut peer.state else { return 0 };
        let (messages, bytes) = chunk.added();
        let (room, room_bytes) = peer.incoming.room(&self.receive_mark);
        let whole = self.pattern.delivers_singles() && !self.options.conflate;
        if whole && messages <= room && bytes <= room_bytes {
            pipe.took(messages, bytes);
            pipe.return_spare();
            let counters = &mut self.monitor.counters;
            if self.pattern.received_many(peer.id, messages as u32) {
                counters.messages_received += messages as u64;
                counters.bytes_received += bytes as u64;
                peer.incoming.push_chunk(chunk);
            } else {
                counters.dropped.unsolicited += messages as u64;
                Chunk::give(chunk);
            }
            return messages;
        }
        let mut taken = 0;
        while let Some(body) = chunk.take_added() {
            let (len, message) = (body.len(), Message::from(body));
            self.deliver(index, message.into(), properties);
            taken += 1;
            let Some(peer) = self.peers.get_mut(index) else { return taken };
            let State::Inproc(pipe, _) = &mut peer.state else { return taken };
            pipe.took(1, len);
            if peer.incoming.is_full(&self.receive_mark) {
                break;
            }
        }
        if let Some(peer) = self.peers.get_mut(index)
            && let State::Inproc(pipe, _) = &mut peer.state
        {
            pipe.put_back(chunk);
        }
        taken
    }

    /// Applies the rules of the pattern to a message, as for one that is received over the wire.
    fn deliver(&mut self, index: usize, mut queued: QueuedMessage, properties: &Arc<Properties>) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        let mut context = peer.context();
        if let Envelope::Subscription(what) = queued.envelope {
            let topic = queued.message.part(0).unwrap_or_default();
            let kept = self.pattern.peer_subscription(&mut context, what, topic);
            if !matches!(kept, Ok(Ok(()))) {
                self.monitor.counters.refused_subscriptions += 1;
            }
            return;
        }
        if apply_rules(&mut self.pattern, &mut self.monitor, context.peer, &mut queued) {
            queued.message.set_properties(Some(Arc::clone(properties)));
            let counters = &mut self.monitor.counters;
            self.pattern.keep(&mut context, queued, self.options.conflate, counters);
        }
    }
}
