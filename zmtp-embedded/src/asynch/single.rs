//! Operations of CLIENT, CHANNEL, RADIO and DISH besides receiving.

use embedded_io_async::{Read, Write};
use zmtp_core::Instant;
use zmtp_core::mechanism::Mechanism;
use zmtp_core::wire::Group;

use super::{Socket, io};
use crate::error::Error;
use crate::kind;
use crate::step::{TooLarge, Want};

impl<const CHANNEL: bool, IO: Read + Write, M: Mechanism> Socket<'_, kind::Single<CHANNEL>, IO, M> {
    /// Sends a message, which has one part, and flushes the IO.
    ///
    /// # Errors
    ///
    /// [`Error::SendBuffer`] without the feature `chunks`, if the message does not fit; errors that close the link.
    ///
    /// # Cancel safety
    ///
    /// If the message fits the send buffer, either no part of it is queued, or the whole message is queued and sent
    /// by later calls. **A larger message is not cancel-safe**: if its first bytes were sent, the next call that
    /// sends closes the link.
    pub async fn send(
        &mut self,
        message: &[u8],
        mut now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        let (io, kind) = (&mut self.io, &mut self.kind);
        let mut result = io::send(io, kind, &[message], TooLarge::Lend, &mut now).await;
        if result.is_ok() {
            result = io::flush(io, kind, &mut now).await;
        }
        result
    }
}

impl<const GROUPS: usize, IO: Read + Write, M: Mechanism> Socket<'_, kind::Radio<GROUPS>, IO, M> {
    /// Puts a message of a group into the send buffer if the peer joined the group. Returns `false` if it did not.
    /// [`Socket::flush`] and [`Socket::serve`] write the message.
    ///
    /// # Errors
    ///
    /// [`Error::SendBuffer`] if the message does not fit the empty buffer, and errors that close the link.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before completion, no part of the message is queued.
    pub async fn send(
        &mut self,
        group: Group<'_>,
        body: &[u8],
        mut now: impl FnMut() -> Instant,
    ) -> Result<bool, Error<IO::Error>> {
        if !self.kind.is_joined(group.bytes()) {
            return Ok(false);
        }
        let (io, kind) = (&mut self.io, &mut self.kind);
        let parts = [group.bytes(), body];
        let result = io::send(io, kind, &parts, TooLarge::Refuse, &mut now).await;
        result.map(|()| true)
    }

    /// Performs the handshake, receives JOIN and LEAVE, and writes pending bytes. The future completes only with an
    /// error. Only this call receives them: use `select` with the future that produces the messages.
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
    /// Errors that close the link, if the send buffer had no room for the LEAVE and had to be written. The socket is
    /// still in the group then.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before completion, the socket is still in the group.
    pub async fn leave(&mut self, group: Group<'_>) -> Result<(), Error<IO::Error>> {
        let needed = kind::Dish::<GROUPS>::needs(&self.io.link.connection, group);
        io::make_room(&mut self.io, &mut self.kind, needed).await?;
        self.kind.leave(group, &mut self.io.link.connection, &mut self.io.out);
        Ok(())
    }
}
