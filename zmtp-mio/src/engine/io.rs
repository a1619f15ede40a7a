//! Input and output of connections, within bounds: bytes from a stream become messages in the queue, which the
//! application takes; messages in the output become bytes.

use std::sync::Arc;

use mio::Interest;
use zmtp_core::pattern::{Pattern, PeerId};

use super::Engine;
use super::link::{Limits, ReadOutcome, ReadReport};
use super::peer::{Peer, State};
use super::queue::{Envelope, Usage};
use super::scheduler::Key;
use super::status::LastPeer;
use crate::message::{Message, Properties};
use crate::monitor::{CloseReason, EventKind, Monitor};
use crate::transport::Addresses;

impl Engine {
    /// Handles an event of a peer's stream, or its share of a turn.
    pub(super) fn peer_event(
        &mut self,
        index: usize,
        readable: bool,
        writable: bool,
        closing: bool,
    ) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        match &mut peer.state {
            _ if peer.closing.is_some() => {}
            State::Connecting(_) => self.finish_connecting(index),
            State::Negotiating(..) => self.negotiate(index),
            State::Inproc(pipe, _) => {
                if pipe.is_closed() {
                    self.pattern.hold(peer.id, false);
                }
                self.flush(index);
                self.receive_inproc(index);
            }
            State::Udp(_) => self.udp_event(index, readable, writable),
            State::Handshake(link) | State::Ready(link) => {
                link.receive.closing |= closing;
                if link.receive.closing && link.awaits_answer() {
                    // Nothing is read until the answer, and nothing can be sent after it.
                    return self.close(index, CloseReason::ByPeer);
                }
                if closing {
                    self.pattern.hold(peer.id, false);
                }
                if writable {
                    link.send.blocked = false;
                    if core::mem::take(&mut link.receive.congested) {
                        self.schedule(index);
                    }
                    if !self.peers.get(index).is_some_and(Peer::is_quiet) {
                        self.flush(index);
                    }
                }
                if readable || closing {
                    self.receive(index);
                }
            }
            State::Waiting | State::Resolving | State::Closed => {}
        }
    }

    /// Reads from a peer and handles what arrived.
    pub(super) fn receive(&mut self, index: usize) {
        let Some((result, report)) = self.read(index) else { return };
        let displaced = report.displaced;
        self.act_on(index, report);
        self.hasten_link_timer(index);
        if let Some(old) = displaced.and_then(|old| self.index(old)) {
            self.close(old, CloseReason::HandedOver);
        }
        match result {
            Ok(outcome) => self.after_read(index, outcome),
            Err(reason) => self.close(index, reason),
        }
    }

    fn read(&mut self, index: usize) -> Option<(Result<ReadOutcome, CloseReason>, ReadReport)> {
        let now = self.core_now();
        let peer = self.peers.get_mut(index).filter(|peer| peer.closing.is_none())?;
        let full = self.budget.is_full();
        let limits = Limits {
            conflate: self.options.conflate,
            mark: self.receive_mark,
            memory_full: full,
            has_incoming: self.budget.has_incoming(),
            ending: self.ending.is_some(),
        };
        let had = peer.has_unfinished();
        let (mut to, link) = peer.receiver(&mut self.pattern, &mut self.monitor, limits, now)?;
        let link = link?;
        // With a message that is dropped, the one before it has ended.
        let ended = |monitor: &Monitor| {
            had.then(|| monitor.counters.messages_received + monitor.counters.dropped.total())
        };
        let before = ended(to.monitor);
        let result = link.read(&mut to);
        let ends = before != ended(to.monitor);
        let (report, paused) = (to.report, link.receive.paused);
        if ends || !had {
            peer.unfinished_since = now;
        }
        if paused && full && !core::mem::replace(&mut peer.memory_paused, true) {
            self.memory_paused.push(index);
            self.release_held_back();
        }
        Some((result, report))
    }

    /// Continues after a read without an error.
    fn after_read(&mut self, index: usize, outcome: ReadOutcome) {
        let link = self.peers.get_mut(index).and_then(Peer::link);
        let broken = link.and_then(|link| link.send.broken);
        // Messages that the peer sent before are received first, unless the socket is being closed.
        if let Some(reason) = broken
            && (outcome == ReadOutcome::Drained || self.is_ending())
        {
            return self.close(index, reason);
        }
        self.report(index);
        self.watch_unfinished(index);
        if !self.peers.get(index).is_some_and(Peer::is_quiet) {
            self.flush(index);
        }
        if outcome == ReadOutcome::Again
            || (outcome == ReadOutcome::Waiting && self.may_read(index))
        {
            self.schedule(index);
        }
        self.bound_memory();
    }

    /// Whether reading that paused can continue.
    fn may_read(&mut self, index: usize) -> bool {
        let link = self.peers.get_mut(index).and_then(Peer::link);
        link.is_some_and(|link| !link.is_reading_paused())
    }

    /// Handles the results of a read besides messages.
    fn act_on(&mut self, index: usize, report: ReadReport) {
        let ReadReport { ready, refused, ignored, dropped, routing_id, user, .. } = report;
        if report.refused_subscription {
            self.connection_event(index, EventKind::SubscriptionRefused);
        }
        if ready.is_none() && refused.is_none() && ignored.is_none() && dropped.is_none() {
            return;
        }
        let Some(peer) = self.peers.get_mut(index) else { return };
        if let Some(info) = ready {
            if peer.is_in_accepted_handshake() {
                self.handshakes.end(peer.ip());
            }
            peer.set_ready();
            if let Some(details) = &mut peer.details {
                (details.info, details.routing_id) = (Some(info), routing_id);
                details.user = user;
            }
            self.monitor.counters.handshakes += 1;
        }
        let kinds = [
            ready.map(EventKind::Ready),
            refused.map(EventKind::Refused),
            ignored.map(EventKind::Ignored),
            dropped.map(EventKind::Dropped),
        ];
        for kind in kinds.into_iter().flatten() {
            self.connection_event(index, kind);
        }
    }

    /// Records an event of a peer's connection.
    pub(super) fn connection_event(&mut self, index: usize, kind: EventKind) {
        let Some(peer) = self.peers.get(index) else { return };
        let Some(details) = &peer.details else { return };
        let (connection, at) = (details.connection, details.addresses);
        self.monitor.note_connection(connection, &peer.endpoint, at, kind);
    }

    /// Records an event of a peer's endpoint, without a connection.
    pub(super) fn endpoint_event(&mut self, index: usize, kind: EventKind) {
        if let Some(peer) = self.peers.get(index) {
            self.monitor.note(&peer.endpoint, Addresses::default(), kind);
        }
    }

    /// Moves the oldest message of a peer into `message`, which has no part, and returns its envelope.
    /// Paused reading continues.
    #[inline(always)]
    pub(crate) fn take(&mut self, peer: PeerId, message: &mut Message) -> Option<Envelope> {
        let index = peer.index() as usize;
        let slot = self.peers.get_mut(index).filter(|slot| slot.id == peer)?;
        let prefix = self.pattern.prefix(peer);
        let envelope = slot.incoming.take(message, prefix, slot.state.properties())?;
        let makes_room = slot.note_taken();
        self.note_taken(peer, makes_room);
        Some(envelope)
    }

    /// As [`Self::take`], but calls `take` with the only part of the message, and with its properties. Returns `None`, and
    /// does not call it, if the message is not in a chunk or has more parts.
    #[inline(always)]
    pub(crate) fn take_body<T>(
        &mut self,
        peer: PeerId,
        take: impl FnOnce(&[u8], Option<&Arc<Properties>>) -> T,
    ) -> Option<T> {
        let index = peer.index() as usize;
        let slot = self.peers.get_mut(index).filter(|slot| slot.id == peer)?;
        if self.pattern.prefix(peer).is_some() {
            return None;
        }
        let taken = slot.incoming.take_body(|body| take(body, slot.state.properties()))?;
        let makes_room = slot.note_taken();
        self.note_taken(peer, makes_room);
        Some(taken)
    }

    /// A message was taken out of the queue of a peer.
    #[inline(always)]
    fn note_taken(&mut self, peer: PeerId, makes_room: bool) {
        if !matches!(self.last, LastPeer::Here(last) if last == peer) {
            self.last = LastPeer::Here(peer);
        }
        self.received = true;
        if makes_room {
            self.taken(peer.index() as usize);
        }
    }

    /// Handles that a message was taken, if that may have made room.
    #[inline(never)]
    fn taken(&mut self, index: usize) {
        let Some(slot) = self.peers.get_mut(index) else { return };
        slot.incoming.set_reported();
        if let State::Inproc(pipe, _) = &slot.state {
            pipe.note_received(slot.incoming.len());
        }
        let closed = matches!(slot.state, State::Closed);
        let (drained, paused) = (slot.incoming.is_empty(), slot.is_paused());
        self.report(index);
        if closed && drained {
            self.free_slots.push(index);
        } else if paused {
            self.schedule(index);
        }
        if !self.memory_paused.is_empty() {
            self.resume_reading();
        }
    }

    /// Reports the memory of a peer to the budget.
    pub(super) fn report(&mut self, index: usize) {
        if let Some(peer) = self.peers.get_mut(index) {
            let usage = peer.usage();
            self.budget.report(&mut peer.reported, usage);
        }
    }

    /// Writes to a peer. The stream is registered for writability only while a write is incomplete.
    pub(super) fn flush(&mut self, index: usize) {
        let Some(peer) = self.peers.get_mut(index).filter(|peer| peer.closing.is_none()) else {
            return;
        };
        // If nothing can be written, the last queued message may have reached the mark.
        let link = match &mut peer.state {
            State::Handshake(link) | State::Ready(link) => link,
            State::Inproc(..) => return self.flush_inproc(index),
            State::Udp(_) => return self.flush_udp(index),
            _ => return self.mark(index),
        };
        if link.send.blocked || link.send.broken.is_some() {
            return self.mark(index);
        }
        let queued = !peer.outgoing.is_empty() || !link.send.output.is_empty();
        let (run, spares) = (&self.run, &mut self.spares);
        let result = link.write(&mut peer.outgoing, run, spares, &mut self.monitor);
        let drained = match result {
            Ok(drained) => drained,
            Err(reason) => {
                // The bytes that the peer sent before are read to their end, which closes the connection.
                link.send.broken = Some(reason);
                link.receive.closing = true;
                link.receive.congested = false;
                // Its replies have no more room from now on: it would be held back without end.
                self.pattern.hold(peer.id, false);
                self.report(index);
                return self.schedule(index);
            }
        };
        let begins_hold = link.begins_hold(self.now);
        let empty = peer.outgoing.is_empty() && link.send.output.is_empty();
        if queued && empty {
            self.pattern.sent(peer.id);
        }
        self.mark(index);
        self.set_interest(index, drained);
        if begins_hold {
            self.hasten_link_timer(index);
        }
    }

    /// Waits for writability only if the write was incomplete.
    pub(super) fn set_interest(&mut self, index: usize, drained: bool) {
        let Some(link) = self.peers.get_mut(index).and_then(Peer::link) else { return };
        if drained && link.send.leaving {
            return self.close(index, CloseReason::ByUs);
        }
        if drained != link.send.watching {
            return;
        }
        link.send.watching = !drained;
        let interest = match drained {
            true => Interest::READABLE,
            false => Interest::READABLE | Interest::WRITABLE,
        };
        let token = Key::Peer(index).token();
        if let Some(registry) = self.descriptors.registry()
            && let Err(error) = link.stream.reregister(registry, token, interest)
        {
            self.close(index, CloseReason::Io(error.kind()));
        }
    }

    /// Reports the messages for a peer to the pattern when their number reaches the mark or there
    /// is room again.
    pub(super) fn mark(&mut self, index: usize) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        let usage = Usage { outgoing: peer.outgoing_memory(), ..peer.reported };
        self.budget.report(&mut peer.reported, usage);
        let full = !self.options.conflate && peer.reaches(&self.send_mark, &self.run);
        if core::mem::replace(&mut peer.full, full) != full {
            self.pattern.set_full(peer.id, full);
            // A peer that gets more than it sends must be received from, because it may wait for that, and one that sends
            // no more, because the connection is closed when all is received.
            let ends = match &peer.state {
                State::Handshake(link) | State::Ready(link) => {
                    link.send.broken.is_some() || link.receive.closing
                }
                State::Inproc(pipe, _) => pipe.is_closed(),
                _ => false,
            };
            self.pattern.hold(peer.id, full && peer.owed >= 0 && !ends);
        }
    }
}
