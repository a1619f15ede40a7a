//! CLIENT and SERVER: requests and replies in any order, with messages of one part.

use core::time::Duration;

use super::kind::Numbers;
use super::{ThreadSafeSocket, kind};
use crate::error::SendError;
use crate::message::Message;

/// CLIENT: sends each message to the next of its SERVER peers in turn, and receives messages of all of them in turn
/// (RFC 41, `ZMQ_CLIENT`).
///
/// Messages have one part. Several threads may use the socket at the same time. The turns are those of
/// [`Push`](crate::Push) and [`Pull`](crate::Pull).
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
