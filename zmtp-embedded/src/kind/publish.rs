//! PUB: sends messages to the peers that subscribed to them (RFC 29).

use zmtp_core::Subscription;
use zmtp_core::mechanism::Role;
use zmtp_core::pattern::{FixedTopics, NoRoom, Pattern, PeerId, Reason, RouteError, Verdict};
use zmtp_core::wire::{FrameHeader, SocketType};

use super::{Kind, ONLY};
use crate::inbox::Fate;

/// PUB over `LINKS` links. The table of subscriptions has `TOPICS` bytes; each subscription takes the
/// length of its topic and 4.
#[derive(Debug)]
pub struct Pub<const TOPICS: usize, const LINKS: usize = 1> {
    topics: FixedTopics<TOPICS>,
    refused: u16,
}

impl<const TOPICS: usize, const LINKS: usize> Pub<TOPICS, LINKS> {
    pub(crate) const fn new() -> Self {
        Self { topics: FixedTopics::new(), refused: 0 }
    }

    /// Whether a peer subscribed to a message with this first part.
    pub(crate) fn matches(&self, peer: PeerId, subject: &[u8]) -> bool {
        self.topics.matches(Self::stored(peer), subject)
    }

    /// The number of subscriptions that did not fit.
    pub(crate) const fn refused(&self) -> u16 {
        self.refused
    }

    /// The peer as it is stored: a table for one link stores no peers.
    const fn stored(peer: PeerId) -> Option<PeerId> {
        if LINKS == 1 { None } else { Some(peer) }
    }
}

impl<const TOPICS: usize, const LINKS: usize> Role for Pub<TOPICS, LINKS> {
    const SOCKET_TYPE: SocketType = SocketType::Pub;
}

impl<const TOPICS: usize, const LINKS: usize> Pattern for Pub<TOPICS, LINKS> {
    fn disconnected(&mut self, peer: PeerId) {
        self.topics.detach(Self::stored(peer));
    }

    fn accept(&mut self, _peer: PeerId, frame: FrameHeader, first: bool) -> Verdict {
        if first && frame.is_final() {
            Verdict::Subject
        } else {
            Verdict::Reject(Reason::SendsOnly)
        }
    }

    fn check(&mut self, _peer: PeerId, body: &[u8]) -> Verdict {
        match Subscription::from_message(body) {
            Some((what, _)) => Verdict::Subscription(what),
            None => Verdict::Reject(Reason::SendsOnly),
        }
    }

    fn subscription(
        &mut self,
        peer: PeerId,
        what: Subscription,
        topic: &[u8],
    ) -> Result<bool, NoRoom> {
        let stored = Self::stored(peer);
        match what {
            Subscription::Cancel => {
                self.topics.cancel(stored, topic);
            }
            Subscription::Subscribe => {
                if let Err(full) = self.topics.subscribe(stored, topic) {
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

impl<const TOPICS: usize, const LINKS: usize> Kind for Pub<TOPICS, LINKS> {
    fn blank() -> Self {
        Self::new()
    }

    fn returns(fate: Fate) -> bool {
        matches!(fate, Fate::Subject | Fate::Reject)
    }

    fn skipped(&mut self, peer: PeerId, start: &[u8]) -> bool {
        let header_len = FrameHeader::peek(start).map_or(0, |(_, len)| len);
        let name = start.get(header_len..).unwrap_or_default();
        let subscribes = name.starts_with(b"\x09SUBSCRIBE");
        if subscribes {
            self.overflowed(peer);
        }
        subscribes
    }

    // Not inlined, because there are several calls.
    #[inline(never)]
    fn overflowed(&mut self, _peer: PeerId) {
        self.refused = self.refused.saturating_add(1);
    }
}
