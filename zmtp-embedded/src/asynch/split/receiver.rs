//! The half that receives.

use core::future::{pending, poll_fn};
use core::pin::pin;
use core::task::Poll;

use embassy_futures::{poll_once, yield_now};
use embedded_io_async::{Read, Write};
use zmtp_core::Instant;
use zmtp_core::mechanism::{Mechanism, NullOf};

use super::Shared;
#[cfg(doc)]
use crate::asynch::Socket;
use crate::asynch::io::gives_up;
use crate::error::Error;
use crate::inbox::may_receive;
use crate::kind::{Kind, Receives};
#[cfg(feature = "chunks")]
use crate::message::Chunk;
use crate::message::Message;
use crate::step::{Step, Want};
use crate::window::Window;

/// The half of a [`Split`](super::Split) socket that receives. It also answers PINGs of the peer and writes
/// pending bytes.
#[derive(Debug)]
pub struct Receiver<'h, 's, 'b, K, R, W, M = NullOf<K>> {
    pub(super) shared: &'h Shared<'s, 'b, K, W, M>,
    pub(super) window: &'h mut Window<'b>,
    pub(super) reader: &'h mut R,
}

#[expect(private_bounds, reason = "the types are those of this crate")]
impl<K: Kind, R: Read, W: Write<Error = R::Error>, M: Mechanism> Receiver<'_, '_, '_, K, R, W, M> {
    /// As [`Socket::failure`].
    pub fn failure(&self) -> Option<zmtp_core::Error> {
        self.shared.failure()
    }

    /// As [`Socket::needed`].
    pub fn needed(&self) -> usize {
        self.shared.needed()
    }

    /// Receives subscriptions, answers PINGs and writes pending bytes. The future completes only with an error.
    ///
    /// # Errors
    ///
    /// [`Error::ReceiveBuffer`] if a message or command of the peer does not fit, [`Error::SendBuffer`] if a
    /// greeting or command of the socket does not fit, and errors that close the link.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    pub async fn serve(&mut self, now: impl FnMut() -> Instant) -> Result<(), Error<R::Error>> {
        self.wait(Want::Nothing, now).await
    }

    async fn wait(
        &mut self,
        want: Want,
        mut now: impl FnMut() -> Instant,
    ) -> Result<(), Error<R::Error>> {
        loop {
            let step = {
                let time = now();
                let mut out = self.shared.try_writing();
                let outbox = out.as_mut().map(|out| &mut *out.out.outbox);
                self.shared.with(|state| {
                    let time = state.link.time(time);
                    state.link.poll(self.window, outbox, state.kind, want, time)
                })?
            };
            if step == Step::Done {
                return Ok(());
            }
            if step != Step::Read {
                if let Poll::Ready(result) = poll_once(self.shared.write_due(step)) {
                    result?;
                    continue;
                }
                // It also reads, so that two ends do not wait for each other.
                let time = now();
                let received = self.shared.with(|state| {
                    let time = state.link.time(time);
                    state.link.poll(self.window, None, state.kind, want, time)
                })?;
                if received == Step::Done && want != Want::Ready {
                    return Ok(());
                }
            }
            self.move_once(step).await?;
        }
    }

    /// Reads once, or writes or flushes once if that is the step.
    async fn move_once(&mut self, step: Step) -> Result<(), Error<R::Error>> {
        let Self { shared, window, reader } = self;
        let has_room = window.make_room();
        let mut waited = false;
        let result = {
            let mut writing = pin!(async {
                match step {
                    Step::Read => pending().await,
                    _ => shared.write_due(step).await,
                }
            });
            let mut reading = pin!(async {
                if has_room { reader.read(window.spare()).await } else { pending().await }
            });
            poll_fn(|cx| {
                if let Poll::Ready(result) = writing.as_mut().poll(cx) {
                    return Poll::Ready(result.map(|()| None));
                }
                if let Poll::Ready(result) = reading.as_mut().poll(cx) {
                    return Poll::Ready(Ok(Some(result)));
                }
                match shared.with(|state| Ok(gives_up(state.link, &mut waited, cx))) {
                    Ok(false) => Poll::Pending,
                    over => Poll::Ready(over.map(|_| None)),
                }
            })
            .await
        };
        let Some(result) = result? else { return Ok(()) };
        let n = shared.moved(result)?;
        window.received(n);
        if n == 0 {
            shared.with(|state| Ok(state.link.quiet()))?;
            yield_now().await;
        }
        Ok(())
    }
}

impl<K: Receives, R: Read, W: Write<Error = R::Error>, M: Mechanism>
    Receiver<'_, '_, '_, K, R, W, M>
{
    /// As [`Socket::receive`].
    ///
    /// # Errors
    ///
    /// As that method.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    pub async fn receive(
        &mut self,
        now: impl FnMut() -> Instant,
    ) -> Result<Message<'_>, Error<R::Error>> {
        match self.get(Want::Message, now).await {
            Ok(()) => Ok(self.shared.inbox(|inbox| inbox.message(self.window))),
            Err(stop) => Err(stop),
        }
    }

    /// As [`Socket::receive_chunk`].
    ///
    /// # Errors
    ///
    /// As that method.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    #[cfg(feature = "chunks")]
    pub async fn receive_chunk(
        &mut self,
        now: impl FnMut() -> Instant,
    ) -> Result<Chunk<'_>, Error<R::Error>> {
        match self.get(Want::Chunk, now).await {
            Ok(()) => Ok(self.shared.inbox(|inbox| inbox.chunk(self.window))),
            Err(stop) => Err(stop),
        }
    }

    async fn get(
        &mut self,
        want: Want,
        now: impl FnMut() -> Instant,
    ) -> Result<(), Error<R::Error>> {
        self.shared.with(|state| {
            may_receive(state.kind)?;
            state.link.inbox.resume(self.window, want)
        })?;
        self.wait(want, now).await
    }
}
