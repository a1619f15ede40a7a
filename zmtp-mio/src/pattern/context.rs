//! The part of a peer that the pattern of its socket uses.

use std::sync::Arc;

use zmtp_core::pattern::PeerId;

use crate::message::Properties;
use crate::queue::{Inbox, Queue};

/// How the connection of a peer ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    /// The peer had connected to this socket.
    pub(crate) accepted: bool,
    /// The handshake was complete.
    pub(crate) ready: bool,
    /// The application ended it.
    pub(crate) by_us: bool,
}

impl End {
    /// Whether the connection to an endpoint was lost.
    pub(crate) const fn is_hiccup(self) -> bool {
        self.ready && !self.accepted && !self.by_us
    }
}

/// A peer: its identity, its inbox and its queue.
pub(crate) struct PeerContext<'e> {
    pub(crate) peer: PeerId,
    /// The routing id of the peer's READY; empty except when its handshake ends.
    pub(crate) routing_id: &'e [u8],
    /// The properties of messages of its connection; `None` except when the connection of a STREAM begins.
    pub(crate) properties: Option<Arc<Properties>>,
    pub(crate) incoming: &'e mut Inbox,
    /// Messages at the end of a handshake are queued even above the high-water mark.
    pub(crate) outgoing: &'e mut Queue,
}
