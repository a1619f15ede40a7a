//! Closing of a connection.
//!
//! A step that finds the end of a connection [closes](Engine::close) it, which only stores the reason and stops the
//! peer. One step of the turn ends all these connections, so that a peer is not removed while another step
//! handles it.

use core::time::Duration;
use std::sync::Arc;

use zmtp_core::pattern::{Pattern, PeerId};

use super::Engine;
use super::link::{Limits, Link};
use super::pattern::{AnyPattern, End};
use super::peer::{Origin, Peer, State};
use super::queue::{Mark, Queue, Usage};
use crate::inproc::Pipe;
use crate::message::Properties;
use crate::monitor::{CloseReason, EventKind};
use crate::transport::Addresses;

/// A connection that lasted this long was useful, even if it received no message.
const PROVEN: Duration = Duration::from_secs(5);

impl Engine {
    /// Ends a peer's connection in this turn. The first reason counts.
    pub(super) fn close(&mut self, index: usize, reason: CloseReason) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        if peer.closing.is_some() || matches!(peer.state, State::Closed) {
            return;
        }
        if peer.is_in_accepted_handshake() {
            self.handshakes.end(peer.ip());
        }
        peer.closing = Some(reason);
        self.closing.push_back(peer.id);
    }

    /// Closes a peer's connection when everything queued for it is written. It is not established again.
    pub(crate) fn leave(&mut self, peer: PeerId) {
        let Some(index) = self.index(peer) else { return };
        let Some(slot) = self.peers.get_mut(index) else { return };
        slot.stop_connecting();
        match slot.link() {
            Some(link) => {
                link.send.leaving = true;
                self.flush(index);
                // Reading does not pause any more.
                self.schedule(index);
            }
            None => self.close(index, CloseReason::ByUs),
        }
        self.carry_out_closes();
    }

    /// Ends the connections that were closed in this turn. An endpoint that the socket connects to is tried again.
    /// Returns whether there were any.
    #[inline]
    pub(super) fn carry_out_closes(&mut self) -> bool {
        let any = !self.closing.is_empty();
        while let Some(peer) = self.closing.pop_front() {
            if let Some(index) = self.index(peer) {
                self.carry_out_close(index);
            }
        }
        any
    }

    fn carry_out_close(&mut self, index: usize) {
        self.set_timer(index, None);
        let Some(peer) = self.peers.get_mut(index) else { return };
        let Some(reason) = peer.closing.take() else { return };
        let (mut useful, mut at) = (false, Addresses::default());
        let state = core::mem::replace(&mut peer.state, State::Closed);
        let was_ready = matches!(state, State::Ready(_) | State::Inproc(..) | State::Udp(_));
        let was_connected = was_ready || matches!(state, State::Handshake(_));
        let stops = self.stops_connecting(index, reason, was_connected, was_ready);
        match state {
            State::Handshake(link) => {
                self.monitor.counters.refused += 1;
                let failure = link.question().and_then(|question| question.failure());
                if let Some(code) = failure.filter(|_| self.options.rules.reports_zap) {
                    self.connection_event(index, EventKind::ZapFailed(code));
                }
                useful = self.end_link(index, link, reason, false);
            }
            State::Ready(link) => {
                self.monitor.counters.disconnects += 1;
                useful = self.end_link(index, link, reason, true);
            }
            State::Inproc(mut pipe, properties) => {
                self.monitor.counters.disconnects += 1;
                self.end_pipe(index, &mut pipe, &properties);
                useful = true;
            }
            State::Connecting(mut stream) | State::Negotiating(mut stream, _) => {
                at.descriptor = stream.descriptor();
                if let Some(registry) = self.descriptors.registry() {
                    let _ = stream.deregister(registry);
                }
            }
            State::Udp(mut link) => {
                if let Some(registry) = self.descriptors.registry() {
                    link.deregister(registry);
                }
                useful = true;
            }
            State::Waiting | State::Resolving | State::Closed => {}
        }
        match was_connected {
            true => self.connection_event(index, EventKind::Closed(reason)),
            false => {
                if let Some(peer) = self.peers.get(index) {
                    self.monitor.note(&peer.endpoint, at, EventKind::Closed(reason));
                }
            }
        }
        if stops {
            self.stop_connecting(index);
        }
        self.drop_unsent(index, reason);
        self.after_close(index, was_ready, reason, useful);
    }

    /// Ends a connection. Returns whether it was useful, so that the next attempt begins soon.
    pub(super) fn end_link(
        &mut self,
        index: usize,
        mut link: Link,
        reason: CloseReason,
        ready: bool,
    ) -> bool {
        let discards = matches!(
            reason,
            CloseReason::Protocol(_) | CloseReason::MemoryLimit | CloseReason::OutOfMemory
        );
        if ready && !discards {
            self.decode_rest(index, &mut link);
        }
        let Some(peer) = self.peers.get_mut(index) else { return false };
        let (prefix, properties) = (self.pattern.prefix(peer.id), link.receive.properties.as_ref());
        let lost = peer.incoming.detach(prefix, properties);
        if ready {
            self.monitor.counters.in_doubt += link.in_doubt(reason);
        }
        let dropped = &mut self.monitor.counters.dropped;
        dropped.out_of_memory += lost;
        dropped.incomplete += u64::from(link.in_message());
        let mid_message = link.is_mid_message();
        // A message that is partly written cannot be continued over the next connection.
        dropped.half_sent += u64::from(mid_message);
        if link.staged_messages() > 0 && mid_message && !link.send.takes_messages {
            peer.outgoing.pop();
        }
        let messages = link.take_back(&self.run, &mut self.spares);
        for message in messages.into_iter().rev() {
            peer.outgoing.push_front(message);
        }
        if ready {
            let begun = link.written_messages() + u64::from(mid_message);
            drop_openings(&self.pattern, peer, begun);
        }
        if matches!(reason, CloseReason::Protocol(_)) && !mid_message && link.staged_messages() == 0
        {
            // Writes an ERROR command, if one is due and the stream accepts it.
            let (run, spares) = (&self.run, &mut self.spares);
            let _ = link.write(&mut Queue::new(), run, spares, &mut self.monitor);
        }
        if link.is_raw() {
            // The next connection begins with a greeting.
            let lost = peer.outgoing.remove(0, |_| true) as u64;
            self.monitor.counters.dropped.peer_gone += lost;
        }
        if let Some(registry) = self.descriptors.registry() {
            let _ = link.stream.deregister(registry);
        }
        link.receive.proven || (ready && self.now.duration_since(link.since) > PROVEN)
    }

    /// Decodes what was read from a connection that ends, regardless of the high-water mark: it has arrived, and the
    /// application can receive it.
    fn decode_rest(&mut self, index: usize, link: &mut Link) {
        let now = self.core_now();
        let Some(peer) = self.peers.get_mut(index) else { return };
        if peer.incoming.undecoded_len() == 0 {
            return;
        }
        let limits = Limits {
            conflate: self.options.conflate,
            mark: Mark { messages: usize::MAX, bytes: usize::MAX },
            memory_full: false,
            has_incoming: false,
            ending: false,
        };
        let parts = peer.receiver(&mut self.pattern, &mut self.monitor, limits, now);
        if let Some((mut to, _)) = parts {
            to.ready = true;
            link.decode_rest(&mut to);
        }
    }

    /// Ends a connection within the process. Messages that the other end has not read are queued again.
    pub(super) fn end_pipe(&mut self, index: usize, pipe: &mut Pipe, properties: &Arc<Properties>) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        let lost = peer.incoming.detach(self.pattern.prefix(peer.id), Some(properties));
        self.monitor.counters.dropped.out_of_memory += lost;
        if pipe.is_closed() {
            let counters = &mut self.monitor.counters;
            let unread = pipe.take_back();
            let taken_back = unread.len() as u64;
            for queued in unread.into_iter().rev() {
                if queued.is_message() {
                    // It was counted when it was put into the pipe.
                    counters.messages_sent -= 1;
                    counters.bytes_sent -= queued.message.byte_len() as u64;
                }
                peer.outgoing.push_front(queued);
            }
            let put = pipe.put_count() as u64;
            drop_openings(&self.pattern, peer, put.saturating_sub(taken_back));
        }
    }

    /// Drops and counts the messages that are not kept for another connection.
    fn drop_unsent(&mut self, index: usize, reason: CloseReason) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        // The next handshake sends all subscriptions again.
        peer.outgoing.remove(0, |queued| !queued.is_message());
        if peer.reconnects() && self.pattern.keeps_unsent() {
            return;
        }
        let lost = peer.outgoing.remove(0, |_| true) as u64;
        let dropped = &mut self.monitor.counters.dropped;
        match reason {
            CloseReason::ByUs => dropped.cancelled += lost,
            _ => dropped.peer_gone += lost,
        }
    }

    /// Reports the end of a connection to the pattern, and plans the next attempt.
    fn after_close(&mut self, index: usize, was_ready: bool, reason: CloseReason, useful: bool) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        let unsent = peer.outgoing.len();
        let reconnects = peer.reconnects();
        let known = was_ready || matches!(peer.origin, Origin::Connect(_));
        let end = End {
            accepted: matches!(peer.origin, Origin::Accepted),
            ready: was_ready,
            by_us: reason == CloseReason::ByUs,
        };
        let mut context = peer.context();
        if reconnects {
            self.pattern.peer_disconnected(&mut context, end, unsent);
        } else if known {
            self.pattern.peer_closed(&mut context, end);
        }
        if !reconnects && peer.incoming.is_empty() {
            self.free_slots.push(index);
        }
        self.report(index);
        self.mark(index);
        if reconnects {
            self.plan_attempt(index, reason, useful);
        }
    }

    /// Frees the slots of peers that are closed and have no message left for the application.
    pub(super) fn free_slots(&mut self) {
        while let Some(index) = self.free_slots.pop() {
            self.keep_status(index);
            let Some(mut peer) = self.peers.try_remove(index) else { continue };
            self.budget.report(&mut peer.reported, Usage::default());
        }
    }

    /// [`Engine::release_descriptors`] in a forked child. Returns `false` if the engine has parts that
    /// must not be dropped there: they would take locks of other engines.
    pub(super) fn release_copies(&mut self) -> bool {
        let mut whole = self.mailbox.is_none();
        for (_, peer) in &mut self.peers {
            if let State::Inproc(..) = peer.state {
                core::mem::forget(core::mem::replace(&mut peer.state, State::Closed));
                whole = false;
            }
        }
        self.release_descriptors();
        whole
    }

    /// Closes the descriptors at once, while the driver may still share the engine.
    pub(super) fn release_descriptors(&mut self) {
        self.listeners.clear();
        for (_, peer) in &mut self.peers {
            peer.state = State::Closed;
        }
    }
}

/// Drops the messages with which a connection begins, if the peer did not get them: the next connection begins with them
/// again. Of the messages for the connection, `begun` were written at least in part.
fn drop_openings(pattern: &AnyPattern, peer: &mut Peer, begun: u64) {
    for _ in begun..pattern.opening_count() {
        peer.outgoing.pop();
    }
}
