//! Receiving, for all kinds that receive.

use core::time::Duration;

use super::Socket;
use super::kind::CanReceive;
use crate::error::Error;
use crate::exchange;
use crate::message::Message;

/// Receiving.
impl<K: CanReceive> Socket<K> {
    /// Receives the next message. Waits for it without limit.
    ///
    /// # Errors
    ///
    /// * [`Error::OutOfTurn`]: REQ without a request, REP before the reply to its last request.
    /// * [`Error::PeerLost`]: REQ, if the connection to the peer of the request is lost. It is returned
    ///   once; then a new request may be sent.
    /// * [`Error::NotSupported`]: [`AnySocket`](crate::AnySocket) of a kind that does not receive.
    /// * [`Error::Woken`], [`Error::Stopped`] and [`Error::Io`].
    pub fn recv(&mut self) -> Result<Message, Error> {
        let mut message = Message::new();
        while !exchange::recv_into(self.engine(), None, &mut message)? {}
        Ok(message)
    }

    /// As [`Self::recv`], and returns `None` if no message arrives within `timeout`.
    ///
    /// # Errors
    ///
    /// As [`Self::recv`].
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Option<Message>, Error> {
        exchange::recv(self.engine(), Some(timeout))
    }

    /// Receives a message if one is available, without waiting; otherwise returns `None`.
    ///
    /// # Errors
    ///
    /// As [`Self::recv`].
    pub fn try_recv(&mut self) -> Result<Option<Message>, Error> {
        self.recv_timeout(Duration::ZERO)
    }

    /// As [`Self::recv_timeout`], for a message of text (pyzmq's `recv_string`).
    ///
    /// # Errors
    ///
    /// [`Error::NotText`], with the message, if the message is not UTF-8 or does not have exactly one
    /// part. Otherwise as [`Self::recv`].
    pub fn recv_string(&mut self, timeout: Duration) -> Result<Option<String>, Error> {
        let message = self.recv_timeout(timeout)?;
        Ok(message.map(Message::into_string).transpose()?)
    }

    /// As [`Self::recv_timeout`], and replaces the content of `message`; its buffer is used again. Returns
    /// `false`, and leaves a message without parts, if no message arrives within `timeout`.
    ///
    /// # Errors
    ///
    /// As [`Self::recv`].
    pub fn recv_into(&mut self, message: &mut Message, timeout: Duration) -> Result<bool, Error> {
        // The buffer goes to the pool of this thread, where receiving finds it.
        drop(core::mem::take(message));
        exchange::recv_into(self.engine(), Some(timeout), message)
    }
}
