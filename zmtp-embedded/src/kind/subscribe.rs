//! SUB: receives the messages that begin with a topic of its subscriptions (RFC 29).

use zmtp_core::mechanism::{Mechanism, Role};
use zmtp_core::pattern::{Pattern, PeerId, Reason, Subscriptions as _, Verdict};
use zmtp_core::wire::{FrameHeader, SocketType};
use zmtp_core::{Config, Connection};

use super::Kind;
use super::table::Table;
use crate::error::Error;
use crate::inbox::Fate;
use crate::outbox::Outbox;

/// SUB. The table of subscriptions has `TOPICS` bytes; each subscription takes the length of its topic
/// and 4.
#[derive(Debug)]
pub struct Sub<const TOPICS: usize> {
    topics: Table<TOPICS>,
}

/// The number of bytes of the name SUBSCRIBE and of its length.
const COMMAND: usize = 10;

impl<const TOPICS: usize> Sub<TOPICS> {
    pub(crate) const fn new() -> Self {
        Self { topics: Table::new() }
    }

    /// Subscribes to a topic. The subscription is sent with the next bytes.
    pub(crate) fn subscribe<E>(&mut self, topic: &[u8]) -> Result<(), Error<E>> {
        self.topics.names.add(topic).map_err(|_| Error::NoRoom)
    }

    /// The most bytes that a subscription to a topic takes on the wire.
    pub(crate) fn needs<M: Mechanism>(connection: &Connection<M, &Config>, topic: &[u8]) -> usize {
        topic.len().saturating_add(connection.headroom()).saturating_add(COMMAND)
    }

    /// Cancels a subscription. The cancellation is sent if it was the last one to its topic; the
    /// outbox has room for it.
    pub(crate) fn cancel<M: Mechanism>(
        &mut self,
        topic: &[u8],
        connection: &mut Connection<M, &Config>,
        out: &mut Outbox<'_>,
    ) {
        self.topics.remove(topic, connection, out);
    }
}

impl<const TOPICS: usize> Role for Sub<TOPICS> {
    const SOCKET_TYPE: SocketType = SocketType::Sub;
}

impl<const TOPICS: usize> Pattern for Sub<TOPICS> {
    fn disconnected(&mut self, _peer: PeerId) {
        self.topics.disconnected();
    }

    fn accept(&mut self, _peer: PeerId, _frame: FrameHeader, first: bool) -> Verdict {
        if first { Verdict::Subject } else { Verdict::Deliver }
    }

    fn check(&mut self, _peer: PeerId, body: &[u8]) -> Verdict {
        if self.topics.names.matches(body) {
            Verdict::Deliver
        } else {
            Verdict::Reject(Reason::NotSubscribed)
        }
    }
}

impl<const TOPICS: usize> Kind for Sub<TOPICS> {
    fn blank() -> Self {
        Self::new()
    }

    fn returns(fate: Fate) -> bool {
        matches!(fate, Fate::Subject | Fate::Deliver)
    }

    fn poll_transmit<M: Mechanism>(
        &mut self,
        connection: &mut Connection<M, &Config>,
        out: &mut Outbox<'_>,
    ) -> Result<(), usize> {
        self.topics.poll_transmit(connection, out)
    }
}
