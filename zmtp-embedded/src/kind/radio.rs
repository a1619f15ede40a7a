//! RADIO: sends messages to the peer if it joined their group (RFC 48).

use zmtp_core::Subscription;
use zmtp_core::mechanism::Role;
use zmtp_core::pattern::{FixedTopics, NoRoom, Pattern, PeerId, Reason, RouteError, Verdict};
use zmtp_core::wire::{FrameHeader, SocketType};

use super::{Kind, ONLY};
use crate::inbox::Fate;

/// RADIO with one peer. The table of groups has `GROUPS` bytes; each group takes its length and 4.
#[derive(Debug)]
pub struct Radio<const GROUPS: usize> {
    groups: FixedTopics<GROUPS>,
    refused: u16,
}

impl<const GROUPS: usize> Radio<GROUPS> {
    pub(crate) const fn new() -> Self {
        Self { groups: FixedTopics::new(), refused: 0 }
    }

    /// Whether the peer joined a group.
    pub(crate) fn is_joined(&self, group: &[u8]) -> bool {
        self.groups.contains(None, group)
    }

    /// The number of groups that did not fit.
    pub(crate) const fn refused(&self) -> u16 {
        self.refused
    }
}

impl<const GROUPS: usize> Role for Radio<GROUPS> {
    const SOCKET_TYPE: SocketType = SocketType::Radio;
}

impl<const GROUPS: usize> Pattern for Radio<GROUPS> {
    fn disconnected(&mut self, _peer: PeerId) {
        self.groups.detach(None);
    }

    fn accept(&mut self, _peer: PeerId, _frame: FrameHeader, _first: bool) -> Verdict {
        Verdict::Reject(Reason::SendsOnly)
    }

    fn subscription(
        &mut self,
        peer: PeerId,
        what: Subscription,
        group: &[u8],
    ) -> Result<bool, NoRoom> {
        match what {
            Subscription::Cancel => {
                self.groups.cancel(None, group);
            }
            Subscription::Subscribe => {
                if let Err(full) = self.groups.subscribe(None, group) {
                    self.overflowed(peer);
                    return Err(full);
                }
            }
        }
        Ok(false)
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

    fn skipped(&mut self, peer: PeerId, start: &[u8]) -> bool {
        let header_len = FrameHeader::peek(start).map_or(0, |(_, len)| len);
        let name = start.get(header_len..).unwrap_or_default();
        let joins = name.starts_with(b"\x04JOIN");
        if joins {
            self.overflowed(peer);
        }
        joins
    }

    // Not inlined, because there are several calls.
    #[inline(never)]
    fn overflowed(&mut self, _peer: PeerId) {
        self.refused = self.refused.saturating_add(1);
    }
}
