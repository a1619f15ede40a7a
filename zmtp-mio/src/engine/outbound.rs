//! Messages between the application and its peers' queues.

use zmtp_core::Subscription;
use zmtp_core::pattern::{Pattern, PeerId};

use super::Engine;
use super::peer::State;
use super::queue::{Envelope, QueuedMessage, Refused};
use super::status::LastPeer;
use crate::message::Message;
use crate::monitor::{CloseReason, Dropped};

/// The most bytes that are held back for a peer.
const CORKED: usize = 32 << 10;

impl Engine {
    /// Queues a message for a peer and writes what can be written. Returns the message if the peer is
    /// gone or its queue is full.
    #[expect(clippy::result_large_err, reason = "the caller gets the message back")]
    pub(crate) fn send(
        &mut self,
        peer: PeerId,
        queued: QueuedMessage,
    ) -> Result<(), (Refused, QueuedMessage)> {
        let Some(index) = self.index(peer) else { return Err((Refused::Gone, queued)) };
        let Some(slot) = self.peers.get_mut(index) else { return Err((Refused::Gone, queued)) };
        let ending =
            slot.closing.is_some() || slot.link().is_some_and(|link| link.send.broken.is_some());
        let waits = slot.reconnects() && self.pattern.keeps_unsent();
        if matches!(slot.state, State::Closed) || (ending && !waits) {
            return Err((Refused::Gone, queued));
        }
        if self.options.conflate {
            // The newest message replaces the one that is queued.
            let begun = slot.link().map_or(0, |link| link.encoded());
            let replaced = slot.outgoing.remove(begun, |_| true);
            self.monitor.counters.dropped.conflated += replaced as u64;
            self.report(index);
        }
        let Some(slot) = self.peers.get_mut(index) else { return Err((Refused::Gone, queued)) };
        let no_memory = self.budget.is_full() && !slot.outgoing.is_empty();
        if slot.outgoing.is_full(&self.send_mark) || no_memory {
            return Err((Refused::Full, queued));
        }
        slot.outgoing.push(queued);
        if self.corked && slot.outgoing.weight() < CORKED {
            if !core::mem::replace(&mut slot.corked, true) {
                self.unwritten.push(index);
            }
            self.mark(index);
        } else {
            self.flush(index);
        }
        Ok(())
    }

    /// Holds messages back until `uncork`, so that one write has many of them.
    pub(crate) const fn cork(&mut self) {
        self.corked = true;
    }

    /// Writes the messages that were held back.
    pub(crate) fn uncork(&mut self) {
        self.corked = false;
        let _ = self.write_corked();
    }

    /// Returns whether messages were held back: then there may be room now, without an event.
    pub(super) fn write_corked(&mut self) -> bool {
        let any = !self.unwritten.is_empty();
        while let Some(index) = self.unwritten.pop() {
            if let Some(peer) = self.peers.get_mut(index) {
                peer.corked = false;
            }
            self.flush(index);
        }
        any
    }

    /// Queues a subscription for every peer that is ready. A peer whose queue is full is closed: it
    /// would miss this subscription for good, and gets all of them over its next connection.
    pub(crate) fn subscribe(&mut self, what: Subscription, topic: &[u8]) {
        for index in 0..self.peers.capacity() {
            let Some(peer) = self.peers.get(index).filter(|peer| peer.is_ready()) else { continue };
            let peer = peer.id;
            let envelope = Envelope::Subscription(what);
            let queued = QueuedMessage { envelope, message: Message::from(topic) };
            if let Err((Refused::Full, _)) = self.send(peer, queued) {
                self.close(index, CloseReason::HighWaterMark);
            }
        }
        self.carry_out_closes();
    }

    /// The peers whose handshakes are over.
    pub(crate) fn ready_peers(&self, into: &mut Vec<PeerId>) {
        into.clear();
        let ready = self.peers.iter().filter(|(_, peer)| peer.is_ready());
        into.extend(ready.map(|(_, peer)| peer.id));
    }

    /// Whether a peer's queue is at the high-water mark.
    pub(crate) fn is_full(&self, peer: PeerId) -> bool {
        self.peers.get(peer.index() as usize).is_some_and(|slot| slot.full && slot.id == peer)
    }

    /// Takes the oldest message of a peer. Reading that was paused goes on.
    pub(crate) fn take(&mut self, peer: PeerId) -> Option<QueuedMessage> {
        let index = self.index(peer)?;
        let slot = self.peers.get_mut(index)?;
        let queued = slot.incoming.pop()?;
        let closed = matches!(slot.state, State::Closed);
        let (drained, paused) = (slot.incoming.is_empty(), slot.is_paused());
        self.last = LastPeer::Here(peer);
        self.report(index);
        if closed && drained {
            self.free_slots.push(index);
        } else if paused {
            self.schedule(index);
        }
        self.resume_reading();
        Some(queued)
    }

    /// Lets peers be read again that waited for the socket to hold less.
    fn resume_reading(&mut self) {
        if self.memory_paused.is_empty() || (self.budget.is_full() && self.budget.has_incoming()) {
            return;
        }
        for index in core::mem::take(&mut self.memory_paused) {
            if let Some(peer) = self.peers.get_mut(index) {
                peer.memory_paused = false;
            }
            self.schedule(index);
        }
    }

    /// Counts messages that are not sent.
    pub(crate) fn dropped(&mut self) -> &mut Dropped {
        &mut self.monitor.counters.dropped
    }

    /// Counts a message that was refused and is dropped.
    pub(crate) const fn count_refused(&mut self, refused: Refused) {
        let dropped = &mut self.monitor.counters.dropped;
        match refused {
            Refused::Full => dropped.high_water_mark += 1,
            Refused::Gone => dropped.peer_gone += 1,
        }
    }

    /// Takes back the message that is queued for a peer, if nothing of it is encoded.
    pub(crate) fn unqueue(&mut self, peer: PeerId) -> Option<QueuedMessage> {
        let index = self.index(peer)?;
        let slot = self.peers.get_mut(index)?;
        if slot.link().is_some_and(|link| link.encoded() > 0) {
            return None;
        }
        let queued = slot.outgoing.pop()?;
        self.mark(index);
        Some(queued)
    }

    /// Moves a message that is queued for a peer without a connection to one that has a connection.
    pub(super) fn reroute(&mut self) {
        let Some((from, to)) = self.pattern.reroute() else { return };
        if let Some(queued) = self.unqueue(from)
            && self.send(to, queued).is_err()
        {
            // Its connection is broken. The rules learn of it when the stream is read to its end.
            self.monitor.counters.dropped.peer_gone += 1;
        }
    }

    /// Closes the connection of a peer whose reply is not awaited any more. An endpoint that we connect
    /// to is tried again at once.
    pub(crate) fn reset(&mut self, peer: PeerId) {
        if let Some(index) = self.index(peer) {
            self.close(index, CloseReason::Abandoned);
            self.carry_out_closes();
        }
    }
}
