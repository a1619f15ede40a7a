//! REQ: asks and waits for the answer (RFC 28, `ZMQ_REQ`).

use core::time::Duration;

use zmtp_core::pattern::Mode;

use super::Builder;
use super::common::{common, receiving};
use crate::engine::SharedEngine;
use crate::error::{Error, SendError};
use crate::exchange;
use crate::message::Message;
use crate::options::Options;
use crate::pattern::AnyPattern;

/// A socket that asks its peers in turn and takes the answer of the one asked.
///
/// Unlike libzmq's it never wedges: if the peer asked is gone, receiving says so once
/// ([`Error::PeerLost`]) and the next request may be sent. [`Req::request`] is the paved path: it
/// ends ready for the next request whatever happens.
///
/// | | reply within the time | peer lost | time is over |
/// |---|---|---|---|
/// | `request` | `Some(reply)` | `Err(PeerLost)` | `None`; ready for the next |
/// | `send`, then `recv_timeout` | `Some(reply)` | `Err(PeerLost)`; ready for the next | `None`; still waiting: receive again |
#[derive(Debug)]
pub struct Req {
    pub(super) engine: SharedEngine,
}

common!(Req, Mode);
receiving!(Req, "the reply to the last request", within a time);

impl Builder<Req> {
    /// Lets a new request be sent before the reply of the last, which is given up then
    /// (`ZMQ_REQ_RELAXED`). A late reply of the same peer would pass for the new one's: use it
    /// with [`Builder::correlate`].
    #[must_use]
    pub const fn relaxed(mut self, relaxed: bool) -> Self {
        self.own.relaxed = relaxed;
        self
    }

    /// Puts an id in front of each request and takes only replies that bring it back
    /// (`ZMQ_REQ_CORRELATE`). Any REP brings it back; a ROUTER must keep the whole envelope.
    #[must_use]
    pub const fn correlate(mut self, correlate: bool) -> Self {
        self.own.correlate = correlate;
        self
    }
}

impl Req {
    fn with(options: Options, mode: Mode) -> Result<Self, Error> {
        let pattern = AnyPattern::req(mode);
        Ok(Self { engine: SharedEngine::new(pattern, options)? })
    }

    /// Sends a request and waits up to `timeout` for its reply; `None` if the time is over before.
    ///
    /// Ends ready for the next request whatever happens, and a late reply never passes for a
    /// newer one's: a request that did not go out is taken back; for one that did, the
    /// connection is closed and dialled again, as the Guide's Lazy Pirate does, unless requests
    /// carry ids ([`Builder::correlate`]). An earlier request that is still waiting is given up
    /// likewise.
    ///
    /// # Errors
    ///
    /// [`Error::PeerLost`] if the peer asked is gone: whether it acted on the request is not
    /// known. [`Error::EmptyMessage`], [`Error::Woken`], [`Error::Stopped`], [`Error::Io`].
    pub fn request(
        &mut self,
        request: impl Into<Message>,
        timeout: Duration,
    ) -> Result<Option<Message>, Error> {
        exchange::request(&self.engine, request.into(), Some(timeout))
    }

    /// Sends a request, waiting for ever for a peer to send it to. Endpoints that are connected
    /// to count as peers before they are reached: the request waits for them, and goes to
    /// whichever is reached first.
    ///
    /// # Errors
    ///
    /// Each gives the message back: [`Error::OutOfTurn`] before the last reply was received,
    /// [`Error::EmptyMessage`], [`Error::WouldBlock`] if the peer's queue is full,
    /// [`Error::Woken`], [`Error::Stopped`], [`Error::Io`].
    pub fn send(&mut self, request: impl Into<Message>) -> Result<(), SendError> {
        exchange::send(&self.engine, request.into(), None)
    }

    /// As [`Req::send`], waiting up to `timeout`.
    ///
    /// # Errors
    ///
    /// As [`Req::send`], and [`Error::WouldBlock`] if there was no peer in time.
    pub fn send_timeout(
        &mut self,
        request: impl Into<Message>,
        timeout: Duration,
    ) -> Result<(), SendError> {
        exchange::send(&self.engine, request.into(), Some(timeout))
    }

    /// As [`Req::send`], without waiting.
    ///
    /// # Errors
    ///
    /// As [`Req::send_timeout`].
    pub fn try_send(&mut self, request: impl Into<Message>) -> Result<(), SendError> {
        self.send_timeout(request, Duration::ZERO)
    }

    /// Receives the reply to the last request, waiting for ever.
    ///
    /// # Errors
    ///
    /// [`Error::PeerLost`] once if the peer asked is gone; a new request may be sent then.
    /// [`Error::OutOfTurn`] if no request was sent, [`Error::Woken`], [`Error::Stopped`],
    /// [`Error::Io`].
    pub fn recv(&mut self) -> Result<Message, Error> {
        loop {
            if let Some(reply) = exchange::recv(&self.engine, None)? {
                return Ok(reply);
            }
        }
    }

    /// Gives the last request up, if it is not answered: a new one may be sent, and no late reply
    /// passes for its own. See [`Req::request`] for how; it does so by itself.
    pub fn give_up(&mut self) {
        // A REQ has this operation.
        let _ = exchange::give_up(&self.engine);
    }
}
