//! SUB and XSUB: receive what they subscribed to (RFC 29).

use zmtp_core::Subscription;
use zmtp_core::pattern::{FairPeer, Filter, Pattern as _, PeerId, Subscribe};
use zmtp_core::wire::SocketType;

use super::{Pattern, PeerContext, Received};
use crate::message::Message;
use crate::monitor::CloseReason;
use crate::queue::{Envelope, QueuedMessage};
use crate::slots::Table;
use crate::topics::Counted;

/// Options of a SUB.
#[derive(Clone, Debug, Default)]
pub(crate) struct SubscribeOptions {
    /// Topics that are subscribed to when the socket is built.
    pub(crate) topics: Vec<Vec<u8>>,
    /// What matches no topic is received (`ZMQ_INVERT_MATCHING`).
    pub(crate) invert: bool,
}

/// The rules of a SUB and an XSUB.
#[derive(Debug)]
pub(crate) struct Rules {
    sub: Subscribe<Table<FairPeer>, Counted>,
    /// A SUB drops what matches no subscription; an XSUB does not.
    filters: bool,
    /// Peers that a message goes to; kept for its memory.
    pub(crate) targets: Vec<PeerId>,
}

impl Rules {
    pub(super) fn new(filters: bool, options: SubscribeOptions) -> Self {
        let filter = match (filters, options.invert) {
            (false, _) => Filter::All,
            (true, false) => Filter::Matching,
            (true, true) => Filter::Inverted,
        };
        let mut sub = Subscribe::new(Table::new(), Counted::new(), filter);
        for topic in options.topics {
            // The store grows.
            let _ = sub.subscribe(&topic);
        }
        Self { sub, filters, targets: Vec::new() }
    }

    pub(crate) const fn filters(&self) -> bool {
        self.filters
    }

    pub(super) fn topic_count(&self) -> usize {
        self.sub.topics().topic_count()
    }

    /// Counts a subscription.
    pub(crate) fn subscribe(&mut self, topic: &[u8]) {
        // The store grows.
        let _ = self.sub.subscribe(topic);
    }

    /// Takes a subscription back. Returns whether it existed.
    pub(crate) fn cancel(&mut self, topic: &[u8]) -> bool {
        self.sub.cancel(topic)
    }
}

impl Pattern for Rules {
    fn socket_type(&self) -> SocketType {
        if self.filters { SocketType::Sub } else { SocketType::Xsub }
    }

    fn keeps_unsent(&self) -> bool {
        true
    }

    fn attached(&mut self, peer: PeerId) {
        // A growing table always has room.
        let _ = self.sub.attached(peer);
    }

    fn connected(&mut self, peer: &mut PeerContext<'_>) -> Result<(), CloseReason> {
        let _ = self.sub.connected(peer.peer, &[]);
        self.sub.replay(|topic| peer.send(subscription(Subscription::Subscribe, topic)));
        Ok(())
    }

    fn disconnected(&mut self, _: &mut PeerContext<'_>, _: usize) {}

    fn closed(&mut self, peer: &mut PeerContext<'_>) {
        self.sub.closed(peer.peer);
    }

    fn received(
        &mut self,
        _: &mut PeerContext<'_>,
        message: &Message,
    ) -> Result<Received, CloseReason> {
        let wanted = self.sub.wants(message.part(0).unwrap_or_default());
        Ok(if wanted { Received::Queue } else { Received::NotSubscribed })
    }

    fn queued(&mut self, peer: PeerId) {
        self.sub.received(peer);
    }

    fn take(&mut self) -> Option<PeerId> {
        self.sub.take().ok().flatten()
    }

    fn can_receive(&self) -> bool {
        self.sub.may_take()
    }

    fn can_send(&self) -> bool {
        !self.filters
    }
}

fn subscription(what: Subscription, topic: &[u8]) -> QueuedMessage {
    QueuedMessage { envelope: Envelope::Subscription(what), message: Message::from(topic) }
}
