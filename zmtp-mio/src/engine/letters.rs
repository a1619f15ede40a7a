//! Letters between the application and its peers' queues.

use zmtp_core::pattern::PeerId;

use super::peer::{Origin, Phase};
use super::queue::Letter;
use super::{Engine, Pattern};
use crate::monitor::{CloseReason, Dropped};

impl<P: Pattern> Engine<P> {
    /// Queues a letter for a peer and writes what can be written. Gives it back if the peer is
    /// gone or its queue is full.
    #[expect(clippy::result_large_err, reason = "the letter goes back where it came from")]
    pub(crate) fn send(&mut self, peer: PeerId, letter: Letter) -> Result<(), (Refused, Letter)> {
        let index = peer.0 as usize;
        let Some(slot) = self.peers.get_mut(index) else { return Err((Refused::Gone, letter)) };
        let broken = slot.link().is_some_and(|link| link.tx.broken.is_some());
        let gone = matches!(slot.phase, Phase::Over) || (broken && !P::KEEPS_UNSENT);
        if gone || (broken && matches!(slot.origin, Origin::Accepted)) {
            return Err((Refused::Gone, letter));
        }
        let starved = self.held >= self.options.max_octets;
        if slot.outgoing.is_full(&self.options.send_mark) || (starved && !slot.outgoing.is_empty())
        {
            return Err((Refused::Full, letter));
        }
        self.held += letter.weight();
        slot.outgoing.push(letter);
        self.flush(index);
        Ok(())
    }

    /// Takes the oldest letter of a peer, and reads on if it had to wait.
    pub(crate) fn take(&mut self, peer: PeerId) -> Option<Letter> {
        let index = peer.0 as usize;
        let slot = self.peers.get_mut(index)?;
        let letter = slot.incoming.pop()?;
        self.held -= letter.weight();
        self.queued -= letter.weight();
        if slot.stale > 0 {
            slot.stale -= 1;
            self.pattern.stale(peer);
        }
        if matches!(slot.phase, Phase::Over) && slot.incoming.is_empty() {
            self.pattern.drained(peer);
            self.over.push(index);
        } else if slot.link().is_some_and(|link| link.rx.paused) {
            self.heat(index);
        }
        if (self.held < self.options.max_octets || self.queued == 0) && !self.starved.is_empty() {
            for waiting in core::mem::take(&mut self.starved) {
                if let Some(peer) = self.peers.get_mut(waiting) {
                    peer.starved = false;
                }
                self.heat(waiting);
            }
        }
        Some(letter)
    }

    /// Counts letters that will not be sent.
    pub(crate) fn dropped(&mut self) -> &mut Dropped {
        &mut self.monitor.counters.dropped
    }

    /// Takes back the letter that waits to be sent to a peer, if nothing of it is out.
    pub(crate) fn unqueue(&mut self, peer: PeerId) -> Option<Letter> {
        let slot = self.peers.get_mut(peer.0 as usize)?;
        if slot.link().is_some_and(|link| link.is_mid_letter()) {
            return None;
        }
        let letter = slot.outgoing.pop()?;
        self.held -= letter.weight();
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
        self.shut(peer.0 as usize, CloseReason::Abandoned);
    }
}

/// Why a letter was not queued.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refused {
    /// The peer is gone.
    Gone,
    /// Its queue is at the high-water mark.
    Full,
}
