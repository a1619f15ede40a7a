//! Receiving in several threads.

use core::time::Duration;

use super::super::kind::CanReceive;
use super::ThreadSafeSocket;
use crate::error::Error;
use crate::exchange;
use crate::message::Message;

/// Receiving.
impl<K: CanReceive> ThreadSafeSocket<K> {
    /// Receives the next message. Waits for it without limit. If several threads wait, one of them receives it.
    ///
    /// # Errors
    ///
    /// [`Error::Woken`], [`Error::Stopped`] and [`Error::Io`].
    pub fn recv(&self) -> Result<Message, Error> {
        let mut message = Message::new();
        while !exchange::recv_into(&self.engine, None, &mut message)? {}
        Ok(message)
    }

    /// As [`Self::recv`], and returns `None` if no message arrives within `timeout`.
    ///
    /// # Errors
    ///
    /// As [`Self::recv`].
    pub fn recv_timeout(&self, timeout: Duration) -> Result<Option<Message>, Error> {
        exchange::recv(&self.engine, Some(timeout))
    }

    /// Receives a message if one is available, without waiting; otherwise returns `None`.
    ///
    /// # Errors
    ///
    /// As [`Self::recv`].
    pub fn try_recv(&self) -> Result<Option<Message>, Error> {
        self.recv_timeout(Duration::ZERO)
    }

    /// As [`Self::recv_timeout`], for a message of text.
    ///
    /// # Errors
    ///
    /// [`Error::NotText`], with the message, if the message is not UTF-8. Otherwise as [`Self::recv`].
    pub fn recv_string(&self, timeout: Duration) -> Result<Option<String>, Error> {
        let message = self.recv_timeout(timeout)?;
        Ok(message.map(Message::into_string).transpose()?)
    }

    /// As [`Socket::recv_into`](crate::Socket::recv_into).
    ///
    /// # Errors
    ///
    /// As [`Self::recv`].
    pub fn recv_into(&self, message: &mut Message, timeout: Duration) -> Result<bool, Error> {
        drop(core::mem::take(message));
        exchange::recv_into(&self.engine, Some(timeout), message)
    }
}
