//! PUSH: distributes messages among its peers (RFC 30).

use zmtp_core::pattern::{BalancePeer, Pattern as _, PeerId, Push, Reason, Verdict};
use zmtp_core::wire::{FrameHeader, SocketType};

use super::{Pattern, PeerContext};
use crate::monitor::CloseReason;
use crate::slots::Table;

/// The rules of a PUSH.
#[derive(Debug)]
pub(crate) struct Rules(Push<Table<BalancePeer>>);

impl Rules {
    pub(super) fn new(immediate: bool) -> Self {
        Self(Push::new(Table::new(), immediate))
    }
}

impl Pattern for Rules {
    fn socket_type(&self) -> SocketType {
        SocketType::Push
    }

    fn keeps_unsent(&self) -> bool {
        true
    }

    fn attached(&mut self, peer: PeerId) {
        // A growing table always has room.
        let _ = self.0.attached(peer);
    }

    fn connected(&mut self, peer: &mut PeerContext<'_>) -> Result<(), CloseReason> {
        let _ = self.0.connected(peer.peer, &[]);
        Ok(())
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

    fn accept(&mut self, _: PeerId, _: FrameHeader) -> Verdict {
        Verdict::Reject(Reason::SendsOnly)
    }

    fn queued(&mut self, _: PeerId) {}

    fn route(&mut self) -> Option<PeerId> {
        self.0.route(&[]).ok()
    }

    fn can_receive(&self) -> bool {
        false
    }

    fn can_send(&self) -> bool {
        self.0.may_route()
    }
}
