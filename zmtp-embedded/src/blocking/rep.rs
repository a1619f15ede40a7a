//! REP, blocking.

use embedded_io::{Read, Write};
use zmtp_core::{Config, Instant};

use super::Socket;
use crate::core::Core;
use crate::error::Error;
use crate::kind;
use crate::message::{Chunk, Message};

/// A REP socket: takes a request and answers it.
pub type Rep<'b, IO> = Socket<'b, kind::Rep, IO>;

impl<'b, IO: Read + Write> Socket<'b, kind::Rep, IO> {
    /// A socket without a connection.
    pub fn new(config: &'b Config, receive: &'b mut [u8], send: &'b mut [u8]) -> Self {
        Self::with(Core::new(config, receive, send, kind::Rep::new()))
    }

    /// Waits for a request. Its envelope stays in the receive buffer until the next call.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfTurn`] while the last request is not answered, and any other [`Error`].
    pub fn receive(
        &mut self,
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<Message<'_>, Error<IO::Error>> {
        self.receive_whole(deadline, now)
    }

    /// Waits for the next piece of a request, which may be larger than the receive buffer.
    ///
    /// # Errors
    ///
    /// As [`Socket::receive`].
    pub fn receive_chunk(
        &mut self,
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<Chunk<'_>, Error<IO::Error>> {
        self.receive_piece(deadline, now)
    }

    /// Answers the request that was received. The reply to a peer that is gone goes nowhere.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfTurn`] if no request was received, and any other [`Error`].
    pub fn reply(
        &mut self,
        parts: &[&[u8]],
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        self.send_parts(parts, deadline, now).map_err(|stop| self.error(stop))
    }
}
