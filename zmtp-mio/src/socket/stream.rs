//! STREAM: TCP connections without a protocol (`ZMQ_STREAM`).

use core::time::Duration;

use zmtp_core::wire::RoutingId;

use super::Builder;
use super::common::{common, corking, receiving, sending};
use crate::engine::SharedEngine;
use crate::error::{Error, SendError};
use crate::exchange;
use crate::message::Message;
use crate::options::Options;
use crate::pattern::{AnyPattern, StreamOptions};

/// A socket that speaks to anything on TCP, or a Unix socket, byte by byte.
///
/// Each connection has a routing id of five bytes, the first of them 0. What is received has two
/// parts: that id, and as many bytes as happened to arrive together. What is sent has the id in
/// front, and the bytes of the other parts go out as they are. Without bytes the message closes
/// the connection, after what was sent before.
///
/// Unless told [not to](Builder::notify), the socket says who comes and goes: a message of the id
/// and an empty part, for each. A connection that was dialled and is lost is dialled again, keeps
/// its id, and is announced again; what was not sent by then is dropped and counted. There is no
/// handshake, no heartbeat, and no limit to what a peer says in all: the high-water mark bounds
/// what waits to be taken, in reads.
///
/// ```
/// use core::time::Duration;
/// use std::io::{Read, Write};
/// use zmtp_mio::{Message, Stream};
///
/// let mut stream = Stream::builder().notify(false).bind("tcp://127.0.0.1:*")?;
/// let address = stream.endpoints().next().unwrap().to_string().replace("tcp://", "");
/// # let client = std::thread::spawn(move || {
/// let mut client = std::net::TcpStream::connect(address)?;
/// client.write_all(b"hello")?;
/// let mut answer = String::new();
/// client.read_to_string(&mut answer)?;
/// assert_eq!(answer, "goodbye");
/// # std::io::Result::Ok(())
/// # });
/// let message = stream.recv()?;
/// let who = message.part(0).unwrap();
/// stream.send(Message::from_parts([who, b"goodbye"]))?;
/// // Nothing to say closes.
/// stream.send(Message::from_parts([who, b""]))?;
/// # drop(stream);
/// # client.join().unwrap().unwrap();
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
#[derive(Debug)]
pub struct Stream {
    pub(super) engine: SharedEngine,
}

common!(Stream, StreamOptions);
sending!(
    Stream,
    "to the connection that its first part names, or closes that one if there are no bytes behind. [`Error::Unroutable`] (`EHOSTUNREACH`) if there is none; otherwise it sends",
    "for room in that connection's queue"
);
receiving!(Stream, "what a connection says, its routing id in front");
corking!(Stream);

impl Builder<Stream> {
    /// Whether to say who comes and goes, by a message of the routing id and an empty part
    /// (`ZMQ_STREAM_NOTIFY`); true.
    #[must_use]
    pub const fn notify(mut self, notify: bool) -> Self {
        self.own.silent = !notify;
        self
    }
}

impl Stream {
    fn with(options: Options, own: StreamOptions) -> Result<Self, Error> {
        let pattern = AnyPattern::stream(own);
        Ok(Self { engine: SharedEngine::new(pattern, options)? })
    }

    /// As [`Stream::connect`], and says what the connection is called (reading `ZMQ_ROUTING_ID`
    /// after `zmq_connect`). What is sent to it waits until it is established.
    ///
    /// # Errors
    ///
    /// Those of [`Stream::connect`].
    pub fn dial(&mut self, endpoint: &str) -> Result<RoutingId, Error> {
        let endpoint = crate::Endpoint::to_dial(endpoint)?;
        exchange::connect_for_id(&self.engine, endpoint)
    }

    /// As [`Stream::connect`], and calls the connection `id` (`ZMQ_CONNECT_ROUTING_ID`).
    ///
    /// # Errors
    ///
    /// [`Error::RoutingIdInUse`], and those of [`Stream::connect`].
    pub fn connect_as(&mut self, endpoint: &str, id: RoutingId) -> Result<(), Error> {
        let endpoint = crate::Endpoint::to_dial(endpoint)?;
        exchange::connect_as(&self.engine, endpoint, id)
    }

    /// As [`Stream::send_timeout`], with the routing id apart. No bytes close the connection.
    ///
    /// # Errors
    ///
    /// As [`Stream::send_timeout`]; the message that comes back begins with the routing id.
    pub fn send_to(
        &mut self,
        id: &[u8],
        bytes: impl AsRef<[u8]>,
        timeout: Duration,
    ) -> Result<(), SendError> {
        self.send_timeout(Message::from_parts([id, bytes.as_ref()]), timeout)
    }

    /// Closes a connection when what was sent to it is out. One that was dialled is not dialled
    /// again.
    ///
    /// # Errors
    ///
    /// [`Error::Unroutable`] if none is called so.
    pub fn close(&mut self, id: &[u8]) -> Result<(), Error> {
        exchange::close_connection(&self.engine, id)
    }
}
