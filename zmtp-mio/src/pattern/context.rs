//! A peer as the rules of its socket see it.

use zmtp_core::pattern::PeerId;

use crate::message::Message;
use crate::queue::{Queue, QueuedMessage};

/// A peer: its identity and its two queues.
pub(crate) struct PeerContext<'e> {
    pub(crate) peer: PeerId,
    /// The routing id of the peer's READY; empty except when its handshake ends.
    pub(crate) routing_id: &'e [u8],
    pub(crate) incoming: &'e mut Queue,
    pub(crate) outgoing: &'e mut Queue,
}

impl PeerContext<'_> {
    /// Queues a message for the application as if the peer had sent it.
    pub(crate) fn deliver(&mut self, message: Message) {
        self.incoming.push(QueuedMessage { message, ..QueuedMessage::default() });
    }

    /// Queues a message for the peer without regard to the high-water mark: what its handshake
    /// entails.
    pub(crate) fn send(&mut self, queued: QueuedMessage) {
        self.outgoing.push(queued);
    }
}
