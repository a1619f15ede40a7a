//! Listeners and streams of TCP and IPC on mio.

use core::hint;
use std::io::{self, IoSlice, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};

use zmtp_mio::mio::event::Source;
use zmtp_mio::mio::{Events, Interest, Poll, Token, net};

use crate::{Failure, Result};

macro_rules! each {
    ($self:ident, $stream:ident => $run:expr) => {
        match $self {
            Self::Tcp($stream) => $run,
            Self::Unix($stream) => $run,
        }
    };
}

/// A blocking listener.
pub(super) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A blocking stream.
pub(super) enum Blocking {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// A stream whose reads and writes do not sleep, if it spins.
pub(super) struct Spinning(Blocking);

/// A nonblocking stream with a poll of its own, whose reads and writes wait in that poll.
pub(super) struct Polled<S> {
    stream: S,
    poll: Poll,
    events: Events,
}

impl Listener {
    /// Binds, and calls `ready` with the endpoint to connect to.
    pub(super) fn bind(endpoint: &str, ready: &dyn Fn(&str)) -> Result<Self> {
        if let Some(address) = endpoint.strip_prefix("tcp://") {
            let listener = TcpListener::bind(address.replace('*', "0"))?;
            ready(&format!("tcp://{}", listener.local_addr()?));
            Ok(Self::Tcp(listener))
        } else if let Some(path) = endpoint.strip_prefix("ipc://") {
            let listener = UnixListener::bind(path)?;
            ready(endpoint);
            Ok(Self::Unix(listener))
        } else {
            Err(Failure::from(format!("no plain sockets for {endpoint}")))
        }
    }

    pub(super) fn accept(&self) -> io::Result<Blocking> {
        match self {
            Self::Tcp(listener) => Blocking::tcp(listener.accept()?.0),
            Self::Unix(listener) => Ok(Blocking::Unix(listener.accept()?.0)),
        }
    }
}

impl Blocking {
    fn tcp(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self::Tcp(stream))
    }

    pub(super) fn connect(endpoint: &str) -> Result<Self> {
        if let Some(address) = endpoint.strip_prefix("tcp://") {
            Ok(Self::tcp(TcpStream::connect(address)?)?)
        } else if let Some(path) = endpoint.strip_prefix("ipc://") {
            Ok(Self::Unix(UnixStream::connect(path)?))
        } else {
            Err(Failure::from(format!("no plain sockets for {endpoint}")))
        }
    }

    /// The same stream. If it `spins`, its reads and writes keep a CPU busy instead of blocking.
    pub(super) fn spinning(self, spins: bool) -> io::Result<Spinning> {
        match &self {
            Self::Tcp(stream) => stream.set_nonblocking(spins)?,
            Self::Unix(stream) => stream.set_nonblocking(spins)?,
        }
        Ok(Spinning(self))
    }

    /// Makes the stream nonblocking.
    pub(super) fn polled(self, interest: Interest) -> io::Result<Polled<Nonblocking>> {
        let stream = match self {
            Self::Tcp(stream) => {
                stream.set_nonblocking(true)?;
                Nonblocking::Tcp(net::TcpStream::from_std(stream))
            }
            Self::Unix(stream) => {
                stream.set_nonblocking(true)?;
                Nonblocking::Unix(net::UnixStream::from_std(stream))
            }
        };
        Polled::new(stream, interest)
    }
}

/// A stream of mio.
pub(super) enum Nonblocking {
    Tcp(net::TcpStream),
    Unix(net::UnixStream),
}

impl<S: Source> Polled<S> {
    fn new(mut stream: S, interest: Interest) -> io::Result<Self> {
        let poll = Poll::new()?;
        poll.registry().register(&mut stream, Token(0), interest)?;
        Ok(Self { stream, poll, events: Events::with_capacity(8) })
    }

    /// Runs until it would not block.
    fn wait<T>(&mut self, mut run: impl FnMut(&mut S) -> io::Result<T>) -> io::Result<T> {
        loop {
            match run(&mut self.stream) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    match self.poll.poll(&mut self.events, None) {
                        Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                            return Err(error);
                        }
                        _ => {}
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

impl<S: Source + Read> Read for Polled<S> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.wait(|stream| stream.read(into))
    }
}

impl<S: Source + Write> Write for Polled<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.wait(|stream| stream.write(bytes))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.wait(|stream| stream.write_vectored(slices))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Blocking {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        each!(self, stream => stream.read(into))
    }
}

impl Write for Blocking {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        each!(self, stream => stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Spinning {
    fn wait<T>(&mut self, mut run: impl FnMut(&mut Blocking) -> io::Result<T>) -> io::Result<T> {
        loop {
            match run(&mut self.0) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => hint::spin_loop(),
                result => return result,
            }
        }
    }
}

impl Read for Spinning {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.wait(|stream| stream.read(into))
    }
}

impl Write for Spinning {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.wait(|stream| stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Nonblocking {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        each!(self, stream => stream.read(into))
    }
}

impl Write for Nonblocking {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        each!(self, stream => stream.write(bytes))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        each!(self, stream => stream.write_vectored(slices))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Source for Nonblocking {
    fn register(
        &mut self,
        registry: &zmtp_mio::mio::Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        each!(self, stream => stream.register(registry, token, interests))
    }

    fn reregister(
        &mut self,
        registry: &zmtp_mio::mio::Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        each!(self, stream => stream.reregister(registry, token, interests))
    }

    fn deregister(&mut self, registry: &zmtp_mio::mio::Registry) -> io::Result<()> {
        each!(self, stream => stream.deregister(registry))
    }
}
