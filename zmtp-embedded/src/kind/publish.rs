//! PUB: sends messages to who subscribed to them (RFC 29).

use zmtp_core::pattern::{FixedTopics, PeerId, Publish, Reports};
use zmtp_core::wire::FrameHeader;

use super::{Place, Rules};
use crate::message::Message;

/// PUB with room for subscriptions of `TOPICS` octets, each its topic's and 4.
#[derive(Debug)]
pub struct Pub<const TOPICS: usize> {
    rules: Publish<FixedTopics<TOPICS>>,
    refused: u16,
}

impl<const TOPICS: usize> Pub<TOPICS> {
    pub(crate) const fn new() -> Self {
        Self { rules: Publish::new(FixedTopics::new(), Reports::Changes), refused: 0 }
    }

    /// Whether a peer wants a message that begins so.
    pub(crate) fn wants(&mut self, peer: PeerId, subject: &[u8]) -> bool {
        let mut wants = false;
        self.rules.matches(subject, |one| wants |= one == peer);
        wants
    }

    /// Subscriptions that there was no room for.
    pub(crate) const fn refused(&self) -> u16 {
        self.refused
    }
}

impl<const TOPICS: usize> Rules for Pub<TOPICS> {
    fn down(&mut self, peer: PeerId) {
        self.rules.detach(peer, |_| {});
    }

    fn judge(&mut self, _peer: PeerId, _header: FrameHeader, first: bool) -> Place {
        if first { Place::Part } else { Place::Reject }
    }

    fn whole(&mut self, peer: PeerId, message: Message<'_>) -> bool {
        // What peers of ZMTP 3.0 have for commands.
        match message.first().split_first() {
            Some((0, topic)) => self.subscription(peer, topic, false),
            Some((1, topic)) => self.subscription(peer, topic, true),
            _ => {}
        }
        false
    }

    fn unfit(&mut self, _peer: PeerId) {
        self.refused = self.refused.saturating_add(1);
    }

    fn subscription(&mut self, peer: PeerId, topic: &[u8], wanted: bool) {
        if !wanted {
            self.rules.cancel(peer, topic);
        } else if self.rules.subscribe(peer, topic).is_err() {
            self.unfit(peer);
        }
    }
}
