//! Why a socket cannot do what it was asked to.

use zmtp_core::pattern::OutOfTurn;

/// Why a call failed. `E` is the error of the IO below.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error<E> {
    /// There is no link: none was given, the peer closed it, its IO failed, or a send was given up
    /// in the middle of a frame. Connect anew.
    Closed,
    /// The connection has failed and stays so. The socket's `failure` says why, and its
    /// [`fault`](zmtp_core::Error::fault) whether connecting anew may help.
    Connection,
    /// The IO below failed. The link is closed, because bytes may be lost.
    Io(E),
    /// No room for another subscription.
    NoRoom,
    /// Another call is due first.
    OutOfTurn(OutOfTurn),
    /// The link broke after the request was sent. The next request may go.
    PeerLost,
    /// What the peer sent in one piece does not fit the receive buffer. A message is thrown away
    /// and the next may come; a command ends the link. The socket's `needed` says how many bytes
    /// the buffer must have, or more if further parts follow.
    ReceiveBuffer,
    /// What is to go out in one piece does not fit the send buffer. Nothing of it was sent. The
    /// socket's `needed` says how many bytes the buffer must have.
    SendBuffer,
    /// The deadline passed. What has come so far of a message is kept.
    TimedOut,
    /// A message is being sent in pieces and is not finished, or a piece is more than was announced.
    Unfinished,
}

impl<E: core::fmt::Display> core::fmt::Display for Error<E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Closed => f.write_str("link is closed"),
            Self::Connection => f.write_str("connection has failed"),
            Self::Io(error) => write!(f, "input or output failed: {error}"),
            Self::NoRoom => f.write_str("no room for another subscription"),
            Self::OutOfTurn(error) => error.fmt(f),
            Self::PeerLost => f.write_str("link broke before the reply came"),
            Self::ReceiveBuffer => f.write_str("receive buffer too small"),
            Self::SendBuffer => f.write_str("send buffer too small"),
            Self::TimedOut => f.write_str("deadline passed"),
            Self::Unfinished => f.write_str("the message sent in pieces is not finished"),
        }
    }
}

impl<E: core::error::Error> core::error::Error for Error<E> {}

/// What befell one link of several.
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
