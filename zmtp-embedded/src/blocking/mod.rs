//! The blocking face: octets move by `embedded-io`.

mod rep;
mod req;

pub use rep::Rep;
pub use req::Req;

use embedded_io::{Error as _, ErrorKind, Read, Write};
use zmtp_core::{Instant, PeerInfo};

use crate::core::{Core, Cursor};
use crate::error::{Error, Fault, Stop};
use crate::kind::Rules;
use crate::link::{Step, Want};
use crate::message::{Chunk, Message};

/// A blocking socket of kind `K` over an `IO`: a UART, a TCP socket, anything that reads and writes.
#[derive(Debug)]
pub struct Socket<'b, K, IO> {
    core: Core<'b, K>,
    io: Option<IO>,
}

#[expect(private_bounds, reason = "the kinds are those of this crate")]
impl<'b, K: Rules, IO: Read + Write> Socket<'b, K, IO> {
    const fn with(core: Core<'b, K>) -> Self {
        Self { core, io: None }
    }

    /// Begins a connection over `io`, which has just been established; gives back the IO of the
    /// last one. What the socket knows outlives connections. The handshake is done by the next
    /// call that waits, and must be over within
    /// [`Limits::handshake_timeout`](zmtp_core::Limits) of `now`.
    pub fn connect(&mut self, io: IO, now: Instant) -> Option<IO> {
        self.core.open(now);
        self.io.replace(io)
    }

    /// Gives the IO back, for instance to close it. What waits to be sent is forgotten.
    pub fn disconnect(&mut self) -> Option<IO> {
        self.core.link.closed = true;
        self.io.take()
    }

    /// Waits for the end of the handshake. Calls that send and receive do that too.
    ///
    /// # Errors
    ///
    /// Any [`Error`] but those about messages.
    pub fn handshake(
        &mut self,
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<PeerInfo, Error<IO::Error>> {
        let result = self.wait(Want::Ready, deadline, now);
        result
            .and_then(|()| self.peer().ok_or(Stop::Fault(Fault::Closed)))
            .map_err(|stop| self.error(stop))
    }

    /// Writes all that waits to be sent, and flushes the IO.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`], and what ends links.
    pub fn flush(
        &mut self,
        deadline: Instant,
        mut now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        let result = loop {
            let time = now();
            match self.core.poll_flush(time) {
                Ok(Step::Done) => break Ok(()),
                Ok(_) if time >= deadline => break Err(Fault::TimedOut.into()),
                Ok(step) => {
                    if let Err(stop) = self.step(step) {
                        break Err(stop);
                    }
                }
                Err(fault) => break Err(fault.into()),
            }
        };
        result.map_err(|stop| self.error(stop))
    }

    /// Whether messages may be sent.
    pub fn is_ready(&self) -> bool {
        !self.core.link.closed && self.core.link.connection.is_ready()
    }

    /// Who the peer is, once its READY has come.
    pub const fn peer(&self) -> Option<PeerInfo> {
        self.core.link.connection.peer()
    }

    /// When the connection must be looked after, by any call that waits.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.core.link.connection.poll_timeout()
    }

    /// The reason that the peer gave when it refused us, after
    /// [`PeerError::Refused`](zmtp_core::PeerError::Refused).
    pub fn refusal(&self) -> Option<&[u8]> {
        let refused = zmtp_core::Error::Peer(zmtp_core::PeerError::Refused);
        (self.core.link.connection.error() == Some(refused)).then(|| self.core.window.kept())
    }

    fn error(&self, stop: Stop<IO::Error>) -> Error<IO::Error> {
        Error::new(stop, self.core.link.connection.error())
    }

    fn wait(
        &mut self,
        want: Want,
        deadline: Instant,
        mut now: impl FnMut() -> Instant,
    ) -> Result<(), Stop<IO::Error>> {
        loop {
            let time = now();
            let step = self.core.poll(want, time)?;
            if step == Step::Done {
                return Ok(());
            }
            if time >= deadline {
                return Err(Fault::TimedOut.into());
            }
            self.step(step)?;
        }
    }

    fn receive_whole(
        &mut self,
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<Message<'_>, Error<IO::Error>> {
        let result = self.core.start(Want::Message).map_err(Stop::from);
        match result.and_then(|()| self.wait(Want::Message, deadline, now)) {
            Ok(()) => Ok(self.core.message()),
            Err(stop) => Err(self.error(stop)),
        }
    }

    fn receive_piece(
        &mut self,
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<Chunk<'_>, Error<IO::Error>> {
        let result = self.core.start(Want::Chunk).map_err(Stop::from);
        match result.and_then(|()| self.wait(Want::Chunk, deadline, now)) {
            Ok(()) => Ok(self.core.chunk()),
            Err(stop) => Err(self.error(stop)),
        }
    }

    /// Writes a message out. An IO may still have it: see [`Socket::flush`].
    fn send_parts(
        &mut self,
        parts: &[&[u8]],
        deadline: Instant,
        mut now: impl FnMut() -> Instant,
    ) -> Result<(), Stop<IO::Error>> {
        let mut cursor = Cursor::default();
        loop {
            let time = now();
            let step = match self.core.poll_send(parts, &mut cursor, true, time)? {
                // It is in the outbox.
                Step::Done => match self.core.out.is_empty() {
                    true => return Ok(()),
                    false => Step::Write,
                },
                step => step,
            };
            if time >= deadline {
                return Err(Fault::TimedOut.into());
            }
            if step == Step::Body {
                let Some(io) = &mut self.io else { return Err(Fault::Closed.into()) };
                let result = io.write(cursor.body(parts));
                let n = self.moved(result)?;
                cursor.wrote(n);
            } else {
                self.step(step)?;
            }
        }
    }

    /// Moves octets, once.
    #[inline(never)]
    fn step(&mut self, step: Step) -> Result<(), Stop<IO::Error>> {
        let Some(io) = &mut self.io else { return Err(Fault::Closed.into()) };
        match step {
            Step::Read => {
                let result = io.read(self.core.window.spare());
                let n = self.moved(result)?;
                self.core.window.received(n);
            }
            Step::Write => {
                let result = io.write(self.core.out.waiting());
                let n = self.moved(result)?;
                self.core.out.written(n);
            }
            _ => {
                let result = io.flush().map(|()| 1);
                self.moved(result)?;
                self.core.out.unflushed = false;
            }
        }
        Ok(())
    }

    /// Octets that were moved: none if nothing came in the time that the IO allows itself.
    fn moved(&mut self, result: Result<usize, IO::Error>) -> Result<usize, Stop<IO::Error>> {
        match result {
            Ok(0) => {
                self.core.link.closed = true;
                Err(Fault::Closed.into())
            }
            Ok(n) => Ok(n),
            Err(error) => match error.kind() {
                ErrorKind::Interrupted | ErrorKind::TimedOut => Ok(0),
                _ => {
                    self.core.link.closed = true;
                    Err(Stop::Io(error))
                }
            },
        }
    }
}
