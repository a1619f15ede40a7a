//! ROUTER: sends each message to the peer with the routing id in its first part.

use core::time::Duration;

use zmtp_core::wire::RoutingId;

use super::kind::Routes;
use super::{Builder, Socket, kind};
use crate::endpoint::Endpoint;
use crate::error::{Error, SendError};
use crate::exchange;
use crate::message::Message;

/// ROUTER: sends each message to the peer whose routing id is the first part, and puts the routing id of
/// the sender in front of each received message (RFC 28, `ZMQ_ROUTER`).
///
/// A peer that announces no routing id gets one of five bytes, the first of them 0. The connection of a
/// peer whose routing id is in use is closed with the reason
/// [`CloseReason::RoutingIdInUse`](crate::CloseReason::RoutingIdInUse), unless
/// [`Builder::handover`] is set. A message to an unknown peer, or to a peer whose queue is full, is
/// dropped and counted, unless [`Builder::mandatory`] is set.
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Dealer, Router};
///
/// let mut router = Router::builder().bind("tcp://127.0.0.1:*")?;
/// let mut dealer = Dealer::builder().connect(router.last_endpoint().unwrap())?;
/// dealer.send("hello")?;
/// # let dealer = std::thread::spawn(move || {
/// #     dealer.recv_timeout(Duration::from_secs(5)).unwrap().unwrap()
/// # });
/// let message = router.recv_timeout(Duration::from_secs(5))?.unwrap();
/// let (id, body) = (message.part(0).unwrap(), message.part(1).unwrap());
/// assert_eq!(body, b"hello");
/// router.send([id, b"welcome"])?;
/// # drop(router);
/// # assert_eq!(dealer.join().unwrap().text(), Ok("welcome"));
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
pub type Router = Socket<kind::Router>;

impl Builder<kind::Router> {
    /// Returns [`Error::Unroutable`] from a send if no peer has the routing id, and waits while the queue of
    /// the peer is full, instead of dropping the message (`ZMQ_ROUTER_MANDATORY`). Off by default.
    #[must_use]
    pub fn mandatory(mut self, mandatory: bool) -> Self {
        self.own.router.mandatory = mandatory;
        self
    }

    /// Gives a routing id that is in use to the new peer that announces it, and closes the connection of
    /// the old one (`ZMQ_ROUTER_HANDOVER`). Off by default.
    #[must_use]
    pub fn handover(mut self, handover: bool) -> Self {
        self.own.router.handover = handover;
        self
    }

    /// Sends an empty message to each new peer (`ZMQ_PROBE_ROUTER`). Off by default.
    #[must_use]
    pub fn probe_router(mut self, probe: bool) -> Self {
        self.own.router.probe = probe;
        self
    }

    /// Sends this message to each new peer, before all others (`ZMQ_HELLO_MSG`). None by default. After a reconnection it
    /// is sent again. Unlike in libzmq, it may have several parts.
    #[must_use]
    pub fn hello_message(mut self, message: impl Into<Message>) -> Self {
        self.own.router.hello = Some(message.into());
        self
    }

    /// Delivers this message when the connection of a peer that had connected to this socket ends
    /// (`ZMQ_DISCONNECT_MSG`): the routing id of the peer, and the parts of the message. None by default. It is received
    /// after the messages that arrived before.
    #[must_use]
    pub fn disconnect_message(mut self, message: impl Into<Message>) -> Self {
        self.own.router.disconnect = Some(message.into());
        self
    }

    /// Delivers a message when a peer connects, and when it disconnects: its routing id and an empty part
    /// (`ZMQ_ROUTER_NOTIFY`). Both are off by default.
    #[must_use]
    pub fn notify(mut self, connect: bool, disconnect: bool) -> Self {
        (self.own.router.notify_connect, self.own.router.notify_disconnect) = (connect, disconnect);
        self
    }
}

/// Sending by routing id.
impl<K: Routes> Socket<K> {
    /// Connects to an endpoint and gives its peer this routing id, in place of the one that the peer
    /// announces (`ZMQ_CONNECT_ROUTING_ID`). Messages to the peer are queued until it is connected.
    ///
    /// # Errors
    ///
    /// [`Error::RoutingIdInUse`] if a peer has this routing id, and those of [`Socket::connect`].
    pub fn connect_as<E>(&mut self, endpoint: E, id: RoutingId) -> Result<(), Error>
    where
        E: TryInto<Endpoint, Error: Into<Error>>,
    {
        let endpoint = self.remote(endpoint)?;
        exchange::connect_as(self.engine(), endpoint, id)
    }

    /// As [`Socket::send_timeout`], and puts the routing id in front of the message. The message in an error
    /// begins with the routing id too.
    ///
    /// # Errors
    ///
    /// As [`Socket::send_timeout`].
    pub fn send_to(
        &mut self,
        id: &[u8],
        message: impl Into<Message>,
        timeout: Duration,
    ) -> Result<(), SendError> {
        let mut message = message.into();
        message.push_front(id);
        self.send_timeout(message, timeout)
    }
}
