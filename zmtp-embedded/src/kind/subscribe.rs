//! SUB: takes messages that begin with what it subscribed to (RFC 29).

use zmtp_core::mechanism::{Mechanism, NullOf, Role};
use zmtp_core::pattern::{FixedSubscriptions, PeerId, Subscriptions};
use zmtp_core::wire::SocketType;
use zmtp_core::wire::{FrameHeader, Version};
use zmtp_core::{Config, Connection, Subscription, SubscriptionHeader};

use super::{Place, Rules};
use crate::error::Error;
use crate::outbox::Outbox;

/// SUB with room for subscriptions of `TOPICS` bytes, each its topic's and 4.
#[derive(Debug)]
pub struct Sub<const TOPICS: usize> {
    topics: FixedSubscriptions<TOPICS>,
    /// The place of the first of them that the peer has not been told.
    told: usize,
}

impl<const TOPICS: usize> Sub<TOPICS> {
    pub(crate) const fn new() -> Self {
        Self { topics: FixedSubscriptions::new(), told: 0 }
    }

    /// The peer is told when bytes go out the next time.
    pub(crate) fn subscribe<E>(&mut self, topic: &[u8]) -> Result<(), Error<E>> {
        self.topics.add(topic).map_err(|_| Error::NoRoom)
    }

    /// Bytes that the peer is told of a topic with, at most.
    pub(crate) fn needs(topic: &[u8]) -> usize {
        topic.len().saturating_add(SubscriptionHeader::MAX_LEN)
    }

    /// Takes a subscription back. The peer is told if it was the last to its topic.
    pub(crate) fn cancel(
        &mut self,
        topic: &[u8],
        connection: &Connection<NullOf<Self>, &Config>,
        out: &mut Outbox<'_>,
    ) {
        let Some(at) = self.topics.place(topic) else { return };
        let behind = self.topics.at(at).map_or(at, |(_, behind)| behind);
        if !self.topics.remove(topic) || at >= self.told {
            return;
        }
        self.told = self.told.wrapping_sub(behind.wrapping_sub(at));
        if let Some(version) = spoken(connection) {
            // There is room.
            let _ = say(Subscription::Cancel, topic, version, out);
        }
    }
}

/// The version spoken with a peer that may be told.
// Outlined, these two cost 150 bytes of flash more.
#[cfg_attr(target_os = "none", inline(always))]
fn spoken<M: Mechanism>(connection: &Connection<M, &Config>) -> Option<Version> {
    connection.peer().filter(|_| connection.is_ready()).map(|peer| peer.version.negotiated())
}

/// Puts what is to be said of a topic into the outbox, if there is room for it.
///
/// # Errors
///
/// How much room it needs.
#[cfg_attr(target_os = "none", inline(always))]
fn say(
    what: Subscription,
    topic: &[u8],
    version: Version,
    out: &mut Outbox<'_>,
) -> Result<(), usize> {
    let (kind, words) = what.words(version);
    let len = words.len().wrapping_add(topic.len());
    let header = FrameHeader::new(kind, len as u64).emit();
    let needed = header.as_ref().len().wrapping_add(len);
    if needed > out.room() {
        return Err(needed);
    }
    out.put(header.as_ref());
    out.put(words);
    out.put(topic);
    Ok(())
}

impl<const TOPICS: usize> Role for Sub<TOPICS> {
    const SOCKET_TYPE: SocketType = SocketType::Sub;
}

impl<const TOPICS: usize> Rules for Sub<TOPICS> {
    fn down(&mut self, _peer: PeerId) {
        self.told = 0;
    }

    fn says(place: Place) -> bool {
        matches!(place, Place::Head | Place::Part)
    }

    fn judge(&mut self, _peer: PeerId, _header: FrameHeader, first: bool) -> Place {
        if first { Place::Head } else { Place::Part }
    }

    fn frame(&mut self, _peer: PeerId, bytes: &[u8]) -> bool {
        self.topics.matches(bytes)
    }

    #[cfg_attr(target_os = "none", inline(never))]
    fn talk(
        &mut self,
        connection: &Connection<NullOf<Self>, &Config>,
        out: &mut Outbox<'_>,
    ) -> Result<(), usize> {
        let Some(version) = spoken(connection) else { return Ok(()) };
        while let Some((topic, next)) = self.topics.at(self.told) {
            match say(Subscription::Subscribe, topic, version, out) {
                Ok(()) => self.told = next,
                Err(needed) if out.is_empty() => return Err(needed),
                Err(_) => break,
            }
        }
        Ok(())
    }
}
