//! The pipe as an async IO, and futures polled by hand.

use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::cell::Cell;
use std::rc::Rc;

use embedded_io_async::{ErrorType, Read, Write};

use super::{End, PipeError};

/// An end that is pending at every second read and at every second write, so that a future can be dropped at each
/// await; and at every call while no byte can be moved.
#[derive(Clone, Debug)]
pub(crate) struct Stutter {
    pub(crate) end: End,
    reads: Rc<Cell<u32>>,
    writes: Rc<Cell<u32>>,
}

impl Stutter {
    pub(crate) fn new(end: End) -> Self {
        Self { end, reads: Rc::default(), writes: Rc::default() }
    }

    /// Waits until this call proceeds.
    async fn pass(calls: &Rc<Cell<u32>>) {
        core::future::poll_fn(move |_| {
            calls.set(calls.get() + 1);
            if calls.get().is_multiple_of(2) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

impl ErrorType for Stutter {
    type Error = PipeError;
}

impl Read for Stutter {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, PipeError> {
        Self::pass(&self.reads).await;
        core::future::poll_fn(|_| match embedded_io::Read::read(&mut self.end, buf) {
            Err(PipeError(embedded_io::ErrorKind::TimedOut)) => Poll::Pending,
            result => Poll::Ready(result),
        })
        .await
    }
}

impl Write for Stutter {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, PipeError> {
        Self::pass(&self.writes).await;
        core::future::poll_fn(|_| match embedded_io::Write::write(&mut self.end, buf) {
            Err(PipeError(embedded_io::ErrorKind::TimedOut)) => Poll::Pending,
            result => Poll::Ready(result),
        })
        .await
    }

    async fn flush(&mut self) -> Result<(), PipeError> {
        Self::pass(&self.writes).await;
        Ok(())
    }
}

/// Polls a future once and drops it.
pub(crate) fn once<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// Polls two futures in turn until both are done.
pub(crate) fn both<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut first, mut second) = (None, None);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..100_000 {
        if first.is_none()
            && let Poll::Ready(output) = a.as_mut().poll(&mut context)
        {
            first = Some(output);
        }
        if second.is_none()
            && let Poll::Ready(output) = b.as_mut().poll(&mut context)
        {
            second = Some(output);
        }
        if first.is_some() && second.is_some() {
            break;
        }
    }
    (first.expect("the first future is done"), second.expect("the second future is done"))
}

/// Polls a future until it is done.
pub(crate) fn finish<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    for _ in 0..1_000_000 {
        let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        if let Poll::Ready(output) = polled {
            return output;
        }
    }
    panic!("the future is never done");
}
