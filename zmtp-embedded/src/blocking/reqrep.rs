//! Operations of REQ and REP besides sending and receiving.

use embedded_io::{Read, Write};
use zmtp_core::Instant;
use zmtp_core::mechanism::Mechanism;
use zmtp_core::pattern::Pattern as _;

use super::Socket;
use super::io::Until;
use crate::error::Error;
use crate::kind;
use crate::message::Message;
use crate::send;
use crate::step::Want;

impl<IO: Read + Write, M: Mechanism> Socket<'_, kind::Req, IO, M> {
    /// Sends a request of these parts and waits for its reply. An earlier request without a reply is cancelled
    /// first. If the call fails, its request is cancelled too, and the next one can be sent.
    ///
    /// # Errors
    ///
    /// * [`Error::NoReply`] and [`Error::PeerLost`]: the deadline passed, or the link was closed, after the request
    ///   was sent. The peer may have handled it.
    /// * [`Error::TimedOut`] and errors that close the link: the peer has not received the request. It can be sent
    ///   again.
    /// * [`Error::ReceiveBuffer`] if the reply does not fit, and is dropped.
    /// * [`Error::SendBuffer`] without the feature `chunks`, if the request does not fit.
    pub fn request(
        &mut self,
        parts: &[&[u8]],
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<Message<'_>, Error<IO::Error>> {
        self.cancel_request();
        let mut until = Until::new(deadline, now);
        let mut result = self.io.put(&mut self.kind, parts, &mut until);
        let taken = result.is_ok();
        if taken {
            self.io.out.holds_request();
            // This writes pending bytes.
            result = self.io.wait(&mut self.kind, Want::Message, &mut until);
        }
        match result {
            Ok(()) => Ok(self.io.message()),
            Err(error) => Err(self.unanswered(error, taken)),
        }
    }
}

impl<IO: Read + Write, M: Mechanism> Socket<'_, kind::Rep<1>, IO, M> {
    /// Sends the reply to the last request, as [`Socket::send`] does. If the link was closed and connected
    /// again after the request, the reply is dropped.
    ///
    /// # Errors
    ///
    /// Those of [`Socket::send`].
    pub fn reply(
        &mut self,
        parts: &[&[u8]],
        deadline: Instant,
        now: impl FnMut() -> Instant,
    ) -> Result<(), Error<IO::Error>> {
        if !self.kind.may_route() {
            // Before the link is checked.
            send::route(&mut self.kind)?;
        }
        self.send(parts, deadline, now)
    }
}
