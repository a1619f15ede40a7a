//! PAIR: one peer, both ways (RFC 31).

use zmtp_core::pattern::{Pair, Pattern as _, PeerId};
use zmtp_core::wire::SocketType;

use super::{Pattern, PeerContext, Received};
use crate::message::Message;
use crate::monitor::CloseReason;

/// The rules of a PAIR.
#[derive(Debug)]
pub(crate) struct Rules(Pair);

impl Rules {
    pub(super) const fn new(immediate: bool) -> Self {
        Self(Pair::new(immediate))
    }
}

impl Pattern for Rules {
    fn socket_type(&self) -> SocketType {
        SocketType::Pair
    }

    fn keeps_unsent(&self) -> bool {
        true
    }

    fn attached(&mut self, peer: PeerId) {
        // A second peer is admitted or refused when its handshake ends.
        let _ = self.0.attached(peer);
    }

    fn connected(&mut self, peer: &mut PeerContext<'_>) -> Result<(), CloseReason> {
        self.0.connected(peer.peer, &[]).map(|_| ()).map_err(|_| CloseReason::PairTaken)
    }

    fn set_full(&mut self, peer: PeerId, full: bool) {
        self.0.set_full(peer, full);
    }

    fn disconnected(&mut self, peer: &mut PeerContext<'_>, _: usize) {
        self.0.disconnected(peer.peer);
    }

    fn closed(&mut self, peer: &mut PeerContext<'_>) {
        self.0.closed(peer.peer);
    }

    fn received(
        &mut self,
        peer: &mut PeerContext<'_>,
        _: &Message,
    ) -> Result<Received, CloseReason> {
        Ok(if self.0.received(peer.peer) { Received::Queue } else { Received::NotAsked })
    }

    // The message was counted by `received`: a PAIR has no turns.
    fn queued(&mut self, _: PeerId) {}

    fn take(&mut self) -> Option<PeerId> {
        self.0.take().ok().flatten()
    }

    fn route(&mut self) -> Option<PeerId> {
        self.0.route(&[]).ok()
    }

    fn can_receive(&self) -> bool {
        self.0.may_take()
    }

    fn can_send(&self) -> bool {
        self.0.may_route()
    }
}
