//! Bodies that are written from the memory of the application.

use zmtp_core::pattern::{Pattern, PeerId};

use super::Engine;
use super::hold::HOLD;
use super::link::COPY;
use super::queue::Envelope;

impl Engine {
    /// Writes a message of one part to a peer if nothing waits for the peer, and queues a copy of the bytes that its stream
    /// does not accept. Returns `false` if no byte is written: the message is to be queued.
    pub(super) fn send_at_once(
        &mut self,
        peer: PeerId,
        envelope: &Envelope,
        body: &[u8],
        holds: bool,
    ) -> bool {
        let delimiter = match envelope {
            Envelope::None => false,
            Envelope::Delimiter => true,
            _ => return false,
        };
        // A shorter one is held back in a burst, to be written with others.
        let waits = holds && body.len() < HOLD;
        if body.len() <= COPY || waits || self.options.conflate || self.budget.is_full() {
            return false;
        }
        let Some(index) = self.index(peer) else { return false };
        let Some(slot) = self.peers.get_mut(index) else { return false };
        if slot.full || slot.held || !slot.is_quiet() || slot.open_output().is_none() {
            return false;
        }
        let (run, spares) = (&self.run, &mut self.spares);
        let Some(link) = slot.link().filter(|link| !link.is_sealed()) else { return false };
        // The next write reports an error of the stream.
        let Ok(drained) = link.write_body(delimiter, body, run, spares, &mut self.monitor) else {
            return false;
        };
        self.received = false;
        if drained {
            self.pattern.sent(peer);
        }
        self.mark(index);
        self.set_interest(index, drained);
        self.note_write();
        true
    }
}
