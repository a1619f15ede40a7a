//! REP, PUB and PULL over several links, polled in turn.
//!
//! `read` and `write` of the IO must return at once if no byte can be read or written, as those of
//! [`Polled`](super::Polled) do. An IO that waits delays the other links.

use core::convert::Infallible;

use embedded_io::{Read, Write};
use zmtp_core::mechanism::NullOf;
use zmtp_core::{Config, Instant, PeerInfo};

use super::io::{Limit, Until};
use crate::api_many::api_many;
use crate::error::{Error, LinkError};
use crate::kind::{self, Kind, Receives};
#[cfg(feature = "chunks")]
use crate::message::Chunk;
use crate::message::Message;
use crate::send::{self, Cursor};
use crate::socket_io::SocketIo;
use crate::step::TooLarge;
use crate::step::{Step, Want};

api_many!();

#[expect(private_bounds, reason = "the types are those of this crate")]
impl<K: Kind, IO: Read + Write, const N: usize> Socket<'_, K, IO, N> {
    /// Waits until a link has a result, and returns the link; `None` at the deadline.
    fn wait<F: FnMut() -> Instant>(
        &mut self,
        want: Want,
        until: &mut Until<F>,
    ) -> Result<Option<usize>, LinkError<IO::Error>> {
        let turn = self.next();
        let Self { links, kind, last } = self;
        loop {
            let now = (until.now)();
            for at in (turn..N).chain(0..turn) {
                let Some(io) = links.get_mut(at).filter(|io| !io.link.closed) else {
                    continue;
                };
                // Every link moves bytes once, also after the deadline.
                let mut limit = Limit::new(Instant::NEVER);
                let mut done = io.turn(kind, want, now, &mut limit);
                if done.is_ok() && io.out.blocked {
                    // It also reads.
                    done = io.turn(kind, want, now, &mut limit);
                    io.out.blocked = false;
                }
                match done {
                    Ok(true) => {
                        *last = at;
                        return Ok(Some(at));
                    }
                    Ok(false) => {}
                    Err(error) => return Err(io.failed(at, error)),
                }
            }
            if until.has_passed(now) {
                return Ok(None);
            }
        }
    }
}

impl<K: Receives, IO: Read + Write, const N: usize> Socket<'_, K, IO, N> {
    /// Waits for a complete message. Returns the message and the index of its link, or `None` at the
    /// deadline. The message stays in the receive buffer of the link until the next call.
    ///
    /// # Errors
    ///
    /// The error of one link, which is closed then. Two errors do not close the link:
    /// [`Error::ReceiveBuffer`] for a message that does not fit, which is dropped, and
    /// [`Error::OutOfTurn`] if a REP has not replied to the last request.
    pub fn receive(
        &mut self,
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<Option<(usize, Message<'_>)>, LinkError<IO::Error>> {
        self.start(Want::Message)?;
        let link = self.wait(Want::Message, &mut Until::new(deadline, now))?;
        Ok(link.and_then(|link| Some((link, self.links.get(link)?.message()))))
    }
}

#[cfg(feature = "chunks")]
impl<IO: Read + Write, const N: usize> Socket<'_, kind::Pull, IO, N> {
    /// Receives the next piece of a message. Returns the index of its link and the piece, or `None` at the deadline.
    /// The message may be larger than the receive buffer of the link. Pieces of messages of different links may
    /// alternate: collect those of each link apart.
    ///
    /// # Errors
    ///
    /// As [`Socket::receive`]. [`Error::Unfinished`] if an earlier [`Socket::receive`] timed out within a message of
    /// the link: call `receive` again.
    pub fn receive_chunk(
        &mut self,
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<Option<(usize, Chunk<'_>)>, LinkError<IO::Error>> {
        self.start(Want::Chunk)?;
        let link = self.wait(Want::Chunk, &mut Until::new(deadline, now))?;
        Ok(link.and_then(|link| Some((link, self.links.get(link)?.chunk()))))
    }
}

impl<IO: Read + Write, const N: usize> Socket<'_, kind::Rep<N>, IO, N> {
    /// Sends the reply to the last request over the link of the request. If that link was closed, the reply is
    /// dropped, and the call succeeds.
    ///
    /// # Errors
    ///
    /// Those of [`Socket::send`](super::Socket::send), for the link of the request. After an error that closes the
    /// link, the next request can be received.
    pub fn reply(
        &mut self,
        parts: &[&[u8]],
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<(), LinkError<IO::Error>> {
        let link = self.last;
        let Some(io) = self.links.get_mut(link) else {
            return Err(LinkError { link, error: Error::Closed });
        };
        let kind = &mut self.kind;
        let mut result = io.may_reply(kind);
        if let Ok(true) = result {
            result = io.send(kind, parts, &mut Until::new(deadline, now)).map(|()| true);
        }
        result.map(|_| ()).map_err(|error| io.lost(kind, link, error))
    }
}

impl<IO: Read + Write, const N: usize, const TOPICS: usize>
    Socket<'_, kind::Pub<TOPICS, N>, IO, N>
{
    /// Performs handshakes, receives subscriptions and writes published messages until `deadline`. Call it
    /// between messages.
    ///
    /// # Errors
    ///
    /// The error of one link, which is closed then, except for [`Error::ReceiveBuffer`]. The other links are not
    /// affected: call `serve` again.
    pub fn serve(
        &mut self,
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<(), LinkError<IO::Error>> {
        self.wait(Want::Nothing, &mut Until::new(deadline, now)).map(|_| ())
    }
}
