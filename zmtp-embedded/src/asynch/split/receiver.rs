//! The half that receives.

use embedded_io_async::{Read, Write};
use zmtp_core::Instant;
use zmtp_core::mechanism::{Mechanism, NullOf};

use super::Shared;
#[cfg(doc)]
use crate::asynch::Socket;
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
            let time = now();
            let step = {
                let mut out = self.shared.try_writing();
                let outbox = out.as_mut().map(|out| &mut *out.out.outbox);
                self.shared
                    .with(|state| state.link.poll(self.window, outbox, state.kind, want, time))?
            };
            match step {
                Step::Done => return Ok(()),
                Step::Read => {
                    let result = self.reader.read(self.window.spare()).await;
                    let n = self.shared.moved(result)?;
                    self.window.received(n);
                }
                step => {
                    let mut out = self.shared.writing().await;
                    // The other half may have had the right meanwhile, and may have closed the link.
                    let says = self.shared.with(|state| Ok(state.link.may_write()))?;
                    if says && (!out.outbox.is_empty() || step == Step::Flush) {
                        self.shared.write(&mut out, step).await?;
                    }
                }
            }
        }
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
