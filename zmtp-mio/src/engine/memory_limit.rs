//! What happens at the memory limit of a socket.

use super::Engine;
use crate::monitor::CloseReason;

impl Engine {
    /// Continues to read from peers that paused because of the memory limit.
    pub(super) fn resume_reading(&mut self) {
        if self.budget.is_full() && self.budget.has_incoming() {
            return self.release_held_back();
        }
        for index in core::mem::take(&mut self.memory_paused) {
            if let Some(peer) = self.peers.get_mut(index) {
                peer.memory_paused = false;
            }
            self.schedule(index);
        }
    }

    /// At the memory limit: if all queued messages are of peers that are held back, the application receives them, so that
    /// there is room for others. Their replies are dropped and counted while they have no room.
    pub(super) fn release_held_back(&mut self) {
        if self.pattern.has_unheld() {
            return;
        }
        for (_, peer) in &self.peers {
            self.pattern.hold(peer.id, false);
        }
    }

    /// Discards the unfinished messages that arrive most slowly, and closes their connections, while the memory of
    /// the socket exceeds its limit. The largest one may be of an honest peer, among many that send a part of a message
    /// and then nothing.
    pub(super) fn bound_memory(&mut self) {
        while self.budget.must_discard() {
            let now = self.core_now();
            let rates = self
                .peers
                .iter()
                .filter_map(|(index, peer)| peer.arrival_rate(now).map(|rate| (rate, index)));
            let Some((_, index)) = rates.min() else { return };
            if let Some(peer) = self.peers.get_mut(index) {
                peer.incoming.discard_undecoded();
                if let Some(link) = peer.link() {
                    link.receive.discard();
                }
            }
            self.report(index);
            self.close(index, CloseReason::MemoryLimit);
        }
    }
}
