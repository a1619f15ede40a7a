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
/// Rules:
///
/// * Wait until the descriptor is *readable*, for sending as well as for receiving. Ignore whether it is
///   writable.
/// * When it is readable, call [`Socket::step`], which handles the events and returns what the socket can
///   do. There may be no message.
/// * The descriptor reports only new events. Call `step` also after the time in
///   [`Ready::next`](crate::Ready), and between a send or receive and the next wait.
/// * Do not read from it, write to it or close it.
/// * From the first call of `as_fd` on, the background driver does not serve the socket: the application
///   drives it.
///
/// A socket that has used only inproc endpoints has no descriptor before this call, which creates it. It panics if the
/// system has no descriptor left, and in a forked child.
impl<K: Kind> AsFd for Socket<K> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.engine().expose()
    }
}

/// As [`AsFd`], without a lifetime.
impl<K: Kind> AsRawFd for Socket<K> {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

/// Registers the socket in a poll of the application. Use [`Interest::READABLE`], and call
/// [`Socket::step`] when the socket is readable. The rules of [`AsFd`] apply.
///
/// The background driver does not serve the socket while it is registered in this way. Deregister the socket
/// before the poll is dropped. In a forked child these calls fail.
impl<K: Kind> Source for Socket<K> {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        // From now on this poll, not the driver, waits for the events of the socket.
        let before = self.engine().set_registered(true);
        let descriptor = self.engine().descriptor().map_err(io::Error::from);
        let result = descriptor
            .and_then(|descriptor| SourceFd(&descriptor).register(registry, token, interest));
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
        SourceFd(&self.engine().descriptor()?).reregister(registry, token, interest)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        SourceFd(&self.engine().descriptor()?).deregister(registry)?;
        self.engine().set_registered(false);
        Ok(())
    }
}
