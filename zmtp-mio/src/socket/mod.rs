//! Sockets: a kind on top of an engine.

mod any;
mod builder;
mod builder_security;
mod channel;
mod client;
mod dealer;
mod dgram;
mod endpoints;
pub mod kind;
pub mod libzmq;
mod pair;
mod peer;
mod peer_messages;
mod publish;
mod pull;
mod push;
mod radio;
mod receive;
mod rep;
mod req;
mod router;
mod scatter;
mod send;
#[cfg(unix)]
mod source;
mod stream;
mod subscribe;
mod thread_safe;

use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;
use core::time::Duration;

pub use any::AnySocket;
pub use builder::Builder;
pub use channel::Channel;
pub use client::{Client, Server};
pub use dealer::Dealer;
pub use dgram::Dgram;
use kind::{Kind, StaticKind};
pub use pair::Pair;
pub use peer::Peer;
pub use publish::{Pub, Xpub};
pub use pull::Pull;
pub use push::Push;
pub use radio::{Dish, Radio};
pub use rep::Rep;
pub use req::Req;
pub use router::Router;
pub use scatter::{Gather, Scatter};
pub use stream::Stream;
pub use subscribe::{Sub, Xsub};
pub use thread_safe::ThreadSafeSocket;

use crate::endpoint::Endpoint;
use crate::engine::{Handle, SharedEngine, UnsentMessages};
use crate::error::Error;
use crate::exchange;
use crate::monitor::{Counters, Event, EventReader, PeerStatus};
use crate::options::Linger;
use crate::socket_kind::SocketKind;

/// A socket of kind `K`: use the aliases [`Push`], [`Pull`] and so on, or [`AnySocket`] if the kind
/// is known only at run time.
///
/// The kind determines the methods. Every socket binds, connects, and reports its peers
/// and events. Kinds that implement [`CanSend`](kind::CanSend) send, those that implement
/// [`CanReceive`](kind::CanReceive) receive. Code that works with several kinds is generic over them:
///
/// ```
/// use zmtp_mio::kind::CanSend;
/// use zmtp_mio::{Error, Socket};
///
/// fn send_all<K: CanSend>(socket: &mut Socket<K>, lines: &[&str]) -> Result<(), Error> {
///     lines.iter().try_for_each(|line| Ok(socket.send(*line)?))
/// }
/// ```
///
/// # Closing
///
/// Dropping a socket waits in the calling thread until the queued messages are written, within
/// [`Options::linger`](crate::Options::linger): by default up to 10 s without progress, and 30 s in all. It reads
/// nothing meanwhile: messages that the application did not receive stay with their senders as far as possible. Then
/// it waits until the systems of TCP peers have acknowledged what was written, and IPC peers have read it, at most 1 s
/// without progress: a system may discard the rest if a TCP peer sends after the close, and an IPC peer of libzmq reads
/// no more while its queue is full. Then it closes all connections.
///
/// * [`Socket::close`] returns the messages that were not sent. [`Socket::flush`] waits without closing.
/// * If a thread drops several sockets with a driver one after the other, the linger of all counts from the first
///   drop, but each has at least 250 ms. [`Context::shutdown`](crate::Context::shutdown) closes all sockets at the
///   same time.
/// * In async code, a drop blocks the thread of the runtime. Set the linger to zero before the drop
///   ([`Socket::set_linger`]), or drop or close the socket in a thread that may block, for example with tokio's
///   `spawn_blocking`.
/// * `std::process::exit` and an abort do not drop sockets, nor does the end of a process drop sockets in statics:
///   their queued messages are lost. When `main` returns, its sockets are dropped.
///
/// # After `fork`
///
/// A socket belongs to its process. In a forked child its calls return [`Error::Forked`], and dropping it closes
/// only the child's copies of the descriptors. Getters return the state at the fork, or empty values if another
/// thread used the socket during the fork.
pub struct Socket<K: Kind> {
    engine: OpenEngine,
    /// The endpoint that was bound or connected last.
    last_endpoint: Option<Endpoint>,
    kind: PhantomData<K>,
}

/// What a socket can do now, and when to call [`Socket::step`] again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Ready {
    /// Whether a receive returns without waiting.
    pub readable: bool,
    /// Whether a send returns without waiting.
    pub writable: bool,
    /// The longest time until the next call of `step`, even if the descriptor is not readable before.
    /// Zero while work is left or messages are queued for the application; `None` without a deadline: call
    /// `step` when the descriptor is readable.
    pub next: Option<Duration>,
}

impl<K: StaticKind> Socket<K> {
    /// Creates a socket with default options and without endpoints.
    ///
    /// # Errors
    ///
    /// As [`Builder::build`].
    pub fn new() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// Returns a builder that sets options before it creates the socket.
    pub fn builder() -> Builder<K> {
        Builder::default()
    }
}

/// Peers, counters and events.
impl<K: Kind> Socket<K> {
    /// Returns the kind of the socket.
    pub fn kind(&self) -> SocketKind {
        any::kind_of(&self.engine)
    }

    /// Returns the counters of the socket.
    pub fn counters(&self) -> Counters {
        exchange::counters(&self.engine)
    }

    /// Removes and returns the oldest queued event, without waiting. The queue holds 1,024 events. When it is
    /// full, a new event replaces the oldest, and [`Counters::events_lost`] counts that.
    pub fn next_event(&mut self) -> Option<Event> {
        self.engine.events().try_next()
    }

    /// Returns a reader of the events, which any thread can use. The reader and [`Self::next_event`] share
    /// one queue: each event is returned once.
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
    /// For a publisher, use `wait_for_subscribers`: subscriptions arrive after the handshake.
    ///
    /// # Errors
    ///
    /// [`Error::Woken`], [`Error::Stopped`], [`Error::Io`].
    pub fn wait_for_peers(&mut self, n: usize, timeout: Duration) -> Result<bool, Error> {
        exchange::wait_for_peers(&self.engine, n, Some(timeout))
    }

    /// Returns the peer that sent the last received message (`zmq_msg_gets`), even if the peer has
    /// disconnected since; `None` before the first message. If this socket has reconnected to the peer
    /// since, the status is that of the new connection.
    pub fn last_peer(&self) -> Option<PeerStatus> {
        self.engine.look()?.last_peer()
    }

    /// Returns a handle with which another thread ends the waiting calls of this socket.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system has no descriptor left.
    pub fn handle(&mut self) -> Result<Handle, Error> {
        self.engine.enter()?.handle()
    }
}

/// Closing a socket.
impl<K: Kind> Socket<K> {
    /// Closes the socket, as dropping it does, but with this linger instead of
    /// [`Options::linger`](crate::Options::linger). Returns what was not sent.
    ///
    /// A message counts as sent when the system has accepted it, or, over inproc, when it is queued at the peer. Those
    /// that may not have arrived are counted in [`UnsentMessages::in_doubt`].
    ///
    /// ```
    /// use core::time::Duration;
    /// use zmtp_mio::Push;
    ///
    /// let mut push = Push::builder().connect("tcp://127.0.0.1:5557")?;
    /// push.send("without a receiver")?;
    /// let unsent = push.close(Duration::from_millis(10));
    /// assert_eq!(unsent.messages[0].text(), Ok("without a receiver"));
    /// # Ok::<(), zmtp_mio::Error>(())
    /// ```
    pub fn close(self, linger: impl Into<Linger>) -> UnsentMessages {
        self.engine.close(Some(linger.into()))
    }

    /// Returns the linger of the socket (`ZMQ_LINGER`).
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`] after a shutdown of the context, [`Error::Forked`] in a forked child.
    pub fn linger(&self) -> Result<Linger, Error> {
        Ok(self.engine.enter()?.linger())
    }

    /// Sets how long dropping the socket waits from now on (`ZMQ_LINGER`).
    ///
    /// # Errors
    ///
    /// As [`Self::linger`].
    pub fn set_linger(&mut self, linger: impl Into<Linger>) -> Result<(), Error> {
        self.engine.enter()?.set_linger(linger.into());
        Ok(())
    }
}

/// Driving a socket.
impl<K: Kind> Socket<K> {
    /// Does a bounded amount of work without waiting, and returns what the socket can do now.
    ///
    /// Use it with a poll of the application in which the socket is registered. Call it when the poll
    /// reports the socket as readable, and at the latest after the time in [`Ready::next`]. `next` is zero
    /// while messages are queued for the application, because the poll reports only new events.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`], [`Error::Woken`], and [`Error::Io`] if the system's poll fails.
    pub fn step(&mut self) -> Result<Ready, Error> {
        let mut ready = step(&self.engine)?;
        if ready.readable {
            ready.next = Some(Duration::ZERO);
        }
        Ok(ready)
    }

    /// Drives the socket for this time, also while messages are queued for the application. Use it without a
    /// background driver, where a pause of the program would leave peers without answers. With
    /// [`wait`](Self::wait), which returns at once while messages are queued, a loop would keep a CPU busy.
    ///
    /// # Errors
    ///
    /// As [`Self::step`].
    pub fn drive(&mut self, time: Duration) -> Result<(), Error> {
        exchange::drive(&self.engine, time)
    }

    /// Waits for any activity of the socket, such as input, a new connection or a due deadline, up to
    /// `timeout`. Returns what the socket can do then. Does not wait if a receive would not wait.
    ///
    /// Queued [events](Self::next_event) do not end the wait: remove them before this call. Does not wait if the
    /// background driver has served the socket since the last call, because it may have queued events.
    ///
    /// # Errors
    ///
    /// As [`Self::step`].
    pub fn wait(&mut self, timeout: Duration) -> Result<Ready, Error> {
        let (readable, _) = exchange::readiness(&self.engine);
        if !readable {
            exchange::wait_for_event(&self.engine, Some(timeout))?;
        }
        self.step()
    }

    fn from_engine(engine: OpenEngine, last_endpoint: Option<Endpoint>) -> Self {
        Self { engine, last_endpoint, kind: PhantomData }
    }

    /// Changes the type parameter.
    fn into_kind<L: Kind>(self) -> Socket<L> {
        Socket::from_engine(self.engine, self.last_endpoint)
    }

    pub(crate) fn engine(&self) -> &SharedEngine {
        &self.engine
    }
}

/// One step of an engine. `next` does not count messages that are queued for the application.
pub(crate) fn step(engine: &SharedEngine) -> Result<Ready, Error> {
    let next = engine.enter()?.step()?;
    let (readable, writable) = exchange::readiness(engine);
    Ok(Ready { readable, writable, next })
}

impl<K: Kind> fmt::Debug for Socket<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("kind", &self.kind()).field("engine", &*self.engine).finish()
    }
}

/// An engine that is closed when it is dropped.
struct OpenEngine(SharedEngine);

impl Deref for OpenEngine {
    type Target = SharedEngine;

    fn deref(&self) -> &SharedEngine {
        &self.0
    }
}

impl Drop for OpenEngine {
    fn drop(&mut self) {
        let _ = self.0.close(None);
    }
}
