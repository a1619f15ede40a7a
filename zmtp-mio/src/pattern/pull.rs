//! PULL: receives messages from its peers in turn (RFC 30).

use zmtp_core::pattern::{FairPeer, Pattern as _, PeerId, Pull};
use zmtp_core::wire::SocketType;

use super::{Pattern, PeerContext};
use crate::monitor::CloseReason;
use crate::slots::Table;

/// The rules of a PULL.
#[derive(Debug)]
pub(crate) struct Rules(Pull<Table<FairPeer>>);

impl Rules {
    pub(super) fn new() -> Self {
        Self(Pull::new(Table::new()))
    }
}

impl Pattern for Rules {
    fn socket_type(&self) -> SocketType {
        SocketType::Pull
    }

    fn keeps_unsent(&self) -> bool {
        false
    }

    fn attached(&mut self, peer: PeerId) {
        // A growing table always has room.
        let _ = self.0.attached(peer);
    }

    fn connected(&mut self, peer: &mut PeerContext<'_>) -> Result<(), CloseReason> {
        let _ = self.0.connected(peer.peer, &[]);
        Ok(())
    }

    fn disconnected(&mut self, _: &mut PeerContext<'_>, _: usize) {}

    fn closed(&mut self, peer: &mut PeerContext<'_>) {
        self.0.closed(peer.peer);
    }

    fn queued(&mut self, peer: PeerId) {
        self.0.received(peer);
    }

    fn take(&mut self) -> Option<PeerId> {
        self.0.take().ok().flatten()
    }

    fn can_receive(&self) -> bool {
        self.0.may_take()
    }

    fn can_send(&self) -> bool {
        false
    }
}
