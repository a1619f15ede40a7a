//! SUB: takes messages that begin with what it subscribed to (RFC 29).

use zmtp_core::mechanism::{Mechanism, Role};
use zmtp_core::pattern::{FixedSubscriptions, PeerId, Subscriptions};
use zmtp_core::wire::{FrameHeader, SocketType};
use zmtp_core::{Config, Connection, Subscription};

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

    /// Bytes that a subscription to a topic takes at most.
    pub(crate) fn needs<M: Mechanism>(connection: &Connection<M, &Config>, topic: &[u8]) -> usize {
        topic.len().saturating_add(connection.headroom()).saturating_add(COMMAND)
    }

    /// Takes a subscription back. The peer gets a cancellation if it was the last to its topic.
    pub(crate) fn cancel<M: Mechanism>(
        &mut self,
        topic: &[u8],
        connection: &mut Connection<M, &Config>,
        out: &mut Outbox<'_>,
    ) {
        let Some(at) = self.topics.place(topic) else { return };
        let behind = self.topics.at(at).map_or(at, |(_, behind)| behind);
        if !self.topics.remove(topic) || at >= self.told {
            return;
        }
        self.told = self.told.wrapping_sub(behind.wrapping_sub(at));
        // There is room, if there is a connection.
        out.subscription(connection, Subscription::Cancel, topic);
    }
}

/// Bytes of the name of SUBSCRIBE, behind its length.
const COMMAND: usize = 10;

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
    fn talk<M: Mechanism>(
        &mut self,
        connection: &mut Connection<M, &Config>,
        out: &mut Outbox<'_>,
    ) -> Result<(), usize> {
        if !connection.is_ready() {
            return Ok(());
        }
        while let Some((topic, next)) = self.topics.at(self.told) {
            if out.subscription(connection, Subscription::Subscribe, topic) {
                self.told = next;
            } else if out.is_empty() {
                return Err(connection.subscription_len(Subscription::Subscribe, topic.len()));
            } else {
                break;
            }
        }
        Ok(())
    }
}
