//! Reading and writing.

use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write, WriteReady};
use smoltcp::phy::Device;
use smoltcp::socket::tcp::{Socket, State};
use zmtp_embedded::Instant;

use crate::Tcp;

/// The error of a TCP connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// The peer refused or reset the connection, or it is not established.
    Reset,
    /// The deadline has passed. From `read` and `write`: no byte can be moved now.
    TimedOut,
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Reset => "connection was refused or reset",
            Self::TimedOut => "deadline passed",
        })
    }
}

impl core::error::Error for Error {}

impl embedded_io::Error for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Reset => ErrorKind::ConnectionReset,
            Self::TimedOut => ErrorKind::TimedOut,
        }
    }
}

impl<'a, D: Device, C: Fn() -> Instant> Tcp<'_, 'a, D, C> {
    /// Polls the stack, then calls `f` with the socket.
    fn polled<T>(&self, f: impl FnOnce(&mut Socket<'a>) -> T) -> Result<T, Error> {
        self.stack.poll();
        self.with(f)
    }

    /// Calls `f` with the socket, unless the call is made within [`Stack::with`](crate::Stack::with).
    pub(crate) fn with<T>(&self, f: impl FnOnce(&mut Socket<'a>) -> T) -> Result<T, Error> {
        let mut parts = self.stack.parts().ok_or(Error::Reset)?;
        Ok(f(parts.sockets.get_mut(self.handle)))
    }
}

impl<D, C> ErrorType for Tcp<'_, '_, D, C> {
    type Error = Error;
}

impl<D: Device, C: Fn() -> Instant> Read for Tcp<'_, '_, D, C> {
    /// Returns at once, with [`Error::TimedOut`] if no byte can be read.
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Error> {
        if bytes.is_empty() {
            return Ok(0);
        }
        self.polled(|socket| match socket.state() {
            _ if socket.can_recv() => socket.recv_slice(bytes).map_err(|_| Error::Reset),
            State::Closed => Err(Error::Reset),
            _ if socket.may_recv() => Err(Error::TimedOut),
            // The peer has closed its end.
            _ => Ok(0),
        })?
    }
}

impl<D: Device, C: Fn() -> Instant> ReadReady for Tcp<'_, '_, D, C> {
    fn read_ready(&mut self) -> Result<bool, Error> {
        // The end of the stream is read too.
        self.polled(|socket| socket.can_recv() || !socket.may_recv())
    }
}

impl<D: Device, C: Fn() -> Instant> Write for Tcp<'_, '_, D, C> {
    /// Returns at once, with [`Error::TimedOut`] if no byte can be written.
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        let n = self.polled(|socket| socket.send_slice(bytes))?.map_err(|_| Error::Reset)?;
        if n == 0 && !bytes.is_empty() {
            return Err(Error::TimedOut);
        }
        self.stack.poll();
        Ok(n)
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.stack.poll();
        Ok(())
    }
}

impl<D: Device, C: Fn() -> Instant> WriteReady for Tcp<'_, '_, D, C> {
    fn write_ready(&mut self) -> Result<bool, Error> {
        self.polled(|socket| socket.can_send() || !socket.may_send())
    }
}
