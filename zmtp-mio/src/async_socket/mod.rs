//! Sockets for async code.

mod exchange;
#[cfg(feature = "futures")]
mod futures;
mod reactor;

use core::fmt;
use core::future::poll_fn;
use core::task::{Context as Task, Poll};
use core::time::Duration;
use std::time::Instant;

use reactor::Reactor;

use crate::clock::Clock;
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
/// driver does nothing then.
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
/// | `close` | after its first poll, another thread closes the socket within the linger; before, the socket is dropped |
///
/// # Dropping
///
/// Dropping the socket waits for its linger and blocks the thread, as with [`Socket`]. In async code use
/// [`AsyncSocket::close`].
pub struct AsyncSocket<K: Kind> {
    // Dropped before the socket, whose descriptor it uses.
    reactor: Reactor,
    /// A future waits: the driver leaves the socket to it.
    held: bool,
    /// The operations that completed since the last one that waited.
    burst: u8,
    /// The message that a `Sink` has accepted, and that is not sent yet. It precedes all later ones.
    slot: Option<Message>,
    socket: Socket<K>,
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
        AsyncSocket::new(self, Reactor::driver(context.reactor()?))
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
        AsyncSocket::new(self, Reactor::tokio(descriptor)?)
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
    fn new(socket: Socket<K>, reactor: Reactor) -> Result<Self, Error> {
        // Before the first wait, so that a lack of descriptors is an error here.
        socket.engine().descriptor()?;
        Ok(Self { reactor, held: false, burst: 0, slot: None, socket })
    }

    /// Returns the socket, for operations that do not wait: endpoints, options, counters, subscriptions, `try_recv`.
    pub const fn get_ref(&self) -> &Socket<K> {
        &self.socket
    }

    /// As [`Self::get_ref`], mutable. Operations of [`Socket`] that wait block the thread.
    pub const fn get_mut(&mut self) -> &mut Socket<K> {
        &mut self.socket
    }

    /// Returns the socket without async. A message that a `Sink` has accepted, and for which there is no room in the
    /// socket, is dropped: flush the sink first.
    pub fn into_inner(self) -> Socket<K> {
        self.into_parts().0
    }

    /// The socket, and the accepted message of a `Sink` for which it has no room.
    fn into_parts(mut self) -> (Socket<K>, Option<Message>) {
        self.rest();
        let unsent = self.slot.take().and_then(|mut message| {
            match exchange::try_send(&self.socket, &mut message) {
                Ok(Some(())) => None,
                Ok(None) | Err(_) => Some(message),
            }
        });
        (self.socket, unsent)
    }

    /// Polls an operation: calls `attempt`, which does not wait, until it returns a result. After the deadline, returns
    /// `None`.
    fn poll_until<T>(
        &mut self,
        task: &mut Task<'_>,
        deadline: Option<Instant>,
        attempt: impl FnMut(&mut Socket<K>) -> Result<Option<T>, Error>,
    ) -> Poll<Result<Option<T>, Error>> {
        self.reactor.disarm();
        if self.held {
            self.reactor.resume(task);
        }
        let polled = self.poll_attempts(task, deadline, attempt);
        match polled {
            Poll::Ready(_) => {
                self.burst += 1;
                #[cfg(feature = "tokio")]
                if self.burst >= BUSY
                    && self.reactor.is_attached()
                    && let Ok(descriptor) = self.socket.engine().descriptor()
                {
                    self.reactor.detach(descriptor);
                }
                self.rest();
            }
            Poll::Pending => self.burst = 0,
        }
        polled
    }

    fn poll_attempts<T>(
        &mut self,
        task: &mut Task<'_>,
        deadline: Option<Instant>,
        mut attempt: impl FnMut(&mut Socket<K>) -> Result<Option<T>, Error>,
    ) -> Poll<Result<Option<T>, Error>> {
        // An event may arrive between an attempt and the wait, or leave work for another turn.
        for _ in self.burst..BURST {
            if let Some(value) = attempt(&mut self.socket)? {
                return Poll::Ready(Ok(Some(value)));
            }
            // The driver may have taken an event after the attempt.
            if !core::mem::replace(&mut self.held, true) && self.socket.engine().take_over() {
                continue;
            }
            let now = CLOCK.now();
            if deadline.is_some_and(|at| at <= now) {
                return Poll::Ready(Ok(None));
            }
            let next = self.socket.engine().enter()?.next_turn();
            if next == Some(Duration::ZERO) {
                continue;
            }
            let next = next.map(|wait| now + wait);
            let due = [deadline, next].into_iter().flatten().min();
            let descriptor = self.socket.engine().descriptor()?;
            let armed = self.reactor.arm(task, descriptor, due);
            match armed.map_err(Error::io("wait for a socket"))? {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) => {}
            }
        }
        task.waker().wake_by_ref();
        Poll::Pending
    }

    /// No future waits any more: the driver may serve the socket.
    fn rest(&mut self) {
        self.reactor.disarm();
        if core::mem::take(&mut self.held) {
            self.socket.engine().release();
        }
    }
}

/// No future of it is stored in it.
impl<K: Kind> Unpin for AsyncSocket<K> {}

/// A future of a socket, which may be dropped while it waits.
struct Operation<'a, K: Kind>(&'a mut AsyncSocket<K>);

impl<K: Kind> Operation<'_, K> {
    /// Completes with the result of `attempt`; `None` after the deadline.
    async fn until<T>(
        &mut self,
        deadline: Option<Instant>,
        mut attempt: impl FnMut(&mut Socket<K>) -> Result<Option<T>, Error>,
    ) -> Result<Option<T>, Error> {
        poll_fn(|task| self.0.poll_until(task, deadline, &mut attempt)).await
    }
}

impl<K: Kind> Drop for Operation<'_, K> {
    fn drop(&mut self) {
        self.0.rest();
    }
}

/// The end of a timeout that begins now; `None` if it is too far away for a clock.
fn deadline_in(timeout: Duration) -> Option<Instant> {
    CLOCK.now().checked_add(timeout)
}

impl<K: Kind> fmt::Debug for AsyncSocket<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncSocket").field("socket", &self.socket).finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "tokio"))]
mod tests;
