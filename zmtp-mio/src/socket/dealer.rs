//! DEALER: sends in turn, receives in turn.

use super::{Builder, Socket, kind};

/// DEALER: sends to its peers in turn and receives from them in turn (RFC 28, `ZMQ_DEALER`). Sending and
/// receiving need not alternate.
///
/// The socket adds no envelope: a message to a REP must begin with an empty part. The turns of the peers are
/// those of [`Push`](crate::Push) and [`Pull`](crate::Pull).
pub type Dealer = Socket<kind::Dealer>;

impl Builder<kind::Dealer> {
    /// Sends an empty message to each new peer, so that the application of a ROUTER receives the routing id of
    /// this socket (`ZMQ_PROBE_ROUTER`). Off by default.
    #[must_use]
    pub fn probe_router(mut self, probe: bool) -> Self {
        self.own.dealer.probe = probe;
        self
    }
}
