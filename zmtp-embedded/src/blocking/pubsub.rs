//! PUB, SUB and PUSH: what they do besides sending and receiving.

use embedded_io::{Read, Write};
use zmtp_core::Instant;
use zmtp_core::mechanism::Mechanism;

use super::Socket;
use super::io::Until;
use crate::error::Error;
use crate::kind::{self, ONLY};
use crate::step::{Step, Want};

impl<const TOPICS: usize, IO: Read + Write, M: Mechanism> Socket<'_, kind::Pub<TOPICS>, IO, M> {
    /// Writes a message if the peer subscribed to a prefix of its first part, and says whether it
    /// did. Before the handshake is over nobody has.
    ///
    /// # Errors
    ///
    /// As [`Socket::send`].
    pub fn publish(
        &mut self,
        parts: &[&[u8]],
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<bool, Error<IO::Error>> {
        let subject = parts.first().copied().unwrap_or_default();
        if !self.kind.wants(ONLY, subject) {
            return Ok(false);
        }
        let result = self.io.send(&mut self.kind, parts, &mut Until::new(deadline, now));
        result.map(|()| true)
    }

    /// Shakes hands and takes subscriptions until `deadline`. Nothing else does, so call it
    /// between messages.
    ///
    /// # Errors
    ///
    /// What ends links.
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
    /// Shakes hands and answers the peer's heartbeats until `deadline`. Nothing else does.
    ///
    /// # Errors
    ///
    /// What ends links.
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
    /// That time is over was what was asked for.
    fn served(&self, result: Result<(), Error<IO::Error>>) -> Result<(), Error<IO::Error>> {
        match result {
            Ok(()) | Err(Error::TimedOut) => Ok(()),
            Err(stop) => Err(stop),
        }
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
    /// [`Error::TimedOut`] if the send buffer has no room for that, and what ends links; nothing has
    /// changed then.
    pub fn cancel(
        &mut self,
        topic: &[u8],
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        let needed = kind::Sub::<TOPICS>::needs(&self.io.link.connection, topic);
        let mut until = Until::new(deadline, now);
        loop {
            match self.io.link.room(&self.io.out, needed, true) {
                // Without a link there is nobody to be told.
                Ok(Step::Done) | Err(Error::Closed) => break,
                Ok(step) => {
                    let now = (until.now)();
                    self.io.step(step, &[], until.is_over(now))?;
                }
                Err(error) => return Err(error),
            }
        }
        self.kind.cancel(topic, &mut self.io.link.connection, &mut self.io.out);
        Ok(())
    }
}
