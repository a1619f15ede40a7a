//! Operations of REQ, PUB, SUB and PUSH besides sending and receiving.

use embedded_io_async::{Read, Write};
use zmtp_core::Instant;
use zmtp_core::mechanism::Mechanism;
use zmtp_core::pattern::Pattern as _;

use super::{Socket, io};
use crate::error::Error;
use crate::kind::{self, ONLY};
use crate::message::Message;
use crate::send;
use crate::step::{TooLarge, Want};

impl<IO: Read + Write, M: Mechanism> Socket<'_, kind::Req, IO, M> {
    /// Sends a request of these parts and waits for its reply. An earlier request without a reply is cancelled
    /// first. If the call fails, its request is cancelled too, and the next one can be sent.
    ///
    /// # Errors
    ///
    /// * [`Error::PeerLost`]: the link was closed after the request was sent. The peer may have handled it.
    /// * Errors that close the link: the peer has not received the request. It can be sent again.
    /// * [`Error::ReceiveBuffer`] if the reply does not fit, and is dropped.
    /// * [`Error::SendBuffer`] without the feature `chunks`, if the request does not fit.
    ///
    /// # Cancel safety
    ///
    /// As [`Socket::send`]. The next call of `request` cancels the request of the dropped future, and drops a
    /// late reply to it.
    pub async fn request(
        &mut self,
        parts: &[&[u8]],
        mut now: impl FnMut() -> Instant,
    ) -> Result<Message<'_>, Error<IO::Error>> {
        self.cancel_request();
        let (io, kind) = (&mut self.io, &mut self.kind);
        let mut result = io::send(io, kind, parts, TooLarge::Lend, &mut now).await;
        let taken = result.is_ok();
        if taken {
            io.out.holds_request();
            result = io::wait(io, kind, Want::Message, &mut now).await;
        }
        match result {
            Ok(()) => Ok(self.io.message()),
            Err(error) => Err(self.unanswered(error, taken)),
        }
    }
}

impl<IO: Read + Write, M: Mechanism> Socket<'_, kind::Req, IO, M> {
    /// Performs the handshake, answers PINGs of the peer and writes pending bytes, between two requests. A request
    /// without a reply is cancelled. The future completes only with an error.
    ///
    /// # Errors
    ///
    /// [`Error::ReceiveBuffer`] if a command of the handshake does not fit, [`Error::SendBuffer`] if a greeting or
    /// command of the socket does not fit, and errors that close the link.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    pub async fn serve(
        &mut self,
        mut now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        self.cancel_request();
        io::wait(&mut self.io, &mut self.kind, Want::Nothing, &mut now).await
    }
}

impl<IO: Read + Write, M: Mechanism> Socket<'_, kind::Rep<1>, IO, M> {
    /// Sends the reply to the last request, as [`Socket::send`] does. If the link was closed and connected
    /// again after the request, the reply is dropped.
    ///
    /// # Errors
    ///
    /// Those of [`Socket::send`].
    ///
    /// # Cancel safety
    ///
    /// As [`Socket::send`].
    pub async fn reply(
        &mut self,
        parts: &[&[u8]],
        now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        if !self.kind.may_route() {
            // Before the link is checked.
            send::route(&mut self.kind)?;
        }
        self.send(parts, now).await
    }
}

impl<const TOPICS: usize, IO: Read + Write, M: Mechanism> Socket<'_, kind::Pub<TOPICS>, IO, M> {
    /// Puts a message into the send buffer if the peer subscribed to a prefix of its first part. Returns `false`
    /// if it did not. [`Socket::flush`] and [`Socket::serve`] write the message.
    ///
    /// # Errors
    ///
    /// [`Error::SendBuffer`] if the message does not fit the empty buffer, and errors that close the link.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before completion, no part of the message is queued.
    pub async fn publish(
        &mut self,
        parts: &[&[u8]],
        mut now: impl FnMut() -> Instant,
    ) -> Result<bool, Error<IO::Error>> {
        if !self.kind.matches(ONLY, parts.first().copied().unwrap_or_default()) {
            return Ok(false);
        }
        let (io, kind) = (&mut self.io, &mut self.kind);
        let result = io::send(io, kind, parts, TooLarge::Refuse, &mut now).await;
        result.map(|()| true)
    }

    /// Performs the handshake, receives subscriptions and writes pending bytes. The future completes only with an
    /// error. Only this call receives subscriptions: use `select` with the future that produces the messages.
    ///
    /// # Errors
    ///
    /// [`Error::ReceiveBuffer`] if a message or command of the peer does not fit, [`Error::SendBuffer`] if a
    /// greeting or command of the socket does not fit, and errors that close the link.
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
    /// Performs the handshake, answers PINGs of the peer and writes pending bytes. The future completes only with
    /// an error.
    ///
    /// # Errors
    ///
    /// [`Error::ReceiveBuffer`] if a message or command of the peer does not fit, [`Error::SendBuffer`] if a
    /// greeting or command of the socket does not fit, and errors that close the link.
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
    /// Errors that close the link, if the send buffer had no room for the cancellation and had to be written.
    /// The subscription is unchanged then.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before completion, the subscription is unchanged.
    pub async fn cancel(&mut self, topic: &[u8]) -> Result<(), Error<IO::Error>> {
        let needed = kind::Sub::<TOPICS>::needs(&self.io.link.connection, topic);
        io::make_room(&mut self.io, &mut self.kind, needed).await?;
        self.kind.cancel(topic, &mut self.io.link.connection, &mut self.io.out);
        Ok(())
    }
}
