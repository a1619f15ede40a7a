//! SUB and XSUB: subscribe to topics and receive messages.

use super::kind::{HasTopics, Subscribes};
use super::{Builder, Socket, kind};
use crate::exchange;
use crate::options::HighWaterMark;

/// SUB: receives the messages whose first part begins with one of its topics (RFC 29, `ZMQ_SUB`).
///
/// Without a subscription it receives nothing. The empty topic matches every message. A topic that is
/// subscribed to several times must be cancelled as often. Subscriptions are sent to every publisher, and
/// again after each reconnection.
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Pub, Sub};
///
/// let mut publisher = Pub::builder().bind("tcp://127.0.0.1:*")?;
/// let mut sub = Sub::builder().topic("weather.").connect(publisher.last_endpoint().unwrap())?;
/// # let sub = std::thread::spawn(move || {
/// #     sub.recv_timeout(Duration::from_secs(5)).unwrap().unwrap()
/// # });
/// publisher.wait_for_subscribers(1, Duration::from_secs(5))?;
/// publisher.send("weather.berlin 17 °C")?;
/// # drop(publisher);
/// # assert_eq!(sub.join().unwrap().text(), Ok("weather.berlin 17 °C"));
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
pub type Sub = Socket<kind::Sub>;

/// XSUB: a [`Sub`] whose application sends subscriptions as messages, and may send other messages to
/// the publishers (RFC 29, `ZMQ_XSUB`). Its main use is in proxies.
///
/// It does not filter: it receives everything that the publishers send. Sending one part of the byte 1 and
/// a topic subscribes to the topic. Sending one part of the byte 0 and a topic cancels the subscription.
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Pub, Xsub};
///
/// let mut publisher = Pub::builder().bind("inproc://everything")?;
/// let mut xsub = Xsub::builder().connect("inproc://everything")?;
/// xsub.send(b"\x01sport")?;
/// publisher.wait_for_subscribers(1, Duration::from_secs(5))?;
/// publisher.send("sport: 2:1")?;
/// assert_eq!(xsub.recv()?.text(), Ok("sport: 2:1"));
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
pub type Xsub = Socket<kind::Xsub>;

impl Builder<kind::Sub> {
    /// Subscribes to a topic. Call it once for each topic.
    #[must_use]
    pub fn topic(mut self, topic: impl AsRef<[u8]>) -> Self {
        self.own.subscribe.topics.push(topic.as_ref().to_vec());
        self
    }

    /// Sets [`Options::send_mark`](crate::Options::send_mark), which limits the subscriptions that are queued
    /// for a publisher. A subscription beyond it closes the connection; after a reconnection, all
    /// subscriptions are sent again.
    #[must_use]
    pub fn send_mark(mut self, mark: HighWaterMark) -> Self {
        self.options.send_mark = mark;
        self
    }

    /// Receives the messages that match no topic (`ZMQ_INVERT_MATCHING`). Off by default. Set it at both ends.
    #[must_use]
    pub fn invert_matching(mut self, invert: bool) -> Self {
        self.own.subscribe.invert = invert;
        self
    }
}

impl Builder<kind::Xsub> {
    /// Sends every cancellation to the publishers, also while the socket has other subscriptions to the topic, and if it
    /// has none (`ZMQ_XSUB_VERBOSE_UNSUBSCRIBE`). Off by default: only the last one is sent. A publisher ends all
    /// subscriptions of a peer to a topic at the first cancellation, so that this is for publishers whose application
    /// counts the reports of a [manual](Builder::manual) XPUB.
    #[must_use]
    pub fn all_cancellations(mut self, all: bool) -> Self {
        self.own.subscribe.all_cancellations = all;
        self
    }
}

/// Subscriptions.
impl<K: Subscribes> Socket<K> {
    /// Subscribes to messages whose first part begins with `topic` (`ZMQ_SUBSCRIBE`). Each subscription to
    /// the same topic must be cancelled. Has no effect in a forked child and after a shutdown of the context.
    pub fn subscribe(&mut self, topic: impl AsRef<[u8]>) {
        // Both kinds subscribe.
        let _ = exchange::subscribe(self.engine(), topic.as_ref());
    }

    /// Cancels one subscription to a topic (`ZMQ_UNSUBSCRIBE`). When none is left, messages of the topic are
    /// no longer received, unless another topic matches them. A topic without a subscription is ignored.
    pub fn unsubscribe(&mut self, topic: impl AsRef<[u8]>) {
        // Both kinds subscribe.
        let _ = exchange::unsubscribe(self.engine(), topic.as_ref());
    }
}

/// Topics.
impl<K: HasTopics> Socket<K> {
    /// Returns the number of different topics (`ZMQ_TOPICS_COUNT`): for a PUB or XPUB, the topics that its
    /// peers subscribed to; for a SUB or XSUB, its own.
    pub fn topic_count(&self) -> usize {
        self.engine().look().map_or(0, |engine| engine.pattern.topic_count())
    }
}
