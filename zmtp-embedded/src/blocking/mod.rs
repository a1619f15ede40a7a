//! The blocking API, over `embedded-io`.
//!
//! Calls that wait have two arguments for the time: a deadline, and a closure that returns the current time.
//! They check the time between reads and writes.
//!
//! A call can return at its deadline only if `read` and `write` of the IO return. If no byte can be read or
//! written for a while, they must return an error of kind [`TimedOut`](embedded_io::ErrorKind::TimedOut), which
//! does not close the link. [`Polled`] adds this to any IO with [`ReadReady`](embedded_io::ReadReady) and
//! [`WriteReady`](embedded_io::WriteReady), [`ReadPolled`] to an IO with [`ReadReady`](embedded_io::ReadReady)
//! alone. A std socket with a timeout returns `WouldBlock` instead, which closes the link: map it to `TimedOut`, as
//! `adapters/std` does. A call whose deadline has passed still reads or writes once.

mod io;
pub mod many;
mod polled;
mod pubsub;
mod reqrep;
mod retry;
mod silence;
mod single;

use embedded_io::{Read, Write};
use zmtp_core::mechanism::{Authenticate, Mechanism, NullOf, Of, PlainClient, PlainServer, Renew};
#[cfg(feature = "curve")]
use zmtp_core::mechanism::{ClientKeys, CurveClient, CurveServer, KeyPair, Portable};
#[cfg(feature = "chunks")]
use zmtp_core::wire::More;
use zmtp_core::{Config, Instant, PeerInfo};

pub use polled::{NotReady, Polled, ReadPolled};
pub use retry::{Reconnect, Retry};
pub use silence::wait_for_silence;

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
use crate::step::Want;
use io::Until;

api!();
api_session!();
api_secure!();

#[expect(private_bounds, reason = "the types are those of this crate")]
impl<K: Kind, IO: Read + Write, M: Mechanism> Socket<'_, K, IO, M> {
    /// Waits until the handshake is complete. Calls that send or receive also do this.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`]; [`Error::ReceiveBuffer`] if the READY of the peer does not fit;
    /// [`Error::SendBuffer`] if our greeting or READY does not fit; errors that close the link.
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
    /// [`Error::TimedOut`]; [`Error::SendBuffer`] if a greeting or command of the socket does not fit; errors
    /// that close the link.
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
    /// * [`Error::OutOfTurn`] if a REQ has not sent a request, or a REP has not replied to the last one.
    /// * [`Error::PeerLost`], once, if the link of the request of a REQ was closed.
    /// * [`Error::ReceiveBuffer`] if a message does not fit, which is dropped, or a command of the handshake does
    ///   not fit, which closes the link.
    /// * [`Error::TimedOut`], and errors that close the link.
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
    /// As [`Socket::receive`]. [`Error::Unfinished`] if an earlier [`Socket::receive`] timed out within the
    /// current message: call `receive` again.
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
    /// Sends a message of these parts. If `parts` is empty, the message has one empty part. A message that
    /// fits the send buffer is taken as soon as the buffer has room, and is passed to the IO in one `write`. With
    /// the feature `chunks`, a larger message is written directly from its memory.
    ///
    /// The call succeeds if the message is taken. Bytes that could not be written before the deadline stay in the
    /// send buffer, and later calls write them; [`Socket::flush`] waits for that. It also flushes the IO, as calls
    /// that receive do.
    ///
    /// # Errors
    ///
    /// * [`Error::OutOfTurn`] if a REQ waits for a reply, or a REP has not received a request.
    /// * [`Error::SendBuffer`] without the feature `chunks`, if the message does not fit.
    /// * [`Error::TimedOut`]: the message was not taken. Call `send` again. If a message that does not fit the send
    ///   buffer was sent in part, the link is closed.
    /// * [`Error::Unfinished`] if a message in pieces is incomplete.
    /// * Errors that close the link.
    pub fn send(
        &mut self,
        parts: &[&[u8]],
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        self.io.send(&mut self.kind, parts, &mut Until::new(deadline, now))
    }

    /// Begins a part of `len` bytes. `more` is whether further parts of the message follow. Send the bytes
    /// of the part with [`Socket::push`].
    ///
    /// # Errors
    ///
    /// As [`Socket::send`]. [`Error::SendBuffer`] if the header of the part, and for the first part the
    /// envelope, do not fit; [`Error::Unfinished`] if the previous part is incomplete; [`Error::PeerLost`] if
    /// the link of the request of a REP was closed.
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

    /// Sends bytes of the current part. Bytes may stay in the send buffer until it is full or the message is
    /// complete.
    ///
    /// # Errors
    ///
    /// * [`Error::Unfinished`] if the current part has fewer missing bytes. Nothing is sent then.
    /// * [`Error::TimedOut`]: not all bytes were taken, and the link is closed.
    /// * Errors that close the link.
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

/// Limits on the size of sockets without buffers and IO, in bytes. Lower them when sockets get smaller. Heartbeats
/// take 8 bytes; any crate of a program can enable the feature.
#[cfg(target_pointer_width = "32")]
const _: () = {
    let allowed = 8 + if cfg!(feature = "chunks") { 160 } else { 144 };
    assert!(size_of::<Channel<'static, ()>>() <= allowed);
    assert!(size_of::<Client<'static, ()>>() <= allowed);
    assert!(size_of::<Dealer<'static, ()>>() <= allowed);
    assert!(size_of::<Dish<'static, (), 64>>() <= allowed + 64);
    assert!(size_of::<Pull<'static, ()>>() <= allowed);
    assert!(size_of::<Push<'static, ()>>() <= allowed);
    assert!(size_of::<Radio<'static, (), 64>>() <= allowed + 64);
    assert!(size_of::<Req<'static, ()>>() <= allowed);
    assert!(size_of::<Rep<'static, ()>>() <= allowed);
    assert!(size_of::<Sub<'static, (), 64>>() <= allowed + 64);
    assert!(size_of::<Pub<'static, (), 64>>() <= allowed + 64);
};
