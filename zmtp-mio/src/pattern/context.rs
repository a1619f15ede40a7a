//! A peer as the rules of its socket see it.

use zmtp_core::pattern::PeerId;

use crate::queue::{Inbox, Queue};

/// A peer: its identity, its inbox and its queue.
pub(crate) struct PeerContext<'e> {
    pub(crate) peer: PeerId,
    /// The routing id of the peer's READY; empty except when its handshake ends.
    pub(crate) routing_id: &'e [u8],
    pub(crate) incoming: &'e mut Inbox,
    /// What the end of a handshake entails is queued without regard to the high-water mark.
    pub(crate) outgoing: &'e mut Queue,
}
