//! Lazy Pirate: REQ that tries again (ZeroMQ Guide, chapter 4).

use embedded_io::{Read, Write};
use zmtp_core::Instant;
use zmtp_core::mechanism::Mechanism;

use super::Socket;
use crate::error::Error;
use crate::kind;
use crate::message::Message;

/// How often and how long to try.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[expect(clippy::exhaustive_structs, reason = "meant to be written out")]
pub struct Retry {
    /// Milliseconds that each try may take, its handshake included.
    pub timeout: u32,
    /// Tries in all; 0 counts as 1.
    pub tries: u32,
}

/// Makes connections anew. Closures do.
pub trait Reconnect<IO> {
    /// A new stream to the peer, in place of the last one if there was one; `None` if that failed,
    /// which counts as a try.
    fn reconnect(&mut self, last: Option<IO>) -> Option<IO>;
}

impl<IO, F: FnMut(Option<IO>) -> Option<IO>> Reconnect<IO> for F {
    fn reconnect(&mut self, last: Option<IO>) -> Option<IO> {
        self(last)
    }
}

impl<IO: Read + Write, M: Mechanism + Default> Socket<'_, kind::Req, IO, M> {
    /// Sends a request and waits for its reply, and does so again over a new connection if it does
    /// not come. A peer may see the request more than once.
    ///
    /// # Errors
    ///
    /// That of the last try; [`Error::Closed`] if no connection could be made for it. A reply or
    /// request that does not fit its buffer is not tried again.
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
            // A peer that does not answer may be a dead one whose end nobody told us of.
            self.io.link.closed = true;
            left = left.saturating_sub(1);
            if left == 0 {
                return Err(error);
            }
        }
    }
}
