//! Operations of CLIENT, CHANNEL, RADIO and DISH besides receiving.

use embedded_io::{Read, Write};
use zmtp_core::Instant;
use zmtp_core::mechanism::Mechanism;
use zmtp_core::wire::Group;

use super::Socket;
use super::io::Until;
use crate::error::Error;
use crate::kind;
use crate::step::Want;

impl<const CHANNEL: bool, IO: Read + Write, M: Mechanism> Socket<'_, kind::Single<CHANNEL>, IO, M> {
    /// Sends a message, which has one part. The call succeeds if the message is taken, as for messages of several
    /// parts of other types.
    ///
    /// # Errors
    ///
    /// * [`Error::SendBuffer`] without the feature `chunks`, if the message does not fit.
    /// * [`Error::TimedOut`]: the message was not taken. Call `send` again. If a message that does not fit the send
    ///   buffer was sent in part, the link is closed.
    /// * Errors that close the link.
    pub fn send(
        &mut self,
        message: &[u8],
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        self.io.send(&mut self.kind, &[message], &mut Until::new(deadline, now))
    }
}

impl<const GROUPS: usize, IO: Read + Write, M: Mechanism> Socket<'_, kind::Radio<GROUPS>, IO, M> {
    /// Sends a message of a group if the peer joined the group. Returns `false` if it did not; before the handshake
    /// is complete, the peer has joined no group.
    ///
    /// # Errors
    ///
    /// * [`Error::SendBuffer`] without the feature `chunks`, if the message does not fit.
    /// * [`Error::TimedOut`]: the message was not taken. Call `send` again. If a message that does not fit the send
    ///   buffer was sent in part, the link is closed.
    /// * Errors that close the link.
    pub fn send(
        &mut self,
        group: Group<'_>,
        body: &[u8],
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<bool, Error<IO::Error>> {
        if !self.kind.is_joined(group.bytes()) {
            return Ok(false);
        }
        let parts = [group.bytes(), body];
        let result = self.io.send(&mut self.kind, &parts, &mut Until::new(deadline, now));
        result.map(|()| true)
    }

    /// Performs the handshake and receives JOIN and LEAVE until `deadline`. Only this call receives them: call it
    /// between messages.
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

impl<const GROUPS: usize, IO: Read + Write, M: Mechanism> Socket<'_, kind::Dish<GROUPS>, IO, M> {
    /// Joins a group: messages of this group are received from then on. The next call that waits sends a JOIN, and
    /// it is sent again after each handshake.
    ///
    /// # Errors
    ///
    /// [`Error::Joined`] if the socket is in the group already; [`Error::NoRoom`] if the table of `GROUPS` bytes is
    /// full; [`Error::SendBuffer`] if the JOIN or LEAVE does not fit the send buffer. The length of the group and 15
    /// bytes are sufficient; with CURVE, 33 bytes more.
    pub fn join(&mut self, group: Group<'_>) -> Result<(), Error<IO::Error>> {
        self.io.fits(kind::Dish::<GROUPS>::needs(&self.io.link.connection, group))?;
        self.kind.join(group)
    }

    /// Leaves a group, and sends a LEAVE. Without effect if the socket is not in the group.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`] if the send buffer had no room for the LEAVE before the deadline, and errors that close
    /// the link. The socket is still in the group then.
    pub fn leave(
        &mut self,
        group: Group<'_>,
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        let needed = kind::Dish::<GROUPS>::needs(&self.io.link.connection, group);
        self.io.make_room(needed, &mut Until::new(deadline, now))?;
        self.kind.leave(group, &mut self.io.link.connection, &mut self.io.out);
        Ok(())
    }
}
