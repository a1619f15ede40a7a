//! Messages between the application and its peers' queues.

use zmtp_core::Subscription;
use zmtp_core::pattern::PeerId;

use super::Engine;
use super::pattern::Pattern;
use super::peer::State;
use super::queue::{Envelope, Letter, Refused};
use super::status::LastPeer;
use crate::message::Message;
use crate::monitor::{CloseReason, Dropped};

/// What is held back for a corked peer at most, in bytes.
const CORKED: usize = 32 << 10;

impl Engine {
    /// Queues a letter for a peer and writes what can be written. Gives it back if the peer is
    /// gone or its queue is full.
    #[expect(clippy::result_large_err, reason = "the letter goes back where it came from")]
    pub(crate) fn send(&mut self, peer: PeerId, letter: Letter) -> Result<(), (Refused, Letter)> {
        let Some(index) = self.index(peer) else { return Err((Refused::Gone, letter)) };
        let Some(slot) = self.peers.get_mut(index) else { return Err((Refused::Gone, letter)) };
        let ending =
            slot.closing.is_some() || slot.link().is_some_and(|link| link.tx.broken.is_some());
        let waits = slot.reconnects() && self.pattern.keeps_unsent();
        if matches!(slot.state, State::Closed) || (ending && !waits) {
            return Err((Refused::Gone, letter));
        }
        if self.options.conflate {
            // The newest message replaces the one that is queued.
            let begun = slot.link().map_or(0, |link| link.encoded());
            let replaced = slot.outgoing.remove(begun, |_| true);
            self.monitor.counters.dropped.conflated += replaced as u64;
            self.report(index);
        }
        let Some(slot) = self.peers.get_mut(index) else { return Err((Refused::Gone, letter)) };
        let no_memory = self.budget.is_full() && !slot.outgoing.is_empty();
        if slot.outgoing.is_full(&self.send_mark) || no_memory {
            return Err((Refused::Full, letter));
        }
        slot.outgoing.push(letter);
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

    /// Holds what is sent back until `uncork`, so that many messages go out in one write.
    pub(crate) const fn cork(&mut self) {
        self.corked = true;
    }

    /// Writes what was held back.
    pub(crate) fn uncork(&mut self) {
        self.corked = false;
        let _ = self.write_corked();
    }

    /// Returns whether anything was held back: then there may be room now, of which no event tells.
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

    /// Queues a subscription for every peer that is up. One that does not read them, so that its
    /// queue is full, is closed: it would miss this one for good, and hears all of them when it
    /// comes back.
    pub(crate) fn subscribe(&mut self, what: Subscription, topic: &[u8]) {
        for index in 0..self.peers.capacity() {
            let Some(peer) = self.peers.get(index).filter(|peer| peer.is_ready()) else { continue };
            let peer = peer.id;
            let envelope = Envelope::Subscription(what);
            let letter = Letter { envelope, message: Message::from(topic) };
            if let Err((Refused::Full, _)) = self.send(peer, letter) {
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

    /// Takes the oldest letter of a peer, and reads on if it had to wait.
    pub(crate) fn take(&mut self, peer: PeerId) -> Option<Letter> {
        let index = self.index(peer)?;
        let slot = self.peers.get_mut(index)?;
        let letter = slot.incoming.pop()?;
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
        Some(letter)
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

    /// Takes back the letter that waits to be sent to a peer, if nothing of it is out.
    pub(crate) fn unqueue(&mut self, peer: PeerId) -> Option<Letter> {
        let index = self.index(peer)?;
        let slot = self.peers.get_mut(index)?;
        if slot.link().is_some_and(|link| link.encoded() > 0) {
            return None;
        }
        let letter = slot.outgoing.pop()?;
        self.mark(index);
        Some(letter)
    }

    /// Moves a letter that waits for a peer that is not reached to one that is.
    pub(super) fn reroute(&mut self) {
        let Some((from, to)) = self.pattern.reroute() else { return };
        if let Some(letter) = self.unqueue(from)
            && self.send(to, letter).is_err()
        {
            // Its link is broken; when that is read to its end, the pattern learns of the loss.
            self.monitor.counters.dropped.peer_gone += 1;
        }
    }

    /// Closes the connection of a peer whose answers are not wanted any more. A dialled one is
    /// dialled again at once.
    pub(crate) fn reset(&mut self, peer: PeerId) {
        if let Some(index) = self.index(peer) {
            self.close(index, CloseReason::Abandoned);
            self.carry_out_closes();
        }
    }
}
