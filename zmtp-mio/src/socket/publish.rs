//! PUB and XPUB: send each message to all peers that subscribed to it.

use core::time::Duration;

use zmtp_core::pattern::Reports;

use super::kind::Publishes;
use super::{Builder, Socket, kind};
use crate::error::Error;
use crate::exchange;
use crate::message::Message;

/// PUB: sends each message to all peers that subscribed to a prefix of its first part (RFC 29,
/// `ZMQ_PUB`). See [`Sub`](crate::Sub).
///
/// Sending does not wait, unless [`Builder::no_drop`] is set. The message is dropped and counted for each
/// subscriber whose queue is full. The high-water mark is exact: nothing is dropped before a queue reaches
/// it. A message that no peer subscribed to is dropped without being counted.
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Pub, Sub};
///
/// let mut publisher = Pub::builder().bind("inproc://news")?;
/// let mut sub = Sub::builder().topic("sport").connect("inproc://news")?;
/// // Messages before the subscription arrives have no receiver.
/// publisher.wait_for_subscribers(1, Duration::from_secs(5))?;
/// publisher.send("weather: rain")?;
/// publisher.send("sport: 2:1")?;
/// assert_eq!(sub.recv()?.text(), Ok("sport: 2:1"));
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
pub type Pub = Socket<kind::Pub>;

/// XPUB: a [`Pub`] whose application receives the subscriptions, and the messages that XSUB peers
/// send (RFC 29, `ZMQ_XPUB`). Its main use is in proxies.
///
/// A subscription is received as a message of one part: the byte 1 and the topic. A cancellation is the
/// byte 0 and the topic. By default, only the first subscription to a topic and the last cancellation are
/// received; see [`Builder::reports`].
///
/// ```
/// use zmtp_mio::{Sub, Xpub};
///
/// let mut publisher = Xpub::builder().bind("inproc://requests")?;
/// let sub = Sub::builder().topic("sport").connect("inproc://requests")?;
/// assert_eq!(publisher.recv()?.bytes(), Some(b"\x01sport".as_slice()));
/// drop(sub);
/// assert_eq!(publisher.recv()?.bytes(), Some(b"\0sport".as_slice()));
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
pub type Xpub = Socket<kind::Xpub>;

impl<K: Publishes> Builder<K> {
    /// Waits for subscribers whose queues are full instead of dropping their messages
    /// (`ZMQ_XPUB_NODROP`). Off by default.
    #[must_use]
    pub fn no_drop(mut self, no_drop: bool) -> Self {
        self.own.publish.no_drop = no_drop;
        self
    }

    /// Sends each message to the peers that did *not* subscribe to it (`ZMQ_INVERT_MATCHING`). Off by default.
    /// Set it at both ends.
    #[must_use]
    pub fn invert_matching(mut self, invert: bool) -> Self {
        self.own.publish.invert = invert;
        self
    }
}

impl Builder<kind::Xpub> {
    /// Sets which subscriptions and cancellations are received (`ZMQ_XPUB_VERBOSE`,
    /// `ZMQ_XPUB_VERBOSER`). The default is [`Reports::Changes`].
    ///
    /// With [`Reports::All`], the numbers of subscriptions and cancellations of a topic become the same when all its
    /// subscribers have left, also of those behind a forwarder ([`Proxy`](crate::Proxy) of an XSUB and an XPUB): one
    /// CANCEL of a peer is reported as often as its subscriptions were. An XSUB sends CANCEL when its last subscriber has
    /// left; until then the publisher counts those that left before. Repeated subscriptions count towards
    /// [`max_subscriptions`](crate::Options::max_subscriptions).
    ///
    /// With [`Reports::Subscriptions`], the one cancellation stands for all subscriptions. A loop of the application that
    /// forwards to an XSUB needs one of the other settings; a `Proxy` works with each.
    #[must_use]
    pub fn reports(mut self, reports: Reports) -> Self {
        self.own.publish.reports = reports;
        self
    }

    /// Lets the application decide about subscriptions (`ZMQ_XPUB_MANUAL`). Off by default. The application
    /// receives the requests of the peers, and changes the topics of a peer with [`Xpub::subscribe`] and
    /// [`Xpub::unsubscribe`].
    #[must_use]
    pub fn manual(mut self, manual: bool) -> Self {
        self.own.publish.manual = manual;
        self
    }

    /// As [`Builder::manual`], and the next message goes only to the peer whose request was received last, if the message
    /// matches its topics (`ZMQ_XPUB_MANUAL_LAST_VALUE`): for example the last value of the topic. Off by default. The
    /// messages after it go to all peers, until the next request is received; [`Xpub::subscribe`] and
    /// [`Xpub::unsubscribe`] have no effect until then.
    ///
    /// ```
    /// use core::time::Duration;
    /// use zmtp_mio::{Sub, Xpub};
    ///
    /// let mut cache = Xpub::builder().manual_last_value(true).bind("inproc://cache")?;
    /// let mut sub = Sub::builder().topic("price").connect("inproc://cache")?;
    /// let request = cache.recv()?;
    /// cache.subscribe(&request.bytes().unwrap()[1..]);
    /// // Only the new subscriber gets the last value.
    /// cache.send("price 7")?;
    /// // Every subscriber gets the next one.
    /// cache.send("price 8")?;
    /// # let timeout = Duration::from_secs(5);
    /// assert_eq!(sub.recv_string(timeout)?.as_deref(), Some("price 7"));
    /// assert_eq!(sub.recv_string(timeout)?.as_deref(), Some("price 8"));
    /// # Ok::<(), zmtp_mio::Error>(())
    /// ```
    #[must_use]
    pub fn manual_last_value(mut self, on: bool) -> Self {
        (self.own.publish.manual, self.own.publish.answers_last) = (on, on);
        self
    }

    /// Sends this message to each new peer (`ZMQ_XPUB_WELCOME_MSG`). None by default. A SUB drops it unless it
    /// has a matching subscription.
    #[must_use]
    pub fn welcome(mut self, message: impl Into<Message>) -> Self {
        self.own.publish.welcome = Some(message.into());
        self
    }
}

/// Subscribers.
impl<K: Publishes> Socket<K> {
    /// Waits until at least `n` peers have a subscription. Returns `false` if `timeout` ends before. A
    /// message that is sent before the subscription of a peer arrives is not sent to that peer.
    ///
    /// # Errors
    ///
    /// [`Error::Woken`], [`Error::Stopped`], [`Error::Io`].
    pub fn wait_for_subscribers(&mut self, n: usize, timeout: Duration) -> Result<bool, Error> {
        exchange::wait_for_subscribers(self.engine(), n, Some(timeout))
    }
}

/// Subscriptions of peers, for a [manual](Builder::manual) socket.
impl Socket<kind::Xpub> {
    /// Adds a topic to the peer whose request was received last. Returns `false` if the socket is not
    /// [manual](Builder::manual), or the peer has disconnected or reached
    /// [`Options::max_subscriptions`](crate::Options::max_subscriptions).
    pub fn subscribe(&mut self, topic: impl AsRef<[u8]>) -> bool {
        exchange::grant(self.engine(), topic.as_ref()).unwrap_or(false)
    }

    /// Removes a topic from the peer whose request was received last. Returns `false` if the socket is not
    /// [manual](Builder::manual), or the peer has disconnected or does not have the topic.
    pub fn unsubscribe(&mut self, topic: impl AsRef<[u8]>) -> bool {
        exchange::revoke(self.engine(), topic.as_ref()).unwrap_or(false)
    }
}
