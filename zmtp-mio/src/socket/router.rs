//! ROUTER: sends to the peer that is named.

use core::time::Duration;

use zmtp_core::wire::RoutingId;

use super::kind::Routes;
use super::{Builder, Socket, kind};
use crate::endpoint::Endpoint;
use crate::error::{Error, SendError};
use crate::exchange;
use crate::message::Message;

/// ROUTER: every message begins with the routing id of a peer: of the sender for a received message,
/// of the receiver for a sent one (RFC 28, `ZMQ_ROUTER`).
///
/// A peer that announces no routing id gets one of five bytes, the first of them 0. A peer whose
/// routing id is in use is closed, with the event
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
    /// Reports messages that cannot be sent instead of dropping them (`ZMQ_ROUTER_MANDATORY`). Off by default.
    /// Sending returns [`Error::Unroutable`] if no peer has the routing id, and waits if the queue
    /// of the peer is full.
    #[must_use]
    pub fn mandatory(mut self, mandatory: bool) -> Self {
        self.own.router.mandatory = mandatory;
        self
    }

    /// Lets a new peer take over a routing id that is in use; the other peer is closed
    /// (`ZMQ_ROUTER_HANDOVER`). Off by default.
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

    /// Delivers a message for each peer that connects or disconnects: its routing id and an empty
    /// part (`ZMQ_ROUTER_NOTIFY`). Both are off by default.
    #[must_use]
    pub fn notify(mut self, connect: bool, disconnect: bool) -> Self {
        (self.own.router.notify_connect, self.own.router.notify_disconnect) = (connect, disconnect);
        self
    }
}

/// Sending to a named peer.
impl<K: Routes> Socket<K> {
    /// Connects to an endpoint, whose peer gets this routing id, whatever it announces
    /// (`ZMQ_CONNECT_ROUTING_ID`). Messages to it can be queued at once.
    ///
    /// # Errors
    ///
    /// [`Error::RoutingIdInUse`], and those of [`Socket::connect`].
    pub fn connect_as<E>(&mut self, endpoint: E, id: RoutingId) -> Result<(), Error>
    where
        E: TryInto<Endpoint, Error: Into<Error>>,
    {
        let endpoint = self.remote(endpoint)?;
        exchange::connect_as(self.engine(), endpoint, id)
    }

    /// As [`Socket::send_timeout`], with the routing id as an argument. The message of an error
    /// begins with the routing id.
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
