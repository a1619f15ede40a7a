//! PUB and XPUB: a message goes to everyone who subscribed to it (RFC 29, `ZMQ_PUB`, `ZMQ_XPUB`).

use core::time::Duration;
use std::time::Instant;

use zmtp_core::Subscription;
use zmtp_core::pattern::{FairPeer, PeerId, Publish, Pull, Reports};
use zmtp_core::wire::SocketType;

use super::common::{common, conflating, corking, receiving, sending};
use super::exchange::Wait;
use super::{Builder, exchange};
use crate::engine::{Door, Engine, Letter, Pattern, Received, Seat};
use crate::error::{Error, SendError};
use crate::message::Message;
use crate::monitor::CloseReason;
use crate::options::Options;
use crate::slots::Table;
use crate::topics::{Share, Subscribers};

/// A socket that sends each message to all peers that subscribed to it: to a prefix of its first
/// part. See [`Sub`](crate::Sub).
///
/// Sending never waits, unless [`Builder::no_drop`] says so: for a subscriber whose queue is full
/// the message is dropped and counted, and one that nobody subscribed to goes nowhere. The
/// high-water mark is exact: a subscriber that keeps up loses nothing.
#[derive(Debug)]
pub struct Pub {
    pub(super) engine: Seat<Rules<false>>,
    /// Peers that a message goes to; kept for its memory.
    to: Vec<PeerId>,
}

/// A [`Pub`] whose application receives the subscriptions, and what XSUBs send upstream.
///
/// A subscription comes as a single part: the byte 1 and the topic for the first subscription to
/// it, 0 and the topic when the last is gone. Made for proxies.
#[derive(Debug)]
pub struct Xpub {
    pub(super) engine: Seat<Rules<true>>,
    /// Peers that a message goes to; kept for its memory.
    to: Vec<PeerId>,
    /// Whose message was received last: whom `subscribe` is for.
    last: Option<PeerId>,
}

/// The rules of both; `X` says whether the application is told of subscriptions.
#[derive(Debug)]
pub(super) struct Rules<const X: bool> {
    topics: Publish<Subscribers>,
    /// What peers asked for, where the application decides what they get.
    asked: Option<Publish<Subscribers>>,
    /// Turns in which reports and upstream messages are taken.
    turns: Pull<Table<FairPeer>>,
    /// Peers whose queues are full.
    full: usize,
    own: Own,
}

/// Settings of PUB and XPUB alone.
#[derive(Clone, Debug, Default)]
#[expect(unnameable_types, reason = "set through the builder")]
pub struct Own {
    reports: Reports,
    manual: bool,
    no_drop: bool,
    invert: bool,
    welcome: Option<Message>,
}

impl<const X: bool> Rules<X> {
    fn new(own: Own, share: Share) -> Self {
        let asked = own.manual.then(|| Publish::new(Subscribers::new(share), Reports::All));
        Self {
            topics: Publish::new(Subscribers::new(share), own.reports),
            asked,
            turns: Pull::new(Table::new()),
            full: 0,
            own,
        }
    }

    fn leave(&mut self, door: &mut Door<'_>) {
        let (turns, peer) = (&mut self.turns, door.peer);
        let mut report = |topic: &[u8]| {
            if X {
                door.deliver(as_message(Subscription::Cancel, topic));
                turns.received(peer);
            }
        };
        match &mut self.asked {
            Some(asked) => {
                asked.detach(peer, &mut report);
                self.topics.detach(peer, |_| {});
            }
            None => self.topics.detach(peer, &mut report),
        }
    }
}

/// A subscription as XPUB's application, and old peers, see it.
fn as_message(what: Subscription, topic: &[u8]) -> Message {
    let mut message = Message::new();
    message.begin_part();
    message.append(&[u8::from(what == Subscription::Subscribe)]);
    message.append(topic);
    message
}

impl<const X: bool> Pattern for Rules<X> {
    const SOCKET_TYPE: SocketType = if X { SocketType::Xpub } else { SocketType::Pub };
    const KEEPS_UNSENT: bool = false;

    fn dialled(&mut self, peer: PeerId) {
        // A growing table always has room.
        let _ = self.turns.attach(peer);
    }

    fn up(&mut self, door: &mut Door<'_>) -> Result<(), CloseReason> {
        if door.accepted {
            let _ = self.turns.attach(door.peer);
        }
        if let Some(welcome) = &self.own.welcome {
            door.send(Letter::from(welcome.clone()));
        }
        Ok(())
    }

    fn set_full(&mut self, _: PeerId, full: bool) {
        self.full = if full { self.full + 1 } else { self.full.saturating_sub(1) };
    }

    fn down(&mut self, door: &mut Door<'_>, _: usize) {
        self.leave(door);
    }

    fn closed(&mut self, door: &mut Door<'_>) {
        self.leave(door);
        if !door.has_letters() {
            self.turns.detach(door.peer);
        }
    }

    fn drained(&mut self, peer: PeerId) {
        self.turns.detach(peer);
    }

    /// Peers before ZMTP 3.1 subscribe by messages.
    fn received(
        &mut self,
        door: &mut Door<'_>,
        message: &Message,
    ) -> Result<Received, CloseReason> {
        let (what, topic) = match (message.part_count(), message.bytes()) {
            (1, [1, topic @ ..]) => (Subscription::Subscribe, topic),
            (1, [0, topic @ ..]) => (Subscription::Cancel, topic),
            _ => return Ok(if X { Received::Queue } else { Received::NotAsked }),
        };
        self.subscription(door, what, topic)?;
        Ok(Received::Consumed)
    }

    fn queued(&mut self, peer: PeerId) {
        self.turns.received(peer);
    }

    fn subscription(
        &mut self,
        door: &mut Door<'_>,
        what: Subscription,
        topic: &[u8],
    ) -> Result<(), CloseReason> {
        let topics = self.asked.as_mut().unwrap_or(&mut self.topics);
        let told = match what {
            Subscription::Cancel => topics.cancel(door.peer, topic),
            _ => {
                topics.subscribe(door.peer, topic).map_err(|_| CloseReason::TooManySubscriptions)?
            }
        };
        if X && (told || self.asked.is_some()) {
            door.deliver(as_message(what, topic));
            self.turns.received(door.peer);
        }
        Ok(())
    }
}

fn send<const X: bool>(
    engine: &mut Engine<Rules<X>>,
    to: &mut Vec<PeerId>,
    message: Message,
    deadline: Option<Instant>,
) -> Result<(), SendError> {
    if message.part_count() == 0 {
        return Err(SendError::new(Error::EmptyMessage, message));
    }
    // A loop that only sends must hear of subscriptions too.
    if let Err(error) = engine.share_sending() {
        return Err(SendError::new(error, message));
    }
    let mut wait = Wait::until(deadline);
    loop {
        choose(engine, to, message.part(0).unwrap_or_default());
        let rules = &engine.pattern;
        let must_wait = rules.own.no_drop && rules.full > 0;
        if !must_wait || !to.iter().any(|peer| engine.is_full(*peer)) {
            exchange::send_copies(engine, to, message);
            return Ok(());
        }
        if let Err(error) = wait.turn(engine) {
            return Err(SendError::new(error, message));
        }
    }
}

/// Who gets a message with this first part.
fn choose<const X: bool>(engine: &mut Engine<Rules<X>>, to: &mut Vec<PeerId>, subject: &[u8]) {
    to.clear();
    engine.pattern.topics.matches(subject, |peer| to.push(peer));
    if engine.pattern.own.invert {
        let mut matching = core::mem::take(to);
        matching.sort_unstable();
        engine.ready_peers(to);
        to.retain(|peer| matching.binary_search(peer).is_err());
    }
}

fn wait_for_subscribers<const X: bool>(
    engine: &mut Engine<Rules<X>>,
    n: usize,
    deadline: Option<Instant>,
) -> Result<bool, Error> {
    let mut wait = Wait::until(deadline);
    loop {
        if engine.pattern.topics.topics().peer_count() >= n {
            return Ok(true);
        }
        match wait.turn(engine) {
            Ok(()) => {}
            Err(Error::WouldBlock) => return Ok(false),
            Err(error) => return Err(error),
        }
    }
}

/// What PUB and XPUB share.
macro_rules! publishing {
    ($socket:ident) => {
        common!($socket, Own);
        sending!(
            $socket,
            "to every peer that subscribed to a prefix of its first part",
            "for room in all their queues, if so set ([`Builder::no_drop`]): it never waits otherwise"
        );
        corking!($socket);

        impl Builder<$socket> {
            /// Waits for subscribers whose queues are full instead of dropping their messages
            /// (`ZMQ_XPUB_NODROP`).
            #[must_use]
            pub const fn no_drop(mut self, no_drop: bool) -> Self {
                self.own.no_drop = no_drop;
                self
            }

            /// Sends to everybody who did *not* subscribe to a message
            /// (`ZMQ_INVERT_MATCHING`); set it on both ends.
            #[must_use]
            pub const fn invert_matching(mut self, invert: bool) -> Self {
                self.own.invert = invert;
                self
            }
        }

        impl $socket {
            fn with(options: Options, own: Own) -> Result<Self, Error> {
                let rules = Rules::new(own, options.max_subscriptions);
                Ok(Self::of(Seat::new(rules, options)?))
            }

            /// Waits up to `timeout` until at least `n` peers have subscribed to something; `false`
            /// if they have not. What is sent before a subscription is there is not for it.
            ///
            /// # Errors
            ///
            /// [`Error::Woken`], [`Error::Stopped`], [`Error::Io`].
            pub fn wait_for_subscribers(
                &mut self,
                n: usize,
                timeout: Duration,
            ) -> Result<bool, Error> {
                wait_for_subscribers(&mut self.engine.enter(), n, super::deadline(Some(timeout)))
            }

            /// How many different topics are subscribed to (`ZMQ_TOPICS_COUNT`).
            pub fn topic_count(&self) -> usize {
                self.engine.look().pattern.topics.topics().topic_count()
            }

            fn send_until(
                &mut self,
                message: Message,
                deadline: Option<Instant>,
            ) -> Result<(), SendError> {
                send(&mut self.engine.enter(), &mut self.to, message, deadline)
            }
        }
    };
}

publishing!(Pub);
conflating!(Pub);
publishing!(Xpub);
receiving!(Xpub, "the next report or upstream message");

impl Pub {
    const fn of(engine: Seat<Rules<false>>) -> Self {
        Self { engine, to: Vec::new() }
    }

    pub(super) fn ready(&self) -> (bool, bool) {
        let engine = self.engine.look();
        let rules = &engine.pattern;
        (false, !rules.own.no_drop || rules.full == 0)
    }
}

impl Builder<Xpub> {
    /// Which subscriptions and cancellations are reported (`ZMQ_XPUB_VERBOSE`,
    /// `ZMQ_XPUB_VERBOSER`).
    #[must_use]
    pub const fn reports(mut self, reports: Reports) -> Self {
        self.own.reports = reports;
        self
    }

    /// Only reports what peers ask for; [`Xpub::subscribe`] and [`Xpub::unsubscribe`] decide what
    /// they get (`ZMQ_XPUB_MANUAL`).
    #[must_use]
    pub const fn manual(mut self, manual: bool) -> Self {
        self.own.manual = manual;
        self
    }

    /// Sends this message to each new peer, whatever it subscribes to; a SUB there filters it all
    /// the same (`ZMQ_XPUB_WELCOME_MSG`).
    #[must_use]
    pub fn welcome(mut self, message: impl Into<Message>) -> Self {
        self.own.welcome = Some(message.into());
        self
    }
}

impl Xpub {
    const fn of(engine: Seat<Rules<true>>) -> Self {
        Self { engine, to: Vec::new(), last: None }
    }

    /// Subscribes the peer whose report was received last to a topic, if the socket is
    /// [manual](Builder::manual). `false` if it is not, or that peer is gone or has too many.
    pub fn subscribe(&mut self, topic: impl AsRef<[u8]>) -> bool {
        let mut engine = self.engine.enter();
        let rules = &mut engine.pattern;
        let peer = self.last.filter(|_| rules.asked.is_some());
        peer.is_some_and(|peer| rules.topics.subscribe(peer, topic.as_ref()).is_ok())
    }

    /// Takes a topic from the peer whose report was received last, likewise.
    pub fn unsubscribe(&mut self, topic: impl AsRef<[u8]>) -> bool {
        let mut engine = self.engine.enter();
        let rules = &mut engine.pattern;
        let peer = self.last.filter(|_| rules.asked.is_some());
        peer.is_some_and(|peer| rules.topics.cancel(peer, topic.as_ref()))
    }

    fn recv_until(&mut self, deadline: Option<Instant>) -> Result<Option<Message>, Error> {
        let Self { engine, last, .. } = self;
        exchange::receive(&mut engine.enter(), deadline, |rules| {
            let peer = rules.turns.take();
            *last = peer.or(*last);
            peer
        })
    }

    pub(super) fn ready(&self) -> (bool, bool) {
        let engine = self.engine.look();
        let rules = &engine.pattern;
        (rules.turns.may_take(), !rules.own.no_drop || rules.full == 0)
    }
}
