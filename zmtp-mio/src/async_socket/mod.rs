//! Sockets for async code.

mod exchange;
#[cfg(feature = "futures")]
mod futures;
mod reactor;

use core::fmt;
use core::future::poll_fn;
use core::task::{Context as Task, Poll, Waker};
use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use reactor::Reactor;

use crate::clock::Clock;
use crate::driver::Wait as _;
use crate::engine::{Lease, SharedEngine, Side};
use crate::error::Error;
use crate::message::Message;
use crate::socket::kind::Kind;
use crate::{Socket, ThreadSafeSocket};

/// Deadlines are times of the system's clock.
const CLOCK: Clock = Clock::System;

/// The operations that may complete one after the other before a task yields to others of its executor.
const BURST: u8 = 128;

/// The operations after which the reactor of tokio gets no more events until the task waits: they would wake a thread of the
/// runtime that has nothing to do. This takes two system calls, too many for a task that soon waits again.
#[cfg(feature = "tokio")]
const BUSY: u8 = 16;

/// A [`Socket`] whose operations are futures, for any executor.
///
/// A future reads and writes in the thread that polls it. While it waits, another thread only wakes its task: the
/// background driver of the socket's [`Context`](crate::Context), or, after `Socket::into_tokio`, the reactor of the
/// tokio runtime. Between two operations, the driver serves the socket, as it does without async; a socket without a
/// driver does nothing then. The driver also serves the socket if a task does not poll it within some milliseconds after
/// it is woken: a future, `Stream` or `Sink` that is kept and not polled delays neither queued messages nor heartbeats. The
/// reactor of tokio wakes a task only while the runtime runs: a task that blocks the only thread of it delays both.
///
/// ```
/// # fn main() -> Result<(), zmtp_mio::Error> { futures_executor::block_on(run()) }
/// # async fn run() -> Result<(), zmtp_mio::Error> {
/// use zmtp_mio::{Rep, Req};
///
/// let mut rep = Rep::builder().bind("inproc://greeter")?.into_async()?;
/// let mut req = Req::builder().connect("inproc://greeter")?.into_async()?;
/// req.send("hello").await?;
/// assert_eq!(rep.recv().await?.text(), Ok("hello"));
/// rep.send("world").await?;
/// assert_eq!(req.recv().await?.text(), Ok("world"));
/// # Ok(())
/// # }
/// ```
///
/// # Cancel safety
///
/// Every future can be dropped before it completes, for example by `select!` or a timeout of the runtime:
///
/// | future | if it is dropped before it completes |
/// |---|---|
/// | `recv`, `recv_timeout` | no message is lost: the next receive returns it |
/// | `send`, `send_timeout` | the message is not sent, and is dropped with the future |
/// | `request` | the request is cancelled as by [`cancel_request`](Socket::cancel_request) |
/// | `flush`, `event`, `wait_for_peers`, `wait_for_subscribers` | nothing changes |
/// | `next` of a `Stream` | no message is lost: the next receive returns it |
/// | `feed`, `send` of a `Sink` | a message that the sink has accepted is sent, by the next operation if the socket had no room for it; another one is dropped with the future |
/// | `close` | after its first poll, another thread closes the socket within the linger; before, the socket is dropped |
///
/// # Dropping
///
/// Dropping the socket waits for its linger and blocks the thread, as with [`Socket`]. In async code use
/// [`AsyncSocket::close`].
pub struct AsyncSocket<K: Kind> {
    // Dropped before the socket, whose descriptor it uses.
    reactor: Reactor,
    lease: Arc<Lease>,
    /// A task may wait: the lease may go on.
    waits: bool,
    /// The operations that completed since the last one that waited.
    burst: u8,
    /// The message that a `Sink` has accepted, and for which the socket had no room yet. It precedes all later ones.
    slot: Option<Message>,
    /// The `Stream` has returned an error that does not end.
    #[cfg(feature = "futures")]
    ended: bool,
    /// Always there, except during the drop.
    socket: Option<Socket<K>>,
}

impl<K: Kind> Socket<K> {
    /// Makes the operations futures, for any executor.
    ///
    /// The background driver of the socket's context wakes the tasks that wait. It starts if the context has none.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system has no descriptor left or starts no thread. [`Error::Forked`].
    pub fn into_async(self) -> Result<AsyncSocket<K>, Error> {
        let context = self.engine().enter()?.context();
        let reactor = Reactor::driver(context.reactor()?);
        let lease = self.engine().lease();
        AsyncSocket::new(self, lease, reactor)
    }

    /// Makes the operations futures on the tokio runtime of this thread, whose reactor wakes the tasks that wait.
    ///
    /// # Errors
    ///
    /// As [`Self::into_async`].
    ///
    /// # Panics
    ///
    /// If this thread has no tokio runtime, or one without IO and time.
    #[cfg(feature = "tokio")]
    pub fn into_tokio(self) -> Result<AsyncSocket<K>, Error> {
        let descriptor = self.engine().descriptor()?;
        let lease = self.engine().lease();
        let reactor = Reactor::tokio(descriptor, Arc::clone(&lease).into())?;
        AsyncSocket::new(self, lease, reactor)
    }
}

impl<K: Kind> ThreadSafeSocket<K> {
    /// Makes the operations futures, for any executor, as [`Socket::into_async`]. They need `&mut`.
    ///
    /// ```
    /// # fn main() -> Result<(), zmtp_mio::Error> { futures_executor::block_on(run()) }
    /// # async fn run() -> Result<(), zmtp_mio::Error> {
    /// use zmtp_mio::{Client, Server};
    ///
    /// let mut server = Server::builder().bind("inproc://async-server")?.into_async()?;
    /// let mut client = Client::builder().connect("inproc://async-server")?.into_async()?;
    /// client.send("hello").await?;
    /// let request = server.recv().await?;
    /// server.send(request.reply("world")).await?;
    /// assert_eq!(client.recv().await?.text(), Ok("world"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Socket::into_async`].
    pub fn into_async(self) -> Result<AsyncSocket<K>, Error> {
        Socket::from(self).into_async()
    }

    /// Makes the operations futures on the tokio runtime of this thread, as [`Socket::into_tokio`].
    ///
    /// # Errors
    ///
    /// As [`Socket::into_async`].
    ///
    /// # Panics
    ///
    /// As [`Socket::into_tokio`].
    #[cfg(feature = "tokio")]
    pub fn into_tokio(self) -> Result<AsyncSocket<K>, Error> {
        Socket::from(self).into_tokio()
    }
}

impl<K: Kind> AsyncSocket<K> {
    fn new(socket: Socket<K>, lease: Arc<Lease>, reactor: Reactor) -> Result<Self, Error> {
        // Before the first wait, so that a lack of descriptors is an error here.
        socket.engine().descriptor()?;
        Ok(Self {
            reactor,
            lease,
            waits: false,
            burst: 0,
            slot: None,
            #[cfg(feature = "futures")]
            ended: false,
            socket: Some(socket),
        })
    }

    /// Returns the socket, for operations that do not wait: endpoints, options, counters, subscriptions, `try_recv`.
    pub const fn get_ref(&self) -> &Socket<K> {
        match &self.socket {
            Some(socket) => socket,
            None => unreachable!(),
        }
    }

    /// As [`Self::get_ref`], mutable. Operations of [`Socket`] that wait block the thread.
    pub const fn get_mut(&mut self) -> &mut Socket<K> {
        match &mut self.socket {
            Some(socket) => socket,
            None => unreachable!(),
        }
    }

    fn engine(&self) -> &SharedEngine {
        self.get_ref().engine()
    }

    /// Returns the socket without async. A message that a `Sink` has accepted, and for which there is no room in the
    /// socket, is dropped, and counted as [`cancelled`](crate::DroppedMessages::cancelled): flush the sink first.
    pub fn into_inner(self) -> Socket<K> {
        self.into_parts().0
    }

    /// The socket, and the accepted message of a `Sink` for which it has no room, which is counted.
    fn into_parts(mut self) -> (Socket<K>, Option<Message>) {
        self.finish();
        let unsent = self.slot.take();
        match self.socket.take() {
            Some(socket) => (socket, unsent),
            None => unreachable!(),
        }
    }

    /// No task waits any more. An accepted message is sent, or counted and kept.
    fn finish(&mut self) {
        self.reactor.disarm();
        drop(self.lease.end());
        self.send_slot();
        if self.slot.is_some()
            && let Some(mut engine) = self.engine().look()
        {
            engine.dropped().cancelled += 1;
        }
    }

    /// Sends the accepted message of a `Sink` if there is room now. It stays if there is none, and after an error, which
    /// the next operation of the sink returns.
    fn send_slot(&mut self) {
        if let Some(mut message) = self.slot.take()
            && !matches!(exchange::try_send(self.get_ref(), &mut message), Ok(Some(())))
        {
            self.slot = Some(message);
        }
    }

    /// Polls an operation: calls `attempt`, which does not wait, until it returns a result. After the deadline, returns
    /// `None`.
    fn poll_until<T>(
        &mut self,
        side: Side,
        task: &Task<'_>,
        deadline: Option<Instant>,
        attempt: impl FnMut(&mut Socket<K>) -> Result<Option<T>, Error>,
    ) -> Poll<Result<Option<T>, Error>> {
        if self.waits {
            // Otherwise the reactor goes on waiting for the task of the other side.
            if !self.lease.leave(side) {
                self.reactor.disarm();
            }
            self.reactor.resume();
        }
        let polled = self.poll_attempts(side, task, deadline, attempt);
        match polled {
            Poll::Ready(_) => {
                self.burst += 1;
                self.leave(side);
                #[cfg(feature = "tokio")]
                if self.burst >= BUSY
                    && !self.waits
                    && self.reactor.is_attached()
                    && let Ok(descriptor) = self.engine().descriptor()
                {
                    self.reactor.detach(descriptor);
                }
            }
            Poll::Pending => self.burst = 0,
        }
        polled
    }

    fn poll_attempts<T>(
        &mut self,
        side: Side,
        task: &Task<'_>,
        deadline: Option<Instant>,
        mut attempt: impl FnMut(&mut Socket<K>) -> Result<Option<T>, Error>,
    ) -> Poll<Result<Option<T>, Error>> {
        // An event may arrive between an attempt and the wait, or leave work for another turn.
        for _ in self.burst..BURST {
            if self.slot.is_some() {
                self.send_slot();
            }
            if let Some(value) = attempt(self.get_mut())? {
                return Poll::Ready(Ok(Some(value)));
            }
            let now = CLOCK.now();
            if deadline.is_some_and(|at| at <= now) {
                return Poll::Ready(Ok(None));
            }
            self.waits = true;
            let attempted = self.lease.begin(self.engine())?;
            // The driver may have taken an event after the attempt.
            if attempted.served || attempted.next == Some(Duration::ZERO) {
                continue;
            }
            if self.lease.wait(side, task.waker(), attempted) {
                let next = attempted.next.map(|wait| now + wait);
                let due = [deadline, next].into_iter().flatten().min();
                if self.arm(due)? {
                    return Poll::Pending;
                }
            }
        }
        self.yield_to_others(side, task);
        Poll::Pending
    }

    /// The task goes on when others of its executor have run.
    fn yield_to_others(&mut self, side: Side, task: &Task<'_>) {
        self.leave(side);
        self.burst = 0;
        task.waker().wake_by_ref();
    }

    /// Lets the reactor wake the tasks that wait, at `due` at the latest. Returns `false` if the socket is to be turned
    /// before.
    fn arm(&mut self, due: Option<Instant>) -> Result<bool, Error> {
        let descriptor = self.engine().descriptor()?;
        let armed = self.reactor.arm(&self.lease, descriptor, due);
        armed.map_err(Error::io("wait for a socket"))
    }

    /// The task of this side waits no more. If that of the other side does, it goes on waiting, or is woken if the last
    /// turn may have completed its wait. Otherwise the driver may serve the socket.
    fn leave(&mut self, side: Side) {
        if !self.waits || (self.lease.leave(side) && self.goes_on()) {
            return;
        }
        self.waits = false;
        self.reactor.disarm();
        self.lease.end().into_iter().flatten().for_each(Waker::wake);
    }

    fn goes_on(&mut self) -> bool {
        let Ok(attempted) = self.lease.begin(self.engine()) else { return false };
        let due = attempted.next.map(|wait| CLOCK.now() + wait);
        !attempted.served && !self.lease.is_over(attempted) && matches!(self.arm(due), Ok(true))
    }
}

/// An accepted message of a `Sink` is sent within linger if the socket has room for it now; otherwise it is counted as
/// [`cancelled`](crate::DroppedMessages::cancelled).
impl<K: Kind> Drop for AsyncSocket<K> {
    fn drop(&mut self) {
        if self.socket.is_some() {
            self.finish();
        }
    }
}

/// No future of it is stored in it.
impl<K: Kind> Unpin for AsyncSocket<K> {}

/// A future of a socket, which may be dropped while it waits.
struct Operation<'a, K: Kind>(&'a mut AsyncSocket<K>, Side);

impl<K: Kind> Operation<'_, K> {
    /// Completes with the result of `attempt`; `None` after the deadline.
    async fn until<T>(
        &mut self,
        deadline: Option<Instant>,
        mut attempt: impl FnMut(&mut Socket<K>) -> Result<Option<T>, Error>,
    ) -> Result<Option<T>, Error> {
        poll_fn(|task| self.0.poll_until(self.1, task, deadline, &mut attempt)).await
    }
}

impl<K: Kind> Drop for Operation<'_, K> {
    fn drop(&mut self) {
        self.0.leave(self.1);
    }
}

/// The end of a timeout that begins now; `None` if it is too far away for a clock.
fn deadline_in(timeout: Duration) -> Option<Instant> {
    CLOCK.now().checked_add(timeout)
}

impl<K: Kind> fmt::Debug for AsyncSocket<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncSocket").field("socket", self.get_ref()).finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "tokio"))]
mod tests;
