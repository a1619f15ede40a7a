//! Sending, for all kinds that can.

use core::time::Duration;

use super::Socket;
use super::kind::{CanCork, CanSend};
use crate::error::SendError;
use crate::exchange;
use crate::message::Message;

/// Sending.
impl<K: CanSend> Socket<K> {
    /// Sends a message. Waits without limit where the kind waits:
    ///
    /// | kind | the message goes to | waits |
    /// |---|---|---|
    /// | DEALER, PUSH | the next peer in turn | until a peer has room in its queue |
    /// | PAIR | the peer | until the peer has room in its queue |
    /// | REQ | the next peer in turn | until there is a peer |
    /// | REP | the peer that sent the last request | never; without peer or room the reply is dropped and counted |
    /// | ROUTER | the peer that the first part names | never, unless [mandatory](crate::Builder::mandatory): then for room |
    /// | PUB, XPUB | every peer with a matching subscription | never, unless [`no_drop`](crate::Builder::no_drop): then for room |
    /// | XSUB | every publisher | never; for a publisher without room it is dropped and counted |
    /// | STREAM | the connection that the first part names | until the connection has room in its queue |
    ///
    /// # Errors
    ///
    /// Each returns the message.
    ///
    /// * [`Error::EmptyMessage`](crate::Error::EmptyMessage): the message has no part; for ROUTER and
    ///   STREAM, no part after the routing id.
    /// * [`Error::Unroutable`](crate::Error::Unroutable): STREAM and a mandatory ROUTER: no peer has
    ///   the routing id.
    /// * [`Error::OutOfTurn`](crate::Error::OutOfTurn): REQ before the reply to its last request, REP
    ///   without a request.
    /// * [`Error::WouldBlock`](crate::Error::WouldBlock): REQ: the queue of the peer is full.
    /// * [`Error::NotSupported`](crate::Error::NotSupported): [`AnySocket`](crate::AnySocket) of a
    ///   kind that does not send.
    /// * [`Error::Woken`](crate::Error::Woken), [`Error::Stopped`](crate::Error::Stopped) and
    ///   [`Error::Io`](crate::Error::Io).
    pub fn send(&mut self, message: impl Into<Message>) -> Result<(), SendError> {
        exchange::send(self.engine(), message.into(), None)
    }

    /// As [`Self::send`], and waits up to `timeout`.
    ///
    /// # Errors
    ///
    /// As [`Self::send`], and [`Error::WouldBlock`](crate::Error::WouldBlock) after the timeout.
    pub fn send_timeout(
        &mut self,
        message: impl Into<Message>,
        timeout: Duration,
    ) -> Result<(), SendError> {
        exchange::send(self.engine(), message.into(), Some(timeout))
    }

    /// As [`Self::send`], and does not wait.
    ///
    /// # Errors
    ///
    /// As [`Self::send_timeout`].
    pub fn try_send(&mut self, message: impl Into<Message>) -> Result<(), SendError> {
        self.send_timeout(message, Duration::ZERO)
    }
}

/// Sending many messages at once.
impl<K: CanCork> Socket<K> {
    /// Holds messages back until [`Self::uncork`], to write many of them at once. Messages for a
    /// peer are written earlier when they reach 32 KiB, or when the socket waits for anything.
    ///
    /// A single message arrives sooner without it. A stream of small messages is several times
    /// faster with it.
    pub fn cork(&mut self) {
        self.engine().enter().cork();
    }

    /// Writes the messages that were held back. From now on, each message is written at once.
    pub fn uncork(&mut self) {
        self.engine().enter().uncork();
    }
}
