//! CLIENT and SERVER: requests and replies in any order, with messages of one part.

use core::time::Duration;

use super::kind::Numbers;
use super::{Builder, ThreadSafeSocket, kind};
use crate::error::SendError;
use crate::message::Message;

/// CLIENT: sends each message to the next of its SERVER peers in turn, and receives messages of all of them in turn
/// (RFC 41, `ZMQ_CLIENT`).
///
/// Messages have one part. Several threads may use the socket at the same time. The turns are those of [`Push`](crate::Push) and [`Pull`](crate::Pull).
pub type Client = ThreadSafeSocket<kind::Client>;

/// SERVER: receives messages of CLIENT peers in turn, and sends each message to the peer with its
/// [routing id](Message::routing_id) (RFC 41, `ZMQ_SERVER`).
///
/// Messages have one part. Several threads may use the socket at the same time.
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Client, Server};
///
/// let server = Server::builder().bind("tcp://127.0.0.1:*")?;
/// let client = Client::builder().connect(server.last_endpoint().unwrap())?;
/// client.send("hello")?;
/// # let timeout = Duration::from_secs(5);
/// # std::thread::scope(|scope| {
/// # let client = scope.spawn(|| client.recv_timeout(timeout).unwrap().unwrap());
/// let request = server.recv()?;
/// server.send(request.reply("welcome"))?;
/// # server.flush(timeout)?;
/// # assert_eq!(client.join().unwrap().text(), Ok("welcome"));
/// # Ok::<(), zmtp_mio::Error>(())
/// # })?;
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
pub type Server = ThreadSafeSocket<kind::Server>;

impl<S> Builder<kind::Client, S> {
    /// Sends a message with this body to each new peer, before all others (`ZMQ_HELLO_MSG`). None by default. After a
    /// reconnection it is sent again.
    #[must_use]
    pub fn hello_message(mut self, body: impl AsRef<[u8]>) -> Self {
        self.own.messages.hello = Some(Message::from(body.as_ref()));
        self
    }

    /// Delivers a message with this body when the connection to an endpoint is lost (`ZMQ_HICCUP_MSG`). None by
    /// default. It is received after the messages that arrived before. [`Socket::disconnect`](crate::Socket::disconnect) and
    /// connection attempts that fail deliver none.
    #[must_use]
    pub fn hiccup_message(mut self, body: impl AsRef<[u8]>) -> Self {
        self.own.messages.hiccup = Some(Message::from(body.as_ref()));
        self
    }
}

impl<S> Builder<kind::Server, S> {
    /// Sends a message with this body to each new peer, before all others (`ZMQ_HELLO_MSG`). None by default. After a
    /// reconnection it is sent again.
    #[must_use]
    pub fn hello_message(mut self, body: impl AsRef<[u8]>) -> Self {
        self.own.messages.hello = Some(Message::from(body.as_ref()));
        self
    }

    /// Delivers a message with this body when the connection of a peer that had connected to this socket ends
    /// (`ZMQ_DISCONNECT_MSG`). None by default. It has the [routing id](Message::routing_id) of the peer, and is received
    /// after the messages that arrived before.
    #[must_use]
    pub fn disconnect_message(mut self, body: impl AsRef<[u8]>) -> Self {
        self.own.messages.disconnect = Some(Message::from(body.as_ref()));
        self
    }
}

/// Sending by routing id.
impl<K: Numbers> ThreadSafeSocket<K> {
    /// As [`Self::send_timeout`], to the peer with this routing id, in place of that of the message.
    ///
    /// # Errors
    ///
    /// As [`Self::send_timeout`]. The message in the error has this routing id.
    pub fn send_to(
        &self,
        routing_id: u32,
        message: impl Into<Message>,
        timeout: Duration,
    ) -> Result<(), SendError> {
        self.send_timeout(message.into().with_routing_id(routing_id), timeout)
    }
}
