//! A TCP socket as an IO of `embedded-io`, whose reads and writes time out.

use core::time::Duration;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time;

use zmtp_core::Instant;

/// A time after the end of every test.
pub(crate) const DEADLINE: Instant = Instant::from_millis(60_000);

/// Milliseconds since the test program began.
pub(crate) fn now() -> Instant {
    static START: std::sync::OnceLock<time::Instant> = std::sync::OnceLock::new();
    let elapsed = START.get_or_init(time::Instant::now).elapsed();
    Instant::from_millis(elapsed.as_millis().try_into().expect("a short run"))
}

/// A connected socket.
#[derive(Debug)]
pub(crate) struct Stream(TcpStream);

/// Its errors. Systems report timeouts with different kinds.
#[derive(Debug)]
pub(crate) struct Failure(io::Error);

impl PartialEq for Failure {
    fn eq(&self, other: &Self) -> bool {
        self.0.kind() == other.0.kind()
    }
}

impl core::fmt::Display for Failure {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

impl core::error::Error for Failure {}

impl embedded_io::Error for Failure {
    fn kind(&self) -> embedded_io::ErrorKind {
        match self.0.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => embedded_io::ErrorKind::TimedOut,
            ErrorKind::Interrupted => embedded_io::ErrorKind::Interrupted,
            _ => embedded_io::ErrorKind::Other,
        }
    }
}

impl Stream {
    pub(crate) fn new(stream: TcpStream) -> Self {
        let timeout = Some(Duration::from_millis(10));
        stream.set_read_timeout(timeout).expect("a socket");
        stream.set_write_timeout(timeout).expect("a socket");
        stream.set_nodelay(true).expect("a socket");
        Self(stream)
    }
}

impl embedded_io::ErrorType for Stream {
    type Error = Failure;
}

impl embedded_io::Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, Failure> {
        self.0.read(buf).map_err(Failure)
    }
}

impl embedded_io::Write for Stream {
    fn write(&mut self, buf: &[u8]) -> Result<usize, Failure> {
        self.0.write(buf).map_err(Failure)
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.0.flush().map_err(Failure)
    }
}
