//! SUB and XSUB: subscribe to topics, and receive from the peers in turn (RFC 29).

use super::incoming::{Incoming, IncomingRules};
use super::{NoRoom, Reason, Verdict};
use crate::wire::{FrameHeader, SocketType};

/// A table of the topics that a socket subscribed to, with the number of subscriptions to each.
pub trait Subscriptions {
    /// Adds a subscription to a topic.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the table is full.
    fn add(&mut self, topic: &[u8]) -> Result<(), NoRoom>;

    /// Removes a subscription to a topic. Returns whether it was the last one; `false` if there was none.
    fn remove(&mut self, topic: &[u8]) -> bool;

    /// Whether `subject` begins with a topic of the table.
    fn matches(&self, subject: &[u8]) -> bool;

    /// Calls `each` once for every topic of the table.
    fn each(&self, each: impl FnMut(&[u8]));
}

/// The messages that a subscriber delivers to its application.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Filter {
    /// All messages that arrive (XSUB).
    All,
    /// The messages that match no topic (`ZMQ_INVERT_MATCHING`).
    Inverted,
    /// The messages that match a topic (SUB).
    #[default]
    Matching,
}

/// The rules of SUB and XSUB.
pub type Subscribe<S, F> = Incoming<S, SubscribeRules<F>>;

/// The state of SUB and XSUB besides [`Incoming`]: their subscriptions, in a table of type `F`.
#[derive(Debug)]
pub struct SubscribeRules<F> {
    topics: F,
    filter: Filter,
}

impl<S, F: Subscriptions> Incoming<S, SubscribeRules<F>> {
    /// Creates a subscriber without peers. `topics` is usually an empty table.
    pub const fn new(peers: S, topics: F, filter: Filter) -> Self {
        Self::with(peers, SubscribeRules { topics, filter })
    }

    /// Subscribes to a topic. Send every subscription to all peers, also a repeated one: an XPUB may report
    /// each of them (`ZMQ_XPUB_VERBOSE`).
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the table is full. Nothing has changed then; send nothing.
    pub fn subscribe(&mut self, topic: &[u8]) -> Result<(), NoRoom> {
        self.rules.topics.add(topic)
    }

    /// Cancels a subscription. Returns `true` if it was the last one to its topic: send the cancellation to
    /// all peers. If there was no subscription to the topic, nothing changes.
    pub fn cancel(&mut self, topic: &[u8]) -> bool {
        self.rules.topics.remove(topic)
    }

    /// Whether a message whose first frame is `subject` is delivered.
    pub fn matches(&self, subject: &[u8]) -> bool {
        self.rules.matches(subject)
    }

    /// Calls `each` for every topic. Send these subscriptions to each peer that connects.
    pub fn replay(&self, each: impl FnMut(&[u8])) {
        self.rules.topics.each(each);
    }

    /// Sets which messages a SUB delivers. An XSUB delivers all.
    pub fn set_filter(&mut self, filter: Filter) {
        if self.rules.filter != Filter::All && filter != Filter::All {
            self.rules.filter = filter;
        }
    }

    /// XSUB with [`Filter::All`], otherwise SUB.
    pub const fn socket_type(&self) -> SocketType {
        if matches!(self.rules.filter, Filter::All) { SocketType::Xsub } else { SocketType::Sub }
    }

    /// The table of topics.
    pub const fn topics(&self) -> &F {
        &self.rules.topics
    }
}

impl<F: Subscriptions> SubscribeRules<F> {
    fn matches(&self, subject: &[u8]) -> bool {
        match self.filter {
            Filter::All => true,
            Filter::Inverted => !self.topics.matches(subject),
            Filter::Matching => self.topics.matches(subject),
        }
    }
}

impl<F: Subscriptions> IncomingRules for SubscribeRules<F> {
    const KEEPS_UNSENT: bool = true;

    fn accept(&self, _frame: FrameHeader, first: bool) -> Verdict {
        if first && self.filter != Filter::All { Verdict::Subject } else { Verdict::Deliver }
    }

    fn check(&self, body: &[u8]) -> Verdict {
        if self.matches(body) { Verdict::Deliver } else { Verdict::Reject(Reason::NotSubscribed) }
    }
}
