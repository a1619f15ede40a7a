//! Streams and listeners of every transport, as one type each; and sockets for datagrams.

#[cfg(unix)]
mod ipc;
mod local;
#[cfg(unix)]
mod no_signal;
pub(crate) mod socks;
mod tcp;
mod udp;

use core::net::SocketAddr;
#[cfg(not(unix))]
use std::io::Write;
use std::io::{self, IoSlice, IoSliceMut, Read};
#[cfg(unix)]
use std::os::fd::AsRawFd as _;

use mio::event::Source;
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};

use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::options::{AcceptFilter, Options, Tcp};
use crate::sys;
#[cfg(any(test, feature = "testing"))]
use crate::testing::{MemoryListener, MemoryStream};
pub use socks::SocksError;
pub(crate) use udp::{DatagramSocket, LONGEST, Received};

/// A connected, or connecting, stream.
#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Ipc(mio::net::UnixStream),
    #[cfg(any(test, feature = "testing"))]
    Memory(MemoryStream),
}

/// A listening socket.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Ipc(ipc::IpcListener),
    #[cfg(any(test, feature = "testing"))]
    Memory(MemoryListener),
}

/// A listening socket of the standard library, for [`Socket::bind_listener`](crate::Socket::bind_listener).
#[derive(Debug)]
#[non_exhaustive]
pub enum BoundListener {
    /// A TCP socket.
    Tcp(std::net::TcpListener),
    /// A Unix socket.
    #[cfg(unix)]
    Ipc(std::os::unix::net::UnixListener),
}

impl From<std::net::TcpListener> for BoundListener {
    fn from(listener: std::net::TcpListener) -> Self {
        Self::Tcp(listener)
    }
}

#[cfg(unix)]
impl From<std::os::unix::net::UnixListener> for BoundListener {
    fn from(listener: std::os::unix::net::UnixListener) -> Self {
        Self::Ipc(listener)
    }
}

/// Calls the same method for every transport.
macro_rules! each {
    ($self:expr, $inner:ident => $call:expr) => {
        each!($self, $inner => $call, in memory $inner => $call)
    };
    ($self:expr, $inner:ident => $call:expr, in memory $memory:pat => $other:expr) => {
        match $self {
            Self::Tcp($inner) => $call,
            #[cfg(unix)]
            Self::Ipc($inner) => $call,
            #[cfg(any(test, feature = "testing"))]
            Self::Memory($memory) => $other,
        }
    };
}

impl Stream {
    /// Starts to connect; the stream is writable once the result is known.
    pub(crate) fn dial(target: &Target, options: &Options) -> io::Result<Self> {
        #[cfg(any(test, feature = "testing"))]
        if let (Some(network), Target::Tcp { to, .. }) = (options.context.network(), target) {
            return network.connect(to.port()).map(Self::Memory);
        }
        match target {
            Target::Tcp { to, from } => tcp::dial(*to, *from, &options.tcp).map(Self::Tcp),
            #[cfg(unix)]
            Target::Ipc(endpoint) => ipc::dial(endpoint).map(Self::Ipc),
        }
    }

    /// Applies the options to a connection that was accepted.
    pub(crate) fn configure(&self, options: &Tcp) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => tcp::configure(stream, options),
            #[cfg(unix)]
            Self::Ipc(_) => Ok(()),
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(_) => Ok(()),
        }
    }

    /// Whether a filter accepts the connection, from this address.
    pub(crate) fn is_accepted_by(&self, filter: &AcceptFilter, remote: Option<SocketAddr>) -> bool {
        match self {
            #[cfg(unix)]
            Self::Ipc(stream) => filter.accepts_process(|| ipc::process(stream)),
            _ => filter.accepts_address(remote.map(|remote| remote.ip())),
        }
    }

    /// The result of connecting: `WouldBlock` while it is unknown.
    pub(crate) fn connected(&self) -> io::Result<()> {
        if let Some(error) = each!(self, stream => stream.take_error(), in memory _ => Ok(None))? {
            return Err(error);
        }
        if let Self::Tcp(stream) = self
            && let (Ok(local), Ok(peer)) = (stream.local_addr(), stream.peer_addr())
            && local == peer
        {
            // A connection attempt to an unused port of this machine may connect the socket to itself,
            // which blocks the port for servers. Reset it, because a regular close blocks the port for
            // another minute.
            let _ = socket2::SockRef::from(stream).set_linger(Some(core::time::Duration::ZERO));
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        match each!(self, stream => stream.peer_addr().map(drop), in memory _ => Ok(())) {
            Err(error) if error.kind() == io::ErrorKind::NotConnected => {
                Err(io::ErrorKind::WouldBlock.into())
            }
            decided => decided,
        }
    }

    pub(crate) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        retry(|| each!(self, stream => stream.read(into)))
    }

    pub(crate) fn read_vectored(&mut self, into: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        retry(|| each!(self, stream => stream.read_vectored(into)))
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        #[cfg(unix)]
        return retry(
            || each!(self, stream => no_signal::write(stream, bytes), in memory it => it.write(bytes)),
        );
        #[cfg(not(unix))]
        retry(|| each!(self, stream => stream.write(bytes)))
    }

    pub(crate) fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        #[cfg(unix)]
        return retry(|| {
            each!(
                self,
                stream => no_signal::write_vectored(stream, slices),
                in memory it => it.write_vectored(slices)
            )
        });
        #[cfg(not(unix))]
        retry(|| each!(self, stream => stream.write_vectored(slices)))
    }

    /// The number of written bytes that have not arrived: for TCP those that the system of the peer has not
    /// acknowledged, otherwise those that the peer has not read. 0 if the system does not report it.
    pub(crate) fn unacknowledged(&self) -> u64 {
        match self {
            Self::Tcp(stream) => sys::output_queue(stream),
            #[cfg(unix)]
            Self::Ipc(stream) => sys::output_queue(stream),
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(stream) => stream.unread(),
        }
    }

    /// Whether [`Stream::unacknowledged`] is 0 when the peer has closed without reading.
    pub(crate) const fn forgets_unread(&self) -> bool {
        #[cfg(unix)]
        return matches!(self, Self::Ipc(_));
        #[cfg(not(unix))]
        false
    }

    /// Whether bytes that have not arrived may be lost by a close: with TCP the system may discard them; with IPC the
    /// peer can still read them, but libzmq does not while its queue is full.
    pub(crate) const fn close_may_lose(&self) -> bool {
        match self {
            Self::Tcp(_) => true,
            #[cfg(unix)]
            Self::Ipc(_) => true,
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(_) => false,
        }
    }

    /// Registers the stream's events. A stream in memory notifies by itself.
    pub(crate) fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        each!(self, stream => stream.register(registry, token, interest), in memory _ => Ok(()))
    }

    pub(crate) fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        each!(self, stream => stream.reregister(registry, token, interest), in memory _ => Ok(()))
    }

    pub(crate) fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        each!(self, stream => stream.deregister(registry), in memory _ => Ok(()))
    }

    /// The addresses of both ends, if the transport has addresses.
    pub(crate) fn addresses(&self) -> Addresses {
        let descriptor = self.descriptor();
        match self {
            Self::Tcp(stream) => Addresses {
                remote: stream.peer_addr().ok(),
                local: stream.local_addr().ok(),
                descriptor,
            },
            #[cfg(unix)]
            Self::Ipc(_) => Addresses { descriptor, ..Addresses::default() },
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(stream) => {
                Addresses { remote: Some(stream.remote()), local: Some(stream.local()), descriptor }
            }
        }
    }

    /// The number of the descriptor; `None` if it has none, or on another system than Unix.
    pub(crate) fn descriptor(&self) -> Option<i32> {
        #[cfg(unix)]
        return each!(self, stream => Some(stream.as_raw_fd()), in memory _ => None);
        #[cfg(not(unix))]
        None
    }
}

/// The addresses of a TCP connection, or of a UDP socket; `None` for other transports.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Addresses {
    pub(crate) remote: Option<SocketAddr>,
    pub(crate) local: Option<SocketAddr>,
    /// The number of the descriptor of a stream or a listener of Unix.
    pub(crate) descriptor: Option<i32>,
}

/// An address to connect to, with names resolved.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Tcp {
        to: SocketAddr,
        /// The local address, if one is chosen.
        from: Option<SocketAddr>,
    },
    #[cfg(unix)]
    Ipc(Endpoint),
}

impl Listener {
    /// Starts to listen. An ipc file that a dead process left behind is replaced.
    pub(crate) fn bind(endpoint: &Endpoint, options: &Options) -> Result<Self, Error> {
        #[cfg(any(test, feature = "testing"))]
        if let (Some(network), Endpoint::Tcp { port, .. }) = (options.context.network(), endpoint) {
            let bound = network.bind(*port).map_err(|_| Error::AddressInUse(endpoint.clone()));
            return bound.map(Self::Memory);
        }
        match endpoint {
            Endpoint::Tcp { host, port, .. } => {
                tcp::bind(endpoint, host, *port, options).map(Self::Tcp)
            }
            #[cfg(unix)]
            _ => ipc::IpcListener::bind(endpoint).map(Self::Ipc),
            #[cfg(not(unix))]
            _ => Err(Error::Io {
                doing: format!("bind {endpoint}"),
                source: io::ErrorKind::Unsupported.into(),
            }),
        }
    }

    /// Takes over a listening socket of the application, with its endpoint.
    pub(crate) fn adopt(listener: BoundListener) -> Result<(Endpoint, Self), Error> {
        let adopted = match listener {
            BoundListener::Tcp(listener) => listener.set_nonblocking(true).and_then(|()| {
                let address = listener.local_addr()?;
                Ok((address.into(), Self::Tcp(TcpListener::from_std(listener))))
            }),
            #[cfg(unix)]
            BoundListener::Ipc(listener) => ipc::IpcListener::adopt(listener)
                .map(|listener| (listener.endpoint().clone(), Self::Ipc(listener))),
        };
        adopted.map_err(Error::io("use a listener"))
    }

    /// The concrete endpoint.
    pub(crate) fn endpoint(&self) -> io::Result<Endpoint> {
        match self {
            Self::Tcp(listener) => listener.local_addr().map(Endpoint::from),
            #[cfg(unix)]
            Self::Ipc(listener) => Ok(listener.endpoint().clone()),
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(listener) => Ok(listener.address().into()),
        }
    }

    /// The local address, if the transport has addresses.
    pub(crate) fn addresses(&self) -> Addresses {
        #[cfg(unix)]
        let descriptor = each!(self, listener => Some(listener.as_raw_fd()), in memory _ => None);
        #[cfg(not(unix))]
        let descriptor = None;
        let local = match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            #[cfg(unix)]
            Self::Ipc(_) => None,
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(listener) => Some(listener.address()),
        };
        Addresses { remote: None, local, descriptor }
    }

    /// The next connection.
    pub(crate) fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener) => retry(|| listener.accept()).map(|(it, _)| Stream::Tcp(it)),
            #[cfg(unix)]
            Self::Ipc(listener) => retry(|| listener.accept()).map(Stream::Ipc),
            #[cfg(any(test, feature = "testing"))]
            Self::Memory(listener) => listener.accept().map(Stream::Memory),
        }
    }

    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        each!(
            self,
            listener => listener.register(registry, token, Interest::READABLE),
            in memory _ => Ok(())
        )
    }

    pub(crate) fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        each!(self, listener => listener.deregister(registry), in memory _ => Ok(()))
    }
}

/// Repeats a call that a signal interrupted.
fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
