//! SUB and XSUB: what is subscribed to, and what comes of it (RFC 29, `ZMQ_SUB`, `ZMQ_XSUB`).

use std::time::Instant;

use zmtp_core::Subscription;
use zmtp_core::pattern::{FairPeer, PeerId};
use zmtp_core::wire::SocketType;

use super::common::{common, conflating, receiving, sending};
use super::{Builder, exchange};
use crate::engine::{Door, Engine, Envelope, Letter, Pattern, Received, Seat};
use crate::error::{Error, SendError};
use crate::message::Message;
use crate::monitor::CloseReason;
use crate::options::Options;
use crate::slots::Table;
use crate::topics::Counted;

/// A socket that receives what it subscribed to: messages whose first part begins with one of its
/// topics.
///
/// Without a subscription nothing comes; the empty topic stands for everything. Subscriptions are
/// counted, told to every publisher, and told again after each reconnection.
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Pub, Sub};
///
/// let mut publisher = Pub::builder().bind("tcp://127.0.0.1:*")?;
/// let endpoint = publisher.endpoints().next().unwrap().to_string();
/// let mut sub = Sub::builder().topic("weather.").connect(&endpoint)?;
/// # let sub = std::thread::spawn(move || {
/// #     sub.recv_timeout(Duration::from_secs(5)).unwrap().unwrap()
/// # });
/// publisher.wait_for_subscribers(1, Duration::from_secs(5))?;
/// publisher.send("weather.berlin 17 °C")?;
/// # drop(publisher);
/// # assert_eq!(sub.join().unwrap().text(), Ok("weather.berlin 17 °C"));
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
#[derive(Debug)]
pub struct Sub {
    pub(super) engine: Seat<Rules<true>>,
}

/// A [`Sub`] whose application handles subscriptions as messages and may send messages of its own
/// to the publishers. It does not filter: what the publishers send is received. Made for proxies.
#[derive(Debug)]
pub struct Xsub {
    pub(super) engine: Seat<Rules<false>>,
    /// Peers that a message goes to; kept for its memory.
    to: Vec<PeerId>,
}

/// The rules of both; `FILTERS` says whether what nobody subscribed to is dropped.
#[derive(Debug)]
pub(super) struct Rules<const FILTERS: bool> {
    sub: zmtp_core::pattern::Subscribe<Table<FairPeer>, Counted>,
    invert: bool,
}

impl<const FILTERS: bool> Pattern for Rules<FILTERS> {
    const SOCKET_TYPE: SocketType = if FILTERS { SocketType::Sub } else { SocketType::Xsub };
    const KEEPS_UNSENT: bool = true;

    fn dialled(&mut self, peer: PeerId) {
        // A growing table always has room.
        let _ = self.sub.attach(peer);
    }

    fn up(&mut self, door: &mut Door<'_>) -> Result<(), CloseReason> {
        if door.accepted {
            let _ = self.sub.attach(door.peer);
        }
        self.sub.replay(|topic| door.send(subscription(Subscription::Subscribe, topic)));
        Ok(())
    }

    fn down(&mut self, _: &mut Door<'_>, _: usize) {}

    fn closed(&mut self, door: &mut Door<'_>) {
        if !door.has_letters() {
            self.sub.detach(door.peer);
        }
    }

    fn drained(&mut self, peer: PeerId) {
        self.sub.detach(peer);
    }

    fn received(&mut self, _: &mut Door<'_>, message: &Message) -> Result<Received, CloseReason> {
        let subject = message.part(0).unwrap_or_default();
        let wanted = !FILTERS || self.sub.wants(subject) != self.invert;
        Ok(if wanted { Received::Queue } else { Received::NotSubscribed })
    }

    fn queued(&mut self, peer: PeerId) {
        self.sub.received(peer);
    }
}

fn subscription(what: Subscription, topic: &[u8]) -> Letter {
    Letter { envelope: Envelope::Subscription(what), message: Message::from(topic) }
}

common!(Sub, Own);
receiving!(Sub, "the next message");
conflating!(Sub);
common!(Xsub, ());
receiving!(Xsub, "the next message");
sending!(
    Xsub,
    "to every publisher, or changes what is subscribed to: a single part of the byte 1 and a topic subscribes, of 0 and a topic cancels",
    "for nothing: what a publisher's full queue does not take is dropped for that one and counted. In no case"
);

/// Settings of a SUB alone.
#[derive(Clone, Debug, Default)]
#[expect(unnameable_types, reason = "set through the builder")]
pub struct Own {
    topics: Vec<Vec<u8>>,
    invert: bool,
}

impl Builder<Sub> {
    /// Subscribes to a topic. Call it once for each.
    #[must_use]
    pub fn topic(mut self, topic: impl AsRef<[u8]>) -> Self {
        self.own.topics.push(topic.as_ref().to_vec());
        self
    }

    /// Receives what matches no topic instead (`ZMQ_INVERT_MATCHING`); set it on both ends.
    #[must_use]
    pub const fn invert_matching(mut self, invert: bool) -> Self {
        self.own.invert = invert;
        self
    }
}

impl Sub {
    fn with(options: Options, own: Own) -> Result<Self, Error> {
        let sub = zmtp_core::pattern::Subscribe::new(Table::new(), Counted::new());
        let mut socket = Self { engine: Seat::new(Rules { sub, invert: own.invert }, options)? };
        for topic in own.topics {
            socket.subscribe(topic);
        }
        Ok(socket)
    }

    /// Asks for messages whose first part begins with `topic` (`ZMQ_SUBSCRIBE`). Subscriptions to
    /// one topic are counted.
    pub fn subscribe(&mut self, topic: impl AsRef<[u8]>) {
        subscribe(&mut self.engine.enter(), topic.as_ref());
    }

    /// Takes a subscription back (`ZMQ_UNSUBSCRIBE`): with the last one to a topic its messages
    /// end. What was not subscribed to is no error.
    pub fn unsubscribe(&mut self, topic: impl AsRef<[u8]>) {
        unsubscribe(&mut self.engine.enter(), topic.as_ref());
    }

    /// How many different topics are subscribed to (`ZMQ_TOPICS_COUNT`).
    pub fn topic_count(&self) -> usize {
        self.engine.look().pattern.sub.topics().topic_count()
    }

    fn recv_until(&mut self, deadline: Option<Instant>) -> Result<Option<Message>, Error> {
        exchange::receive(&mut self.engine.enter(), deadline, |rules| rules.sub.take())
    }

    pub(super) fn ready(&self) -> (bool, bool) {
        let engine = self.engine.look();
        (engine.pattern.sub.may_take(), false)
    }
}

fn subscribe<const FILTERS: bool>(engine: &mut Engine<Rules<FILTERS>>, topic: &[u8]) {
    // The store grows.
    let _ = engine.pattern.sub.subscribe(topic);
    engine.subscribe(Subscription::Subscribe, topic);
}

fn unsubscribe<const FILTERS: bool>(engine: &mut Engine<Rules<FILTERS>>, topic: &[u8]) {
    if engine.pattern.sub.cancel(topic) {
        engine.subscribe(Subscription::Cancel, topic);
    }
}

impl Xsub {
    fn with(options: Options, (): ()) -> Result<Self, Error> {
        let sub = zmtp_core::pattern::Subscribe::new(Table::new(), Counted::new());
        Ok(Self { engine: Seat::new(Rules { sub, invert: false }, options)?, to: Vec::new() })
    }

    /// As [`Sub::subscribe`].
    pub fn subscribe(&mut self, topic: impl AsRef<[u8]>) {
        subscribe(&mut self.engine.enter(), topic.as_ref());
    }

    /// As [`Sub::unsubscribe`].
    pub fn unsubscribe(&mut self, topic: impl AsRef<[u8]>) {
        unsubscribe(&mut self.engine.enter(), topic.as_ref());
    }

    /// How many different topics are subscribed to (`ZMQ_TOPICS_COUNT`).
    pub fn topic_count(&self) -> usize {
        self.engine.look().pattern.sub.topics().topic_count()
    }

    fn send_until(&mut self, message: Message, _: Option<Instant>) -> Result<(), SendError> {
        match (message.part_count(), message.bytes()) {
            (0, _) => return Err(SendError::new(Error::EmptyMessage, message)),
            (1, [1, topic @ ..]) => self.subscribe(topic),
            (1, [0, topic @ ..]) => self.unsubscribe(topic),
            _ => {
                let mut engine = self.engine.enter();
                if let Err(error) = engine.share_sending() {
                    return Err(SendError::new(error, message));
                }
                engine.ready_peers(&mut self.to);
                exchange::send_copies(&mut engine, &self.to, message);
            }
        }
        Ok(())
    }

    fn recv_until(&mut self, deadline: Option<Instant>) -> Result<Option<Message>, Error> {
        exchange::receive(&mut self.engine.enter(), deadline, |rules| rules.sub.take())
    }

    pub(super) fn ready(&self) -> (bool, bool) {
        let engine = self.engine.look();
        (engine.pattern.sub.may_take(), true)
    }
}
