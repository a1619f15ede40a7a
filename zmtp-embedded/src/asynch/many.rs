//! REP, PUB and PULL over several links, awaited together.

use core::convert::Infallible;

use embassy_futures::select::select_array;
use embedded_io_async::{Read, Write};
use zmtp_core::mechanism::NullOf;
use zmtp_core::{Config, Instant, PeerInfo};

use super::io::{self, Call, Moved};
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
    /// Waits until a link has a result, and returns the link.
    async fn wait(
        &mut self,
        want: Want,
        now: &mut impl FnMut() -> Instant,
    ) -> Result<usize, LinkError<IO::Error>> {
        loop {
            let mut steps = [None; N];
            let moment = now();
            let turn = self.next();
            for at in (turn..N).chain(0..turn) {
                let Some(io) = self.links.get_mut(at).filter(|io| !io.link.closed) else {
                    continue;
                };
                let time = io.link.time(moment);
                match io.poll(&mut self.kind, want, time) {
                    Ok(Step::Done) => {
                        self.last = at;
                        return Ok(at);
                    }
                    Ok(step) => {
                        if let Some(slot) = steps.get_mut(at) {
                            *slot = Some(step);
                        }
                    }
                    Err(fault) => return Err(io.failed(at, fault)),
                }
            }
            // Each future below moves bytes of one link once, and stores the result before it completes: a
            // dropped future has moved nothing.
            let mut step = steps.iter().copied();
            let call = Call::new(&mut self.kind, want, &mut *now);
            let call = &call;
            let futures = self.links.each_mut().map(|io| {
                let step = step.next().flatten();
                async move {
                    match step {
                        Some(step) => io::step(io, call, step, &[]).await,
                        None => core::future::pending().await,
                    }
                }
            });
            let (result, at) = select_array(futures).await;
            match result {
                Ok(Moved::Bytes(_)) => {}
                Ok(Moved::Done) => {
                    self.last = at;
                    return Ok(at);
                }
                Err(error) => {
                    if let Some(io) = self.links.get_mut(at) {
                        return Err(io.failed(at, error));
                    }
                }
            }
        }
    }
}

impl<K: Receives, IO: Read + Write, const N: usize> Socket<'_, K, IO, N> {
    /// Waits for a complete message. Returns the index of its link and the message, which stays in the receive
    /// buffer of the link until the next call.
    ///
    /// # Errors
    ///
    /// The error of one link, which is closed then. Two errors do not close the link:
    /// [`Error::ReceiveBuffer`] for a message that does not fit, which is dropped, and
    /// [`Error::OutOfTurn`] if a REP has not replied to the last request.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost. The future ignores links without a connection: drop it to connect one of them.
    pub async fn receive(
        &mut self,
        mut now: impl FnMut() -> Instant,
    ) -> Result<(usize, Message<'_>), LinkError<IO::Error>> {
        self.start(Want::Message)?;
        let link = self.wait(Want::Message, &mut now).await?;
        match self.links.get(link) {
            Some(io) => Ok((link, io.message())),
            None => Err(LinkError { link, error: Error::Closed }),
        }
    }
}

#[cfg(feature = "chunks")]
impl<IO: Read + Write, const N: usize> Socket<'_, kind::Pull, IO, N> {
    /// Receives the next piece of a message. Returns the index of its link and the piece. The message may be larger
    /// than the receive buffer of the link. Pieces of messages of different links may alternate: collect those of each
    /// link apart.
    ///
    /// # Errors
    ///
    /// As [`Socket::receive`]. [`Error::Unfinished`] if the future of an earlier [`Socket::receive`] was dropped within
    /// a message of the link: call `receive` again.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost. The future ignores links without a connection: drop it to connect one of them.
    pub async fn receive_chunk(
        &mut self,
        mut now: impl FnMut() -> Instant,
    ) -> Result<(usize, Chunk<'_>), LinkError<IO::Error>> {
        self.start(Want::Chunk)?;
        let link = self.wait(Want::Chunk, &mut now).await?;
        match self.links.get(link) {
            Some(io) => Ok((link, io.chunk())),
            None => Err(LinkError { link, error: Error::Closed }),
        }
    }
}

impl<IO: Read + Write, const N: usize> Socket<'_, kind::Rep<N>, IO, N> {
    /// Sends the reply to the last request over the link of the request, and flushes its IO. If that link was
    /// closed, the reply is dropped, and the call succeeds. The other links are not served during this call.
    ///
    /// # Errors
    ///
    /// Those of [`Socket::send`](super::Socket::send), for the link of the request. After an error that closes the
    /// link, the next request can be received.
    ///
    /// # Cancel safety
    ///
    /// If the reply fits the send buffer, either no part of it is queued, or the whole reply is queued and sent
    /// by later calls. **A larger reply is not cancel-safe**: the next call that sends closes the link.
    pub async fn reply(
        &mut self,
        parts: &[&[u8]],
        mut now: impl FnMut() -> Instant,
    ) -> Result<(), LinkError<IO::Error>> {
        let link = self.last;
        let Some(io) = self.links.get_mut(link) else {
            return Err(LinkError { link, error: Error::Closed });
        };
        let kind = &mut self.kind;
        let mut result = io.may_reply(kind);
        if let Ok(true) = result {
            result = io::send(io, kind, parts, TooLarge::Lend, &mut now).await.map(|()| true);
        }
        if let Ok(true) = result {
            result = io::flush(io, kind, &mut now).await.map(|()| true);
        }
        result.map(|_| ()).map_err(|error| io.lost(kind, link, error))
    }
}

impl<IO: Read + Write, const N: usize, const TOPICS: usize>
    Socket<'_, kind::Pub<TOPICS, N>, IO, N>
{
    /// Performs handshakes, receives subscriptions and writes published messages. The future completes only with
    /// an error.
    ///
    /// # Errors
    ///
    /// The error of one link, which is closed then, except for [`Error::ReceiveBuffer`]. The other links are not
    /// affected: call `serve` again.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    pub async fn serve(
        &mut self,
        mut now: impl FnMut() -> Instant,
    ) -> Result<(), LinkError<IO::Error>> {
        self.wait(Want::Nothing, &mut now).await.map(|_| ())
    }
}
