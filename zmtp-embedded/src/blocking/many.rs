//! REP, PUB and PULL over several links, polled in turn.
//!
//! Their IO must return at once if it cannot move bytes, as [`Polled`](super::Polled) does: an IO that waits
//! delays the other links.

use core::convert::Infallible;

use embedded_io::{Read, Write};
use zmtp_core::mechanism::NullOf;
use zmtp_core::{Config, Instant, PeerInfo};

use super::io::Until;
use crate::api_many::api_many;
use crate::error::{Error, LinkError};
use crate::kind::{self, Kind, Receives};
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
                let result = match io.poll(kind, want, now) {
                    Ok(Step::Done) => {
                        *last = at;
                        return Ok(Some(at));
                    }
                    Ok(step) => io.step(step, &[], false).map(|_| ()),
                    Err(fault) => Err(fault),
                };
                if let Err(error) = result {
                    return Err(io.failed(at, error));
                }
            }
            if until.has_passed(now) {
                return Ok(None);
            }
        }
    }
}

impl<K: Receives, IO: Read + Write, const N: usize> Socket<'_, K, IO, N> {
    /// Waits for a complete message, and returns its link; `None` at the deadline. The message stays in the
    /// receive buffer of the link until the next call.
    ///
    /// # Errors
    ///
    /// The error of one link, which is closed, unless the error concerns one message only.
    pub fn receive(
        &mut self,
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<Option<(usize, Message<'_>)>, LinkError<IO::Error>> {
        let link = self.last;
        if let Some(io) = self.links.get_mut(link)
            && let Err(fault) = io.start(&mut self.kind, Want::Message)
        {
            return Err(LinkError { link, error: fault });
        }
        let link = self.wait(Want::Message, &mut Until::new(deadline, now))?;
        Ok(link.and_then(|link| Some((link, self.links.get(link)?.message()))))
    }
}

impl<IO: Read + Write, const N: usize> Socket<'_, kind::Rep<N>, IO, N> {
    /// Sends the reply to the last request, over the link of the request. A reply to a lost peer is dropped.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfTurn`] if no request was received, and errors that close that link.
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
        let result = io.send(&mut self.kind, parts, &mut Until::new(deadline, now));
        result.map_err(|error| LinkError { link, error })
    }
}

impl<IO: Read + Write, const N: usize, const TOPICS: usize>
    Socket<'_, kind::Pub<TOPICS, N>, IO, N>
{
    /// Performs handshakes, receives subscriptions and writes published messages until `deadline`.
    ///
    /// # Errors
    ///
    /// The error that closed one link. The other links continue.
    pub fn serve(
        &mut self,
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<(), LinkError<IO::Error>> {
        self.wait(Want::Nothing, &mut Until::new(deadline, now)).map(|_| ())
    }
}
