//! ROUTER: sends to the peer that is named, says who sent what (RFC 28, `ZMQ_ROUTER`).

use core::time::Duration;

use zmtp_core::wire::RoutingId;

use super::Builder;
use super::common::{common, corking, probing, receiving, sending};
use crate::engine::SharedEngine;
use crate::error::{Error, SendError};
use crate::exchange;
use crate::message::Message;
use crate::options::Options;
use crate::pattern::{AnyPattern, RouterOptions};

/// A socket whose messages begin with a peer's routing id: of a message received, the sender's; of
/// one to send, the receiver's.
///
/// A peer that gives itself no routing id gets one of five bytes, the first of them 0. A peer
/// whose id another has is closed, with the event [`CloseReason::RoutingIdInUse`], unless ids are
/// [handed over](Builder::handover). A message to somebody unknown, or to a peer whose queue is
/// full, is dropped and counted, unless sending is [mandatory](Builder::mandatory).
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Dealer, Router};
///
/// let mut router = Router::builder().bind("tcp://127.0.0.1:*")?;
/// let endpoint = router.endpoints().next().unwrap().to_string();
/// let mut dealer = Dealer::builder().connect(&endpoint)?;
/// dealer.send("hello")?;
/// # let dealer = std::thread::spawn(move || {
/// #     dealer.recv_timeout(Duration::from_secs(5)).unwrap().unwrap()
/// # });
/// let message = router.recv_timeout(Duration::from_secs(5))?.unwrap();
/// let (who, what) = (message.part(0).unwrap(), message.part(1).unwrap());
/// assert_eq!(what, b"hello");
/// router.send([who, b"welcome"].iter().collect::<zmtp_mio::Message>())?;
/// # drop(router);
/// # assert_eq!(dealer.join().unwrap().text(), Ok("welcome"));
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
#[derive(Debug)]
pub struct Router {
    pub(super) engine: SharedEngine,
}

common!(Router, RouterOptions);
sending!(
    Router,
    "to the peer that its first part names",
    "for room in that peer's queue, if sending is [mandatory](Builder::mandatory): it never waits otherwise"
);
receiving!(Router, "the next message, its sender's routing id in front");
corking!(Router);
probing!(Router);

impl Builder<Router> {
    /// Tells of messages that have no way, instead of dropping them: [`Error::Unroutable`] if
    /// nobody is called so, and sending waits for a peer whose queue is full
    /// (`ZMQ_ROUTER_MANDATORY`).
    #[must_use]
    pub const fn mandatory(mut self, mandatory: bool) -> Self {
        self.own.mandatory = mandatory;
        self
    }

    /// Lets a newcomer take the routing id of a peer that has it; that peer is closed
    /// (`ZMQ_ROUTER_HANDOVER`).
    #[must_use]
    pub const fn handover(mut self, handover: bool) -> Self {
        self.own.handover = handover;
        self
    }

    /// Says who comes and goes: a message of the peer's routing id and an empty part
    /// (`ZMQ_ROUTER_NOTIFY`).
    #[must_use]
    pub const fn notify(mut self, connect: bool, disconnect: bool) -> Self {
        (self.own.notify_connect, self.own.notify_disconnect) = (connect, disconnect);
        self
    }
}

impl Router {
    fn with(options: Options, own: RouterOptions) -> Result<Self, Error> {
        let pattern = AnyPattern::router(own);
        Ok(Self { engine: SharedEngine::new(pattern, options)? })
    }

    /// Dials an endpoint as [`Router::connect`] does, and calls whoever is there `id`, whatever it
    /// calls itself (`ZMQ_CONNECT_ROUTING_ID`). Messages may queue for it at once.
    ///
    /// # Errors
    ///
    /// [`Error::RoutingIdInUse`], and those of [`Router::connect`].
    pub fn connect_as(&mut self, endpoint: &str, id: RoutingId) -> Result<(), Error> {
        let endpoint = crate::Endpoint::to_dial(endpoint)?;
        exchange::connect_as(&self.engine, endpoint, id)
    }

    /// As [`Router::send_timeout`], with the routing id apart.
    ///
    /// # Errors
    ///
    /// As [`Router::send_timeout`]; the message that comes back begins with the routing id.
    pub fn send_to(
        &mut self,
        id: &[u8],
        message: impl Into<Message>,
        timeout: Duration,
    ) -> Result<(), SendError> {
        let mut addressed = Message::from(id);
        addressed.extend(message.into().parts());
        self.send_timeout(addressed, timeout)
    }
}
