//! REQ: sends requests and receives their replies.

use core::time::Duration;

use super::{Builder, Socket, kind};
use crate::error::Error;
use crate::exchange;
use crate::message::Message;

/// REQ: sends requests to its peers in turn, and receives each reply from the peer of the request (RFC 28,
/// `ZMQ_REQ`).
///
/// If the connection to the peer is lost, receiving returns [`Error::PeerLost`] once, and the next request
/// may be sent; libzmq waits without limit. [`Req::request`] is the recommended call. After each result of it,
/// the next request may be sent.
///
/// | | reply in time | peer lost | timeout |
/// |---|---|---|---|
/// | `request` | `Some(reply)` | `Err(PeerLost)` | `None`; ready for the next request |
/// | `send`, then `recv_timeout` | `Some(reply)` | `Err(PeerLost)`; ready for the next request | `None`; receive again |
///
/// [`send`](Self::send) does not wait for a connection if the socket has an endpoint to connect to: the
/// request is queued, and sent to the first endpoint that is connected.
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Rep, Req};
///
/// let mut rep = Rep::builder().bind("inproc://clock")?;
/// # let server = std::thread::spawn(move || {
/// #     let request = rep.recv().unwrap();
/// #     rep.send(request).unwrap();
/// #     rep
/// # });
/// let mut req = Req::builder().connect("inproc://clock")?;
/// match req.request("what time is it?", Duration::from_secs(5))? {
///     Some(reply) => println!("{reply:?}"),
///     None => println!("no reply in time"),
/// }
/// # server.join().unwrap();
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
pub type Req = Socket<kind::Req>;

impl Builder<kind::Req> {
    /// Allows a new request before the reply to the last one arrives; the last request is cancelled
    /// (`ZMQ_REQ_RELAXED`). Off by default. Use it with [`Builder::correlate`]: without request ids, a late
    /// reply of the same peer is received as the reply to the new request.
    #[must_use]
    pub fn relaxed(mut self, relaxed: bool) -> Self {
        self.own.req.relaxed = relaxed;
        self
    }

    /// Puts an id in front of each request, and accepts only a reply with the same id
    /// (`ZMQ_REQ_CORRELATE`). Off by default. A REP returns the id. A reply of
    /// a ROUTER must begin with the same parts as the request: the id and the empty part.
    #[must_use]
    pub fn correlate(mut self, correlate: bool) -> Self {
        self.own.req.correlate = correlate;
        self
    }
}

/// Requests.
impl Socket<kind::Req> {
    /// Sends a request and receives its reply. Returns `None` if no reply arrives within `timeout`.
    ///
    /// After each result, the next request may be sent, and a late reply is never received as
    /// the reply to a later request. If there was no reply, a request that is still queued is removed. If
    /// the request was written, the connection is closed and established again (the Lazy Pirate pattern of the
    /// ZeroMQ Guide), unless requests have ids ([`Builder::correlate`]). An earlier request whose reply was not
    /// received is cancelled in the same way before the new one is sent.
    ///
    /// # Errors
    ///
    /// [`Error::PeerLost`] if the connection is lost; the peer may have handled the request or not.
    /// [`Error::EmptyMessage`], [`Error::Woken`], [`Error::Stopped`], [`Error::Io`].
    pub fn request(
        &mut self,
        request: impl Into<Message>,
        timeout: Duration,
    ) -> Result<Option<Message>, Error> {
        exchange::request(self.engine(), request.into(), Some(timeout))
    }

    /// Cancels the last request, as [`Req::request`] does after a timeout. A new request may be sent, and a
    /// late reply is not received as its reply. Does nothing without a request.
    pub fn cancel_request(&mut self) {
        // A REQ has this operation.
        let _ = exchange::cancel_request(self.engine());
    }
}
