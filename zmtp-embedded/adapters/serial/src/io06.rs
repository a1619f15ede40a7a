//! Serial ports with the traits of `embedded-io` 0.6.

use core::fmt;

use embedded_io::{ErrorKind, ErrorType, Read, ReadReady, Write, WriteReady};
use embedded_io_06 as io;

/// An IO with the traits of `embedded-io` 0.6, which has those of 0.7 with this. Put it into `blocking::Polled`, or
/// into `blocking::ReadPolled` if it has only `ReadReady`.
#[derive(Debug)]
pub struct Io06<T>(pub T);

/// The error of [`Io06`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Io06Error<E>(pub E);

impl<E: io::Error> fmt::Display for Io06Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: io::Error> core::error::Error for Io06Error<E> {}

impl<E: io::Error> embedded_io::Error for Io06Error<E> {
    fn kind(&self) -> ErrorKind {
        match self.0.kind() {
            io::ErrorKind::NotFound => ErrorKind::NotFound,
            io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
            io::ErrorKind::ConnectionRefused => ErrorKind::ConnectionRefused,
            io::ErrorKind::ConnectionReset => ErrorKind::ConnectionReset,
            io::ErrorKind::ConnectionAborted => ErrorKind::ConnectionAborted,
            io::ErrorKind::NotConnected => ErrorKind::NotConnected,
            io::ErrorKind::AddrInUse => ErrorKind::AddrInUse,
            io::ErrorKind::AddrNotAvailable => ErrorKind::AddrNotAvailable,
            io::ErrorKind::BrokenPipe => ErrorKind::BrokenPipe,
            io::ErrorKind::AlreadyExists => ErrorKind::AlreadyExists,
            io::ErrorKind::InvalidInput => ErrorKind::InvalidInput,
            io::ErrorKind::InvalidData => ErrorKind::InvalidData,
            io::ErrorKind::TimedOut => ErrorKind::TimedOut,
            io::ErrorKind::Interrupted => ErrorKind::Interrupted,
            io::ErrorKind::Unsupported => ErrorKind::Unsupported,
            io::ErrorKind::OutOfMemory => ErrorKind::OutOfMemory,
            io::ErrorKind::WriteZero => ErrorKind::WriteZero,
            _ => ErrorKind::Other,
        }
    }
}

impl<T: io::ErrorType> ErrorType for Io06<T> {
    type Error = Io06Error<T::Error>;
}

impl<T: io::Read> Read for Io06<T> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, Self::Error> {
        self.0.read(buf).map_err(Io06Error)
    }
}

impl<T: io::ReadReady> ReadReady for Io06<T> {
    fn read_ready(&mut self) -> Result<bool, Self::Error> {
        self.0.read_ready().map_err(Io06Error)
    }
}

impl<T: io::Write> Write for Io06<T> {
    fn write(&mut self, buf: &[u8]) -> Result<usize, Self::Error> {
        self.0.write(buf).map_err(Io06Error)
    }

    /// Ignores an error: `usbd-serial` returns one while bytes wait for the host. The next `write` returns a lasting one.
    fn flush(&mut self) -> Result<(), Self::Error> {
        let _ = self.0.flush();
        Ok(())
    }
}

impl<T: io::WriteReady> WriteReady for Io06<T> {
    fn write_ready(&mut self) -> Result<bool, Self::Error> {
        self.0.write_ready().map_err(Io06Error)
    }
}
