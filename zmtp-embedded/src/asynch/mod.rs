//! The async face: bytes move by `embedded-io-async`.
//!
//! Futures have no deadline: race them against a timer of your executor, at
//! [`Socket::next_deadline`] or before. What each call does when its future is dropped, provided
//! that the IO's own `read`, `write` and `flush` move nothing then:
//!
//! | call | dropped before it is done |
//! |---|---|
//! | `handshake`, `receive`, `receive_chunk`, `serve` | nothing is lost; call again |
//! | `queue`, `publish` | nothing of the message was taken, or it is whole in the send buffer |
//! | `flush` | the rest waits in the send buffer |
//! | `begin` | nothing has begun |
//! | `push` | no byte was taken; those it said it took are safe |
//! | `send` | a message that fits the send buffer: as `queue`. One that does not, and whose first bytes are gone: the link is closed by the next call that sends |
//! | `request` | the request may be out or not; the next one may go, and a late reply is not taken for its reply |
//! | `cancel` | the subscription is as it was |

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
    /// Waits for the end of the handshake, as calls that send and receive do too.
    ///
    /// # Errors
    ///
    /// [`Error::ReceiveBuffer`] and [`Error::SendBuffer`] for READYs that do not fit, and what ends
    /// links.
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

    /// Writes all that waits to be sent, and flushes the IO.
    ///
    /// # Errors
    ///
    /// What ends links.
    ///
    /// # Cancel safety
    ///
    /// What was not written still waits.
    pub async fn flush(
        &mut self,
        mut now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        io::flush(&mut self.io, &mut self.kind, &mut now).await
    }
}

impl<K: Receives, IO: Read + Write, M: Mechanism> Socket<'_, K, IO, M> {
    /// Waits for a whole message, which lies in the receive buffer until the next call. What is left
    /// of one that was begun in chunks is passed over.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfTurn`] if it is not the socket's turn: REQ receives after it sent, REP before
    /// it replies. [`Error::ReceiveBuffer`] for a message that does not fit, which is thrown away.
    /// And what ends links.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost: what has come of a message is in the receive buffer.
    pub async fn receive(
        &mut self,
        now: impl FnMut() -> Instant,
    ) -> Result<Message<'_>, Error<IO::Error>> {
        match self.wait(Want::Message, now).await {
            Ok(()) => Ok(self.io.message()),
            Err(stop) => Err(stop),
        }
    }

    /// Waits for the next piece of a message, which may be larger than the receive buffer.
    ///
    /// # Errors
    ///
    /// As [`Socket::receive`]; [`Error::Unfinished`] if that call has part of the message.
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
    /// Puts a message of these parts into the send buffer whole, as soon as there is room.
    /// [`Socket::flush`] and calls that wait for the peer write it out.
    ///
    /// # Errors
    ///
    /// [`Error::SendBuffer`] if it does not fit an empty one, [`Error::OutOfTurn`] if it is not
    /// the socket's turn, and what ends links.
    ///
    /// # Cancel safety
    ///
    /// Nothing was taken of the message if the future is dropped before it is done.
    pub async fn queue(
        &mut self,
        parts: &[&[u8]],
        mut now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        let (io, kind) = (&mut self.io, &mut self.kind);

        io::send(io, kind, parts, TooLarge::Refuse, &mut now).await
    }

    /// Sends a message of these parts and flushes. What does not fit the send buffer leaves, with
    /// feature `chunks`, from where it is.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfTurn`] if it is not the socket's turn, without feature `chunks`
    /// [`Error::SendBuffer`] for what does not fit, and what ends links.
    ///
    /// # Cancel safety
    ///
    /// A message that fits the send buffer is sent whole, later, or not at all. **Any other is not
    /// cancel-safe**: once its first bytes are out, the link cannot be used without the rest, and
    /// is closed by the next call that sends.
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

    /// Begins a part of `len` bytes, the message's last or not, to be followed by
    /// [`Socket::push`].
    ///
    /// # Errors
    ///
    /// As [`Socket::queue`]; [`Error::Unfinished`] if the part before lacks bytes.
    ///
    /// # Cancel safety
    ///
    /// Nothing has begun if the future is dropped before it is done.
    #[cfg(feature = "chunks")]
    pub async fn begin(
        &mut self,
        more: More,
        len: usize,
        mut now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        io::begin(&mut self.io, &mut self.kind, more, len, &mut now).await
    }

    /// Takes bytes of the part that was begun into the send buffer, at least one if there are
    /// any, and says how many; go on with the rest. [`Socket::flush`] after the last.
    ///
    /// # Errors
    ///
    /// [`Error::Unfinished`] if the part has no room for as many, and what ends links.
    ///
    /// # Cancel safety
    ///
    /// No byte was taken if the future is dropped before it is done.
    #[cfg(feature = "chunks")]
    pub async fn push(&mut self, bytes: &[u8]) -> Result<usize, Error<IO::Error>> {
        io::push(&mut self.io, &mut self.kind, bytes).await
    }
}
