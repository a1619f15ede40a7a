//! Messages that count against the high-water mark until the next turn, as a rule of libzmq: there another thread writes
//! them, and its progress is noticed from time to time. The turns that sends run from time to time do not count.

use core::time::Duration;
use std::time::Instant;

use zmtp_core::pattern::PeerId;

use super::Engine;
use super::pattern::AnyPattern;

/// How long sends that do not wait fail after a burst has reached the mark.
const LOOK: Duration = Duration::from_millis(1);

/// The burst of a socket. Each peer has the number of its messages.
#[derive(Debug, Default)]
pub(super) struct Burst {
    /// Some peer has messages of the burst.
    any: bool,
    /// When the messages for a peer reached the mark.
    full: Option<Instant>,
    /// The burst continues over the turn that runs now: a send runs it.
    continues: bool,
}

impl Engine {
    /// Counts a message for those of these peers that are connected over a stream, if it waits for room.
    pub(super) fn count_burst(&mut self, peers: &[PeerId]) {
        let waits = match &self.pattern {
            AnyPattern::Publish(_, own) | AnyPattern::Radio(_, own) => own.waits_when_full(),
            _ => false,
        };
        if !waits {
            return;
        }
        for peer in peers {
            let Some(index) = self.index(*peer) else { continue };
            let Some(slot) = self.peers.get_mut(index) else { continue };
            if slot.link_ref().is_none() {
                continue;
            }
            slot.burst += 1;
            self.burst.any = true;
            if slot.burst >= self.send_mark.messages {
                self.burst.full.get_or_insert_with(|| self.clock.now());
                self.mark(index);
            }
        }
    }

    /// Whether a send that does not wait fails: a burst has reached the mark just now.
    pub(crate) fn is_burst_full(&self) -> bool {
        let since = |full| self.clock.now().saturating_duration_since(full);
        self.burst.full.is_some_and(|full| since(full) < LOOK)
    }

    /// Whether the burst continues over the turn that comes next.
    pub(super) const fn continue_burst(&mut self, continues: bool) {
        self.burst.continues = continues;
    }

    /// A turn begins: messages that are written do not count any more. Returns whether there were any.
    pub(super) fn end_burst(&mut self) -> bool {
        if !self.burst.any || self.burst.continues {
            return false;
        }
        (self.burst.any, self.burst.full) = (false, None);
        for index in 0..self.peers.capacity() {
            if let Some(slot) = self.peers.get_mut(index)
                && core::mem::take(&mut slot.burst) > 0
            {
                self.mark(index);
            }
        }
        true
    }
}
