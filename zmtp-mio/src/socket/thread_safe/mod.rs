//! Sockets that several threads use at the same time.

mod endpoints;
mod receive;
mod send;

use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;
use std::sync::Mutex;

use super::kind::{self, Any, Kind};
use super::{AnySocket, Builder, OpenEngine, Socket, any};
use crate::endpoint::Endpoint;
use crate::engine::{Handle, SharedEngine, UnsentMessages};
use crate::error::Error;
use crate::exchange;
use crate::monitor::{Counters, Event, EventReader, PeerStatus};
use crate::options::Linger;
use crate::socket_kind::SocketKind;

/// A socket that several threads use at the same time, by `&self` (`ZMQ_THREAD_SAFE`): use the aliases
/// [`Client`](crate::Client), [`Server`](crate::Server) and so on.
///
/// * A call that waits does not delay the calls of other threads: one thread may wait for a message while another
///   sends. Several threads may wait in a receive; each message is received by one of them.
/// * Share it by reference, in a scope of threads, or in an [`Arc`](std::sync::Arc).
/// * Messages have one part. A message of several parts from a peer is dropped and counted.
/// * A background driver is not necessary: without one, one of the threads that wait drives the socket.
/// * Messages of several threads are sent in the order in which their calls get the lock of the socket.
///
/// [`Socket`] describes closing, and what a socket is after `fork`. [`Self::close`] also ends the calls of other
/// threads.
pub struct ThreadSafeSocket<K: Kind> {
    engine: OpenEngine,
    /// The endpoint that was bound or connected last.
    last_endpoint: Mutex<Option<Endpoint>>,
    kind: PhantomData<K>,
}

impl<K: kind::ThreadSafe> ThreadSafeSocket<K> {
    /// Creates a socket with default options and without endpoints.
    ///
    /// # Errors
    ///
    /// As [`Builder::build`].
    pub fn new() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// Returns a builder that sets options before it creates the socket.
    pub fn builder() -> Builder<K, Self> {
        Builder::default()
    }
}

/// Peers, counters and events.
impl<K: Kind> ThreadSafeSocket<K> {
    /// Returns the kind of the socket.
    pub fn kind(&self) -> SocketKind {
        any::kind_of(&self.engine)
    }

    /// Returns the counters of the socket.
    pub fn counters(&self) -> Counters {
        exchange::counters(&self.engine)
    }

    /// As [`Socket::next_event`].
    pub fn next_event(&self) -> Option<Event> {
        self.engine.events().try_next()
    }

    /// As [`Socket::events`].
    pub fn events(&self) -> EventReader {
        self.engine.events().clone()
    }

    /// Returns the peers that are connected now and whose handshake is complete.
    pub fn peers(&self) -> impl ExactSizeIterator<Item = PeerStatus> + use<K> {
        exchange::peers(&self.engine)
    }

    /// Waits until the handshakes of at least `n` connected peers are complete. Returns `false` if
    /// `timeout` ends before.
    ///
    /// # Errors
    ///
    /// [`Error::Woken`], [`Error::Stopped`], [`Error::Io`].
    pub fn wait_for_peers(&self, n: usize, timeout: Duration) -> Result<bool, Error> {
        exchange::wait_for_peers(&self.engine, n, Some(timeout))
    }

    /// Returns a handle that ends waiting calls of this socket. [`Handle::wake`] ends one of them,
    /// [`Handle::stop`] all.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system has no descriptor left.
    pub fn handle(&self) -> Result<Handle, Error> {
        self.engine.enter()?.handle()
    }

    /// As [`Socket::drive`]. Without a background driver, a socket is driven only while a call of any thread waits.
    ///
    /// # Errors
    ///
    /// [`Error::Woken`], [`Error::Stopped`], [`Error::Io`].
    pub fn drive(&self, time: Duration) -> Result<(), Error> {
        exchange::drive(&self.engine, time)
    }

    pub(super) fn engine(&self) -> &SharedEngine {
        &self.engine
    }
}

/// Closing a socket.
impl<K: Kind> ThreadSafeSocket<K> {
    /// Closes the socket, as dropping it does, but with this linger instead of
    /// [`Options::linger`](crate::Options::linger). Returns what was not sent, as [`Socket::close`].
    ///
    /// Calls of other threads return [`Error::Stopped`] at once, and so do all later calls.
    ///
    /// ```
    /// use core::time::Duration;
    /// use zmtp_mio::{Channel, Error};
    ///
    /// let channel = Channel::builder().bind("tcp://127.0.0.1:*")?;
    /// std::thread::scope(|scope| {
    ///     let receiver = scope.spawn(|| channel.recv());
    ///     channel.close(Duration::ZERO);
    ///     assert!(matches!(receiver.join().unwrap(), Err(Error::Stopped)));
    /// });
    /// # Ok::<(), Error>(())
    /// ```
    pub fn close(&self, linger: impl Into<Linger>) -> UnsentMessages {
        self.engine.close_for_all(linger.into())
    }

    /// Returns the linger of the socket (`ZMQ_LINGER`).
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`] after a close or a shutdown of the context, [`Error::Forked`] in a forked child.
    pub fn linger(&self) -> Result<Linger, Error> {
        Ok(self.engine.enter()?.linger())
    }

    /// Sets how long dropping the socket waits from now on (`ZMQ_LINGER`).
    ///
    /// # Errors
    ///
    /// As [`Self::linger`].
    pub fn set_linger(&self, linger: impl Into<Linger>) -> Result<(), Error> {
        self.engine.enter()?.set_linger(linger.into());
        Ok(())
    }
}

impl<K: Kind> ThreadSafeSocket<K> {
    pub(super) fn of(socket: Socket<K>) -> Self {
        let Socket { engine, last_endpoint, kind } = socket;
        Self { engine, last_endpoint: Mutex::new(last_endpoint), kind }
    }
}

impl<K: kind::ThreadSafe> From<Socket<K>> for ThreadSafeSocket<K> {
    fn from(socket: Socket<K>) -> Self {
        Self::of(socket)
    }
}

/// The socket for one thread, whose methods need `&mut`.
impl<K: Kind> From<ThreadSafeSocket<K>> for Socket<K> {
    fn from(socket: ThreadSafeSocket<K>) -> Self {
        let last_endpoint = socket.last_endpoint();
        Self::from_engine(socket.engine, last_endpoint)
    }
}

impl<K: kind::ThreadSafe> From<ThreadSafeSocket<K>> for AnySocket {
    fn from(socket: ThreadSafeSocket<K>) -> Self {
        Socket::<K>::from(socket).into()
    }
}

/// Fails, and returns the socket unchanged, if the kind of the socket is not thread-safe.
impl TryFrom<AnySocket> for ThreadSafeSocket<Any> {
    type Error = AnySocket;

    fn try_from(socket: AnySocket) -> Result<Self, AnySocket> {
        if socket.kind().is_thread_safe() { Ok(Self::of(socket)) } else { Err(socket) }
    }
}

impl<K: Kind> fmt::Debug for ThreadSafeSocket<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadSafeSocket")
            .field("kind", &self.kind())
            .field("engine", &*self.engine)
            .finish()
    }
}
