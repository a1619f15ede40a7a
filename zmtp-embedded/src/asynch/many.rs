//! REP, PUB and PULL over several links, all waited for at once.

use core::convert::Infallible;

use embassy_futures::select::select_array;
use embedded_io_async::{Read, Write};
use zmtp_core::mechanism::NullOf;
use zmtp_core::{Config, Instant, PeerInfo};

use super::io;
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
    /// Waits until a link has what is wanted, and says which.
    async fn wait(
        &mut self,
        want: Want,
        now: &mut impl FnMut() -> Instant,
    ) -> Result<usize, LinkError<IO::Error>> {
        loop {
            let mut steps = [None; N];
            let time = now();
            let turn = self.next();
            for at in (turn..N).chain(0..turn) {
                let Some(io) = self.links.get_mut(at).filter(|io| !io.link.closed) else {
                    continue;
                };
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
            // Each future below moves bytes of one link, once, and notes what it moved before it
            // is done: whoever is dropped has moved nothing.
            let mut step = steps.iter().copied();
            let futures = self.links.each_mut().map(|io| {
                let step = step.next().flatten();
                async move {
                    match step {
                        Some(step) => io::step(io, step).await,
                        None => core::future::pending().await,
                    }
                }
            });
            let (result, at) = select_array(futures).await;
            if let (Err(error), Some(io)) = (result, self.links.get_mut(at)) {
                return Err(io.failed(at, error));
            }
        }
    }
}

impl<K: Receives, IO: Read + Write, const N: usize> Socket<'_, K, IO, N> {
    /// Waits for a whole message and says from which link. It lies in that link's receive buffer
    /// until the next call.
    ///
    /// # Errors
    ///
    /// What befell one link. It is over then, unless it is about the one message that it sent.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost. Links without a connection wait for ever: drop the future to connect one.
    pub async fn receive(
        &mut self,
        mut now: impl FnMut() -> Instant,
    ) -> Result<(usize, Message<'_>), LinkError<IO::Error>> {
        let link = self.last;
        if let Some(io) = self.links.get_mut(link)
            && let Err(fault) = io.start(&mut self.kind, Want::Message)
        {
            return Err(LinkError { link, error: fault });
        }
        let link = self.wait(Want::Message, &mut now).await?;
        match self.links.get(link) {
            Some(io) => Ok((link, io.message())),
            None => Err(LinkError { link, error: Error::Closed }),
        }
    }
}

impl<IO: Read + Write, const N: usize> Socket<'_, kind::Rep<N>, IO, N> {
    /// Answers the request that was received, over the link it came from, and flushes. The reply
    /// to a peer that is gone goes nowhere. The other links wait meanwhile.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfTurn`] if no request was received, and what ends that link.
    ///
    /// # Cancel safety
    ///
    /// A reply that fits the send buffer is sent whole, later, or not at all. **Any other is not
    /// cancel-safe**: its link is closed by the next call that sends.
    pub async fn reply(
        &mut self,
        parts: &[&[u8]],
        mut now: impl FnMut() -> Instant,
    ) -> Result<(), LinkError<IO::Error>> {
        let link = self.last;
        let Some(io) = self.links.get_mut(link) else {
            return Err(LinkError { link, error: Error::Closed });
        };
        let mut result = io::send(io, &mut self.kind, parts, TooLarge::Lend, &mut now).await;
        if result.is_ok() {
            result = io::flush(io, &mut self.kind, &mut now).await;
        }
        result.map_err(|error| LinkError { link, error })
    }
}

impl<IO: Read + Write, const N: usize, const TOPICS: usize>
    Socket<'_, kind::Pub<TOPICS, N>, IO, N>
{
    /// Shakes hands, takes subscriptions and writes out what was published, until a link ends.
    ///
    /// # Errors
    ///
    /// What ended one link; go on with the others.
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
