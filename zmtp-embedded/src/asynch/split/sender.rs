//! The half that sends.

use embassy_futures::yield_now;
use embedded_io_async::Write;
use zmtp_core::Instant;
use zmtp_core::mechanism::{Mechanism, NullOf};

use super::{Out, Shared, State};
#[cfg(doc)]
use crate::asynch::Socket;
use crate::error::Error;
use crate::kind::{self, Kind, Sends};
use crate::send::{self, Cursor};
use crate::step::Step;
use crate::step::TooLarge;

/// The half of a [`Split`](super::Split) socket that sends.
#[derive(Debug)]
pub struct Sender<'h, 's, 'b, K, W, M = NullOf<K>> {
    pub(super) shared: &'h Shared<'s, 'b, K, W, M>,
}

#[expect(private_bounds, reason = "the types are those of this crate")]
impl<K: Kind, W: Write, M: Mechanism> Sender<'_, '_, '_, K, W, M> {
    /// As [`Socket::failure`].
    pub fn failure(&self) -> Option<zmtp_core::Error> {
        self.shared.failure()
    }

    /// As [`Socket::needed`].
    pub fn needed(&self) -> usize {
        self.shared.needed()
    }

    /// As [`Socket::flush`].
    ///
    /// # Errors
    ///
    /// As that method.
    ///
    /// # Cancel safety
    ///
    /// Unwritten bytes stay in the send buffer.
    pub async fn flush(&mut self, mut now: impl FnMut() -> Instant) -> Result<(), Error<W::Error>> {
        let mut out = self.shared.writing().await;
        self.shared.flush(&mut out, &mut now).await
    }
}

impl<'s, 'b, K: Sends, W: Write, M: Mechanism> Sender<'_, 's, 'b, K, W, M> {
    /// As [`Socket::queue`], but does not wait for the handshake.
    ///
    /// # Errors
    ///
    /// As that method. [`Error::Unfinished`] if the handshake is not complete, or the connection failed.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before completion, either no part of the message is queued, or the whole
    /// message is queued.
    pub async fn queue(
        &mut self,
        parts: &[&[u8]],
        mut now: impl FnMut() -> Instant,
    ) -> Result<(), Error<W::Error>> {
        let mut out = self.shared.writing().await;
        let mut result = self.put(&mut out, parts, TooLarge::Refuse).await;
        if result.is_ok() {
            result = self.shared.answer(&mut out, &mut now).await;
        }
        result
    }

    /// As [`Socket::send`], but does not wait for the handshake.
    ///
    /// # Errors
    ///
    /// As that method. [`Error::Unfinished`] if the handshake is not complete, or the connection failed.
    ///
    /// # Cancel safety
    ///
    /// As [`Socket::send`]: a message that does not fit the send buffer is not cancel-safe.
    pub async fn send(
        &mut self,
        parts: &[&[u8]],
        mut now: impl FnMut() -> Instant,
    ) -> Result<(), Error<W::Error>> {
        let mut out = self.shared.writing().await;
        let mut result = self.put(&mut out, parts, TooLarge::Lend).await;
        if result.is_ok() {
            result = self.shared.flush(&mut out, &mut now).await;
        }
        result
    }

    async fn put(
        &self,
        out: &mut Out<'s, 'b, W>,
        parts: &[&[u8]],
        large: TooLarge,
    ) -> Result<(), Error<W::Error>> {
        let mut cursor = Cursor::default();
        loop {
            let step = self.shared.with(|state| {
                if !state.link.is_ready() {
                    return Err(if state.link.closed { Error::Closed } else { Error::Unfinished });
                }
                // Only types without envelopes can be split.
                send::poll(state.link, out.outbox, state.kind, &[], parts, &mut cursor, large)
            })?;
            match step {
                Step::Done => return Ok(()),
                Step::Body => {
                    let result = out.writer.write(cursor.body(parts)).await;
                    let n = self.shared.moved(result)?;
                    cursor.wrote(n);
                    out.outbox.unflushed = true;
                    if n == 0 {
                        yield_now().await;
                    }
                }
                step => self.shared.write(out, step).await?,
            }
        }
    }
}

impl<const TOPICS: usize, W: Write, M: Mechanism> Sender<'_, '_, '_, kind::Sub<TOPICS>, W, M> {
    /// As [`Socket::subscribe`]; [`Sender::flush`] sends the subscription at once.
    ///
    /// # Errors
    ///
    /// [`Error::NoRoom`] if the table of `TOPICS` bytes is full. If the subscription does not fit the send buffer,
    /// later calls that write return [`Error::SendBuffer`]; see [`Socket::subscribe`].
    pub fn subscribe(&self, topic: &[u8]) -> Result<(), Error<W::Error>> {
        self.shared.with(|state| state.kind.subscribe(topic))
    }
}

impl<const TOPICS: usize, W: Write, M: Mechanism> Sender<'_, '_, '_, kind::Pub<TOPICS>, W, M> {
    /// As [`Socket::publish`]. The other half receives the subscriptions of the peer.
    ///
    /// # Errors
    ///
    /// As that method.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before completion, either no part of the message is queued, or the whole
    /// message is queued.
    pub async fn publish(
        &mut self,
        parts: &[&[u8]],
        mut now: impl FnMut() -> Instant,
    ) -> Result<bool, Error<W::Error>> {
        let mut out = self.shared.writing().await;
        let subject = parts.first().copied().unwrap_or_default();
        let mut cursor = Cursor::default();
        loop {
            let step = self.shared.with(|state| {
                if !state.kind.matches(kind::ONLY, subject) {
                    return Ok(None);
                }
                let State { link, kind } = state;
                send::poll(link, out.out.outbox, *kind, &[], parts, &mut cursor, TooLarge::Refuse)
                    .map(Some)
            })?;
            match step {
                None => return Ok(false),
                Some(Step::Done) => break,
                Some(step) => self.shared.write(&mut out, step).await?,
            }
        }
        self.shared.answer(&mut out, &mut now).await.map(|()| true)
    }
}
