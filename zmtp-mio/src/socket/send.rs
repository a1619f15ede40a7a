//! Sending, for all kinds that send.

use core::time::Duration;

use super::Socket;
use super::kind::{CanCork, CanSend};
use crate::error::SendError;
use crate::exchange;
use crate::message::IntoMessage;

/// Sending.
impl<K: CanSend> Socket<K> {
    /// Sends a message: queues it, and writes as much as the system accepts. If the socket has a driver, small
    /// messages of a burst are held for up to 1 ms, so that one write has many of them; [`Self::flush`] writes
    /// them at once. The wait has no limit:
    ///
    /// | kind | the message goes to | waits |
    /// |---|---|---|
    /// | DEALER, PUSH | the next peer in turn | until a peer has room in its queue |
    /// | PAIR | the peer | until the peer has room in its queue |
    /// | REQ | the next peer in turn | until there is a peer, connected or to be connected |
    /// | REP | the peer that sent the last request | never; if it has disconnected or has no room, the reply is dropped and counted |
    /// | ROUTER | the peer whose routing id is the first part | with [`mandatory`](crate::Builder::mandatory) until the peer has room, otherwise never |
    /// | PUB, XPUB | every peer with a matching subscription | with [`no_drop`](crate::Builder::no_drop) until all of them have room, otherwise never |
    /// | XSUB | every publisher | never; dropped and counted for a publisher without room |
    /// | STREAM | the connection whose routing id is the first part | until the connection has room in its queue |
    ///
    /// A message after a quiet time is written at once. In a burst, the messages of a socket that the
    /// background driver serves are collected and written together: at 32 KiB, when a call of the socket waits, by
    /// [`Self::flush`], or after about 100 µs (after a long burst, up to 1 ms). Without a driver, each message is
    /// written at once.
    ///
    /// A message of one part with more than 8 KiB is written from the memory of the caller if nothing waits for its peer,
    /// it goes over an unencrypted TCP or IPC connection, and the kind is DEALER, PAIR, PUSH, REP or REQ. Only the bytes
    /// that the system does not accept at once are copied. In a burst, this holds from 32 KiB.
    ///
    /// # Errors
    ///
    /// Each error contains the message.
    ///
    /// * [`Error::EmptyMessage`](crate::Error::EmptyMessage): the message has no part, or, for ROUTER and
    ///   STREAM, no part after the routing id.
    /// * [`Error::Unroutable`](crate::Error::Unroutable): STREAM and mandatory ROUTER, if no peer has the
    ///   routing id.
    /// * [`Error::OutOfTurn`](crate::Error::OutOfTurn): REQ before the reply to its last request, REP
    ///   without a request.
    /// * [`Error::WouldBlock`](crate::Error::WouldBlock): REQ: the queue of the peer is full.
    /// * [`Error::NotSupported`](crate::Error::NotSupported): [`AnySocket`](crate::AnySocket) of a
    ///   kind that does not send.
    /// * [`Error::Woken`](crate::Error::Woken), [`Error::Stopped`](crate::Error::Stopped) and
    ///   [`Error::Io`](crate::Error::Io).
    pub fn send(&mut self, message: impl IntoMessage) -> Result<(), SendError> {
        self.send_within(message, None)
    }

    /// As [`Self::send`], and waits up to `timeout`.
    ///
    /// # Errors
    ///
    /// As [`Self::send`], and [`Error::WouldBlock`](crate::Error::WouldBlock) after the timeout.
    pub fn send_timeout(
        &mut self,
        message: impl IntoMessage,
        timeout: Duration,
    ) -> Result<(), SendError> {
        self.send_within(message, Some(timeout))
    }

    /// As [`Self::send`], and does not wait.
    ///
    /// # Errors
    ///
    /// As [`Self::send_timeout`].
    pub fn try_send(&mut self, message: impl IntoMessage) -> Result<(), SendError> {
        self.send_timeout(message, Duration::ZERO)
    }

    /// Waits until all queued messages are written, up to `timeout`. Returns whether they are.
    ///
    /// A message is written when the system has accepted it, or, over inproc, when it is queued at the peer. A
    /// message for an endpoint that is not connected waits for its connection.
    ///
    /// # Errors
    ///
    /// [`Error::Woken`](crate::Error::Woken), [`Error::Stopped`](crate::Error::Stopped),
    /// [`Error::Forked`](crate::Error::Forked) and [`Error::Io`](crate::Error::Io).
    pub fn flush(&mut self, timeout: Duration) -> Result<bool, crate::Error> {
        exchange::flush(self.engine(), Some(timeout))
    }

    #[inline]
    fn send_within(
        &self,
        message: impl IntoMessage,
        timeout: Option<Duration>,
    ) -> Result<(), SendError> {
        exchange::send_value(self.engine(), message, timeout)
    }
}

/// Sending many messages at once.
impl<K: CanCork> Socket<K> {
    /// Collects sent messages until [`Self::uncork`], and writes them together. The messages for a peer are
    /// written earlier when they reach 32 KiB, when a call of the socket waits, and when the driver serves the
    /// socket because the application has made no call for some milliseconds.
    ///
    /// Corking delays a single message. Without a driver it makes a stream of small messages several times
    /// faster; with a driver, messages of a burst are collected without it (see [`Self::send`]).
    pub fn cork(&mut self) {
        if let Ok(mut engine) = self.engine().enter() {
            engine.cork();
        }
    }

    /// Writes the messages that were collected since [`Self::cork`], and ends the collection.
    pub fn uncork(&mut self) {
        if let Ok(mut engine) = self.engine().enter() {
            engine.uncork();
        }
    }
}
