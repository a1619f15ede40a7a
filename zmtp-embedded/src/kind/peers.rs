//! What the peers of a PUB subscribed to, or the groups that the peer of a RADIO joined.

use zmtp_core::Subscription;
use zmtp_core::pattern::{FixedTopics, NoRoom, PeerId};
use zmtp_core::wire::FrameHeader;

/// A table of topics or groups in `BYTES` bytes, and the number of those that did not fit. A table for one link stores
/// no peers: they are `None`.
#[derive(Debug)]
pub(super) struct Peers<const BYTES: usize> {
    pub(super) table: FixedTopics<BYTES>,
    pub(super) refused: u16,
}

impl<const BYTES: usize> Peers<BYTES> {
    pub(super) const fn new() -> Self {
        Self { table: FixedTopics::new(), refused: 0 }
    }

    /// As [`Pattern::subscription`](zmtp_core::pattern::Pattern::subscription); nothing is reported.
    pub(super) fn subscription(
        &mut self,
        peer: Option<PeerId>,
        what: Subscription,
        name: &[u8],
    ) -> Result<bool, NoRoom> {
        match what {
            Subscription::Cancel => {
                self.table.cancel(peer, name);
            }
            Subscription::Subscribe => {
                if let Err(full) = self.table.subscribe(peer, name) {
                    self.overflowed();
                    return Err(full);
                }
            }
        }
        Ok(false)
    }

    /// As [`Kind::skipped`](super::Kind::skipped). `command` is the name of the command that subscribes or joins, after
    /// its length.
    pub(super) fn skipped(&mut self, start: &[u8], command: &[u8]) -> bool {
        let header_len = FrameHeader::peek(start).map_or(0, |(_, len)| len);
        let name = start.get(header_len..).unwrap_or_default();
        let subscribes = name.starts_with(command);
        if subscribes {
            self.overflowed();
        }
        subscribes
    }

    /// A subscription did not fit. Not inlined, because there are several calls.
    #[inline(never)]
    pub(super) const fn overflowed(&mut self) {
        self.refused = self.refused.saturating_add(1);
    }
}
