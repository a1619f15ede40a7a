//! STREAM: connections without ZMTP.

use zmtp_core::wire::RoutingId;

use super::{Builder, Socket, kind};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::exchange;

/// STREAM: exchanges bytes with any TCP or ipc peer, without ZMTP (`ZMQ_STREAM`).
///
/// Each connection has a routing id of five bytes, the first of them 0, unless
/// [`connect_as`](Socket::connect_as) sets another one. A received message has two parts: the routing id,
/// and the bytes of one read. A sent message begins with the routing id; the bytes of its other parts are
/// written unchanged. A message without bytes after the routing id closes the connection after all earlier
/// messages are written.
///
/// When a connection begins or the peer ends it, the socket delivers a message of the routing id and an
/// empty part, unless [`Builder::notify`] is off. If a connection to an endpoint of
/// [`connect`](Socket::connect) is lost, messages that are not written yet are dropped and counted, and
/// the socket reconnects with the same routing id.
///
/// There is no handshake, no heartbeat and no limit on the bytes of a peer. The high-water mark limits the
/// reads that are queued for the application.
///
/// ```
/// use std::io::{Read, Write};
/// use zmtp_mio::Stream;
///
/// let mut stream = Stream::builder().notify(false).bind("tcp://127.0.0.1:*")?;
/// let address = stream.last_endpoint().unwrap().to_string().replace("tcp://", "");
/// # let client = std::thread::spawn(move || {
/// let mut client = std::net::TcpStream::connect(address)?;
/// client.write_all(b"hello")?;
/// let mut answer = String::new();
/// client.read_to_string(&mut answer)?;
/// assert_eq!(answer, "goodbye");
/// # std::io::Result::Ok(())
/// # });
/// let message = stream.recv()?;
/// let id = message.part(0).unwrap();
/// stream.send([id, b"goodbye"])?;
/// // A message without bytes closes the connection.
/// stream.send([id, b""])?;
/// # drop(stream);
/// # client.join().unwrap().unwrap();
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
pub type Stream = Socket<kind::Stream>;

impl Builder<kind::Stream> {
    /// Delivers a message when a connection begins, and when the peer ends it: its routing id and an empty
    /// part (`ZMQ_STREAM_NOTIFY`). On by default.
    #[must_use]
    pub fn notify(mut self, notify: bool) -> Self {
        self.own.stream.silent = !notify;
        self
    }
}

/// Connections.
impl Socket<kind::Stream> {
    /// As [`Socket::connect`], and returns the routing id of the connection (`ZMQ_ROUTING_ID` after
    /// `zmq_connect`). Messages to it are queued until the connection is established.
    ///
    /// # Errors
    ///
    /// Those of [`Socket::connect`].
    pub fn connect_for_id<E>(&mut self, endpoint: E) -> Result<RoutingId, Error>
    where
        E: TryInto<Endpoint, Error: Into<Error>>,
    {
        let endpoint = self.remote(endpoint)?;
        exchange::connect_for_id(self.engine(), endpoint)
    }

    /// Closes a connection after all messages sent to it are written, and does not reconnect.
    ///
    /// # Errors
    ///
    /// [`Error::Unroutable`] if no connection has this routing id.
    pub fn close_connection(&mut self, id: &[u8]) -> Result<(), Error> {
        exchange::close_connection(self.engine(), id)
    }
}
