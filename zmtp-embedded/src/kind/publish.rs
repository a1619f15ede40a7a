//! PUB: sends messages to the peers that subscribed to them (RFC 29).

use zmtp_core::Subscription;
use zmtp_core::mechanism::Role;
use zmtp_core::pattern::{NoRoom, Pattern, PeerId, Reason, RouteError, Verdict};
use zmtp_core::wire::{FrameHeader, SocketType};

use super::peers::Peers;
use super::{Kind, ONLY};
use crate::inbox::Fate;

/// PUB over `LINKS` links. The table of subscriptions has `TOPICS` bytes; each subscription takes the
/// length of its topic and 4.
#[derive(Debug)]
pub struct Pub<const TOPICS: usize, const LINKS: usize = 1> {
    topics: Peers<TOPICS>,
}

impl<const TOPICS: usize, const LINKS: usize> Pub<TOPICS, LINKS> {
    pub(crate) const fn new() -> Self {
        Self { topics: Peers::new() }
    }

    /// Whether a peer subscribed to a message with this first part.
    pub(crate) fn matches(&self, peer: PeerId, subject: &[u8]) -> bool {
        self.topics.table.matches(Self::stored(peer), subject)
    }

    /// The number of subscriptions that did not fit.
    pub(crate) const fn refused(&self) -> u16 {
        self.topics.refused
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
        self.topics.table.detach(Self::stored(peer));
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
        self.topics.subscription(Self::stored(peer), what, topic)
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

    fn skipped(&mut self, _peer: PeerId, start: &[u8]) -> bool {
        self.topics.skipped(start, b"\x09SUBSCRIBE")
    }

    fn overflowed(&mut self, _peer: PeerId) {
        self.topics.overflowed();
    }
}
