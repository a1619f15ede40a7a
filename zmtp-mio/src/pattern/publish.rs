//! PUB and XPUB: send each message to every peer that subscribed to it (RFC 29).

use zmtp_core::Subscription;
use zmtp_core::pattern::{FairPeer, PeerId, Publish, Pull, Reports};
use zmtp_core::wire::SocketType;

use super::{Pattern, PeerContext, Received};
use crate::message::Message;
use crate::monitor::CloseReason;
use crate::queue::Letter;
use crate::slots::Table;
use crate::topics::{Share, Subscribers};

/// Options of a PUB or XPUB.
#[derive(Clone, Debug, Default)]
#[expect(unnameable_types, reason = "set through the builder")]
pub struct PublishOptions {
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
    topics: Publish<Subscribers>,
    /// What peers have asked for, if the application grants subscriptions.
    requested: Option<Publish<Subscribers>>,
    /// Turns in which reports and upstream messages are taken.
    turns: Pull<Table<FairPeer>>,
    /// The peer whose report was taken last.
    last: Option<PeerId>,
    /// Peers whose queues are full.
    full: usize,
    options: PublishOptions,
    /// Peers that a message goes to; kept for its memory.
    pub(crate) targets: Vec<PeerId>,
}

impl Rules {
    pub(super) fn new(xpub: bool, options: PublishOptions, share: Share) -> Self {
        let requested = options.manual.then(|| Publish::new(Subscribers::new(share), Reports::All));
        Self {
            xpub,
            topics: Publish::new(Subscribers::new(share), options.reports),
            requested,
            turns: Pull::new(Table::new()),
            last: None,
            full: 0,
            options,
            targets: Vec::new(),
        }
    }

    pub(crate) const fn is_xpub(&self) -> bool {
        self.xpub
    }

    pub(super) fn topic_count(&self) -> usize {
        self.topics.topics().topic_count()
    }

    /// How many peers are subscribed to something.
    pub(crate) fn subscriber_count(&self) -> usize {
        self.topics.topics().peer_count()
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
        self.topics.matches(subject, |peer| targets.push(peer));
    }

    /// Subscribes the peer whose report was taken last to a topic, if the socket is manual. `false`
    /// if it is not, or that peer is gone or has too many.
    pub(crate) fn grant(&mut self, topic: &[u8]) -> bool {
        let peer = self.last.filter(|_| self.requested.is_some());
        peer.is_some_and(|peer| self.topics.subscribe(peer, topic).is_ok())
    }

    /// Cancels a topic of the peer whose report was taken last, likewise.
    pub(crate) fn revoke(&mut self, topic: &[u8]) -> bool {
        let peer = self.last.filter(|_| self.requested.is_some());
        peer.is_some_and(|peer| self.topics.cancel(peer, topic))
    }

    fn leave(&mut self, peer: &mut PeerContext<'_>) {
        let (xpub, turns, id) = (self.xpub, &mut self.turns, peer.peer);
        let mut report = |topic: &[u8]| {
            if xpub {
                peer.deliver(as_message(Subscription::Cancel, topic));
                turns.received(id);
            }
        };
        match &mut self.requested {
            Some(requested) => {
                requested.detach(id, &mut report);
                self.topics.detach(id, |_| {});
            }
            None => self.topics.detach(id, &mut report),
        }
    }
}

/// A subscription as the application of an XPUB receives it.
fn as_message(what: Subscription, topic: &[u8]) -> Message {
    let mut message = Message::new();
    message.begin_part();
    message.append(&[u8::from(what == Subscription::Subscribe)]);
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

    fn dialled(&mut self, peer: PeerId) {
        // A growing table always has room.
        let _ = self.turns.attach(peer);
    }

    fn up(&mut self, peer: &mut PeerContext<'_>) -> Result<(), CloseReason> {
        if peer.accepted {
            let _ = self.turns.attach(peer.peer);
        }
        if let Some(welcome) = &self.options.welcome {
            peer.send(Letter::from(welcome.clone()));
        }
        Ok(())
    }

    fn set_full(&mut self, _: PeerId, full: bool) {
        self.full = if full { self.full + 1 } else { self.full.saturating_sub(1) };
    }

    fn down(&mut self, peer: &mut PeerContext<'_>, _: usize) {
        self.leave(peer);
    }

    fn closed(&mut self, peer: &mut PeerContext<'_>) {
        self.leave(peer);
        if !peer.has_messages() {
            self.turns.detach(peer.peer);
        }
    }

    fn drained(&mut self, peer: PeerId) {
        self.turns.detach(peer);
    }

    /// Peers before ZMTP 3.1 subscribe by messages.
    fn received(
        &mut self,
        peer: &mut PeerContext<'_>,
        message: &Message,
    ) -> Result<Received, CloseReason> {
        let (what, topic) = match message.bytes() {
            Some([1, topic @ ..]) => (Subscription::Subscribe, topic),
            Some([0, topic @ ..]) => (Subscription::Cancel, topic),
            _ => return Ok(if self.xpub { Received::Queue } else { Received::NotAsked }),
        };
        self.subscription(peer, what, topic)?;
        Ok(Received::Consumed)
    }

    fn queued(&mut self, peer: PeerId) {
        self.turns.received(peer);
    }

    fn subscription(
        &mut self,
        peer: &mut PeerContext<'_>,
        what: Subscription,
        topic: &[u8],
    ) -> Result<(), CloseReason> {
        let topics = self.requested.as_mut().unwrap_or(&mut self.topics);
        let reported = match what {
            Subscription::Cancel => topics.cancel(peer.peer, topic),
            _ => {
                topics.subscribe(peer.peer, topic).map_err(|_| CloseReason::TooManySubscriptions)?
            }
        };
        if self.xpub && (reported || self.requested.is_some()) {
            peer.deliver(as_message(what, topic));
            self.turns.received(peer.peer);
        }
        Ok(())
    }

    fn take(&mut self) -> Option<PeerId> {
        let peer = self.turns.take();
        self.last = peer.or(self.last);
        peer
    }

    fn can_receive(&self) -> bool {
        self.xpub && self.turns.may_take()
    }

    fn can_send(&self) -> bool {
        !self.options.no_drop || self.full == 0
    }
}
