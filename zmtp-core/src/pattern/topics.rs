//! The table of the subscriptions of peers.

use super::{NoRoom, PeerId};

/// A table of subscriptions: for each topic the set of peers that subscribed to it.
pub trait Topics {
    /// Adds a subscription of a peer to a topic.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the table is full, or the part of it that one peer may use.
    fn insert(&mut self, peer: PeerId, topic: &[u8]) -> Result<Added, NoRoom>;

    /// Removes a subscription of a peer to a topic.
    fn remove(&mut self, peer: PeerId, topic: &[u8]) -> Removed;

    /// Removes all subscriptions of a peer. Calls `each` for every removed topic:
    /// [`Removed::Left`] if other peers have the topic, [`Removed::Last`] if not.
    fn remove_peer(&mut self, peer: PeerId, each: impl FnMut(&[u8], Removed));

    /// Calls `each` once for every peer that subscribed to a prefix of `subject`.
    fn matches(&mut self, subject: &[u8], each: impl FnMut(PeerId));
}

/// The effect of a subscription.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "stores must tell them apart")]
pub enum Added {
    /// This is the first subscription to the topic.
    First,
    /// Other peers have already subscribed to the topic.
    Another,
    /// The peer had already subscribed to the topic. Repeated subscriptions of a peer are not counted.
    Held,
}

/// The effect of a cancellation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "stores must tell them apart")]
pub enum Removed {
    /// The subscription was removed. It was the last one to the topic.
    Last,
    /// The subscription was removed. Other peers have subscribed to the topic.
    Left,
    /// The peer had not subscribed to the topic, but other peers have.
    NotHeld,
    /// No peer had subscribed to the topic.
    Unknown,
}
