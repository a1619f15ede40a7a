//! The blocking face: bytes move by `embedded-io`.
//!
//! Calls that wait take a deadline and a clock, which they ask between reads and writes. An IO
//! must return from `read` and `write` for a deadline to be kept: with an error of kind
//! [`TimedOut`](embedded_io::ErrorKind::TimedOut) if nothing could be moved for a while, which is
//! taken for just that. [`Polled`] does it for any IO that has [`ReadReady`](embedded_io::ReadReady)
//! and [`WriteReady`](embedded_io::WriteReady). A socket of std whose timeout passed says `WouldBlock`
//! instead, which ends the link: map it. A call whose deadline is due already still reads or writes
//! once.

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
    /// Waits for the end of the handshake, as calls that send and receive do too.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`], [`Error::ReceiveBuffer`] and [`Error::SendBuffer`] for READYs that do not
    /// fit, and what ends links.
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

    /// Writes all that waits to be sent, and flushes the IO.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`], [`Error::SendBuffer`] for what the socket itself has to say, and what ends
    /// links.
    pub fn flush(
        &mut self,
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        self.io.flush(&mut self.kind, &mut Until::new(deadline, now))
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
    /// [`Error::TimedOut`], and what ends links.
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

    /// Waits for the next piece of a message, which may be larger than the receive buffer.
    ///
    /// # Errors
    ///
    /// As [`Socket::receive`]; [`Error::Unfinished`] if that call has part of the message.
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
    /// Writes a message of these parts, of which one is empty if there are none. What fits the send
    /// buffer leaves in one write, what does not, with feature `chunks`, from where it is. An IO with a
    /// buffer of its own may still have it: see [`Socket::flush`], which calls that wait for the peer
    /// do by themselves.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfTurn`] if it is not the socket's turn, without feature `chunks`
    /// [`Error::SendBuffer`] for what does not fit, and what ends links. After
    /// [`Error::TimedOut`] a message that fits the send buffer may still go out; one that does not
    /// ends the link.
    pub fn send(
        &mut self,
        parts: &[&[u8]],
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        self.io.send(&mut self.kind, parts, &mut Until::new(deadline, now))
    }

    /// Begins a part of `len` bytes, the message's last or not, to be followed by
    /// [`Socket::push`].
    ///
    /// # Errors
    ///
    /// As [`Socket::send`]; [`Error::Unfinished`] if the part before lacks bytes.
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

    /// Sends bytes of the part that was begun. The last ones of a message are written at once,
    /// others may wait in the send buffer for more.
    ///
    /// # Errors
    ///
    /// [`Error::Unfinished`] if the part has no room for as many; nothing was sent then. After
    /// [`Error::TimedOut`] some may have been: the link is closed.
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

/// What sockets may cost a microcontroller, without buffers and IO: a ratchet, to be turned down.
/// Heartbeats take 8 bytes of it, and any crate may turn them on.
#[cfg(target_pointer_width = "32")]
const _: () = {
    let allowed = 8 + if cfg!(feature = "chunks") { 160 } else { 144 };
    assert!(size_of::<Dealer<'static, ()>>() <= allowed);
    assert!(size_of::<Req<'static, ()>>() <= allowed);
    assert!(size_of::<Rep<'static, ()>>() <= allowed);
    assert!(size_of::<Sub<'static, (), 64>>() <= allowed + 64);
    assert!(size_of::<Pub<'static, (), 64>>() <= allowed + 64);
};
