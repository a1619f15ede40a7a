//! DEALER: sends in turn, receives in turn.

use super::{Builder, Socket, kind};
use crate::message::Message;

/// DEALER: sends to its peers in turn and receives from them in turn (RFC 28, `ZMQ_DEALER`). Sending and
/// receiving need not alternate.
///
/// The socket adds no envelope: a message to a REP must begin with an empty part. The turns of the peers are
/// those of [`Push`](crate::Push) and [`Pull`](crate::Pull).
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Dealer, Rep};
///
/// let mut rep = Rep::builder().bind("inproc://answers")?;
/// let mut dealer = Dealer::builder().connect("inproc://answers")?;
/// // Several requests, without waiting for the replies. A REP expects an empty part in front.
/// dealer.send(["", "first"])?;
/// dealer.send(["", "second"])?;
/// for _ in 0..2 {
///     let request = rep.recv()?;
///     rep.send(request)?;
/// }
/// let reply = dealer.recv_timeout(Duration::from_secs(5))?.unwrap();
/// assert_eq!(reply.part(1), Some(b"first".as_slice()));
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
pub type Dealer = Socket<kind::Dealer>;

impl Builder<kind::Dealer> {
    /// Sends an empty message to each new peer, so that the application of a ROUTER receives the routing id of
    /// this socket (`ZMQ_PROBE_ROUTER`). Off by default.
    #[must_use]
    pub fn probe_router(mut self, probe: bool) -> Self {
        self.own.dealer.probe = probe;
        self
    }

    /// Sends this message to each new peer, before all others (`ZMQ_HELLO_MSG`). None by default. After a reconnection it
    /// is sent again. Unlike in libzmq, it may have several parts.
    #[must_use]
    pub fn hello_message(mut self, message: impl Into<Message>) -> Self {
        self.own.dealer.hello = Some(message.into());
        self
    }

    /// Delivers this message when the connection to an endpoint is lost (`ZMQ_HICCUP_MSG`). None by default. It is
    /// received after the messages that arrived before. [`Socket::disconnect`] and connection attempts that fail deliver
    /// none.
    #[must_use]
    pub fn hiccup_message(mut self, message: impl Into<Message>) -> Self {
        self.own.dealer.hiccup = Some(message.into());
        self
    }
}
