//! IO that does not wait.

use embedded_io::{Error, ErrorKind, ErrorType, Read, ReadReady, Write, WriteReady};

/// An IO whose `read` and `write` never wait: they return [`NotReady::Yet`] if no byte can be read or written.
///
/// The socket waits in a loop and calls the clock of the caller in each iteration. To save power, the clock may
/// sleep for a short time, or until the next interrupt, before it returns the time.
#[derive(Debug)]
pub struct Polled<IO>(pub IO);

/// The errors of a [`Polled`] IO.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[expect(clippy::exhaustive_enums, reason = "there are no others")]
pub enum NotReady<E> {
    /// The IO returned this error.
    Io(E),
    /// No byte can be read or written now. The kind of this error is `TimedOut`.
    Yet,
}

impl<E: core::fmt::Display> core::fmt::Display for NotReady<E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Yet => f.write_str("not ready yet"),
        }
    }
}

impl<E: core::error::Error> core::error::Error for NotReady<E> {}

impl<E: Error> Error for NotReady<E> {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Io(error) => error.kind(),
            Self::Yet => ErrorKind::TimedOut,
        }
    }
}

impl<IO: ErrorType> ErrorType for Polled<IO> {
    type Error = NotReady<IO::Error>;
}

impl<IO: Read + ReadReady> Read for Polled<IO> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, Self::Error> {
        match self.0.read_ready() {
            Ok(true) => self.0.read(buf).map_err(NotReady::Io),
            Ok(false) => Err(NotReady::Yet),
            Err(error) => Err(NotReady::Io(error)),
        }
    }
}

impl<IO: Write + WriteReady> Write for Polled<IO> {
    fn write(&mut self, buf: &[u8]) -> Result<usize, Self::Error> {
        match self.0.write_ready() {
            Ok(true) => self.0.write(buf).map_err(NotReady::Io),
            Ok(false) => Err(NotReady::Yet),
            Err(error) => Err(NotReady::Io(error)),
        }
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        self.0.flush().map_err(NotReady::Io)
    }
}

/// An IO with [`ReadReady`] and without [`WriteReady`], such as `BufferedUart` of embassy-rp and embassy-stm32. Its
/// `read` never waits: it returns [`NotReady::Yet`] if no byte can be read.
///
/// `write` waits until the IO accepts bytes, without regard to the deadline of the call. Therefore the driver must
/// empty its transmit buffer by an interrupt or by DMA; with flow control, the other end must read. While `write`
/// waits, the socket does not read.
#[derive(Debug)]
pub struct ReadPolled<IO>(pub IO);

impl<IO: ErrorType> ErrorType for ReadPolled<IO> {
    type Error = NotReady<IO::Error>;
}

impl<IO: Read + ReadReady> Read for ReadPolled<IO> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, Self::Error> {
        match self.0.read_ready() {
            Ok(true) => self.0.read(buf).map_err(NotReady::Io),
            Ok(false) => Err(NotReady::Yet),
            Err(error) => Err(NotReady::Io(error)),
        }
    }
}

impl<IO: Write> Write for ReadPolled<IO> {
    fn write(&mut self, buf: &[u8]) -> Result<usize, Self::Error> {
        self.0.write(buf).map_err(NotReady::Io)
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        self.0.flush().map_err(NotReady::Io)
    }
}
