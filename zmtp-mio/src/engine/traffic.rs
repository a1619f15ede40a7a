//! Events of peers' streams: what comes in is read, what is due goes out, within bounds.

use core::time::Duration;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use mio::Interest;

use super::pattern::Pattern;
use super::peer::{Origin, Peer, Phase};
use super::receive::{Receiver, Said, Turn};
use super::{Engine, Key};
use crate::monitor::{CloseReason, EventKind};
use crate::transport::Stream;

impl Engine {
    /// Lets the events of a stream come in.
    pub(super) fn register(
        &mut self,
        stream: &mut Stream,
        key: Key,
        interest: Interest,
    ) -> io::Result<()> {
        #[cfg(any(test, feature = "testing"))]
        self.watch_stream(stream, key)?;
        stream.register(&self.registry, key.token(), interest)
    }

    /// Begins the handshake of a link that is registered.
    pub(super) fn opened(&mut self, index: usize) {
        if self.pattern.is_raw() {
            self.opened_raw(index);
        }
        self.set_link_timer(index);
        self.flush(index);
    }

    /// The stream of a peer says something, or the peer has work left.
    pub(super) fn peer_event(
        &mut self,
        index: usize,
        readable: bool,
        writable: bool,
        closing: bool,
    ) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        match &mut peer.phase {
            Phase::Connecting(_) => self.connecting(index),
            Phase::Inproc(_) => {
                self.flush(index);
                self.receive_inproc(index);
            }
            Phase::Open(link) => {
                link.rx.closing |= closing;
                if writable {
                    link.tx.blocked = false;
                    if link.rx.congested {
                        link.rx.congested = false;
                        self.heat(index);
                    }
                    self.flush(index);
                }
                if readable || closing {
                    self.receive(index);
                }
            }
            _ => {}
        }
    }

    fn receive(&mut self, index: usize) {
        let now = self.core_now();
        let starved = self.held >= self.options.max_bytes;
        let Some(peer) = self.peers.get_mut(index) else { return };
        let before = peer.incoming.weight();
        let waiting = peer.outgoing.weight();
        let Phase::Open(link) = &mut peer.phase else { return };
        let mut to = Receiver {
            pattern: &mut self.pattern,
            monitor: &mut self.monitor,
            scratch: &mut self.scratch,
            incoming: &mut peer.incoming,
            outgoing: &mut peer.outgoing,
            conflate: self.options.conflate,
            mark: self.options.receive_mark,
            starved,
            queued: self.queued > 0,
            now,
            peer: peer.id,
            said: Said::default(),
        };
        let result = link.receive(&mut to);
        let said = to.said;
        self.held = self.held + peer.incoming.weight() - before;
        self.queued = self.queued + peer.incoming.weight() - before;
        self.held += peer.outgoing.weight() - waiting;
        self.held -= link.rx.weight;
        self.unfinished_bytes -= link.rx.unfinished;
        link.rx.weight = link.rx.held();
        link.rx.unfinished = link.rx.unfinished();
        self.held += link.rx.weight;
        self.unfinished_bytes += link.rx.unfinished;
        if link.rx.paused && starved && !peer.starved {
            peer.starved = true;
            self.starved.push(index);
        }
        self.act_on(index, said);
        self.hasten_link_timer(index);
        if let Some(old) = self.pattern.displaced().and_then(|old| self.index(old)) {
            self.shut(old, CloseReason::HandedOver);
        }
        match result {
            Ok(turn) => {
                let broken = self
                    .peers
                    .get_mut(index)
                    .and_then(Peer::link)
                    .and_then(|link| link.tx.broken.filter(|_| turn == Turn::Drained));
                if let Some(reason) = broken {
                    return self.shut(index, reason);
                }
                self.flush(index);
                if turn == Turn::Again || (turn == Turn::Waiting && self.may_read(index)) {
                    self.heat(index);
                }
                self.bound_memory();
            }
            Err(reason) => self.shut(index, reason),
        }
    }

    /// Whether what reading waited for has come, by writing.
    fn may_read(&mut self, index: usize) -> bool {
        let link = self.peers.get_mut(index).and_then(Peer::link);
        link.is_some_and(|link| !link.rx.paused && !link.rx.congested)
    }

    fn act_on(&mut self, index: usize, said: Said) {
        let Said { ready, refused, ignored, dropped, routing_id } = said;
        if ready.is_none() && refused.is_none() && ignored.is_none() && dropped.is_none() {
            return;
        }
        let Some(peer) = self.peers.get_mut(index) else { return };
        let endpoint = Arc::clone(&peer.endpoint);
        let at = peer.met.as_ref().map(|met| met.addresses).unwrap_or_default();
        if let Some(info) = ready {
            if !peer.known && matches!(peer.origin, Origin::Accepted) {
                self.unfinished -= 1;
            }
            peer.known = true;
            if let Some(met) = &mut peer.met {
                (met.info, met.routing_id) = (Some(info), routing_id);
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
            self.monitor.note(&endpoint, at, kind);
        }
    }

    /// Closes the link with the largest unfinished message while the socket holds too much. If all
    /// unfinished ones together are less than the excess, it is whole messages that wait for the
    /// application: reading pauses for those, and nobody is closed.
    fn bound_memory(&mut self) {
        while self.held > self.options.max_bytes
            && self.held - self.options.max_bytes <= self.unfinished_bytes
        {
            let largest = self
                .peers
                .iter()
                .filter_map(|(index, peer)| match &peer.phase {
                    Phase::Open(link) if link.rx.unfinished > 0 => {
                        Some((link.rx.unfinished, index))
                    }
                    _ => None,
                })
                .max();
            let Some((_, index)) = largest else { return };
            self.shut(index, CloseReason::MemoryLimit);
        }
    }

    /// Writes what is due to a peer, and watches for writability only while that is cut short.
    pub(super) fn flush(&mut self, index: usize) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        let before = peer.outgoing.weight();
        // Where nothing can go out, what was queued just now may have reached the mark.
        let link = match &mut peer.phase {
            Phase::Open(link) => link,
            Phase::Inproc(_) => return self.flush_inproc(index),
            _ => return self.mark(index),
        };
        if link.tx.blocked || link.tx.broken.is_some() {
            return self.mark(index);
        }
        let waited = !peer.outgoing.is_empty();
        let result = link.transmit(&mut peer.outgoing, &mut self.batch, &mut self.monitor);
        self.held -= before - peer.outgoing.weight();
        let drained = match result {
            Ok(drained) => drained,
            Err(reason) => {
                // What the peer said before it went is read to its end; that closes the link.
                link.tx.broken = Some(reason);
                link.rx.closing = true;
                link.rx.congested = false;
                return self.heat(index);
            }
        };
        if waited && peer.outgoing.is_empty() {
            self.pattern.sent(peer.id);
        }
        self.mark(index);
        let Some(Phase::Open(link)) = self.peers.get_mut(index).map(|peer| &mut peer.phase) else {
            return;
        };
        if drained && link.tx.leaving {
            return self.shut(index, CloseReason::ByUs);
        }
        if drained == link.tx.watching {
            link.tx.watching = !drained;
            let interest = match drained {
                true => Interest::READABLE,
                false => Interest::READABLE | Interest::WRITABLE,
            };
            let token = Key::Peer(index).token();
            if let Err(error) = link.stream.reregister(&self.registry, token, interest) {
                self.shut(index, CloseReason::Io(error.kind()));
            }
        }
    }

    /// Tells the pattern when a peer's queue becomes full, or gets room again.
    pub(super) fn mark(&mut self, index: usize) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        let full = peer.outgoing.is_full(&self.options.send_mark) && !self.options.conflate;
        if core::mem::replace(&mut peer.full, full) != full {
            self.pattern.set_full(peer.id, full);
        }
    }

    pub(super) fn peer_timer(&mut self, index: usize, now: Instant) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        peer.timer = None;
        match &mut peer.phase {
            Phase::Waiting if peer.timer.is_none_or(|at| at <= now) => self.dial(index),
            Phase::Connecting(_) => {
                self.shut(index, CloseReason::Io(io::ErrorKind::TimedOut));
            }
            Phase::Open(_) => self.link_timer(index),
            _ => {}
        }
    }

    /// The connection wants to know the time.
    fn link_timer(&mut self, index: usize) {
        // The application may have been away: what has come is a sign of life, though unread.
        self.receive(index);
        let now = self.core_now();
        let Some(link) = self.peers.get_mut(index).and_then(Peer::link) else { return };
        if link.rx.paused || link.rx.congested {
            link.connection.excuse_silence();
        }
        match link.connection.handle_timeout(now) {
            Ok(()) => {
                self.set_link_timer(index);
                // A PING may be due.
                self.flush(index);
            }
            Err(error) => self.shut(index, CloseReason::Protocol(error)),
        }
    }

    /// When the connection wants to be asked for the time.
    fn link_deadline(&self, index: usize) -> Option<Instant> {
        let Phase::Open(link) = &self.peers.get(index)?.phase else { return None };
        let at = link.connection.poll_timeout()?;
        // A millisecond more: the core counts whole ones.
        Some(self.epoch + Duration::from_millis(at.as_millis() + 1))
    }

    fn set_link_timer(&mut self, index: usize) {
        let at = self.link_deadline(index);
        if let Some(peer) = self.peers.get_mut(index) {
            self.timers.set(Key::Peer(index), &mut peer.timer, at);
        }
    }

    /// Sets the timer only if it would come too late or not at all. One that comes too early does
    /// no harm, and nearly every byte puts the deadline off.
    fn hasten_link_timer(&mut self, index: usize) {
        let at = self.link_deadline(index);
        let Some(peer) = self.peers.get_mut(index) else { return };
        let late = match (at, peer.timer) {
            (Some(at), Some(timer)) => at < timer,
            (at, timer) => at.is_some() != timer.is_some(),
        };
        if late && matches!(peer.phase, Phase::Open(_)) {
            self.timers.set(Key::Peer(index), &mut peer.timer, at);
        }
    }
}
