//! REQ: sends requests and receives their replies.

use core::time::Duration;

use super::{Builder, Socket, kind};
use crate::error::Error;
use crate::exchange;
use crate::message::Message;

/// REQ: sends requests to its peers in turn and receives the reply of the peer that got the request
/// (RFC 28, `ZMQ_REQ`).
///
/// Unlike libzmq's REQ it cannot get stuck: if the peer is gone, receiving returns
/// [`Error::PeerLost`] once, and the next request may be sent. [`Req::request`] is the recommended
/// call: afterwards the socket is ready for the next request, whatever the result.
///
/// | | reply in time | peer lost | timeout |
/// |---|---|---|---|
/// | `request` | `Some(reply)` | `Err(PeerLost)` | `None`; ready for the next request |
/// | `send`, then `recv_timeout` | `Some(reply)` | `Err(PeerLost)`; ready for the next request | `None`; receive again |
///
/// [`send`](Self::send) counts endpoints as peers before they are connected: a request waits for
/// them, and goes to the one that is connected first.
pub type Req = Socket<kind::Req>;

impl Builder<kind::Req> {
    /// Allows a new request before the reply to the last one, which is abandoned then
    /// (`ZMQ_REQ_RELAXED`). Off by default. A late reply of the same peer would be taken for the reply to the
    /// new request: use it with [`Builder::correlate`].
    #[must_use]
    pub fn relaxed(mut self, relaxed: bool) -> Self {
        self.own.req.relaxed = relaxed;
        self
    }

    /// Puts an id in front of each request, and accepts only replies with the same id
    /// (`ZMQ_REQ_CORRELATE`). Off by default. A REP returns the id; a ROUTER must return the whole envelope.
    #[must_use]
    pub fn correlate(mut self, correlate: bool) -> Self {
        self.own.req.correlate = correlate;
        self
    }
}

/// Requests.
impl Socket<kind::Req> {
    /// Sends a request and receives its reply. Returns `None` if there is no reply within `timeout`.
    ///
    /// Afterwards the socket is ready for the next request, whatever the result, and a late reply is
    /// never taken for the reply to a later request. A request that was not written is taken back.
    /// For one that was written, the connection is closed and made again (the Guide's Lazy Pirate),
    /// unless requests have ids ([`Builder::correlate`]). An earlier request without a reply is
    /// abandoned in the same way.
    ///
    /// # Errors
    ///
    /// [`Error::PeerLost`] if the peer is gone; it is unknown whether it handled the request.
    /// [`Error::EmptyMessage`], [`Error::Woken`], [`Error::Stopped`], [`Error::Io`].
    pub fn request(
        &mut self,
        request: impl Into<Message>,
        timeout: Duration,
    ) -> Result<Option<Message>, Error> {
        exchange::request(self.engine(), request.into(), Some(timeout))
    }

    /// Abandons the last request if it has no reply yet: a new request may be sent, and a late reply
    /// is not taken for its reply. [`Req::request`] does this by itself, and describes how.
    pub fn give_up(&mut self) {
        // A REQ has this operation.
        let _ = exchange::give_up(self.engine());
    }
}
