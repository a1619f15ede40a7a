//! PUB and XPUB: each message is sent to every peer that subscribed to a prefix of it (RFC 29).

use super::incoming::{Incoming, IncomingRules};
use super::{Added, FairPeer, NoRoom, PeerId, Reason, Removed, Slots, Topics, Verdict};
use crate::wire::{FrameHeader, SocketType, Subscription};

/// The subscriptions and cancellations that XPUB reports to its application.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Reports {
    /// The first subscription to a topic and the last cancellation.
    #[default]
    Changes,
    /// Every subscription, and the last cancellation (`ZMQ_XPUB_VERBOSE`).
    Subscriptions,
    /// Every subscription, and as many cancellations (`ZMQ_XPUB_VERBOSER`). A CANCEL of a peer ends all its
    /// subscriptions to the topic. It is reported as often as these were, if the table of topics counts them.
    All,
}

/// The rules of PUB and XPUB.
///
/// Each message is sent to every peer of [`Publish::matches`]. The application of XPUB also receives
/// messages of the peers, and reports of their subscriptions. A report is a message of one frame: the byte
/// 1 for a subscription or 0 for a cancellation, then the topic. The driver queues it as a message of the
/// peer.
pub type Publish<S, T> = Incoming<S, PublishRules<T>>;

/// The state of PUB and XPUB besides [`Incoming`]: the subscriptions of their peers, in tables of type `T`.
#[derive(Debug)]
pub struct PublishRules<T> {
    topics: T,
    /// The subscriptions that peers requested, if the application subscribes the peers itself.
    requested: Option<T>,
    /// The reports of an XPUB; `None` for a PUB.
    reports: Option<Reports>,
    /// The peer whose report or message was taken last, while its connection lasts.
    last: Option<PeerId>,
}

impl<S: Slots<FairPeer>, T: Topics> Incoming<S, PublishRules<T>> {
    /// Creates a PUB without subscribers. It rejects messages of its peers.
    pub const fn publisher(peers: S, topics: T) -> Self {
        Self::with(peers, PublishRules::new(topics, None, None))
    }

    /// Creates an XPUB without subscribers.
    pub const fn with_reports(peers: S, topics: T, reports: Reports) -> Self {
        Self::with(peers, PublishRules::new(topics, None, Some(reports)))
    }

    /// Creates an XPUB without subscribers, whose application subscribes the peers itself
    /// (`ZMQ_XPUB_MANUAL`). Every subscription and cancellation of a peer is reported, but has no other
    /// effect; the application calls [`Publish::subscribe_last`] and [`Publish::cancel_last`].
    pub const fn manual(peers: S, topics: T, requested: T) -> Self {
        Self::with(peers, PublishRules::new(topics, Some(requested), Some(Reports::All)))
    }

    /// Sets the reports of an XPUB. A PUB has none.
    pub const fn set_reports(&mut self, reports: Reports) {
        if self.rules.reports.is_some() {
            self.rules.reports = Some(reports);
        }
    }

    /// Lets the application subscribe the peers from now on, as on an XPUB made by [`Publish::manual`], with this table of
    /// the requested subscriptions; with `None`, subscriptions of the peers have an effect themselves.
    pub fn set_manual(&mut self, requested: Option<T>) {
        self.rules.requested = requested;
    }

    /// Calls `each` once for every peer that gets a message with this first frame.
    pub fn matches(&mut self, subject: &[u8], each: impl FnMut(PeerId)) {
        self.rules.topics.matches(subject, each);
    }

    /// XPUB, or PUB if it was made by [`Publish::publisher`].
    pub const fn socket_type(&self) -> SocketType {
        if self.rules.reports.is_some() { SocketType::Xpub } else { SocketType::Pub }
    }

    /// The table of subscriptions.
    pub const fn topics(&self) -> &T {
        &self.rules.topics
    }

    /// The table of subscriptions, for a change of its settings.
    pub const fn topics_mut(&mut self) -> &mut T {
        &mut self.rules.topics
    }

    /// The table of the subscriptions that peers requested: on an XPUB made by [`Publish::manual`] the third argument,
    /// otherwise the same as [`Publish::topics`].
    pub const fn requested(&self) -> &T {
        match &self.rules.requested {
            Some(requested) => requested,
            None => &self.rules.topics,
        }
    }

    /// Cancels all subscriptions of a peer. Calls `report` with the topic of each cancellation that XPUB
    /// reports; the pattern counts the report as queued. Call this before
    /// [`disconnected`](super::Pattern::disconnected) or [`closed`](super::Pattern::closed), which cancel
    /// the subscriptions without reports.
    pub fn cancel_all(&mut self, peer: PeerId, mut report: impl FnMut(&[u8])) {
        let Self { peers, turns, rules } = self;
        let PublishRules { topics, requested, reports, .. } = rules;
        let requested = match requested {
            Some(requested) => {
                topics.remove_peer(peer, |_, _| {});
                requested
            }
            None => topics,
        };
        let all = *reports == Some(Reports::All);
        requested.remove_peer(peer, |topic, removed| {
            if reports.is_some() && (removed == Removed::Last || all) {
                turns.received(peers, peer);
                report(topic);
            }
        });
    }

    /// Subscribes the peer of the report or message that was taken last, on an XPUB made by
    /// [`Publish::manual`]. Returns `false` if this is another XPUB, the connection of the report has ended, or the
    /// table is full.
    pub fn subscribe_last(&mut self, topic: &[u8]) -> bool {
        match self.last_peer() {
            Some(peer) => self.rules.topics.insert(peer, topic).is_ok(),
            None => false,
        }
    }

    /// Cancels a subscription of the peer of the report or message that was taken last, on an XPUB made by
    /// [`Publish::manual`]. Returns whether no peer is subscribed to the topic afterwards; `false` if this
    /// is another XPUB or the connection of the report has ended.
    pub fn cancel_last(&mut self, topic: &[u8]) -> bool {
        match self.last_peer() {
            Some(peer) => {
                matches!(self.rules.topics.remove(peer, topic), Removed::Last | Removed::Unknown)
            }
            None => false,
        }
    }

    /// The peer of the report or message that was taken last, on an XPUB made by [`Publish::manual`]. `None` if this is
    /// another XPUB or the connection of the report has ended, and after [`Publish::forget_last`].
    pub fn last_peer(&mut self) -> Option<PeerId> {
        let peer = self.rules.last.filter(|_| self.rules.requested.is_some())?;
        self.peers.get_mut(peer).map(|_| peer)
    }

    /// Ends the effect of the report or message that was taken last: there is no such peer until the next one is taken.
    pub const fn forget_last(&mut self) {
        self.rules.last = None;
    }
}

impl<T: Topics> PublishRules<T> {
    const fn new(topics: T, requested: Option<T>, reports: Option<Reports>) -> Self {
        Self { topics, requested, reports, last: None }
    }
}

impl<T: Topics> IncomingRules for PublishRules<T> {
    const ANSWERS: bool = true;

    fn accept(&self, frame: FrameHeader, first: bool) -> Verdict {
        match (first, self.reports) {
            (true, _) if frame.is_final() => Verdict::Subject,
            (_, Some(_)) => Verdict::Deliver,
            (true, None) => Verdict::Reject(Reason::SendsOnly),
            (false, None) => Verdict::Skip,
        }
    }

    fn check(&self, body: &[u8]) -> Verdict {
        match Subscription::from_message(body) {
            Some((what, _)) => Verdict::Subscription(what),
            None if self.reports.is_some() => Verdict::Deliver,
            None => Verdict::Reject(Reason::SendsOnly),
        }
    }

    fn receives(&self) -> bool {
        self.reports.is_some()
    }

    fn lost(&mut self, peer: PeerId) {
        // The answer of the application would apply to the next connection.
        self.last = self.last.filter(|last| *last != peer);
        self.topics.remove_peer(peer, |_, _| {});
        if let Some(requested) = &mut self.requested {
            requested.remove_peer(peer, |_, _| {});
        }
    }

    fn taken(&mut self, peer: Option<PeerId>) {
        self.last = peer;
    }

    /// A cancellation of a topic that no peer had is reported, as in libzmq, so that a proxy can
    /// forward it. One of a topic that only other peers have is not: forwarding it would cancel
    /// theirs.
    fn subscription(
        &mut self,
        peer: PeerId,
        what: Subscription,
        topic: &[u8],
    ) -> Result<bool, NoRoom> {
        let manual = self.requested.is_some();
        let topics = self.requested.as_mut().unwrap_or(&mut self.topics);
        let changed = match what {
            Subscription::Cancel => match topics.remove(peer, topic) {
                Removed::Last | Removed::Unknown => true,
                Removed::Left => self.reports == Some(Reports::All),
                Removed::NotHeld => false,
            },
            Subscription::Subscribe => {
                let first = topics.insert(peer, topic)? == Added::First;
                first || self.reports != Some(Reports::Changes)
            }
        };
        Ok(self.reports.is_some() && (changed || manual))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Fixed, FixedTopics, Pattern};
    use super::*;
    use crate::wire::{FrameKind, More};

    const A: PeerId = PeerId::new(0, 0);
    const B: PeerId = PeerId::new(1, 0);
    const SUBSCRIBE: Subscription = Subscription::Subscribe;

    const CANCEL: Subscription = Subscription::Cancel;

    type Store = FixedTopics<64>;

    fn xpub(reports: Reports) -> Publish<Fixed<FairPeer, 2>, Store> {
        let mut xpub = Publish::with_reports(Fixed::new(), Store::new(), reports);
        xpub.connected(A, &[]).unwrap();
        xpub.connected(B, &[]).unwrap();
        xpub
    }

    #[test]
    fn the_first_subscription_and_the_last_cancellation_are_reported() {
        let mut xpub = xpub(Reports::Changes);
        assert_eq!(xpub.subscription(A, SUBSCRIBE, b"x"), Ok(true));
        assert_eq!(xpub.subscription(A, SUBSCRIBE, b"x"), Ok(false));
        assert_eq!(xpub.subscription(B, SUBSCRIBE, b"x"), Ok(false));
        assert_eq!(xpub.subscription(A, CANCEL, b"x"), Ok(false));
        assert_eq!(xpub.subscription(A, CANCEL, b"x"), Ok(false), "B has it");
        assert_eq!(xpub.subscription(B, CANCEL, b"x"), Ok(true));
        assert_eq!(xpub.subscription(B, CANCEL, b"x"), Ok(true), "no peer has it");
        let taken = [xpub.take(), xpub.take(), xpub.take(), xpub.take()];
        assert_eq!(taken, [Ok(Some(A)), Ok(Some(B)), Ok(Some(B)), Ok(None)]);
    }

    #[test]
    fn verbose_modes_report_more_subscriptions() {
        let mut some = xpub(Reports::Subscriptions);
        assert_eq!(some.subscription(A, SUBSCRIBE, b"x"), Ok(true));
        assert_eq!(some.subscription(B, SUBSCRIBE, b"x"), Ok(true));
        assert_eq!(some.subscription(A, CANCEL, b"x"), Ok(false));
        let mut all = xpub(Reports::All);
        all.subscription(A, SUBSCRIBE, b"x").unwrap();
        all.subscription(B, SUBSCRIBE, b"x").unwrap();
        let mut reported = Vec::new();
        all.cancel_all(A, |topic| reported.push(topic.to_vec()));
        assert_eq!(reported, [b"x"]);
        assert_eq!(all.subscription(B, CANCEL, b"x"), Ok(true));
    }

    #[test]
    fn topics_of_a_lost_peer_are_reported_if_no_other_has_them() {
        let mut xpub = xpub(Reports::Changes);
        for (peer, topic) in [(A, "x"), (A, "y"), (B, "x")] {
            xpub.subscription(peer, SUBSCRIBE, topic.as_bytes()).unwrap();
        }
        let mut reported = Vec::new();
        xpub.cancel_all(A, |topic| reported.push(topic.to_vec()));
        assert_eq!(reported, [b"y"]);
    }

    #[test]
    fn a_legacy_subscription_is_a_message_of_one_frame() {
        let mut publish = Publish::publisher(Fixed::<_, 2>::new(), Store::new());
        publish.connected(A, &[]).unwrap();
        let frame = |more| FrameHeader::new(FrameKind::Message(more), 2);
        assert_eq!(publish.accept(A, frame(More::Last), true), Verdict::Subject);
        assert_eq!(publish.check(A, b"\x01a"), Verdict::Subscription(SUBSCRIBE));
        assert_eq!(publish.check(A, b"\x02a"), Verdict::Reject(Reason::SendsOnly));
        let rejected = Verdict::Reject(Reason::SendsOnly);
        assert_eq!(publish.accept(A, frame(More::Follows), true), rejected);
        assert_eq!(publish.accept(A, frame(More::Last), false), Verdict::Skip);
        assert_eq!(publish.subscription(A, SUBSCRIBE, b"a"), Ok(false), "PUB has no reports");
        assert!(!publish.received(A) && !publish.may_take());
    }

    #[test]
    fn with_manual_the_application_subscribes_the_peer_of_the_last_report() {
        let (topics, requested) = (Store::new(), Store::new());
        let mut publish = Publish::manual(Fixed::<_, 2>::new(), topics, requested);
        publish.connected(A, &[]).unwrap();
        assert!(!publish.subscribe_last(b"x"), "no report was taken");
        assert_eq!(publish.subscription(A, SUBSCRIBE, b"a"), Ok(true));
        assert_eq!(publish.subscription(B, SUBSCRIBE, b"a"), Ok(false), "B is not known");
        let mut to = Vec::new();
        publish.matches(b"a", |peer| to.push(peer));
        assert_eq!((&to[..], publish.take()), (&[][..], Ok(Some(A))));
        assert!(publish.subscribe_last(b"x"));
        publish.matches(b"x", |peer| to.push(peer));
        assert_eq!(to, [A]);
        let mut reported = Vec::new();
        publish.cancel_all(A, |topic| reported.push(topic.to_vec()));
        assert_eq!(reported, [b"a"]);
        publish.closed(A);
        assert_eq!([publish.take(), publish.take()], [Ok(Some(A)), Ok(None)]);
        assert!(!publish.subscribe_last(b"x"), "the peer is gone");
    }

    #[test]
    fn a_forgotten_report_has_no_peer() {
        let mut publish = Publish::manual(Fixed::<_, 2>::new(), Store::new(), Store::new());
        publish.connected(A, &[]).unwrap();
        publish.subscription(A, SUBSCRIBE, b"a").unwrap();
        assert_eq!(publish.last_peer(), None, "no report was taken");
        assert_eq!((publish.take(), publish.last_peer()), (Ok(Some(A)), Some(A)));
        publish.forget_last();
        assert_eq!(publish.last_peer(), None);
        assert!(!publish.subscribe_last(b"x"));
        let mut other = xpub(Reports::Changes);
        other.subscription(A, SUBSCRIBE, b"a").unwrap();
        assert_eq!((other.take(), other.last_peer()), (Ok(Some(A)), None), "not manual");
    }

    #[test]
    fn an_answer_to_a_report_of_an_ended_connection_has_no_effect() {
        let manual = || {
            let mut publish = Publish::manual(Fixed::<_, 2>::new(), Store::new(), Store::new());
            publish.connected(A, &[]).unwrap();
            publish.subscription(A, SUBSCRIBE, b"a").unwrap();
            publish
        };
        let none = |publish: &mut Publish<Fixed<FairPeer, 2>, Store>| {
            assert!(!publish.subscribe_last(b"x") && !publish.cancel_last(b"x"));
            publish.matches(b"x", |peer| panic!("sent to {peer:?}"));
        };
        // The report is taken before the connection ends, or afterwards. The peer reconnects, or is closed.
        for is_closed in [false, true] {
            for taken_before in [false, true] {
                let mut publish = manual();
                if taken_before {
                    assert_eq!(publish.take(), Ok(Some(A)));
                }
                match is_closed {
                    true => publish.closed(A),
                    false => publish.disconnected(A),
                }
                if !taken_before {
                    assert_eq!(publish.take(), Ok(Some(A)));
                }
                none(&mut publish);
                publish.connected(A, &[]).unwrap();
                none(&mut publish);
                publish.subscription(A, SUBSCRIBE, b"b").unwrap();
                assert_eq!(publish.take(), Ok(Some(A)));
                assert!(publish.subscribe_last(b"x"));
            }
        }
    }

    #[test]
    fn subscriptions_do_not_pass_to_the_next_peer_at_an_index() {
        let mut publish = Publish::publisher(Fixed::<_, 2>::new(), Store::new());
        publish.connected(A, &[]).unwrap();
        publish.subscription(A, SUBSCRIBE, b"").unwrap();
        publish.attached(PeerId::new(A.index(), 1)).unwrap();
        publish.matches(b"a", |peer| panic!("sent to {peer:?}"));
    }
}
