//! REQ, blocking.

use embedded_io::{Read, Write};
use zmtp_core::{Config, Instant};

use super::Socket;
use crate::core::Core;
use crate::error::Error;
use crate::kind;
use crate::message::{Chunk, Message};

/// A REQ socket: a request, then its reply.
pub type Req<'b, IO> = Socket<'b, kind::Req, IO>;

impl<'b, IO: Read + Write> Socket<'b, kind::Req, IO> {
    /// A socket without a connection. Request ids start at `request_id`, which should differ from
    /// boot to boot.
    pub fn new(
        config: &'b Config,
        receive: &'b mut [u8],
        send: &'b mut [u8],
        request_id: u32,
    ) -> Self {
        Self::with(Core::new(config, receive, send, kind::Req::new(request_id)))
    }

    /// Sends a request of these parts and waits for its reply. Afterwards the next request may go,
    /// whatever came of this one.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn request(
        &mut self,
        parts: &[&[u8]],
        deadline: Instant,
        mut now: impl FnMut() -> Instant,
    ) -> Result<Message<'_>, Error<IO::Error>> {
        self.core.give_up();
        let result = self
            .send_parts(parts, deadline, &mut now)
            .and_then(|()| self.wait(crate::link::Want::Message, deadline, now));
        match result {
            Ok(()) => Ok(self.core.message()),
            Err(stop) => {
                self.core.give_up();
                Err(self.error(stop))
            }
        }
    }

    /// Sends a request. A message that does not fit the send buffer leaves from where it is.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn send(
        &mut self,
        parts: &[&[u8]],
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        self.send_parts(parts, deadline, now).map_err(|stop| self.error(stop))
    }

    /// Waits for the reply to the request that was sent, and goes on doing so if called again
    /// after [`Error::TimedOut`].
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn receive(
        &mut self,
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<Message<'_>, Error<IO::Error>> {
        self.receive_whole(deadline, now)
    }

    /// Waits for the next piece of the reply, which may be larger than the receive buffer.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn receive_chunk(
        &mut self,
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<Chunk<'_>, Error<IO::Error>> {
        self.receive_piece(deadline, now)
    }

    /// Gives the request that was sent up: another may be sent, and its reply will not be taken
    /// for that one's.
    pub fn give_up(&mut self) {
        self.core.give_up();
    }
}
