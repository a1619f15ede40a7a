//! The blocking API, over `embedded-io`.
//!
//! Calls that wait have a deadline and a clock as arguments, and check the clock between reads and writes. The
//! deadline is met only if `read` and `write` return: with an error of kind
//! [`TimedOut`](embedded_io::ErrorKind::TimedOut) if no byte could be moved for a while. This error does not
//! close the link. [`Polled`] adds it to any IO with [`ReadReady`](embedded_io::ReadReady) and
//! [`WriteReady`](embedded_io::WriteReady). A std socket with a timeout returns `WouldBlock` instead, which closes
//! the link: map it to `TimedOut`. A call whose deadline has passed still reads or writes once.

mod io;
pub mod many;
mod polled;
mod pubsub;
mod reqrep;
mod retry;

use embedded_io::{Read, Write};
use zmtp_core::mechanism::{Mechanism, NullOf};
#[cfg(feature = "chunks")]
use zmtp_core::wire::More;
use zmtp_core::{Config, Instant, PeerInfo};

pub use polled::{NotReady, Polled};
pub use retry::{Reconnect, Retry};

use crate::api::api;
use crate::error::Error;
use crate::kind::{self, Kind, Receives, Sends};
#[cfg(feature = "chunks")]
use crate::message::Chunk;
use crate::message::Message;
use crate::socket_io::SocketIo;
use crate::step::Want;
use io::Until;

api!();

#[expect(private_bounds, reason = "the types are those of this crate")]
impl<K: Kind, IO: Read + Write, M: Mechanism> Socket<'_, K, IO, M> {
    /// Waits for the end of the handshake. Calls that send and receive do so too.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`], [`Error::ReceiveBuffer`] and [`Error::SendBuffer`] for READYs that do not
    /// fit, and errors that close the link.
    pub fn handshake(
        &mut self,
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<PeerInfo, Error<IO::Error>> {
        let result = self.io.wait(&mut self.kind, Want::Ready, &mut Until::new(deadline, now));
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
    /// [`Error::TimedOut`], [`Error::SendBuffer`] for bytes that the socket sends by itself, and errors that
    /// close the link.
    pub fn flush(
        &mut self,
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        self.io.flush(&mut self.kind, &mut Until::new(deadline, now))
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
    /// [`Error::TimedOut`], and errors that close the link.
    pub fn receive(
        &mut self,
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<Message<'_>, Error<IO::Error>> {
        match self.wait(Want::Message, deadline, now) {
            Ok(()) => Ok(self.io.message()),
            Err(stop) => Err(stop),
        }
    }

    /// Receives the next piece of a message. The message may be larger than the receive buffer.
    ///
    /// # Errors
    ///
    /// As [`Socket::receive`]; [`Error::Unfinished`] if [`Socket::receive`] has begun to receive the message.
    #[cfg(feature = "chunks")]
    pub fn receive_chunk(
        &mut self,
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<Chunk<'_>, Error<IO::Error>> {
        match self.wait(Want::Chunk, deadline, now) {
            Ok(()) => Ok(self.io.chunk()),
            Err(stop) => Err(stop),
        }
    }

    fn wait(
        &mut self,
        want: Want,
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        self.io.start(&mut self.kind, want)?;
        self.io.wait(&mut self.kind, want, &mut Until::new(deadline, now))
    }
}

impl<K: Sends, IO: Read + Write, M: Mechanism> Socket<'_, K, IO, M> {
    /// Writes a message of these parts, or of one empty part if there are none. A message that fits the send
    /// buffer is sent in one write. With the feature `chunks`, a larger one is sent directly from its memory.
    /// An IO with its own buffer may still hold the bytes: see [`Socket::flush`]. Calls that wait for the peer
    /// flush by themselves.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfTurn`] if it is not the socket's turn, without feature `chunks`
    /// [`Error::SendBuffer`] for what does not fit, and errors that close the link. After
    /// [`Error::TimedOut`] a message that fits the send buffer may still be sent; a larger one closes the
    /// link.
    pub fn send(
        &mut self,
        parts: &[&[u8]],
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        self.io.send(&mut self.kind, parts, &mut Until::new(deadline, now))
    }

    /// Begins a part of `len` bytes, the last part of its message or not. Send its bytes with
    /// [`Socket::push`].
    ///
    /// # Errors
    ///
    /// As [`Socket::send`]; [`Error::Unfinished`] if the previous part is incomplete.
    #[cfg(feature = "chunks")]
    pub fn begin(
        &mut self,
        more: More,
        len: usize,
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        self.io.begin(&mut self.kind, more, len, &mut Until::new(deadline, now))
    }

    /// Sends bytes of the current part. The last bytes of a message are written at once; others may stay in
    /// the send buffer until there are more.
    ///
    /// # Errors
    ///
    /// [`Error::Unfinished`] if these are more bytes than the part lacks; nothing is sent then. After
    /// [`Error::TimedOut`] some bytes may be sent: the link is closed.
    #[cfg(feature = "chunks")]
    pub fn push(
        &mut self,
        bytes: &[u8],
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        self.io.push_all(&mut self.kind, bytes, &mut Until::new(deadline, now))
    }
}

/// Limits on the size of sockets without buffers and IO; lower them when sockets get smaller. Heartbeats take 8
/// bytes, and any crate can enable them.
#[cfg(target_pointer_width = "32")]
const _: () = {
    let allowed = 8 + if cfg!(feature = "chunks") { 160 } else { 144 };
    assert!(size_of::<Dealer<'static, ()>>() <= allowed);
    assert!(size_of::<Req<'static, ()>>() <= allowed);
    assert!(size_of::<Rep<'static, ()>>() <= allowed);
    assert!(size_of::<Sub<'static, (), 64>>() <= allowed + 64);
    assert!(size_of::<Pub<'static, (), 64>>() <= allowed + 64);
};
