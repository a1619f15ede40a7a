//! SUB and XSUB: what is subscribed to, and what comes of it (RFC 29, `ZMQ_SUB`, `ZMQ_XSUB`).

use super::Builder;
use super::common::{common, conflating, receiving, sending};
use crate::engine::SharedEngine;
use crate::error::Error;
use crate::exchange;
use crate::options::Options;
use crate::pattern::{AnyPattern, SubscribeOptions};

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
    pub(super) engine: SharedEngine,
}

/// A [`Sub`] whose application handles subscriptions as messages and may send messages of its own
/// to the publishers. It does not filter: what the publishers send is received. Made for proxies.
#[derive(Debug)]
pub struct Xsub {
    pub(super) engine: SharedEngine,
}

common!(Sub, SubscribeOptions);
receiving!(Sub, "the next message");
conflating!(Sub);
common!(Xsub, ());
receiving!(Xsub, "the next message");
sending!(
    Xsub,
    "to every publisher, or changes what is subscribed to: a single part of the byte 1 and a topic subscribes, of 0 and a topic cancels",
    "for nothing: what a publisher's full queue does not take is dropped for that one and counted. In no case"
);

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
    fn with(options: Options, own: SubscribeOptions) -> Result<Self, Error> {
        let pattern = AnyPattern::subscribe(own);
        Ok(Self { engine: SharedEngine::new(pattern, options)? })
    }

    /// Asks for messages whose first part begins with `topic` (`ZMQ_SUBSCRIBE`). Subscriptions to
    /// one topic are counted.
    pub fn subscribe(&mut self, topic: impl AsRef<[u8]>) {
        // Both types subscribe.
        let _ = exchange::subscribe(&self.engine, topic.as_ref());
    }

    /// Takes a subscription back (`ZMQ_UNSUBSCRIBE`): with the last one to a topic its messages
    /// end. What was not subscribed to is no error.
    pub fn unsubscribe(&mut self, topic: impl AsRef<[u8]>) {
        // Both types subscribe.
        let _ = exchange::unsubscribe(&self.engine, topic.as_ref());
    }

    /// How many different topics are subscribed to (`ZMQ_TOPICS_COUNT`).
    pub fn topic_count(&self) -> usize {
        self.engine.look().pattern.topic_count()
    }
}

impl Xsub {
    fn with(options: Options, (): ()) -> Result<Self, Error> {
        let pattern = AnyPattern::xsubscribe();
        Ok(Self { engine: SharedEngine::new(pattern, options)? })
    }

    /// As [`Sub::subscribe`].
    pub fn subscribe(&mut self, topic: impl AsRef<[u8]>) {
        // Both types subscribe.
        let _ = exchange::subscribe(&self.engine, topic.as_ref());
    }

    /// As [`Sub::unsubscribe`].
    pub fn unsubscribe(&mut self, topic: impl AsRef<[u8]>) {
        // Both types subscribe.
        let _ = exchange::unsubscribe(&self.engine, topic.as_ref());
    }

    /// How many different topics are subscribed to (`ZMQ_TOPICS_COUNT`).
    pub fn topic_count(&self) -> usize {
        self.engine.look().pattern.topic_count()
    }
}
