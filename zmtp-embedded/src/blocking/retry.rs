//! Lazy Pirate: REQ with retries (ZeroMQ Guide, chapter 4).

use embedded_io::{Read, Write};
use zmtp_core::Instant;
use zmtp_core::mechanism::Renew;

use super::Socket;
use crate::error::Error;
use crate::kind;
use crate::message::Message;

/// The number of tries of a request, and the time limit of each try.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[expect(clippy::exhaustive_structs, reason = "constructed by applications")]
pub struct Retry {
    /// The time limit of each try in milliseconds, including its handshake.
    pub timeout: u32,
    /// The number of tries; 0 counts as 1.
    pub tries: u32,
}

/// Opens streams to the peer. Closures implement this trait.
pub trait Reconnect<IO> {
    /// Opens a new stream to the peer. `last` is the previous stream, if there was one. Returns `None` if no stream
    /// could be opened, which counts as a try.
    fn reconnect(&mut self, last: Option<IO>) -> Option<IO>;
}

impl<IO, F: FnMut(Option<IO>) -> Option<IO>> Reconnect<IO> for F {
    fn reconnect(&mut self, last: Option<IO>) -> Option<IO> {
        self(last)
    }
}

impl<IO: Read + Write, M: Renew<Random = ()>> Socket<'_, kind::Req, IO, M> {
    /// Sends a request and waits for its reply. If a try fails or times out, the link is closed and the request is
    /// sent again over a new connection. A peer may receive the request several times.
    ///
    /// # Errors
    ///
    /// The error of the last try; [`Error::Closed`] if no stream could be opened. [`Error::ReceiveBuffer`] and
    /// [`Error::SendBuffer`] are returned at once, without further tries.
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
