//! Errors of the sockets.

use zmtp_core::pattern::OutOfTurn;

/// The error of a call. `E` is the error of the IO.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error<E> {
    /// There is no connection: `connect` was not called, the peer closed the stream, the IO failed, or
    /// a call that sends ended within a frame. Call `connect`.
    Closed,
    /// The connection failed. `failure` of the socket returns the error. The
    /// [`kind`](zmtp_core::Error::kind) of that error determines whether another `connect` can succeed.
    Connection,
    /// The IO returned an error. The link is closed, because bytes may be lost.
    Io(E),
    /// DISH: the socket is in the group already.
    Joined,
    /// REQ: the deadline has passed after the request was taken. The peer may have the request, or receive it
    /// later. Its reply will be dropped.
    NoReply,
    /// The table of subscriptions or groups has no room for another one.
    NoRoom,
    /// The call is not allowed in this state: REQ and REP alternate between sending and receiving.
    OutOfTurn(OutOfTurn),
    /// REQ: the link was closed after the request was sent and before the reply arrived. The peer may have handled
    /// the request. The next request can be sent. REP: the link of the request was closed; the next request can be
    /// received.
    PeerLost,
    /// A message, a subscription, or a command of the handshake does not fit the receive buffer. A message or
    /// subscription is dropped, and the next one can be received; a command of the handshake closes the link.
    /// `needed` of the socket returns the required size in bytes, as far as it is known: further parts of a message
    /// may need more.
    ReceiveBuffer,
    /// Bytes that must be encoded in one piece do not fit the send buffer. Nothing was sent. `needed` of
    /// the socket returns the required size in bytes.
    SendBuffer,
    /// The deadline of a blocking call has passed. A message to send was not taken. Received bytes of an
    /// incomplete message are kept.
    TimedOut,
    /// A message in pieces is incomplete, or a piece is longer than the announced part. From a
    /// `Sender`: the handshake is not complete, or the connection failed.
    Unfinished,
}

impl<E: core::fmt::Display> core::fmt::Display for Error<E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Closed => f.write_str("link is closed"),
            Self::Connection => f.write_str("connection failed"),
            Self::Io(error) => write!(f, "input or output failed: {error}"),
            Self::Joined => f.write_str("the socket is in the group already"),
            Self::NoReply => f.write_str("deadline passed before the reply arrived"),
            Self::NoRoom => f.write_str("no room for another subscription or group"),
            Self::OutOfTurn(error) => error.fmt(f),
            Self::PeerLost => f.write_str("the link was closed before the reply arrived"),
            Self::ReceiveBuffer => f.write_str("receive buffer too small"),
            Self::SendBuffer => f.write_str("send buffer too small"),
            Self::TimedOut => f.write_str("deadline passed"),
            Self::Unfinished => f.write_str("the message sent in pieces is incomplete"),
        }
    }
}

impl<E: core::error::Error> core::error::Error for Error<E> {}

/// An error of one link of a socket with several links.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct LinkError<E> {
    /// The index of the link.
    pub link: usize,
    /// The error.
    pub error: Error<E>,
}

impl<E: core::fmt::Display> core::fmt::Display for LinkError<E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "link {}: {}", self.link, self.error)
    }
}

impl<E: core::error::Error> core::error::Error for LinkError<E> {}
