//! Why a link or a socket cannot do what it was asked to.

/// Why a call failed. `E` is the error of the IO below.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error<E> {
    /// The lent receive buffer is smaller than what the peer sent in one piece: a command, or a
    /// reply to be handed out whole. A command that does not fit ends the link, a reply does not.
    BufferTooSmall {
        /// Octets the whole buffer must have.
        needed: usize,
    },
    /// The peer closed, or a write broke off inside a frame before; a new link is needed.
    Closed,
    /// The connection has failed, and stays so.
    Connection(zmtp_core::Error),
    /// The IO below failed.
    Io(E),
    /// The reply has more than one part. All of it was thrown away; the next request may go.
    ManyParts,
    /// A message before the handshake was over.
    NotReady,
    /// The deadline passed. The next request may go: a late reply is not taken for its reply.
    TimedOut,
}

impl<E: core::fmt::Display> core::fmt::Display for Error<E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::BufferTooSmall { needed } => {
                write!(f, "receive buffer too small: {needed} octets are needed")
            }
            Self::Closed => f.write_str("link is closed"),
            Self::Connection(error) => error.fmt(f),
            Self::Io(error) => write!(f, "input or output failed: {error}"),
            Self::ManyParts => f.write_str("reply has more than one part"),
            Self::NotReady => f.write_str("handshake is not over"),
            Self::TimedOut => f.write_str("no reply in time"),
        }
    }
}

impl<E: core::error::Error> core::error::Error for Error<E> {}

impl<E> From<zmtp_core::Error> for Error<E> {
    fn from(error: zmtp_core::Error) -> Self {
        Self::Connection(error)
    }
}
