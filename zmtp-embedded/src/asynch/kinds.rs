//! What REQ, PUB, SUB and PUSH do besides sending and receiving.

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
    /// Sends a request of these parts and waits for its reply. Afterwards the next request may go,
    /// whatever came of this one.
    ///
    /// # Errors
    ///
    /// As [`Socket::send`] and [`Socket::receive`].
    ///
    /// # Cancel safety
    ///
    /// As [`Socket::send`]. If the future is dropped the request may be out; the next call gives it
    /// up, and its late reply is not taken for that one's.
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
    /// Puts a message into the send buffer if the peer subscribed to a prefix of its first part,
    /// and says whether it did. [`Socket::flush`] and [`Socket::serve`] write it out.
    ///
    /// # Errors
    ///
    /// [`Error::SendBuffer`] if it does not fit an empty one, and what ends links.
    ///
    /// # Cancel safety
    ///
    /// Nothing was taken of the message if the future is dropped before it is done.
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

    /// Shakes hands, takes subscriptions and writes out what waits, for ever. Nothing else takes
    /// subscriptions: race it against whatever makes messages.
    ///
    /// # Errors
    ///
    /// What ends links.
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
    /// Shakes hands, answers the peer's heartbeats and writes out what waits, for ever.
    ///
    /// # Errors
    ///
    /// What ends links.
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
    /// Subscribes to messages that begin with `topic`; all do with an empty one. Each peer is told
    /// after its handshake, or when bytes go out the next time: by any call that waits.
    ///
    /// # Errors
    ///
    /// [`Error::NoRoom`]. [`Error::SendBuffer`] if the send buffer is not 19 bytes longer than the
    /// topic.
    pub fn subscribe(&mut self, topic: &[u8]) -> Result<(), Error<IO::Error>> {
        self.io.fits(kind::Sub::<TOPICS>::needs(&self.io.link.connection, topic))?;
        self.kind.subscribe(topic)
    }

    /// Takes a subscription back. The peer is told if it was the last of as many to this topic.
    ///
    /// # Errors
    ///
    /// What the IO says if the send buffer had no room for that; nothing has changed then.
    ///
    /// # Cancel safety
    ///
    /// Nothing has changed if the future is dropped before it is done.
    pub async fn cancel(&mut self, topic: &[u8]) -> Result<(), Error<IO::Error>> {
        let needed = kind::Sub::<TOPICS>::needs(&self.io.link.connection, topic);
        loop {
            match self.io.link.room(&self.io.out, needed, true) {
                // Without a link there is nobody to be told.
                Ok(Step::Done) | Err(Error::Closed) => break,
                Ok(step) => io::step(&mut self.io, step).await?,
                Err(error) => return Err(error),
            }
        }
        self.kind.cancel(topic, &mut self.io.link.connection, &mut self.io.out);
        Ok(())
    }
}
