//! Sending while a receive is pending: a socket in two halves.

mod receiver;
mod sender;

use core::cell::{Cell, RefCell, RefMut};
use core::fmt;
use core::future::poll_fn;
use core::ops::{Deref, DerefMut};
use core::task::{Poll, Waker};

use embassy_futures::yield_now;
use embedded_io_async::{ErrorType, Read, Write};
use zmtp_core::Instant;
use zmtp_core::mechanism::{Mechanism, NullOf};

pub use receiver::Receiver;
pub use sender::Sender;

use super::Socket;
use crate::error::Error;
use crate::inbox::Inbox;
use crate::kind::{Kind, Splits};
use crate::link::Link;
use crate::outbox::Outbox;
use crate::step::Step;
use crate::window::Window;

/// An IO of two halves, one to read and one to write. Many drivers provide such halves.
#[derive(Debug)]
pub struct Duplex<R, W> {
    /// The half to read from.
    pub reader: R,
    /// The half to write to.
    pub writer: W,
}

impl<R: ErrorType, W: ErrorType<Error = R::Error>> ErrorType for Duplex<R, W> {
    type Error = R::Error;
}

impl<R: Read, W: ErrorType<Error = R::Error>> Read for Duplex<R, W> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, R::Error> {
        self.reader.read(buf).await
    }
}

impl<R: ErrorType, W: Write<Error = R::Error>> Write for Duplex<R, W> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, R::Error> {
        self.writer.write(buf).await
    }

    async fn flush(&mut self) -> Result<(), R::Error> {
        self.writer.flush().await
    }
}

/// A socket in two halves, one that sends and one that receives. The halves can be used at the same time, in
/// one task or in two tasks on the same thread.
#[derive(Debug)]
pub struct Split<'s, 'b, K, R, W, M = NullOf<K>> {
    shared: Shared<'s, 'b, K, W, M>,
    window: &'s mut Window<'b>,
    reader: &'s mut R,
}

/// The halves of a [`Split`].
pub type Halves<'h, 's, 'b, K, R, W, M = NullOf<K>> =
    (Sender<'h, 's, 'b, K, W, M>, Receiver<'h, 's, 'b, K, R, W, M>);

/// The state that both halves share.
struct Shared<'s, 'b, K, W, M> {
    /// It is not borrowed across an `await`.
    state: RefCell<State<'s, 'b, K, M>>,
    /// Borrowed by the half that writes, for both halves.
    out: RefCell<Out<'s, 'b, W>>,
    /// The tasks that wait for it.
    waiting: Cell<Option<Waker>>,
}

impl<K: fmt::Debug, W: fmt::Debug, M: fmt::Debug> fmt::Debug for Shared<'_, '_, K, W, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { state, out, waiting: _ } = self;
        f.debug_struct("Shared").field("state", state).field("out", out).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct State<'s, 'b, K, M> {
    link: &'s mut Link<'b, M>,
    kind: &'s mut K,
}

#[derive(Debug)]
struct Out<'s, 'b, W> {
    outbox: &'s mut Outbox<'b>,
    writer: &'s mut W,
}

impl<'b, K: Splits, R, W, M: Mechanism> Socket<'b, K, Duplex<R, W>, M> {
    /// Splits a connected socket into two halves; `None` if it has no connection. When the halves are dropped, the
    /// socket can be used as a whole again.
    pub fn split(&mut self) -> Option<Split<'_, 'b, K, R, W, M>> {
        let io = self.io.stream.as_mut()?;
        Some(Split {
            shared: Shared {
                state: RefCell::new(State { link: &mut self.io.link, kind: &mut self.kind }),
                out: RefCell::new(Out { outbox: &mut self.io.out, writer: &mut io.writer }),
                waiting: Cell::new(None),
            },
            window: &mut self.io.window,
            reader: &mut io.reader,
        })
    }
}

impl<'s, 'b, K, R, W, M> Split<'s, 'b, K, R, W, M> {
    /// The halves.
    pub fn halves(&mut self) -> Halves<'_, 's, 'b, K, R, W, M> {
        let Self { shared, window, reader } = self;
        (Sender { shared }, Receiver { shared, window, reader })
    }
}

/// The right to write. When it is dropped, it wakes the tasks that wait for it.
struct Writing<'h, 's, 'b, W> {
    out: RefMut<'h, Out<'s, 'b, W>>,
    waiting: &'h Cell<Option<Waker>>,
}

impl<'s, 'b, W> Deref for Writing<'_, 's, 'b, W> {
    type Target = Out<'s, 'b, W>;

    fn deref(&self) -> &Self::Target {
        &self.out
    }
}

impl<W> DerefMut for Writing<'_, '_, '_, W> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.out
    }
}

impl<W> Drop for Writing<'_, '_, '_, W> {
    fn drop(&mut self) {
        // The woken task runs after this borrow has ended.
        if let Some(waker) = self.waiting.take() {
            waker.wake();
        }
    }
}

impl<'s, 'b, K: Kind, W: Write, M: Mechanism> Shared<'s, 'b, K, W, M> {
    /// The right to write, if it is free.
    fn try_writing(&self) -> Option<Writing<'_, 's, 'b, W>> {
        let out = self.out.try_borrow_mut().ok()?;
        Some(Writing { out, waiting: &self.waiting })
    }

    /// Waits for the right to write.
    async fn writing(&self) -> Writing<'_, 's, 'b, W> {
        poll_fn(|context| match self.try_writing() {
            Some(writing) => Poll::Ready(writing),
            None => {
                // The other half writes now.
                self.waiting.set(Some(context.waker().clone()));
                Poll::Pending
            }
        })
        .await
    }

    fn with<T, E>(
        &self,
        act: impl FnOnce(&mut State<'s, 'b, K, M>) -> Result<T, Error<E>>,
    ) -> Result<T, Error<E>> {
        match self.state.try_borrow_mut() {
            Ok(mut state) => act(&mut state),
            // No borrow is held across this call.
            Err(_) => Err(Error::Closed),
        }
    }

    /// Calls `f` with the inbox, or with an empty one. No borrow is held across calls.
    fn inbox<T>(&self, ask: impl FnOnce(&Inbox) -> T) -> T {
        match self.state.try_borrow() {
            Ok(state) => ask(&state.link.inbox),
            Err(_) => ask(&Inbox::new()),
        }
    }

    fn failure(&self) -> Option<zmtp_core::Error> {
        self.state.try_borrow().ok()?.link.connection.error()
    }

    fn needed(&self) -> usize {
        self.state.try_borrow().map_or(0, |state| state.link.needed)
    }

    fn moved(&self, result: Result<usize, W::Error>) -> Result<usize, Error<W::Error>> {
        match self.state.try_borrow_mut() {
            Ok(mut state) => state.link.moved(result),
            Err(_) => Err(Error::Closed),
        }
    }

    /// Writes or flushes once.
    async fn write(&self, out: &mut Out<'s, 'b, W>, step: Step) -> Result<(), Error<W::Error>> {
        let n = if step == Step::Flush {
            let result = out.writer.flush().await.map(|()| 1);
            let n = self.moved(result)?;
            out.outbox.unflushed &= n == 0;
            n
        } else {
            let result = out.writer.write(out.outbox.pending()).await;
            let n = self.moved(result)?;
            out.outbox.written(n);
            n
        };
        if n == 0 {
            // An IO with a timeout of its own: other tasks can run.
            yield_now().await;
        }
        Ok(())
    }

    /// As [`Shared::write`], with the right to write. The other half may have had it before.
    async fn write_due(&self, step: Step) -> Result<(), Error<W::Error>> {
        let mut out = self.writing().await;
        // The other half may have closed the link.
        let may_write = self.with(|state| Ok(state.link.may_write()))?;
        if may_write && (!out.outbox.is_empty() || step == Step::Flush) {
            self.write(&mut out, step).await?;
        }
        Ok(())
    }

    /// Writes bytes of the other half, which it could not write while this half had the right.
    async fn answer(
        &self,
        out: &mut Out<'s, 'b, W>,
        now: &mut impl FnMut() -> Instant,
    ) -> Result<(), Error<W::Error>> {
        let due = self.with(|state| Ok(state.link.connection.needs_transmit()))?;
        if due { self.flush(out, now).await } else { Ok(()) }
    }

    /// Writes all pending bytes, and flushes.
    async fn flush(
        &self,
        out: &mut Out<'s, 'b, W>,
        now: &mut impl FnMut() -> Instant,
    ) -> Result<(), Error<W::Error>> {
        loop {
            let time = now();
            let step = self.with(|state| {
                let time = state.link.time(time);
                state.link.poll_flush(out.outbox, state.kind, time)
            })?;
            if step == Step::Done {
                return Ok(());
            }
            self.write(out, step).await?;
        }
    }
}
