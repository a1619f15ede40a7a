//! Messages that are held back, so that one write has many of them.
//!
//! A message after a quiet time is written at once. In a burst, messages are held back until a peer has
//! [`HOLD`] bytes, until a call waits, or until the driver writes them: after [`DELAY`], or up to 1 ms after a
//! long burst. Without a driver, messages are held back only between `cork` and `uncork`.

use core::time::Duration;

use zmtp_core::pattern::{Pattern, PeerId};

use super::Engine;
use super::link::COPY;
use super::pace::SENT;
use super::peer::State;
use super::queue::Usage;
use crate::inproc::COPIED;
use crate::message::Message;

/// The number of bytes held back for a peer at which they are written.
pub(super) const HOLD: usize = 32 << 10;
/// How long a message is held back, unless the burst is long. A burst ends when nothing is written for this time.
pub(crate) const DELAY: Duration = Duration::from_micros(100);

/// The messages that a peer of this process gets at once before a send looks at the time again.
const AT_ONCE: usize = 32;

/// The room for messages that are held back for the only peer of a socket, and need no other step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    peer: PeerId,
    messages: usize,
    /// Bytes of bodies and headers.
    bytes: usize,
    /// The peer gets them at once: they are not held back.
    at_once: bool,
}

impl Room {
    pub(super) const NONE: Self =
        Self { peer: PeerId::NONE, messages: 0, bytes: 0, at_once: false };
}

/// The longest header of a frame, rounded up.
const HEADER: usize = 16;

impl Engine {
    /// Appends a message of one part to those that are held back for the only peer of a DEALER, PAIR or PUSH. Returns
    /// `false` if that is not all that there is to do.
    #[inline]
    pub(crate) fn append_to_burst(&mut self, body: &[u8]) -> bool {
        let room = self.room;
        let len = body.len() + HEADER;
        if room.messages == 0 || len > room.bytes || body.len() > COPY {
            return false;
        }
        if room.at_once {
            return self.append_at_once(body);
        }
        // If no received message is left, no other answer follows soon.
        if self.received && !self.pattern.may_take() {
            return false;
        }
        let Some(peer) = self.peers.get_mut(room.peer.index() as usize) else { return false };
        if !peer.held || peer.full || peer.id != room.peer {
            return false;
        }
        if let State::Inproc(pipe, _) = &mut peer.state {
            pipe.add(body);
            self.monitor.counters.messages_sent += 1;
            self.monitor.counters.bytes_sent += body.len() as u64;
        } else {
            let Some(output) = peer.open_output() else { return false };
            if !output.append_body(body) {
                return false;
            }
        }
        self.received = false;
        self.sent += 1;
        self.room.messages -= 1;
        self.room.bytes -= len;
        true
    }

    /// [`Self::append_to_burst`] for a peer of this process that gets each message at once.
    fn append_at_once(&mut self, body: &[u8]) -> bool {
        if body.len() > COPIED || self.reads_first() {
            return false;
        }
        let Some(peer) = self.peers.get_mut(self.room.peer.index() as usize) else { return false };
        if peer.id != self.room.peer || peer.full || peer.closing.is_some() {
            return false;
        }
        let State::Inproc(pipe, _) = &mut peer.state else { return false };
        if pipe.is_closed() {
            return false;
        }
        if !pipe.add_behind(body) && pipe.push(Message::from(body).into()).is_err() {
            return false;
        }
        pipe.announce();
        self.monitor.counters.messages_sent += 1;
        self.monitor.counters.bytes_sent += body.len() as u64;
        self.sent += 1;
        self.room.messages -= 1;
        self.room.bytes -= body.len() + HEADER;
        true
    }

    /// Computes the room for messages that are held back after one for this peer.
    pub(super) fn find_room(&mut self, peer: PeerId) {
        self.room = Room::NONE;
        if self.peers.len() != 1 || !self.pattern.sends_in_turn() || self.options.conflate {
            return;
        }
        let (mark, sent) = (self.send_mark, self.sent);
        let Some(slot) = self.peers.get_mut(peer.index() as usize) else { return };
        if let State::Inproc(pipe, _) = &slot.state {
            let (count, body_len) = pipe.unread_at_most();
            let at_once = pipe.is_unbounded();
            let (mark, (messages, bytes)) = match at_once {
                true => (pipe.limit(mark), (AT_ONCE, usize::MAX)),
                false => (mark, pipe.room()),
            };
            // One less than the mark, as below.
            let messages = messages
                .min(SENT.saturating_sub(sent + 1) as usize)
                .min(mark.messages.saturating_sub(count + 1));
            let bytes = bytes.min(mark.bytes.saturating_sub(body_len)).saturating_sub(1);
            let is_open = slot.closing.is_none() && !pipe.is_closed();
            if slot.outgoing.is_empty() && is_open {
                self.room = Room { peer, messages, bytes, at_once };
            }
            return;
        }
        let Some(output) = slot.open_output() else { return };
        let (count, body_len) = (output.message_count(), output.body_len(&self.run));
        // One less than the mark, at which held messages are written.
        let messages =
            (SENT.saturating_sub(sent + 1) as usize).min(mark.messages.saturating_sub(count + 1));
        let bytes = HOLD.saturating_sub(output.len()).min(mark.bytes.saturating_sub(body_len));
        self.room = Room { peer, messages, bytes: bytes.saturating_sub(1), at_once: false };
    }

    /// Holds messages back until `uncork`.
    pub(crate) const fn cork(&mut self) {
        self.corked = true;
    }

    /// Writes the messages that were held back.
    pub(crate) fn uncork(&mut self) {
        self.corked = false;
        let _ = self.write_held();
    }

    /// Sets whether messages of a burst are held back, because a driver writes them in time.
    pub(super) fn set_coalescing(&mut self, coalescing: bool) {
        self.coalescing = coalescing;
        if !coalescing && !self.corked {
            let _ = self.write_held();
        }
    }

    /// Whether the next message is held back.
    #[inline]
    pub(super) fn holds(&mut self) -> bool {
        if self.corked {
            return true;
        }
        if !self.coalescing {
            return false;
        }
        // If no received message is left, no other answer follows soon.
        let answered = core::mem::take(&mut self.received) && !self.pattern.may_take();
        if !self.held.is_empty() {
            return !answered;
        }
        !answered && self.clock.now().saturating_duration_since(self.wrote) < DELAY
    }

    /// Whether messages are held back.
    #[cfg(test)]
    pub(crate) fn holds_messages(&self) -> bool {
        !self.held.is_empty()
    }

    /// Notes that a message was written at once. The time of the write itself does not count as quiet.
    pub(super) fn note_write(&mut self) {
        if self.coalescing {
            self.wrote = self.clock.now();
        }
    }

    /// Writes what a peer has just taken, or holds it back.
    pub(super) fn write_or_hold(&mut self, index: usize, holds: bool) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        if peer.is_blocked() {
            // It is written when its stream accepts more.
            return self.mark(index);
        }
        if !holds && self.held.is_empty() {
            return self.flush(index);
        }
        // Held messages must not fill the queue: they are written at the mark.
        let many = peer.output_len() >= HOLD
            || self.send_mark.is_reached(peer.queued_count(), peer.queued_bytes(&self.run));
        if !core::mem::replace(&mut peer.held, true) {
            self.begins_hold |= self.held.is_empty();
            self.held.push(index);
        }
        match holds && !many {
            true => self.mark(index),
            false => drop(self.write_held()),
        }
    }

    /// Writes all held messages. Returns whether there were any: then queues may have room now, without an event.
    pub(crate) fn write_held(&mut self) -> bool {
        if self.held.is_empty() {
            return false;
        }
        while let Some(index) = self.held.pop() {
            if let Some(peer) = self.peers.get_mut(index) {
                peer.held = false;
            }
            self.flush(index);
        }
        if !self.corked {
            self.wrote = self.clock.now();
        }
        true
    }

    /// Whether messages that the driver must write are held back since the last call of this function.
    pub(super) fn begins_hold(&mut self) -> bool {
        core::mem::take(&mut self.begins_hold) && !self.corked && !self.held.is_empty()
    }

    /// Empties the run: the messages that a peer has not written are written or copied to its output.
    pub(super) fn empty_run(&mut self) {
        while let Some(index) = self.sharing.pop() {
            self.flush(index);
            let Some(peer) = self.peers.get_mut(index) else { continue };
            peer.sharing = false;
            if let Some(output) = peer.open_output() {
                output.copy_shared(&self.run, &mut self.spares);
            }
            self.mark(index);
        }
        self.run.clear();
        self.report_run();
    }

    /// Reports the size of the run to the budget.
    fn report_run(&mut self) {
        let usage = Usage { outgoing: self.run.weight(), ..Usage::default() };
        self.budget.report(&mut self.run_reported, usage);
    }
}
