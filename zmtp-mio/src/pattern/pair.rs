//! PAIR: one peer, both ways (RFC 31).

use zmtp_core::pattern::{Pair, PeerId};
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

    fn dialled(&mut self, peer: PeerId) {
        // A second peer is admitted or refused when its handshake ends.
        let _ = self.0.attach(peer);
    }

    fn up(&mut self, peer: &mut PeerContext<'_>) -> Result<(), CloseReason> {
        self.0.attach(peer.peer).map_err(|_| CloseReason::PairTaken)?;
        self.0.set_up(peer.peer, true);
        Ok(())
    }

    fn set_full(&mut self, peer: PeerId, full: bool) {
        self.0.set_full(peer, full);
    }

    fn down(&mut self, peer: &mut PeerContext<'_>, _: usize) {
        self.0.set_up(peer.peer, false);
    }

    fn closed(&mut self, peer: &mut PeerContext<'_>) {
        match peer.has_messages() {
            true => self.0.mute(peer.peer),
            false => self.0.detach(peer.peer),
        }
    }

    fn drained(&mut self, peer: PeerId) {
        self.0.detach(peer);
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
        self.0.take()
    }

    fn route(&mut self) -> Option<PeerId> {
        self.0.route()
    }

    fn can_receive(&self) -> bool {
        self.0.may_take()
    }

    fn can_send(&self) -> bool {
        self.0.route().is_some()
    }
}
