//! The side of the device: a serial device or pty, or TCP (QEMU, ser2net).

use core::time::Duration;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use rustix::fs::OFlags;
use rustix::termios::{self, ControlModes, OptionalActions, Termios};

/// The time limit of a connection attempt.
pub(crate) const DIAL_TIMEOUT: Duration = Duration::from_secs(3);

/// The location of the device.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    Device(PathBuf),
    /// `host:port`.
    Tcp(String),
}

impl Place {
    pub(crate) fn parse(text: &str) -> Self {
        match text.strip_prefix("tcp://") {
            Some(address) => Self::Tcp(address.into()),
            None => Self::Device(text.into()),
        }
    }
}

/// The open line. Neither reads nor writes block.
#[derive(Debug)]
pub(crate) enum Serial {
    /// A device file. If it is a terminal, also its former settings, which are restored at the end.
    Device(File, Option<Box<Termios>>),
    Tcp(TcpStream),
}

impl Serial {
    pub(crate) fn open(place: &Place, baud: u32) -> io::Result<Self> {
        match place {
            Place::Device(path) => {
                // The device must not become the controlling terminal, and `open` must not wait for its carrier.
                let flags = OFlags::NOCTTY | OFlags::NONBLOCK;
                let file = OpenOptions::new()
                    .read(true)
                    .write(true)
                    .custom_flags(flags.bits() as i32)
                    .open(path)?;
                let before = make_raw(&file, baud)?.map(Box::new);
                Ok(Self::Device(file, before))
            }
            Place::Tcp(address) => {
                let stream = dial(address)?;
                stream.set_nonblocking(true)?;
                Ok(Self::Tcp(stream))
            }
        }
    }
}

/// Sets a terminal to this speed and to pass every byte unchanged. Returns its former settings; `None` if the file
/// is not a terminal.
fn make_raw(file: &File, baud: u32) -> io::Result<Option<Termios>> {
    if !termios::isatty(file) {
        return Ok(None);
    }
    let before = termios::tcgetattr(file)?;
    let mut raw = before.clone();
    raw.make_raw();
    raw.control_modes |= ControlModes::CLOCAL | ControlModes::CREAD;
    raw.set_speed(baud)?;
    termios::tcsetattr(file, OptionalActions::Now, &raw)?;
    Ok(Some(before))
}

/// Connects to `host:port`.
pub(crate) fn dial(address: &str) -> io::Result<TcpStream> {
    let mut result = Err(io::Error::new(io::ErrorKind::NotFound, "no address"));
    for address in address.to_socket_addrs()? {
        result = TcpStream::connect_timeout(&address, DIAL_TIMEOUT);
        if result.is_ok() {
            break;
        }
    }
    let stream = result?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl Drop for Serial {
    fn drop(&mut self) {
        if let Self::Device(file, Some(before)) = self {
            // This fails if the device is removed.
            let _ = termios::tcsetattr(file, OptionalActions::Now, before);
        }
    }
}

impl Read for Serial {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Device(file, _) => file.read(buf),
            Self::Tcp(stream) => stream.read(buf),
        }
    }
}

impl Write for Serial {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Self::Device(file, _) => file.write(buf),
            Self::Tcp(stream) => stream.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsFd for Serial {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Device(file, _) => file.as_fd(),
            Self::Tcp(stream) => stream.as_fd(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        assert_eq!(Place::parse("tcp://host:1"), Place::Tcp("host:1".into()));
        assert_eq!(Place::parse("/dev/ttyUSB0"), Place::Device("/dev/ttyUSB0".into()));
    }
}
