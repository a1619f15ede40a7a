//! PUB and XPUB: a message goes to every peer that subscribed to a prefix of it (RFC 29).

use super::{NoRoom, PeerId};

/// Who subscribed to what: per topic a set of peers.
pub trait Topics {
    /// Adds a peer to a topic.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the store, or the peer's share of it, is full.
    fn insert(&mut self, peer: PeerId, topic: &[u8]) -> Result<Added, NoRoom>;

    /// Takes a peer from a topic.
    fn remove(&mut self, peer: PeerId, topic: &[u8]) -> Removed;

    /// Takes a peer from all its topics, and says of each whether anybody is left there.
    fn remove_peer(&mut self, peer: PeerId, each: impl FnMut(&[u8], Removed));

    /// Calls `each` once for every peer that has a topic with which `subject` begins.
    fn matches(&mut self, subject: &[u8], each: impl FnMut(PeerId));
}

/// What a subscription changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "stores must tell them apart")]
pub enum Added {
    /// Nobody had the topic before.
    First,
    /// Others have it too.
    Another,
    /// The peer had it already: repeated subscriptions of one peer do not count.
    Held,
}

/// What a cancellation changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "stores must tell them apart")]
pub enum Removed {
    /// Nobody has the topic any more.
    Last,
    /// Others still have it.
    Left,
    /// The peer did not have it, though others do.
    NotHeld,
    /// Nobody had it.
    Unknown,
}

/// Which subscriptions and cancellations XPUB's application is told.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Reports {
    /// The first subscription to a topic and the last cancellation.
    #[default]
    Changes,
    /// Every subscription, and the last cancellation (`ZMQ_XPUB_VERBOSE`).
    Subscriptions,
    /// Every subscription and every cancellation (`ZMQ_XPUB_VERBOSER`).
    All,
}

/// The rules of PUB and XPUB.
#[derive(Debug)]
pub struct Publish<T> {
    topics: T,
    reports: Reports,
}

impl<T: Topics> Publish<T> {
    /// A publisher without subscribers.
    pub const fn new(topics: T, reports: Reports) -> Self {
        Self { topics, reports }
    }

    /// A peer subscribes to a topic. Returns whether XPUB's application is told.
    ///
    /// # Errors
    ///
    /// [`NoRoom`]; nothing has changed.
    pub fn subscribe(&mut self, peer: PeerId, topic: &[u8]) -> Result<bool, NoRoom> {
        let added = self.topics.insert(peer, topic)?;
        Ok(added == Added::First || self.reports != Reports::Changes)
    }

    /// A peer cancels a subscription. Returns whether XPUB's application is told. It is for a topic
    /// that nobody had, as in libzmq, so that a cancellation can travel on; not for one that only
    /// others have: passing that on would cut them off.
    pub fn cancel(&mut self, peer: PeerId, topic: &[u8]) -> bool {
        let removed = self.topics.remove(peer, topic);
        self.told(removed)
    }

    /// A peer is gone, and its subscriptions with it. Calls `told` for each cancellation that
    /// XPUB's application is told of.
    pub fn detach(&mut self, peer: PeerId, mut told: impl FnMut(&[u8])) {
        let all = self.reports == Reports::All;
        self.topics.remove_peer(peer, |topic, removed| {
            if removed == Removed::Last || all {
                told(topic);
            }
        });
    }

    /// Calls `each` once for every peer that gets a message with this first frame.
    pub fn matches(&mut self, subject: &[u8], each: impl FnMut(PeerId)) {
        self.topics.matches(subject, each);
    }

    /// The topics.
    pub const fn topics(&self) -> &T {
        &self.topics
    }

    fn told(&self, removed: Removed) -> bool {
        match removed {
            Removed::Last | Removed::Unknown => true,
            Removed::Left => self.reports == Reports::All,
            Removed::NotHeld => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::FixedTopics;
    use super::*;

    const A: PeerId = PeerId(1);
    const B: PeerId = PeerId(2);

    fn publisher(reports: Reports) -> Publish<FixedTopics<64>> {
        Publish::new(FixedTopics::new(), reports)
    }

    #[test]
    fn the_application_is_told_of_the_first_and_of_the_last() {
        let mut publisher = publisher(Reports::Changes);
        assert_eq!(publisher.subscribe(A, b"x"), Ok(true));
        assert_eq!(publisher.subscribe(A, b"x"), Ok(false));
        assert_eq!(publisher.subscribe(B, b"x"), Ok(false));
        assert!(!publisher.cancel(A, b"x"));
        assert!(!publisher.cancel(A, b"x"), "others have it");
        assert!(publisher.cancel(B, b"x"));
        assert!(publisher.cancel(B, b"x"), "nobody has it");
    }

    #[test]
    fn the_application_is_told_of_more_if_it_wants() {
        let mut some = publisher(Reports::Subscriptions);
        assert_eq!(some.subscribe(A, b"x"), Ok(true));
        assert_eq!(some.subscribe(B, b"x"), Ok(true));
        assert!(!some.cancel(A, b"x"));
        let mut all = publisher(Reports::All);
        all.subscribe(A, b"x").unwrap();
        all.subscribe(B, b"x").unwrap();
        let mut told = Vec::new();
        all.detach(A, |topic| told.push(topic.to_vec()));
        assert_eq!(told, [b"x"]);
        assert!(all.cancel(B, b"x"));
    }

    #[test]
    fn who_is_gone_cancels_what_nobody_else_has() {
        let mut publisher = publisher(Reports::Changes);
        for (peer, topic) in [(A, "x"), (A, "y"), (B, "x")] {
            publisher.subscribe(peer, topic.as_bytes()).unwrap();
        }
        let mut told = Vec::new();
        publisher.detach(A, |topic| told.push(topic.to_vec()));
        assert_eq!(told, [b"y"]);
    }
}
