//! RADIO and DISH: messages of one part to all members of a group.

use core::time::Duration;

use super::{Builder, ThreadSafeSocket, kind};
use crate::error::{Error, SendError};
use crate::exchange;
use crate::message::Message;
use crate::options::HighWaterMark;

/// RADIO: sends each message to all DISH peers that joined its [group](Message::group) (RFC 48, `ZMQ_RADIO`).
///
/// Messages have one part. Several threads may use the socket at the same time. Sending does not wait, unless
/// [`no_drop`](Builder::no_drop) is set: a message is dropped and counted for each peer whose queue is full. A message of
/// a group without members is dropped without being counted.
///
/// A RADIO that is connected to an endpoint of [`udp://`](crate::Endpoint::Udp) sends the messages of all groups to it, one
/// datagram each. Then a message and its group may have 8,191 bytes together, and the group 127.
pub type Radio = ThreadSafeSocket<kind::Radio>;

/// DISH: receives the messages of the groups that it joined from its RADIO peers in turn (RFC 48, `ZMQ_DISH`).
///
/// Groups are compared as a whole, unlike the topics of a [`Sub`](crate::Sub). Messages have one part. Several threads may
/// use the socket at the same time. A DISH that is bound to an endpoint of [`udp://`](crate::Endpoint::Udp) receives the
/// datagrams of every RADIO there, drops those of groups that it has not joined, and counts them.
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Dish, Radio};
///
/// let radio = Radio::builder().bind("inproc://station")?;
/// let dish = Dish::builder().connect("inproc://station")?;
/// dish.join("news")?;
/// let timeout = Duration::from_secs(5);
/// radio.wait_for_members(1, timeout)?;
/// radio.send_to("sports", "not received")?;
/// radio.send_to("news", "it rains")?;
/// let message = dish.recv_timeout(timeout)?.unwrap();
/// assert_eq!((message.group(), message.text()), (&b"news"[..], Ok("it rains")));
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
pub type Dish = ThreadSafeSocket<kind::Dish>;

impl<S> Builder<kind::Radio, S> {
    /// Waits for members whose queues are full instead of dropping their messages (`ZMQ_XPUB_NODROP`). Off by default.
    #[must_use]
    pub fn no_drop(mut self, no_drop: bool) -> Self {
        self.own.publish.no_drop = no_drop;
        self
    }

    /// Sets how many groups one peer may join, and their bytes:
    /// [`Options::max_subscriptions`](crate::Options::max_subscriptions) and
    /// [`Options::max_subscription_bytes`](crate::Options::max_subscription_bytes).
    #[must_use]
    pub fn max_groups(
        mut self,
        groups: impl Into<Option<usize>>,
        bytes: impl Into<Option<usize>>,
    ) -> Self {
        self.options.max_subscriptions = groups.into();
        self.options.max_subscription_bytes = bytes.into();
        self
    }
}

impl<S> Builder<kind::Dish, S> {
    /// Sets [`Options::send_mark`](crate::Options::send_mark), which limits the JOIN and LEAVE commands that are queued
    /// for a RADIO. A command beyond it closes the connection; after a reconnection, all groups are joined again.
    #[must_use]
    pub fn send_mark(mut self, mark: HighWaterMark) -> Self {
        self.options.send_mark = mark;
        self
    }
}

impl Radio {
    /// Sends a message of one part to all members of a group, in place of the group of the message.
    ///
    /// # Errors
    ///
    /// [`Error::Group`] if the name of the group has more than 255 bytes or one of them is 0, and those of
    /// [`Self::send`].
    pub fn send_to(
        &self,
        group: impl AsRef<[u8]>,
        message: impl Into<Message>,
    ) -> Result<(), SendError> {
        let mut message = message.into();
        match message.set_group(group) {
            Ok(()) => self.send(message),
            Err(error) => Err(SendError::new(Error::Group(error), message)),
        }
    }

    /// Waits until at least `n` peers have joined a group. Returns `false` if `timeout` ends before. A message that is
    /// sent before the JOIN of a peer arrives is not sent to that peer. An endpoint of UDP counts as a peer from
    /// [`connect`](Self::connect) on, whether or not anything receives there.
    ///
    /// # Errors
    ///
    /// [`Error::Woken`], [`Error::Stopped`], [`Error::Io`].
    pub fn wait_for_members(&self, n: usize, timeout: Duration) -> Result<bool, Error> {
        exchange::wait_for_subscribers(self.engine(), n, Some(timeout))
    }
}

impl Dish {
    /// Joins a group (`zmq_join`): from now on, its messages are received. The group has up to 255 bytes, of which none
    /// is 0; it may be empty.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadyJoined`], [`Error::Group`], and [`Error::Stopped`] after a close.
    pub fn join(&self, group: impl AsRef<[u8]>) -> Result<(), Error> {
        exchange::join(self.engine(), group.as_ref())
    }

    /// Leaves a group (`zmq_leave`). Queued messages of the group are not received any more, and counted as
    /// [`not_subscribed`](crate::DroppedMessages::not_subscribed).
    ///
    /// # Errors
    ///
    /// [`Error::NotJoined`], [`Error::Group`], and [`Error::Stopped`] after a close.
    pub fn leave(&self, group: impl AsRef<[u8]>) -> Result<(), Error> {
        exchange::leave(self.engine(), group.as_ref())
    }
}
