//! Sending from several threads.

use core::time::Duration;

use super::super::kind::CanSend;
use super::ThreadSafeSocket;
use crate::error::{Error, SendError};
use crate::exchange;
use crate::message::IntoMessage;

/// Sending.
impl<K: CanSend> ThreadSafeSocket<K> {
    /// Sends a message of one part, as [`Socket::send`](crate::Socket::send). The wait has no limit:
    ///
    /// | kind | the message goes to | waits |
    /// |---|---|---|
    /// | CLIENT, SCATTER | the next peer in turn | until a peer has room in its queue |
    /// | CHANNEL | the peer | until the peer has room in its queue |
    /// | RADIO | every peer in its [group](crate::Message::group) | with [`no_drop`](crate::Builder::no_drop) until all of them have room, otherwise never |
    /// | PEER, SERVER | the peer with the [routing id](crate::Message::routing_id) | until the peer has room in its queue |
    ///
    /// # Errors
    ///
    /// Each error contains the message.
    ///
    /// * [`Error::PartCount`] and [`Error::EmptyMessage`]: the message does not have exactly one part.
    /// * [`Error::Unroutable`]: PEER and SERVER, if no peer has the routing id, or the message has none.
    /// * [`Error::Woken`], [`Error::Stopped`] and [`Error::Io`].
    pub fn send(&self, message: impl IntoMessage) -> Result<(), SendError> {
        exchange::send_value(&self.engine, message, None)
    }

    /// As [`Self::send`], and waits up to `timeout`.
    ///
    /// # Errors
    ///
    /// As [`Self::send`], and [`Error::WouldBlock`] after the timeout.
    pub fn send_timeout(
        &self,
        message: impl IntoMessage,
        timeout: Duration,
    ) -> Result<(), SendError> {
        exchange::send_value(&self.engine, message, Some(timeout))
    }

    /// As [`Self::send`], and does not wait.
    ///
    /// # Errors
    ///
    /// As [`Self::send_timeout`].
    pub fn try_send(&self, message: impl IntoMessage) -> Result<(), SendError> {
        self.send_timeout(message, Duration::ZERO)
    }

    /// Waits until all queued messages of all threads are written, up to `timeout`. Returns whether they are. See
    /// [`Socket::flush`](crate::Socket::flush).
    ///
    /// # Errors
    ///
    /// [`Error::Woken`], [`Error::Stopped`], [`Error::Forked`] and [`Error::Io`].
    pub fn flush(&self, timeout: Duration) -> Result<bool, Error> {
        exchange::flush(&self.engine, Some(timeout))
    }
}
