//! Sockets in polls: the caller's `mio::Poll`, or another event loop by descriptor.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use mio::event::Source;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};

use super::Socket;
use super::kind::Kind;

/// The descriptor of the socket, for an event loop that is not mio's (`ZMQ_FD`).
///
/// The contract:
///
/// * Wait for the descriptor to be *readable*, both to send and to receive.
///   It never becomes writable in a useful way.
/// * Readable means that events are pending: call [`Socket::step`], which handles them and returns
///   what the socket can do. It does not mean that a message is there.
/// * The descriptor reports only new events. Call `step` also after [`Ready::next`](crate::Ready)
///   at the latest, and after each send or receive before waiting again.
/// * Do not read from it, write to it or close it.
/// * If the socket's [`Context`](crate::Context) has a driver, the driver serves the socket while the
///   application waits, and takes its events. Use a context without a driver, or register the socket
///   in a `mio::Poll`, which keeps the driver away.
impl<K: Kind> AsFd for Socket<K> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.engine().as_fd()
    }
}

/// As [`AsFd`], without a lifetime.
impl<K: Kind> AsRawFd for Socket<K> {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

/// Registers the socket in a poll of the application. Use [`Interest::READABLE`], and call
/// [`Socket::step`] when the socket is readable; the contract is that of [`AsFd`].
///
/// The background driver does not serve the socket while it is registered. Deregister the socket
/// before the poll is dropped.
impl<K: Kind> Source for Socket<K> {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        // From now on this poll waits for the socket's events, not the driver.
        let before = self.engine().set_registered(true);
        let result = SourceFd(&self.engine().descriptor()).register(registry, token, interest);
        if result.is_err() {
            self.engine().set_registered(before);
        }
        result
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        SourceFd(&self.engine().descriptor()).reregister(registry, token, interest)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        SourceFd(&self.engine().descriptor()).deregister(registry)?;
        self.engine().set_registered(false);
        Ok(())
    }
}
