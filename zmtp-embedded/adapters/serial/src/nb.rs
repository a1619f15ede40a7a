//! Serial ports with the traits of `embedded-hal-nb`.

use core::fmt;

use embedded_hal_nb::nb;
use embedded_hal_nb::serial;
use embedded_io::{ErrorKind, ErrorType, Read, Write};

/// A serial port with the traits `Read` and `Write` of `embedded_hal_nb::serial`. Its `read` and `write` never wait:
/// they return [`NbError::Yet`] if no byte can be read or written.
///
/// Most of these ports hold one received byte. If a second one arrives before it is read, the port reports an overrun,
/// and the connection ends. Without flow control, use a low baud rate, or fill a queue in the receive interrupt.
#[derive(Debug)]
pub struct Nb<S: serial::ErrorType> {
    port: S,
    /// An error that followed bytes which were read. The next `read` returns it.
    error: Option<S::Error>,
}

impl<S: serial::ErrorType> Nb<S> {
    /// The port as an IO.
    pub const fn new(port: S) -> Self {
        Self { port, error: None }
    }

    /// The port.
    pub fn into_inner(self) -> S {
        self.port
    }
}

/// The error of [`Nb`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "there are no others")]
pub enum NbError<E> {
    /// The port returned this error.
    Port(E),
    /// No byte can be read or written now. The kind of this error is `TimedOut`.
    Yet,
}

impl<E: serial::Error> fmt::Display for NbError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(error) => error.kind().fmt(f),
            Self::Yet => f.write_str("not ready yet"),
        }
    }
}

impl<E: serial::Error> core::error::Error for NbError<E> {}

impl<E: serial::Error> embedded_io::Error for NbError<E> {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Port(_) => ErrorKind::InvalidData,
            Self::Yet => ErrorKind::TimedOut,
        }
    }
}

impl<S: serial::ErrorType> ErrorType for Nb<S> {
    type Error = NbError<S::Error>;
}

impl<S: serial::Read<u8>> Read for Nb<S> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, Self::Error> {
        if let Some(error) = self.error.take() {
            return Err(NbError::Port(error));
        }
        let mut n: usize = 0;
        for slot in &mut *buf {
            match self.port.read() {
                Ok(byte) => *slot = byte,
                Err(nb::Error::WouldBlock) => break,
                Err(nb::Error::Other(error)) if n == 0 => return Err(NbError::Port(error)),
                Err(nb::Error::Other(error)) => {
                    self.error = Some(error);
                    break;
                }
            }
            n = n.saturating_add(1);
        }
        if n == 0 && !buf.is_empty() { Err(NbError::Yet) } else { Ok(n) }
    }
}

impl<S: serial::Write<u8>> Write for Nb<S> {
    fn write(&mut self, buf: &[u8]) -> Result<usize, Self::Error> {
        let mut n: usize = 0;
        for byte in buf {
            match self.port.write(*byte) {
                Ok(()) => n = n.saturating_add(1),
                Err(nb::Error::Other(error)) if n == 0 => return Err(NbError::Port(error)),
                // The next call returns the error again.
                Err(_) => break,
            }
        }
        if n == 0 && !buf.is_empty() { Err(NbError::Yet) } else { Ok(n) }
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        match self.port.flush() {
            Ok(()) => Ok(()),
            Err(nb::Error::WouldBlock) => Err(NbError::Yet),
            Err(nb::Error::Other(error)) => Err(NbError::Port(error)),
        }
    }
}
