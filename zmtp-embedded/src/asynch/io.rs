//! Moving bytes with `embedded-io-async`.
//!
//! Each `await` below is one read, write or flush of the IO, whose result is stored before the next: the only
//! state in a future is the progress of a borrowed message.

use core::cell::RefCell;
use core::future::poll_fn;
use core::pin::pin;
use core::task::{Context, Poll};

use embassy_futures::yield_now;
use embedded_io_async::{Read, Write};
use zmtp_core::Instant;
use zmtp_core::mechanism::Mechanism;
#[cfg(feature = "chunks")]
use zmtp_core::wire::More;

use crate::error::Error;
use crate::kind::Kind;
use crate::link::Link;
use crate::send::Cursor;
use crate::socket_io::SocketIo;
use crate::step::TooLarge;
use crate::step::{Step, Want};

/// The result of a step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Moved {
    /// This many bytes of the step were written; 0 if bytes were read.
    Bytes(usize),
    /// The call is complete, because bytes were received while others wait to be written.
    Done,
}

/// The socket type, shared by the steps of several links, and what the call waits for.
pub(crate) struct Call<'c, K, F> {
    pub(crate) kind: RefCell<&'c mut K>,
    pub(crate) want: Want,
    pub(crate) now: RefCell<F>,
}

impl<'c, K: Kind, F: FnMut() -> Instant> Call<'c, K, F> {
    pub(crate) const fn new(kind: &'c mut K, want: Want, now: F) -> Self {
        Self { kind: RefCell::new(kind), want, now: RefCell::new(now) }
    }

    /// The next step of a link, while bytes wait to be written. No borrow is held across calls.
    fn received<IO, M: Mechanism, E>(
        &self,
        io: &mut SocketIo<'_, IO, M>,
    ) -> Result<Step, Error<E>> {
        let (Ok(mut kind), Ok(mut now)) = (self.kind.try_borrow_mut(), self.now.try_borrow_mut())
        else {
            return Ok(Step::Write);
        };
        let time = io.link.time(now());
        io.link.poll(&mut io.window, None, *kind, self.want, time)
    }
}

/// Whether a deadline of the link has passed and no byte can be read. The first time, the task is woken, so that
/// other tasks can run, such as that of a network stack.
pub(crate) fn gives_up<M: Mechanism>(
    link: &mut Link<'_, M>,
    waited: &mut bool,
    cx: &Context<'_>,
) -> bool {
    if core::mem::replace(waited, link.quiet()) {
        return true;
    }
    if *waited {
        cx.waker().wake_by_ref();
    }
    false
}

/// Moves bytes once. If none can be written, it reads, so that two ends do not wait for each other.
pub(crate) async fn step<K: Kind, IO: Read + Write, M: Mechanism>(
    io: &mut SocketIo<'_, IO, M>,
    call: &Call<'_, K, impl FnMut() -> Instant>,
    step: Step,
    lent: &[u8],
) -> Result<Moved, Error<IO::Error>> {
    let moved = match step {
        Step::Read => read(io).await,
        _ => write(io, call, step, lent).await,
    };
    if let Some(moved) = moved? {
        return Ok(moved);
    }
    // No byte was moved, as an IO with a timeout of its own reports: other tasks can run.
    yield_now().await;
    Ok(Moved::Bytes(0))
}

/// Reads once; `None` if no byte was read.
async fn read<IO: Read + Write, M: Mechanism>(
    io: &mut SocketIo<'_, IO, M>,
) -> Result<Option<Moved>, Error<IO::Error>> {
    let SocketIo { link, window, stream: Some(stream), .. } = io else {
        return Err(Error::Closed);
    };
    let mut waited = false;
    let result = {
        let mut reading = pin!(stream.read(window.spare()));
        poll_fn(|cx| match reading.as_mut().poll(cx) {
            Poll::Ready(result) => Poll::Ready(Some(result)),
            Poll::Pending if gives_up(link, &mut waited, cx) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    };
    let Some(result) = result else { return Ok(Some(Moved::Bytes(0))) };
    let n = link.moved(result)?;
    window.received(n);
    if n == 0 {
        link.quiet();
    }
    Ok((n > 0).then_some(Moved::Bytes(0)))
}

/// Writes or flushes once, or reads meanwhile; `None` if no byte was moved. The futures of the IO are polled one
/// after the other, because both borrow it.
async fn write<K: Kind, IO: Read + Write, M: Mechanism>(
    io: &mut SocketIo<'_, IO, M>,
    call: &Call<'_, K, impl FnMut() -> Instant>,
    step: Step,
    lent: &[u8],
) -> Result<Option<Moved>, Error<IO::Error>> {
    let mut waited = false;
    poll_fn(|cx| {
        let Some(stream) = &mut io.stream else { return Poll::Ready(Err(Error::Closed)) };
        let result = match step {
            Step::Write => pin!(stream.write(io.out.pending())).poll(cx),
            Step::Body => pin!(stream.write(lent)).poll(cx),
            _ => pin!(stream.flush()).poll(cx).map(|result| result.map(|()| 1)),
        };
        if let Poll::Ready(result) = result {
            return Poll::Ready(io.link.moved(result).map(|n| {
                match step {
                    Step::Write => io.out.written(n),
                    Step::Body => io.out.unflushed = true,
                    _ => io.out.unflushed &= n == 0,
                }
                (n > 0).then_some(Moved::Bytes(n))
            }));
        }
        match call.received(io) {
            Err(error) => return Poll::Ready(Err(error)),
            Ok(Step::Done) if call.want != Want::Ready => {
                return Poll::Ready(Ok(Some(Moved::Done)));
            }
            Ok(_) if !io.link.may_write() => return Poll::Ready(Err(Error::Connection)),
            Ok(_) => {}
        }
        let SocketIo { link, window, stream: Some(stream), .. } = io else {
            return Poll::Ready(Err(Error::Closed));
        };
        let read = match window.make_room() {
            true => pin!(stream.read(window.spare())).poll(cx),
            false => Poll::Pending,
        };
        if let Poll::Ready(result) = read {
            return Poll::Ready(link.moved(result).map(|n| {
                window.received(n);
                (n > 0).then_some(Moved::Bytes(0))
            }));
        }
        if gives_up(link, &mut waited, cx) {
            return Poll::Ready(Ok(Some(Moved::Bytes(0))));
        }
        Poll::Pending
    })
    .await
}

/// Waits for the result of the call.
pub(crate) async fn wait<K: Kind, IO: Read + Write, M: Mechanism>(
    io: &mut SocketIo<'_, IO, M>,
    kind: &mut K,
    want: Want,
    now: &mut impl FnMut() -> Instant,
) -> Result<(), Error<IO::Error>> {
    loop {
        let time = io.link.time(now());
        match io.poll(kind, want, time)? {
            Step::Done => return Ok(()),
            due => {
                let call = Call::new(kind, want, &mut *now);
                if step(io, &call, due, &[]).await? == Moved::Done {
                    return Ok(());
                }
            }
        }
    }
}

/// Writes the outbox and flushes the IO.
pub(crate) async fn flush<K: Kind, IO: Read + Write, M: Mechanism>(
    io: &mut SocketIo<'_, IO, M>,
    kind: &mut K,
    now: &mut impl FnMut() -> Instant,
) -> Result<(), Error<IO::Error>> {
    loop {
        let time = io.link.time(now());
        match io.poll_flush(kind, time)? {
            Step::Done => return Ok(()),
            due => step(io, &Call::new(kind, Want::Ready, &mut *now), due, &[]).await?,
        };
    }
}

/// Puts a message into the outbox, or writes it to the IO if it does not fit and may be sent in pieces.
pub(crate) async fn send<K: Kind, IO: Read + Write, M: Mechanism>(
    io: &mut SocketIo<'_, IO, M>,
    kind: &mut K,
    parts: &[&[u8]],
    large: TooLarge,
    now: &mut impl FnMut() -> Instant,
) -> Result<(), Error<IO::Error>> {
    if !io.is_ready() {
        wait(io, kind, Want::Ready, now).await?;
    }
    let mut cursor = Cursor::default();
    loop {
        let due = io.poll_send(kind, parts, &mut cursor, large)?;
        if due == Step::Done {
            return Ok(());
        }
        let call = Call::new(kind, Want::Ready, &mut *now);
        let moved = step(io, &call, due, cursor.body(parts)).await?;
        if let (Step::Body, Moved::Bytes(n)) = (due, moved) {
            cursor.wrote(n);
        }
    }
}

/// Begins a part that is sent in pieces.
#[cfg(feature = "chunks")]
pub(crate) async fn begin<K: Kind, IO: Read + Write, M: Mechanism>(
    io: &mut SocketIo<'_, IO, M>,
    kind: &mut K,
    more: More,
    len: usize,
    now: &mut impl FnMut() -> Instant,
) -> Result<(), Error<IO::Error>> {
    loop {
        let time = io.link.time(now());
        match io.poll_begin(kind, more, len, time)? {
            Step::Done => return Ok(()),
            due => step(io, &Call::new(kind, Want::Ready, &mut *now), due, &[]).await?,
        };
    }
}

/// Puts bytes of the current part into the outbox, at least one if there are any. Returns the number.
#[cfg(feature = "chunks")]
pub(crate) async fn push<K: Kind, IO: Read + Write, M: Mechanism>(
    io: &mut SocketIo<'_, IO, M>,
    kind: &mut K,
    bytes: &[u8],
) -> Result<usize, Error<IO::Error>> {
    loop {
        let n = io.push(kind, bytes)?;
        if n > 0 || bytes.is_empty() {
            return Ok(n);
        }
        room(io, kind, Step::Write).await?;
    }
}

/// Writes the outbox until it has room for a cancellation of this length. Without a link it does nothing, because there
/// is no peer to send it to.
pub(crate) async fn make_room<K: Kind, IO: Read + Write, M: Mechanism>(
    io: &mut SocketIo<'_, IO, M>,
    kind: &mut K,
    needed: usize,
) -> Result<(), Error<IO::Error>> {
    loop {
        match io.link.room(&io.out, needed, true) {
            Ok(Step::Done) | Err(Error::Closed) => return Ok(()),
            Ok(due) => room(io, kind, due).await?,
            Err(error) => return Err(error),
        }
    }
}

/// Writes for more room in the outbox, in a call without a clock: no deadline is reached meanwhile.
async fn room<K: Kind, IO: Read + Write, M: Mechanism>(
    io: &mut SocketIo<'_, IO, M>,
    kind: &mut K,
    due: Step,
) -> Result<(), Error<IO::Error>> {
    let call = Call::new(kind, Want::Ready, || Instant::from_millis(0));
    step(io, &call, due, &[]).await.map(|_| ())
}
