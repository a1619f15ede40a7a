//! Operations of PUB, SUB and PUSH besides sending and receiving.

use embedded_io::{Read, Write};
use zmtp_core::Instant;
use zmtp_core::mechanism::Mechanism;

use super::Socket;
use super::io::Until;
use crate::error::Error;
use crate::kind::{self, ONLY};
use crate::step::Want;

impl<const TOPICS: usize, IO: Read + Write, M: Mechanism> Socket<'_, kind::Pub<TOPICS>, IO, M> {
    /// Writes a message if the peer subscribed to a prefix of its first part. Returns `false` if it did not; before
    /// the handshake is complete, the peer has no subscriptions.
    ///
    /// # Errors
    ///
    /// Those of [`Socket::send`].
    pub fn publish(
        &mut self,
        parts: &[&[u8]],
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<bool, Error<IO::Error>> {
        let subject = parts.first().copied().unwrap_or_default();
        if !self.kind.matches(ONLY, subject) {
            return Ok(false);
        }
        let result = self.io.send(&mut self.kind, parts, &mut Until::new(deadline, now));
        result.map(|()| true)
    }

    /// Performs the handshake and receives subscriptions until `deadline`. Only this call receives subscriptions:
    /// call it between messages.
    ///
    /// # Errors
    ///
    /// [`Error::ReceiveBuffer`] if a message or command of the peer does not fit, [`Error::SendBuffer`] if a
    /// greeting or command of the socket does not fit, and errors that close the link.
    pub fn serve(
        &mut self,
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        let result = self.io.wait(&mut self.kind, Want::Nothing, &mut Until::new(deadline, now));
        self.served(result)
    }
}

impl<IO: Read + Write, M: Mechanism> Socket<'_, kind::Push, IO, M> {
    /// Performs the handshake and answers PINGs of the peer until `deadline`. Only this call answers PINGs: call
    /// it between messages.
    ///
    /// # Errors
    ///
    /// [`Error::ReceiveBuffer`] if a message or command of the peer does not fit, [`Error::SendBuffer`] if a
    /// greeting or command of the socket does not fit, and errors that close the link.
    pub fn serve(
        &mut self,
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        let result = self.io.wait(&mut self.kind, Want::Nothing, &mut Until::new(deadline, now));
        self.served(result)
    }
}

impl<K, IO: Read + Write, M: Mechanism> Socket<'_, K, IO, M> {
    /// The deadline is the regular end of these calls.
    pub(super) fn served(
        &self,
        result: Result<(), Error<IO::Error>>,
    ) -> Result<(), Error<IO::Error>> {
        match result {
            Ok(()) | Err(Error::TimedOut) => Ok(()),
            Err(stop) => Err(stop),
        }
    }
}

impl<const TOPICS: usize, IO: Read + Write, M: Mechanism> Socket<'_, kind::Sub<TOPICS>, IO, M> {
    /// Subscribes to messages that begin with `topic`; an empty topic matches all messages. The next call that
    /// waits sends the subscription, and it is sent again after each handshake.
    ///
    /// # Errors
    ///
    /// [`Error::NoRoom`] if the table of `TOPICS` bytes is full; [`Error::SendBuffer`] if the subscription does
    /// not fit the send buffer. The length of the topic and 19 bytes are sufficient; with CURVE,
    /// 33 bytes more.
    pub fn subscribe(&mut self, topic: &[u8]) -> Result<(), Error<IO::Error>> {
        self.io.fits(kind::Sub::<TOPICS>::needs(&self.io.link.connection, topic))?;
        self.kind.subscribe(topic)
    }

    /// Cancels a subscription. If it was the last one to this topic, the cancellation is sent.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`] if the send buffer had no room for the cancellation before the deadline, and errors
    /// that close the link. The subscription is unchanged then.
    pub fn cancel(
        &mut self,
        topic: &[u8],
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        let needed = kind::Sub::<TOPICS>::needs(&self.io.link.connection, topic);
        self.io.make_room(needed, &mut Until::new(deadline, now))?;
        self.kind.cancel(topic, &mut self.io.link.connection, &mut self.io.out);
        Ok(())
    }
}
