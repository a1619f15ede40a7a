//! PUB: sends messages to who subscribed to them (RFC 29).

use zmtp_core::mechanism::Role;
use zmtp_core::pattern::{FixedTopics, PeerId};
use zmtp_core::wire::FrameHeader;
use zmtp_core::wire::SocketType;

use super::{Place, Rules};

/// PUB with room for subscriptions of `TOPICS` bytes, each its topic's and 4, of peers on `LINKS`
/// links.
#[derive(Debug)]
pub struct Pub<const TOPICS: usize, const LINKS: usize = 1> {
    topics: FixedTopics<TOPICS>,
    refused: u16,
}

impl<const TOPICS: usize, const LINKS: usize> Pub<TOPICS, LINKS> {
    pub(crate) const fn new() -> Self {
        Self { topics: FixedTopics::new(), refused: 0 }
    }

    /// Whether a peer wants a message that begins so.
    pub(crate) fn wants(&self, peer: PeerId, subject: &[u8]) -> bool {
        self.topics.wants(Self::known(peer), subject)
    }

    /// Subscriptions that there was no room for.
    pub(crate) const fn refused(&self) -> u16 {
        self.refused
    }

    /// The peer, who need not be told from others where there is but one.
    const fn known(peer: PeerId) -> Option<PeerId> {
        if LINKS == 1 { None } else { Some(peer) }
    }
}

impl<const TOPICS: usize, const LINKS: usize> Role for Pub<TOPICS, LINKS> {
    const SOCKET_TYPE: SocketType = SocketType::Pub;
}

impl<const TOPICS: usize, const LINKS: usize> Rules for Pub<TOPICS, LINKS> {
    fn down(&mut self, peer: PeerId) {
        self.topics.detach(Self::known(peer));
    }

    fn says(place: Place) -> bool {
        matches!(place, Place::Head | Place::Reject)
    }

    fn judge(&mut self, _peer: PeerId, header: FrameHeader, first: bool) -> Place {
        if first && header.is_final() { Place::Head } else { Place::Reject }
    }

    fn frame(&mut self, peer: PeerId, bytes: &[u8]) -> bool {
        // What peers of ZMTP 3.0 have for commands.
        if let Some((&what @ (0 | 1), topic)) = bytes.split_first() {
            self.subscription(peer, topic, what == 1);
        }
        false
    }

    fn unfit(&mut self, _peer: PeerId) {
        self.refused = self.refused.saturating_add(1);
    }

    fn subscription(&mut self, peer: PeerId, topic: &[u8], wanted: bool) {
        let known = Self::known(peer);
        if !wanted {
            self.topics.cancel(known, topic);
        } else if self.topics.subscribe(known, topic).is_err() {
            self.unfit(peer);
        }
    }
}
