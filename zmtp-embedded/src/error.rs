//! Errors of the sockets.

use zmtp_core::pattern::OutOfTurn;

/// Why a call failed. `E` is the error of the IO.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error<E> {
    /// There is no link: `connect` was not called, the peer closed it, its IO failed, or a send was
    /// given up within a frame. Call `connect`.
    Closed,
    /// The connection failed. The socket's `failure` is the reason, and the
    /// [`kind`](zmtp_core::Error::kind) of the reason tells whether `connect` can help.
    Connection,
    /// The IO failed. The link is closed, because bytes may be lost.
    Io(E),
    /// No room for another subscription.
    NoRoom,
    /// The call is not allowed now: REQ and REP alternate between sending and receiving.
    OutOfTurn(OutOfTurn),
    /// The link broke after the request was sent. The next request can be sent.
    PeerLost,
    /// Bytes that the peer sent in one piece do not fit the receive buffer. A message is dropped and
    /// the next can be received; a command closes the link. The socket's `needed` is the size that is
    /// required so far; further parts of the message may need more.
    ReceiveBuffer,
    /// Bytes that must be sent in one piece do not fit the send buffer. Nothing was sent. The socket's
    /// `needed` is the size that is required.
    SendBuffer,
    /// The deadline passed. The bytes of a message that have arrived are kept.
    TimedOut,
    /// A message that is sent in pieces is incomplete, or a piece is longer than announced.
    Unfinished,
}

impl<E: core::fmt::Display> core::fmt::Display for Error<E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Closed => f.write_str("link is closed"),
            Self::Connection => f.write_str("connection failed"),
            Self::Io(error) => write!(f, "input or output failed: {error}"),
            Self::NoRoom => f.write_str("no room for another subscription"),
            Self::OutOfTurn(error) => error.fmt(f),
            Self::PeerLost => f.write_str("link broke before the reply arrived"),
            Self::ReceiveBuffer => f.write_str("receive buffer too small"),
            Self::SendBuffer => f.write_str("send buffer too small"),
            Self::TimedOut => f.write_str("deadline passed"),
            Self::Unfinished => f.write_str("the message sent in pieces is incomplete"),
        }
    }
}

impl<E: core::error::Error> core::error::Error for Error<E> {}

/// An error of one of several links.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct LinkError<E> {
    /// The link's number.
    pub link: usize,
    /// What befell it.
    pub error: Error<E>,
}

impl<E: core::fmt::Display> core::fmt::Display for LinkError<E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "link {}: {}", self.link, self.error)
    }
}

impl<E: core::error::Error> core::error::Error for LinkError<E> {}
