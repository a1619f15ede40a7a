//! IOs of `std` for the blocking sockets of `zmtp-embedded`: [`Std`] over a `TcpStream`, a serial port or any other
//! `Read` and `Write`, and [`Clock`].
//!
//! ```no_run
//! use std::net::TcpStream;
//!
//! use zmtp_embedded::blocking::Req;
//! use zmtp_embedded::{Config, SocketType, size};
//! use zmtp_embedded_std::{Clock, Std};
//!
//! static CONFIG: Config = Config::new(SocketType::Req);
//!
//! fn main() -> std::io::Result<()> {
//!     let clock = Clock::start();
//!     let (mut receive, mut send) = ([0; size::receive(SocketType::Req, 64, 1)], [0; 64]);
//!     let mut req = Req::new(&CONFIG, &mut receive, &mut send, 1);
//!     req.connect(Std::tcp(TcpStream::connect("127.0.0.1:5555")?)?, clock.now());
//!     let reply = req.request(&[b"hello"], clock.now().after(1_000), || clock.now());
//!     println!("{:?}", reply.map(|reply| reply.first().len()));
//!     Ok(())
//! }
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs)]

use std::io;
use std::net::TcpStream;
use std::time::Duration;

use embedded_io::{ErrorKind, ErrorType, Read, Write};
use zmtp_embedded::Instant;

/// The time after which `read` and `write` of [`Std::tcp`] return, so that calls can check their deadlines.
const TIMEOUT: Duration = Duration::from_millis(2);

/// An IO of `std`. A `read` or `write` that times out or would block has the kind `TimedOut`, which does not close the
/// link; the usual adapters return another kind.
///
/// `read` and `write` of the IO must return after a short time: [`Std::tcp`] sets timeouts; set those of a serial port
/// to a few milliseconds. An IO that never blocks also works, but a call that waits then keeps a CPU busy.
#[derive(Debug)]
pub struct Std<T>(pub T);

/// An error of [`Std`].
#[derive(Debug)]
pub struct Error(pub io::Error);

impl Std<TcpStream> {
    /// A TCP stream, with timeouts of 2 ms, and without Nagle's algorithm.
    ///
    /// # Errors
    ///
    /// Those of the options of the stream.
    pub fn tcp(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        Ok(Self(stream))
    }
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl embedded_io::Error for Error {
    fn kind(&self) -> ErrorKind {
        match self.0.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => ErrorKind::TimedOut,
            kind => kind.into(),
        }
    }
}

impl<T> ErrorType for Std<T> {
    type Error = Error;
}

impl<T: io::Read> Read for Std<T> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, Error> {
        self.0.read(buf).map_err(Error)
    }
}

impl<T: io::Write> Write for Std<T> {
    fn write(&mut self, buf: &[u8]) -> Result<usize, Error> {
        self.0.write(buf).map_err(Error)
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.0.flush().map_err(Error)
    }
}

/// A clock for the calls of sockets.
#[derive(Clone, Copy, Debug)]
pub struct Clock(std::time::Instant);

impl Clock {
    /// Starts a clock at 0.
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// The time since the start of the clock.
    pub fn now(&self) -> Instant {
        Instant::from_millis(u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}
