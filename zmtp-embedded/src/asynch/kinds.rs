//! Operations of REQ, PUB, SUB and PUSH besides sending and receiving.

use embedded_io_async::{Read, Write};
use zmtp_core::Instant;
use zmtp_core::mechanism::Mechanism;

use super::{Socket, io};
use crate::error::Error;
use crate::kind::{self, ONLY};
use crate::message::Message;
use crate::step::TooLarge;
use crate::step::{Step, Want};

impl<IO: Read + Write, M: Mechanism> Socket<'_, kind::Req, IO, M> {
    /// Sends a request of these parts and waits for its reply. Afterwards the next request can be sent, even if
    /// this one failed.
    ///
    /// # Errors
    ///
    /// Those of [`Socket::send`] and [`Socket::receive`].
    ///
    /// # Cancel safety
    ///
    /// As [`Socket::send`]. If the future is dropped, the request may be sent; the next call gives it up, and its
    /// late reply is not taken for the next.
    pub async fn request(
        &mut self,
        parts: &[&[u8]],
        mut now: impl FnMut() -> Instant,
    ) -> Result<Message<'_>, Error<IO::Error>> {
        self.give_up();
        let (io, kind) = (&mut self.io, &mut self.kind);
        let mut result = io::send(io, kind, parts, TooLarge::Lend, &mut now).await;
        if result.is_ok() {
            result = io::wait(io, kind, Want::Message, &mut now).await;
        }
        match result {
            Ok(()) => Ok(self.io.message()),
            Err(stop) => {
                self.give_up();
                Err(stop)
            }
        }
    }
}

impl<const TOPICS: usize, IO: Read + Write, M: Mechanism> Socket<'_, kind::Pub<TOPICS>, IO, M> {
    /// Puts a message into the send buffer if the peer subscribed to a prefix of its first part. Returns whether
    /// it did. [`Socket::flush`] and [`Socket::serve`] write it.
    ///
    /// # Errors
    ///
    /// [`Error::SendBuffer`] if it does not fit the empty buffer, and errors that close the link.
    ///
    /// # Cancel safety
    ///
    /// No part of the message is queued if the future is dropped before completion.
    pub async fn publish(
        &mut self,
        parts: &[&[u8]],
        mut now: impl FnMut() -> Instant,
    ) -> Result<bool, Error<IO::Error>> {
        if !self.kind.wants(ONLY, parts.first().copied().unwrap_or_default()) {
            return Ok(false);
        }
        let (io, kind) = (&mut self.io, &mut self.kind);
        let result = io::send(io, kind, parts, TooLarge::Refuse, &mut now).await;
        result.map(|()| true)
    }

    /// Performs the handshake, receives subscriptions and writes pending bytes, without end. Only this call
    /// receives subscriptions: use `select` with the source of messages.
    ///
    /// # Errors
    ///
    /// An error of the IO or the connection, which closes the link.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    pub async fn serve(
        &mut self,
        mut now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        io::wait(&mut self.io, &mut self.kind, Want::Nothing, &mut now).await
    }
}

impl<IO: Read + Write, M: Mechanism> Socket<'_, kind::Push, IO, M> {
    /// Performs the handshake, answers the peer's PINGs and writes pending bytes, without end.
    ///
    /// # Errors
    ///
    /// An error of the IO or the connection, which closes the link.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    pub async fn serve(
        &mut self,
        mut now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        io::wait(&mut self.io, &mut self.kind, Want::Nothing, &mut now).await
    }
}

impl<const TOPICS: usize, IO: Read + Write, M: Mechanism> Socket<'_, kind::Sub<TOPICS>, IO, M> {
    /// Subscribes to messages that begin with `topic`; an empty topic matches all. The subscription is sent after
    /// each handshake, and otherwise with the next bytes, by any call that waits.
    ///
    /// # Errors
    ///
    /// [`Error::NoRoom`]; [`Error::SendBuffer`] unless the send buffer is 19 bytes longer than the topic.
    pub fn subscribe(&mut self, topic: &[u8]) -> Result<(), Error<IO::Error>> {
        self.io.fits(kind::Sub::<TOPICS>::needs(&self.io.link.connection, topic))?;
        self.kind.subscribe(topic)
    }

    /// Cancels a subscription. The cancellation is sent if it was the last subscription to this topic.
    ///
    /// # Errors
    ///
    /// An error of the IO if the send buffer had no room for the cancellation; nothing has changed then.
    ///
    /// # Cancel safety
    ///
    /// Nothing has changed if the future is dropped before completion.
    pub async fn cancel(&mut self, topic: &[u8]) -> Result<(), Error<IO::Error>> {
        let needed = kind::Sub::<TOPICS>::needs(&self.io.link.connection, topic);
        loop {
            match self.io.link.room(&self.io.out, needed, true) {
                // Without a link there is no peer to send it to.
                Ok(Step::Done) | Err(Error::Closed) => break,
                Ok(step) => io::step(&mut self.io, step).await?,
                Err(error) => return Err(error),
            }
        }
        self.kind.cancel(topic, &mut self.io.link.connection, &mut self.io.out);
        Ok(())
    }
}
