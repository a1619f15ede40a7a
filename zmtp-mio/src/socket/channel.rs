//! CHANNEL: one peer, in both directions, with messages of one part.

use super::{ThreadSafeSocket, kind};

/// CHANNEL: sends to and receives from one peer, as [`Pair`](crate::Pair), with messages of one part (RFC 52,
/// `ZMQ_CHANNEL`). Several threads may use it at the same time.
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::Channel;
///
/// let bound = Channel::builder().bind("inproc://a-channel")?;
/// let other = Channel::builder().connect("inproc://a-channel")?;
/// std::thread::scope(|scope| {
///     // One thread waits for messages, and another one sends.
///     let receiver = scope.spawn(|| bound.recv_timeout(Duration::from_secs(5)));
///     bound.send("ping")?;
///     assert_eq!(other.recv()?.text(), Ok("ping"));
///     other.send("pong")?;
///     assert_eq!(receiver.join().unwrap()?.unwrap().text(), Ok("pong"));
///     Ok::<(), zmtp_mio::Error>(())
/// })?;
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
pub type Channel = ThreadSafeSocket<kind::Channel>;
