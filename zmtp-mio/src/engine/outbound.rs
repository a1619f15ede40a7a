//! Messages from the application to the queues of its peers.

use zmtp_core::Subscription;
use zmtp_core::pattern::{Pattern, PeerId};

use super::Engine;
use super::hold::{HOLD, Room};
use super::link::{COPY, Range};
use super::peer::State;
use super::queue::{Envelope, Outgoing, QueuedMessage, Refused};
use crate::message::Message;
use crate::monitor::{CloseReason, DroppedMessages};

impl Engine {
    /// Lets a peer take a message, and writes it unless it is [held back](super::hold). If the peer is gone or
    /// its queue is full, the message stays where it is.
    pub(crate) fn send(
        &mut self,
        peer: PeerId,
        outgoing: &mut Outgoing<'_>,
    ) -> Result<(), Refused> {
        self.room = Room::NONE;
        let at_once = self.is_unbounded(peer);
        let holds = !at_once && self.holds();
        if let Some(source) = outgoing.source.take()
            && let Some(body) = source.part()
        {
            if self.send_at_once(peer, &outgoing.envelope, body, holds) {
                return Ok(());
            }
            *outgoing.message = source.take();
        }
        if holds && self.append_held(peer, outgoing) {
            self.find_room(peer);
            return Ok(());
        }
        if self.send_inproc(peer, outgoing, holds) {
            match holds || at_once {
                true => self.find_room(peer),
                false => self.note_write(),
            }
            return Ok(());
        }
        let index = self.make_room(peer)?;
        if self.is_udp(index) && self.send_udp_at_once(index, outgoing) {
            return Ok(());
        }
        let Some(slot) = self.peers.get_mut(index) else { return Err(Refused::Gone) };
        let is_message = !matches!(outgoing.envelope, Envelope::Subscription(_));
        match slot.open_output() {
            Some(output) if is_message => output.append(outgoing, &self.run, &mut self.spares),
            _ => slot.outgoing.push(outgoing.take()),
        }
        // Messages that had no room in the ring of a peer of this process are moved when it has much room.
        let moves = match &mut slot.state {
            State::Inproc(pipe, _) => pipe.has_much_room(),
            _ => false,
        };
        self.write_or_hold(index, holds && !moves);
        if !holds {
            self.note_write();
        }
        Ok(())
    }

    /// Appends a message to those that are held back for a peer, if there are some and nothing else is to be
    /// done for this one. The budget learns of it with the next write.
    #[inline]
    fn append_held(&mut self, peer: PeerId, outgoing: &mut Outgoing<'_>) -> bool {
        let Some(slot) = self.peers.get_mut(peer.index() as usize) else { return false };
        if !slot.held || slot.full || slot.id != peer {
            return false;
        }
        let mark = self.send_mark;
        let Some(output) = slot.open_output() else { return false };
        let (count, body_len) = (output.message_count(), output.body_len(&self.run));
        let new = outgoing.message.byte_len();
        if output.len() + new + 16 >= HOLD || mark.is_reached(count + 1, body_len + new) {
            return false;
        }
        if matches!(outgoing.envelope, Envelope::Subscription(_)) {
            return false;
        }
        output.append(outgoing, &self.run, &mut self.spares);
        true
    }

    /// [`Engine::append_held`] for a message of the run that follows those the peer shares.
    #[inline]
    fn append_shared_held(&mut self, peer: PeerId, range: Range) -> bool {
        let Some(slot) = self.peers.get_mut(peer.index() as usize) else { return false };
        if !slot.held || slot.full || slot.id != peer {
            return false;
        }
        let Some(output) = slot.open_output() else { return false };
        let (count, body_len) = (output.message_count(), output.body_len(&self.run));
        if output.len() >= HOLD || self.send_mark.is_reached(count + 1, body_len + COPY) {
            return false;
        }
        output.extend_shared(range)
    }

    /// Lets several peers take the same message, which is encoded once. A message that a peer does not take is
    /// counted as dropped.
    pub(crate) fn send_to_all(&mut self, peers: &[PeerId], outgoing: &mut Outgoing<'_>) {
        let holds = self.holds();
        if self.run.is_full() {
            self.empty_run();
        }
        let small = outgoing.message.byte_len() <= COPY;
        if !small {
            outgoing.message.share();
        }
        let mut shared = (small && holds).then(|| self.run.append(outgoing));
        for &peer in peers {
            if let Some(range) = shared
                && holds
                && self.append_shared_held(peer, range)
            {
                continue;
            }
            let index = match self.make_room(peer) {
                Ok(index) => index,
                Err(refused) => {
                    self.count_refused(refused);
                    continue;
                }
            };
            if self.is_udp(index) && self.send_udp_at_once(index, outgoing) {
                continue;
            }
            let Some(slot) = self.peers.get_mut(index) else { continue };
            match slot.open_output() {
                Some(output) if small => {
                    let range = *shared.get_or_insert_with(|| self.run.append(outgoing));
                    output.append_shared(range, &self.run, &mut self.spares);
                    if !core::mem::replace(&mut slot.sharing, true) {
                        self.sharing.push(index);
                    }
                }
                Some(output) => {
                    let mut copy = outgoing.message.clone();
                    output.append(&mut Outgoing::new(&mut copy), &self.run, &mut self.spares);
                }
                None => {
                    outgoing.message.share();
                    slot.outgoing.push(QueuedMessage::from(outgoing.message.clone()));
                }
            }
            let holds = holds && !slot.is_unbounded_inproc();
            self.write_or_hold(index, holds);
        }
        if !holds {
            if shared.is_some() {
                self.empty_run();
            }
            self.note_write();
        }
        if self.options.rules.counts_bursts {
            self.count_burst(peers);
        }
    }

    /// The slab index of a peer that can take a message. Messages that are held back are written first if the
    /// queue is full of them.
    fn make_room(&mut self, peer: PeerId) -> Result<usize, Refused> {
        let index = self.index(peer).ok_or(Refused::Gone)?;
        let slot = self.peers.get_mut(index).ok_or(Refused::Gone)?;
        if !slot.takes_messages(self.pattern.keeps_unsent()) {
            return Err(Refused::Gone);
        }
        if self.options.conflate {
            // The newest message replaces the one that is queued.
            let staged = slot.link().map_or(0, |link| link.staged_messages());
            let replaced = slot.outgoing.remove(staged, |_| true);
            self.monitor.counters.dropped.conflated += replaced as u64;
            self.report(index);
            return Ok(index);
        }
        let is_full = |engine: &Self| {
            let Some(slot) = engine.peers.get(index) else { return true };
            slot.full || (engine.budget.is_full() && slot.queued_count() > 0)
        };
        if is_full(self) && self.peers.get(index).is_some_and(|slot| slot.held) {
            self.flush(index);
        }
        if is_full(self) { Err(Refused::Full) } else { Ok(index) }
    }

    /// Queues a subscription for every peer that is ready. A peer whose queue is full is closed, because it would not
    /// get this subscription; over its next connection it gets all subscriptions.
    pub(crate) fn subscribe(&mut self, what: Subscription, topic: &[u8]) {
        for index in 0..self.peers.capacity() {
            let Some(peer) = self.peers.get(index).filter(|peer| peer.is_ready()) else { continue };
            if matches!(peer.state, State::Udp(_)) {
                // Messages of all groups arrive there.
                continue;
            }
            let peer = peer.id;
            let envelope = Envelope::Subscription(what);
            let mut message = Message::from(topic);
            let outgoing = &mut Outgoing { envelope, message: &mut message, source: None };
            if self.send(peer, outgoing) == Err(Refused::Full) {
                self.close(index, CloseReason::HighWaterMark);
            }
        }
        self.carry_out_closes();
    }

    /// The peers whose handshakes are complete.
    pub(crate) fn ready_peers(&self, into: &mut Vec<PeerId>) {
        into.clear();
        let ready = self.peers.iter().filter(|(_, peer)| peer.is_ready());
        into.extend(ready.map(|(_, peer)| peer.id));
    }

    /// Whether a peer's queue is at the high-water mark.
    pub(crate) fn is_full(&self, peer: PeerId) -> bool {
        self.peers.get(peer.index() as usize).is_some_and(|slot| slot.full && slot.id == peer)
    }

    /// Counts messages that are not sent.
    pub(crate) fn dropped(&mut self) -> &mut DroppedMessages {
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

    /// Counts a message of a ROUTER to a peer, before it is sent.
    pub(crate) fn count_reply(&mut self, peer: PeerId) {
        if let Some(slot) = self.peers.get_mut(peer.index() as usize) {
            slot.owed = slot.owed.saturating_sub(1);
        }
    }

    /// Takes back the message that is queued for a peer, if no byte of it is written.
    pub(crate) fn unqueue(&mut self, peer: PeerId) -> Option<QueuedMessage> {
        let index = self.index(peer)?;
        let slot = self.peers.get_mut(index)?;
        if slot.link().is_some_and(|link| link.staged_messages() > 0) {
            return None;
        }
        slot.take_back(&self.run, &mut self.spares);
        let queued = slot.outgoing.pop();
        self.mark(index);
        queued
    }

    /// Moves a message that is queued for a peer without a connection to one that has a connection.
    pub(super) fn reroute(&mut self) {
        let Some((from, to)) = self.pattern.reroute() else { return };
        if let Some(mut queued) = self.unqueue(from)
            && self.send(to, &mut queued.outgoing()).is_err()
        {
            // Its connection is broken, which is reported to the pattern when the stream is read to its end.
            self.monitor.counters.dropped.peer_gone += 1;
        }
    }

    /// Closes the connection of a peer whose request was cancelled. An endpoint that the socket connects to is tried
    /// again at once.
    pub(crate) fn reset(&mut self, peer: PeerId) {
        if let Some(index) = self.index(peer) {
            self.close(index, CloseReason::RequestCancelled);
            self.carry_out_closes();
        }
    }
}
