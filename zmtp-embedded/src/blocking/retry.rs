//! Lazy Pirate: REQ with retries (ZeroMQ Guide, chapter 4).

use embedded_io::{Read, Write};
use zmtp_core::Instant;
use zmtp_core::mechanism::Mechanism;

use super::Socket;
use crate::error::Error;
use crate::kind;
use crate::message::Message;

/// The number of tries, and the time limit of each.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[expect(clippy::exhaustive_structs, reason = "constructed by applications")]
pub struct Retry {
    /// The time limit of each try in milliseconds, including its handshake.
    pub timeout: u32,
    /// The number of tries; 0 counts as 1.
    pub tries: u32,
}

/// Opens connections; implemented by closures.
pub trait Reconnect<IO> {
    /// Opens a new stream to the peer. The argument is the previous stream, if there was one. `None` if it failed,
    /// which counts as a try.
    fn reconnect(&mut self, last: Option<IO>) -> Option<IO>;
}

impl<IO, F: FnMut(Option<IO>) -> Option<IO>> Reconnect<IO> for F {
    fn reconnect(&mut self, last: Option<IO>) -> Option<IO> {
        self(last)
    }
}

impl<IO: Read + Write, M: Mechanism + Default> Socket<'_, kind::Req, IO, M> {
    /// Sends a request and waits for its reply. Without a reply in time, it retries over a new connection. A peer
    /// may receive the request more than once.
    ///
    /// # Errors
    ///
    /// The error of the last try; [`Error::Closed`] if it could not connect. A reply or request that does not fit
    /// its buffer is not retried.
    pub fn request_with_retries(
        &mut self,
        parts: &[&[u8]],
        retry: Retry,
        reconnect: &mut impl Reconnect<IO>,
        mut now: impl FnMut() -> Instant,
    ) -> Result<Message<'_>, Error<IO::Error>> {
        let mut left = retry.tries;
        loop {
            if self.io.link.is_closed() {
                let last = self.disconnect();
                if let Some(io) = reconnect.reconnect(last) {
                    self.connect(io, now());
                }
            }
            let deadline = now().after(retry.timeout);
            let Err(error) = self.request(parts, deadline, &mut now) else {
                return Ok(self.io.message());
            };
            if matches!(error, Error::ReceiveBuffer | Error::SendBuffer) {
                return Err(error);
            }
            // A peer that does not answer may be dead without a detected close.
            self.io.link.closed = true;
            left = left.saturating_sub(1);
            if left == 0 {
                return Err(error);
            }
        }
    }
}
