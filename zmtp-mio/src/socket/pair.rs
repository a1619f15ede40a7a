//! PAIR: one peer, in both directions.

use super::{Socket, kind};

/// PAIR: sends to and receives from one peer (RFC 31, `ZMQ_PAIR`).
///
/// The socket has one peer at a time. An accepted peer is replaced only after it has disconnected and its
/// messages are received, a connected endpoint only after [`disconnect`](Socket::disconnect). Another
/// connection is closed with the reason [`CloseReason::PairTaken`](crate::CloseReason::PairTaken), and
/// retried if this socket connected it. libzmq keeps such a connection and ignores it.
///
/// ```
/// use zmtp_mio::Pair;
///
/// let mut here = Pair::builder().bind("inproc://pair")?;
/// let mut there = Pair::builder().connect("inproc://pair")?;
/// here.send("ping")?;
/// assert_eq!(there.recv()?.text(), Ok("ping"));
/// there.send("pong")?;
/// assert_eq!(here.recv()?.text(), Ok("pong"));
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
pub type Pair = Socket<kind::Pair>;
