//! RADIO: sends messages to the peer if it joined their group (RFC 48).

use zmtp_core::Subscription;
use zmtp_core::mechanism::Role;
use zmtp_core::pattern::{NoRoom, Pattern, PeerId, Reason, RouteError, Verdict};
use zmtp_core::wire::{FrameHeader, SocketType};

use super::peers::Peers;
use super::{Kind, ONLY};
use crate::inbox::Fate;

/// RADIO with one peer. The table of groups has `GROUPS` bytes; each group takes its length and 4.
#[derive(Debug)]
pub struct Radio<const GROUPS: usize> {
    groups: Peers<GROUPS>,
}

impl<const GROUPS: usize> Radio<GROUPS> {
    pub(crate) const fn new() -> Self {
        Self { groups: Peers::new() }
    }

    /// Whether the peer joined a group.
    pub(crate) fn is_joined(&self, group: &[u8]) -> bool {
        self.groups.table.contains(None, group)
    }

    /// The number of groups that did not fit.
    pub(crate) const fn refused(&self) -> u16 {
        self.groups.refused
    }
}

impl<const GROUPS: usize> Role for Radio<GROUPS> {
    const SOCKET_TYPE: SocketType = SocketType::Radio;
}

impl<const GROUPS: usize> Pattern for Radio<GROUPS> {
    fn disconnected(&mut self, _peer: PeerId) {
        self.groups.table.detach(None);
    }

    fn accept(&mut self, _peer: PeerId, _frame: FrameHeader, _first: bool) -> Verdict {
        Verdict::Reject(Reason::SendsOnly)
    }

    fn subscription(
        &mut self,
        _peer: PeerId,
        what: Subscription,
        group: &[u8],
    ) -> Result<bool, NoRoom> {
        self.groups.subscription(None, what, group)
    }

    fn route(&mut self, _routing_id: &[u8]) -> Result<PeerId, RouteError> {
        Ok(ONLY)
    }
}

impl<const GROUPS: usize> Kind for Radio<GROUPS> {
    fn blank() -> Self {
        Self::new()
    }

    fn returns(fate: Fate) -> bool {
        matches!(fate, Fate::Reject)
    }

    fn skipped(&mut self, _peer: PeerId, start: &[u8]) -> bool {
        self.groups.skipped(start, b"\x04JOIN")
    }

    fn overflowed(&mut self, _peer: PeerId) {
        self.groups.overflowed();
    }
}
