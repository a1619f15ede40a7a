//! The async API, over `embedded-io-async`.
//!
//! The calls have no deadline: use `select` with a timer of the executor, which must expire at
//! [`Socket::next_deadline`] or earlier.
//!
//! While a call waits to write, it also reads. The futures of `read` and `write` of the IO are then created and
//! dropped each time that the task is polled. Two requirements follow, which TCP sockets and buffered UARTs of
//! embassy meet:
//!
//! * the IO keeps the waker of a dropped future;
//! * a future of `read`, `write` or `flush` that is dropped before completion has moved no bytes. A UART that writes
//!   by DMA from the memory of the caller cannot meet this: dropping the future stops the transfer in the middle.
//!   Use such a driver with a ring buffer in between, or split the socket ([`Socket::split`]): a half awaits each
//!   `write` to its end.
//!
//! The table states the effect of a future that is dropped before completion.
//!
//! | call | effect if its future is dropped |
//! |---|---|
//! | `handshake`, `receive`, `receive_chunk`, `serve` | nothing is lost; call again |
//! | `queue`, `publish` | no part of the message is queued; with a [`Sender`], the whole message may be queued |
//! | `flush` | unwritten bytes stay in the send buffer |
//! | `begin` | nothing has changed |
//! | `push` | no byte is queued; bytes of earlier calls stay queued |
//! | `send` | a message that fits the send buffer: no part of it is queued, or the whole message is queued. A larger message: if its first bytes were sent, the next call that sends closes the link |
//! | `request` | as `send`. The next request can be sent, and a late reply is not returned as its reply |
//! | `cancel` | the subscription is unchanged |

mod io;
mod kinds;
pub mod many;
#[cfg(feature = "nal")]
mod nal;
mod single;
mod split;

use embedded_io_async::{Read, Write};
use zmtp_core::mechanism::{Authenticate, Mechanism, NullOf, Of, PlainClient, PlainServer, Renew};
#[cfg(feature = "curve")]
use zmtp_core::mechanism::{ClientKeys, CurveClient, CurveServer, KeyPair, Portable};
#[cfg(feature = "chunks")]
use zmtp_core::wire::More;
use zmtp_core::{Config, Instant, PeerInfo};

#[cfg(feature = "nal")]
pub use nal::Connector;
pub use split::{Duplex, Halves, Receiver, Sender, Split};

use crate::api::api;
use crate::api_secure::api_secure;
use crate::api_session::api_session;
use crate::error::Error;
use crate::kind::{self, Kind, Receives, Sends};
#[cfg(feature = "chunks")]
use crate::message::Chunk;
use crate::message::Message;
use crate::no_io::NoIo;
use crate::socket_io::SocketIo;
use crate::step::TooLarge;
use crate::step::Want;

api!();
api_session!();
api_secure!();

#[expect(private_bounds, reason = "the types are those of this crate")]
impl<K: Kind, IO: Read + Write, M: Mechanism> Socket<'_, K, IO, M> {
    /// Waits until the handshake is complete. Calls that send or receive also do this.
    ///
    /// # Errors
    ///
    /// [`Error::ReceiveBuffer`] if the READY of the peer does not fit; [`Error::SendBuffer`] if our greeting
    /// or READY does not fit; errors that close the link.
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
    /// [`Error::SendBuffer`] if a greeting or command of the socket does not fit; errors that close the link.
    ///
    /// # Cancel safety
    ///
    /// Unwritten bytes stay in the send buffer.
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
    /// * [`Error::OutOfTurn`] if a REQ has not sent a request, or a REP has not replied to the last one.
    /// * [`Error::PeerLost`], once, if the link of the request of a REQ was closed.
    /// * [`Error::ReceiveBuffer`] if a message does not fit, which is dropped, or a command of the handshake does
    ///   not fit, which closes the link.
    /// * Errors that close the link.
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
    /// As [`Socket::receive`]. [`Error::Unfinished`] if the future of an earlier [`Socket::receive`] was dropped
    /// within the current message: call `receive` again.
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
    /// Puts a message of these parts into the send buffer as soon as it has room for the whole message.
    /// [`Socket::flush`] and calls that receive write it.
    ///
    /// # Errors
    ///
    /// [`Error::SendBuffer`] if the message does not fit the empty buffer; [`Error::OutOfTurn`] if a REQ waits
    /// for a reply, or a REP has not received a request; errors that close the link.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before completion, no part of the message is queued.
    pub async fn queue(
        &mut self,
        parts: &[&[u8]],
        mut now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        let (io, kind) = (&mut self.io, &mut self.kind);

        io::send(io, kind, parts, TooLarge::Refuse, &mut now).await
    }

    /// Sends a message of these parts and flushes the IO. With the feature `chunks`, a message that does not
    /// fit the send buffer is written directly from its memory.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfTurn`] if a REQ waits for a reply, or a REP has not received a request;
    /// [`Error::SendBuffer`] without the feature `chunks`, if the message does not fit; errors that close the
    /// link.
    ///
    /// # Cancel safety
    ///
    /// If the message fits the send buffer, either no part of it is queued, or the whole message is queued and
    /// sent by later calls. **A larger message is not cancel-safe**: if its first bytes were sent, the next
    /// call that sends closes the link.
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

    /// Begins a part of `len` bytes. `more` is whether further parts of the message follow. Send the bytes
    /// of the part with [`Socket::push`].
    ///
    /// # Errors
    ///
    /// As [`Socket::queue`]. [`Error::SendBuffer`] if the header of the part, and for the first part the
    /// envelope, do not fit; [`Error::Unfinished`] if the previous part is incomplete; [`Error::PeerLost`] if
    /// the link of the request of a REP was closed.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before completion, nothing has changed.
    #[cfg(feature = "chunks")]
    pub async fn begin(
        &mut self,
        more: More,
        len: usize,
        mut now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        io::begin(&mut self.io, &mut self.kind, more, len, &mut now).await
    }

    /// Puts bytes of the current part into the send buffer and returns their number, at least 1 unless
    /// `bytes` is empty. Call again with the remaining bytes. Call [`Socket::flush`] after the last ones.
    ///
    /// # Errors
    ///
    /// [`Error::Unfinished`] if the current part has fewer missing bytes; errors that close the link.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before completion, no byte is queued.
    #[cfg(feature = "chunks")]
    pub async fn push(&mut self, bytes: &[u8]) -> Result<usize, Error<IO::Error>> {
        io::push(&mut self.io, &mut self.kind, bytes).await
    }
}
