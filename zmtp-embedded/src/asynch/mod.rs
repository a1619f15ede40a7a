//! The async API, over `embedded-io-async`.
//!
//! Futures have no deadline: use `select` with a timer of your executor, at [`Socket::next_deadline`] or
//! before. If a future is dropped, its call has this effect, provided that `read`, `write` and `flush` of the
//! IO move no bytes when they are dropped:
//!
//! | call | dropped before completion |
//! |---|---|
//! | `handshake`, `receive`, `receive_chunk`, `serve` | nothing is lost; call again |
//! | `queue`, `publish` | no part of the message is queued, or it is whole in the send buffer |
//! | `flush` | the rest stays in the send buffer |
//! | `begin` | nothing has changed |
//! | `push` | no byte is queued; bytes of earlier calls stay queued |
//! | `send` | a message that fits the send buffer: as `queue`. A larger one, after its first bytes: the next call that sends closes the link | that sends |
//! | `request` | the request may be sent or not; the next one can be sent, and a late reply is not taken for its reply |
//! | `cancel` | the subscription is unchanged |

mod io;
mod kinds;
pub mod many;
#[cfg(feature = "nal")]
mod nal;
mod split;

use embedded_io_async::{Read, Write};
use zmtp_core::mechanism::{Mechanism, NullOf};
#[cfg(feature = "chunks")]
use zmtp_core::wire::More;
use zmtp_core::{Config, Instant, PeerInfo};

#[cfg(feature = "nal")]
pub use nal::Connector;
pub use split::{Duplex, Halves, Receiver, Sender, Split};

use crate::api::api;
use crate::error::Error;
use crate::kind::{self, Kind, Receives, Sends};
#[cfg(feature = "chunks")]
use crate::message::Chunk;
use crate::message::Message;
use crate::socket_io::SocketIo;
use crate::step::TooLarge;
use crate::step::Want;

api!();

#[expect(private_bounds, reason = "the types are those of this crate")]
impl<K: Kind, IO: Read + Write, M: Mechanism> Socket<'_, K, IO, M> {
    /// Waits for the end of the handshake. Calls that send and receive do so too.
    ///
    /// # Errors
    ///
    /// [`Error::ReceiveBuffer`] and [`Error::SendBuffer`] for READYs that do not fit, and errors that
    /// close the link.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    pub async fn handshake(
        &mut self,
        mut now: impl FnMut() -> Instant,
    ) -> Result<PeerInfo, Error<IO::Error>> {
        let result = io::wait(&mut self.io, &mut self.kind, Want::Ready, &mut now).await;
        match (result, self.io.peer()) {
            (Ok(()), Some(peer)) => Ok(peer),
            (Err(stop), _) => Err(stop),
            (Ok(()), None) => Err(Error::Closed),
        }
    }

    /// Writes all pending bytes, and flushes the IO.
    ///
    /// # Errors
    ///
    /// An error of the IO or the connection, which closes the link.
    ///
    /// # Cancel safety
    ///
    /// Bytes that are not written stay pending.
    pub async fn flush(
        &mut self,
        mut now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        io::flush(&mut self.io, &mut self.kind, &mut now).await
    }
}

impl<K: Receives, IO: Read + Write, M: Mechanism> Socket<'_, K, IO, M> {
    /// Waits for a complete message, which stays in the receive buffer until the next call. The rest of a
    /// message that was received in chunks is skipped.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfTurn`] if it is not the socket's turn: REQ receives after it sent, REP before
    /// it replies. [`Error::ReceiveBuffer`] for a message that does not fit, which is dropped.
    /// And errors that close the link.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: received bytes are in the receive buffer.
    pub async fn receive(
        &mut self,
        now: impl FnMut() -> Instant,
    ) -> Result<Message<'_>, Error<IO::Error>> {
        match self.wait(Want::Message, now).await {
            Ok(()) => Ok(self.io.message()),
            Err(stop) => Err(stop),
        }
    }

    /// Receives the next piece of a message. The message may be larger than the receive buffer.
    ///
    /// # Errors
    ///
    /// As [`Socket::receive`]; [`Error::Unfinished`] if [`Socket::receive`] has begun to receive the message.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    #[cfg(feature = "chunks")]
    pub async fn receive_chunk(
        &mut self,
        now: impl FnMut() -> Instant,
    ) -> Result<Chunk<'_>, Error<IO::Error>> {
        match self.wait(Want::Chunk, now).await {
            Ok(()) => Ok(self.io.chunk()),
            Err(stop) => Err(stop),
        }
    }

    async fn wait(
        &mut self,
        want: Want,
        mut now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        self.io.start(&mut self.kind, want)?;
        io::wait(&mut self.io, &mut self.kind, want, &mut now).await
    }
}

impl<K: Sends, IO: Read + Write, M: Mechanism> Socket<'_, K, IO, M> {
    /// Puts a whole message of these parts into the send buffer, as soon as there is room.
    /// [`Socket::flush`] and calls that wait for the peer write it.
    ///
    /// # Errors
    ///
    /// [`Error::SendBuffer`] if it does not fit the empty buffer, [`Error::OutOfTurn`] if it is not
    /// the socket's turn, and errors that close the link.
    ///
    /// # Cancel safety
    ///
    /// No part of the message is queued if the future is dropped before completion.
    pub async fn queue(
        &mut self,
        parts: &[&[u8]],
        mut now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        let (io, kind) = (&mut self.io, &mut self.kind);

        io::send(io, kind, parts, TooLarge::Refuse, &mut now).await
    }

    /// Sends a message of these parts and flushes. With the feature `chunks`, a message that does not fit
    /// the send buffer is sent directly from its memory.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfTurn`] if it is not the socket's turn, without the feature `chunks`
    /// [`Error::SendBuffer`] for a message that does not fit, and errors that close the link.
    ///
    /// # Cancel safety
    ///
    /// A message that fits the send buffer is sent whole, later, or not at all. **Any other is not
    /// cancel-safe**: after its first bytes the link cannot be used without the rest, and the next call that
    /// sends closes it.
    pub async fn send(
        &mut self,
        parts: &[&[u8]],
        mut now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        let (io, kind) = (&mut self.io, &mut self.kind);
        let mut result = io::send(io, kind, parts, TooLarge::Lend, &mut now).await;
        if result.is_ok() {
            result = io::flush(io, kind, &mut now).await;
        }
        result
    }

    /// Begins a part of `len` bytes, the last part of its message or not. Send its bytes with
    /// [`Socket::push`].
    ///
    /// # Errors
    ///
    /// As [`Socket::queue`]; [`Error::Unfinished`] if the previous part is incomplete.
    ///
    /// # Cancel safety
    ///
    /// Nothing has changed if the future is dropped before completion.
    #[cfg(feature = "chunks")]
    pub async fn begin(
        &mut self,
        more: More,
        len: usize,
        mut now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        io::begin(&mut self.io, &mut self.kind, more, len, &mut now).await
    }

    /// Puts bytes of the current part into the send buffer, at least one if there are any. Returns the
    /// number: call again with the rest, and [`Socket::flush`] after the last.
    ///
    /// # Errors
    ///
    /// [`Error::Unfinished`] if these are more bytes than the part lacks, and errors that close the link.
    ///
    /// # Cancel safety
    ///
    /// No byte is queued if the future is dropped before completion.
    #[cfg(feature = "chunks")]
    pub async fn push(&mut self, bytes: &[u8]) -> Result<usize, Error<IO::Error>> {
        io::push(&mut self.io, &mut self.kind, bytes).await
    }
}
