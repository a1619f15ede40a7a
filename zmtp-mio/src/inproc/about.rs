//! What the two ends of a connection tell each other, in place of a greeting and a handshake.

use zmtp_core::wire::{RoutingId, SocketType};

/// What the other end of a connection must know about a socket.
#[derive(Clone, Debug)]
pub(crate) struct About {
    pub(crate) socket_type: SocketType,
    pub(crate) routing_id: Box<RoutingId>,
    /// The high-water mark of its incoming queues in messages, if it is added to that of the other end.
    pub(crate) mark: Option<usize>,
}
