//! Reference model of PUB and XPUB: a list of pairs of peer and topic, and the reports of XPUB.

use std::collections::BTreeSet;

use zmtp_core::pattern::{PeerId, Reports};

/// Subscribers and their topics.
#[derive(Debug)]
pub struct PublishModel {
    held: BTreeSet<(PeerId, Vec<u8>)>,
    reports: Reports,
}

impl PublishModel {
    /// A publisher without subscribers.
    pub const fn new(reports: Reports) -> Self {
        Self { held: BTreeSet::new(), reports }
    }

    fn holders(&self, topic: &[u8]) -> usize {
        self.held.iter().filter(|(_, held)| held == topic).count()
    }

    /// Whether XPUB reports the subscription: every one, or the first to a topic.
    pub fn subscribe(&mut self, peer: PeerId, topic: &[u8]) -> bool {
        let new = self.holders(topic) == 0;
        self.held.insert((peer, topic.to_vec()));
        new || self.reports != Reports::Changes
    }

    /// Whether XPUB reports the cancellation: the last of a topic or, if every one is reported, if the
    /// peer had the topic.
    pub fn cancel(&mut self, peer: PeerId, topic: &[u8]) -> bool {
        let had = self.held.remove(&(peer, topic.to_vec()));
        self.holders(topic) == 0 || (had && self.reports == Reports::All)
    }

    /// Removes a peer; returns the cancellations that XPUB reports.
    pub fn detach(&mut self, peer: PeerId) -> BTreeSet<Vec<u8>> {
        let of_it: Vec<_> = self.held.iter().filter(|(other, _)| *other == peer).cloned().collect();
        let cancelled = of_it.into_iter().map(|(_, topic)| topic);
        cancelled.filter(|topic| self.cancel(peer, topic)).collect()
    }

    /// The peers that get a message with this first frame.
    pub fn matches(&self, subject: &[u8]) -> BTreeSet<PeerId> {
        let wanted = self.held.iter().filter(|(_, topic)| subject.starts_with(topic));
        wanted.map(|(peer, _)| *peer).collect()
    }
}
