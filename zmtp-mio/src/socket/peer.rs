//! PEER: messages of one part to and from any number of PEERs.

use super::{ThreadSafeSocket, kind};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::exchange;

/// PEER: receives messages of its peers in turn, and sends each message to the peer with its
/// [routing id](crate::Message::routing_id), as [`Server`](crate::Server) (RFC 51, `ZMQ_PEER`).
///
/// Its peers are of the same type. Messages have one part. Several threads may use the socket at the same time.
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::Peer;
///
/// let (one, other) = (Peer::new()?, Peer::new()?);
/// let endpoint = one.bind("inproc://a-peer")?;
/// let id = other.connect_peer(endpoint)?;
/// let timeout = Duration::from_secs(5);
/// other.send_to(id, "hello", timeout)?;
/// let message = one.recv_timeout(timeout)?.unwrap();
/// one.send(message.reply("hello yourself"))?;
/// let reply = other.recv_timeout(timeout)?.unwrap();
/// assert_eq!((reply.routing_id(), reply.text()), (Some(id), Ok("hello yourself")));
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
pub type Peer = ThreadSafeSocket<kind::Peer>;

impl Peer {
    /// Connects to an endpoint, as [`Self::connect`], and returns the routing id of its peer (`zmq_connect_peer`).
    /// Messages to the peer are queued until it is connected. The peer keeps the routing id when it reconnects.
    ///
    /// # Errors
    ///
    /// As [`Self::connect`].
    pub fn connect_peer<E>(&self, endpoint: E) -> Result<u32, Error>
    where
        E: TryInto<Endpoint, Error: Into<Error>>,
    {
        exchange::connect_peer(self.engine(), self.remote(endpoint)?)
    }
}
