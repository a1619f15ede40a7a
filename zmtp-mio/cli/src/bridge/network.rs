//! The side of the network: one connection at a time, connected or accepted.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use zmtp_mio::{Endpoint, Error, Host};

use super::ipc::{IpcListener, address};
use super::serial;

/// A connection. Neither reads nor writes block.
#[derive(Debug)]
pub(crate) enum Peer {
    Ipc(UnixStream),
    Tcp(TcpStream),
}

impl Peer {
    /// Connects, which may take [`serial::DIAL_TIMEOUT`] and the look-up of a name.
    pub(crate) fn dial(endpoint: &Endpoint) -> io::Result<Self> {
        let peer = match endpoint {
            Endpoint::Tcp { .. } => {
                let text = endpoint.to_string();
                Self::Tcp(serial::dial(text.trim_start_matches("tcp://"))?)
            }
            _ => Self::Ipc(UnixStream::connect_addr(&address(endpoint)?)?),
        };
        peer.unblocked()
    }

    fn unblocked(self) -> io::Result<Self> {
        match &self {
            Self::Ipc(stream) => stream.set_nonblocking(true)?,
            Self::Tcp(stream) => stream.set_nonblocking(true)?,
        }
        Ok(self)
    }
}

impl Read for Peer {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Ipc(stream) => stream.read(buf),
            Self::Tcp(stream) => stream.read(buf),
        }
    }
}

impl Write for Peer {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Self::Ipc(stream) => stream.write(buf),
            Self::Tcp(stream) => stream.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsFd for Peer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Ipc(stream) => stream.as_fd(),
            Self::Tcp(stream) => stream.as_fd(),
        }
    }
}

/// A listener.
#[derive(Debug)]
pub(crate) enum Listener {
    Ipc(IpcListener),
    Tcp(TcpListener),
}

impl Listener {
    pub(crate) fn bind(endpoint: &Endpoint) -> Result<Self, Error> {
        let listener = match endpoint {
            Endpoint::Tcp { host, port, .. } => match host {
                Host::Any => TcpListener::bind(("0.0.0.0", *port)),
                Host::Ip(ip) => TcpListener::bind((*ip, *port)),
                _ => {
                    let text = endpoint.to_string();
                    TcpListener::bind(text.trim_start_matches("tcp://"))
                }
            }
            .and_then(|listener| listener.set_nonblocking(true).map(|()| Self::Tcp(listener))),
            _ => IpcListener::bind(endpoint).map(Self::Ipc),
        };
        listener.map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => Error::AddressInUse(endpoint.clone()),
            _ => Error::Io { doing: format!("bind {endpoint}"), source },
        })
    }

    /// The endpoint with the port that the system chose.
    pub(crate) fn endpoint(&self) -> Option<Endpoint> {
        match self {
            Self::Ipc(listener) => Some(listener.endpoint.clone()),
            Self::Tcp(listener) => listener.local_addr().ok().map(Endpoint::from),
        }
    }

    pub(crate) fn accept(&self) -> io::Result<Peer> {
        let peer = match self {
            Self::Ipc(listener) => Peer::Ipc(listener.accept()?),
            Self::Tcp(listener) => {
                let stream = listener.accept()?.0;
                stream.set_nodelay(true)?;
                Peer::Tcp(stream)
            }
        };
        peer.unblocked()
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Ipc(listener) => listener.as_fd(),
            Self::Tcp(listener) => listener.as_fd(),
        }
    }
}
