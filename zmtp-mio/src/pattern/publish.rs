//! PUB and XPUB: send each message to every peer that subscribed to it (RFC 29).

use zmtp_core::Subscription;
use zmtp_core::pattern::{FairPeer, Pattern as _, PeerId, Publish, Reports};
use zmtp_core::wire::SocketType;

use super::{Pattern, PeerContext, Received};
use crate::message::Message;
use crate::monitor::CloseReason;
use crate::queue::QueuedMessage;
use crate::slots::Table;
use crate::topics::{Share, Subscribers};

/// Options of a PUB or XPUB.
#[derive(Clone, Debug, Default)]
pub(crate) struct PublishOptions {
    /// Which subscriptions and cancellations an XPUB delivers (`ZMQ_XPUB_VERBOSE`,
    /// `ZMQ_XPUB_VERBOSER`).
    pub(crate) reports: Reports,
    /// The application grants subscriptions (`ZMQ_XPUB_MANUAL`).
    pub(crate) manual: bool,
    /// Sending waits for room in full queues (`ZMQ_XPUB_NODROP`).
    pub(crate) no_drop: bool,
    /// Messages go to the peers that did not subscribe to them (`ZMQ_INVERT_MATCHING`).
    pub(crate) invert: bool,
    /// The message that each new peer gets (`ZMQ_XPUB_WELCOME_MSG`).
    pub(crate) welcome: Option<Message>,
}

/// The rules of a PUB and an XPUB.
#[derive(Debug)]
pub(crate) struct Rules {
    /// An XPUB delivers subscriptions to the application; a PUB does not.
    xpub: bool,
    publish: Publish<Table<FairPeer>, Subscribers>,
    /// Peers whose queues are full.
    full: usize,
    options: PublishOptions,
    /// Peers that a message goes to; kept for its memory.
    pub(crate) targets: Vec<PeerId>,
}

impl Rules {
    pub(super) fn new(xpub: bool, options: PublishOptions, share: Share) -> Self {
        let (peers, topics) = (Table::new(), Subscribers::new(share));
        let publish = match (xpub, options.manual) {
            (false, _) => Publish::publisher(peers, topics),
            (true, false) => Publish::with_reports(peers, topics, options.reports),
            (true, true) => Publish::manual(peers, topics, Subscribers::new(share)),
        };
        Self { xpub, publish, full: 0, options, targets: Vec::new() }
    }

    pub(crate) const fn is_xpub(&self) -> bool {
        self.xpub
    }

    pub(super) fn topic_count(&self) -> usize {
        self.publish.topics().topic_count()
    }

    /// How many peers are subscribed to something.
    pub(crate) fn subscriber_count(&self) -> usize {
        self.publish.topics().peer_count()
    }

    /// Whether a message must wait while the queue of one of its targets is full.
    pub(crate) const fn waits_for_room(&self) -> bool {
        self.options.no_drop && self.full > 0
    }

    /// Whether messages go to the peers that did not subscribe to them.
    pub(crate) const fn is_inverted(&self) -> bool {
        self.options.invert
    }

    /// Appends the peers that subscribed to a prefix of `subject`.
    pub(crate) fn matches(&mut self, subject: &[u8], targets: &mut Vec<PeerId>) {
        self.publish.matches(subject, |peer| targets.push(peer));
    }

    /// Subscribes the peer whose report was taken last to a topic, if the socket is manual. `false`
    /// if it is not, or that peer is gone or has too many.
    pub(crate) fn grant(&mut self, topic: &[u8]) -> bool {
        self.publish.subscribe_last(topic)
    }

    /// Cancels a topic of the peer whose report was taken last, likewise.
    pub(crate) fn revoke(&mut self, topic: &[u8]) -> bool {
        self.publish.cancel_last(topic)
    }

    fn leave(&mut self, peer: &mut PeerContext<'_>) {
        self.publish.cancel_all(peer.peer, |topic| {
            peer.deliver(as_message(Subscription::Cancel, topic));
        });
    }
}

/// A subscription as the application of an XPUB receives it.
fn as_message(what: Subscription, topic: &[u8]) -> Message {
    let mut message = Message::new();
    message.begin_part();
    message.append(&[what.byte()]);
    message.append(topic);
    message
}

impl Pattern for Rules {
    fn socket_type(&self) -> SocketType {
        if self.xpub { SocketType::Xpub } else { SocketType::Pub }
    }

    fn keeps_unsent(&self) -> bool {
        false
    }

    fn attached(&mut self, peer: PeerId) {
        // A growing table always has room.
        let _ = self.publish.attached(peer);
    }

    fn connected(&mut self, peer: &mut PeerContext<'_>) -> Result<(), CloseReason> {
        let _ = self.publish.connected(peer.peer, &[]);
        if let Some(welcome) = &self.options.welcome {
            peer.send(QueuedMessage::from(welcome.clone()));
        }
        Ok(())
    }

    fn set_full(&mut self, _: PeerId, full: bool) {
        self.full = if full { self.full + 1 } else { self.full.saturating_sub(1) };
    }

    fn disconnected(&mut self, peer: &mut PeerContext<'_>, _: usize) {
        self.leave(peer);
        self.publish.disconnected(peer.peer);
    }

    fn closed(&mut self, peer: &mut PeerContext<'_>) {
        self.leave(peer);
        self.publish.closed(peer.peer);
    }

    /// Peers before ZMTP 3.1 subscribe by messages.
    fn received(
        &mut self,
        peer: &mut PeerContext<'_>,
        message: &Message,
    ) -> Result<Received, CloseReason> {
        let subscription = message.bytes().and_then(Subscription::from_message);
        let Some((what, topic)) = subscription else {
            return Ok(if self.xpub { Received::Queue } else { Received::NotAsked });
        };
        self.subscription(peer, what, topic)?;
        Ok(Received::Consumed)
    }

    fn queued(&mut self, peer: PeerId) {
        self.publish.received(peer);
    }

    fn subscription(
        &mut self,
        peer: &mut PeerContext<'_>,
        what: Subscription,
        topic: &[u8],
    ) -> Result<(), CloseReason> {
        let report = self.publish.subscription(peer.peer, what, topic);
        if report.map_err(|_| CloseReason::TooManySubscriptions)? {
            peer.deliver(as_message(what, topic));
        }
        Ok(())
    }

    fn take(&mut self) -> Option<PeerId> {
        self.publish.take().ok().flatten()
    }

    fn can_receive(&self) -> bool {
        self.xpub && self.publish.may_take()
    }

    fn can_send(&self) -> bool {
        !self.options.no_drop || self.full == 0
    }
}
