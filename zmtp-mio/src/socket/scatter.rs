//! SCATTER and GATHER: messages of one part to one of several receivers.

use super::{ThreadSafeSocket, kind};

/// SCATTER: sends each message to the next of its GATHER peers in turn, as [`Push`](crate::Push), with messages of one
/// part (RFC 49, `ZMQ_SCATTER`). Several threads may use it at the same time.
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Gather, Scatter};
///
/// let gather = Gather::builder().bind("inproc://work")?;
/// let scatter = Scatter::builder().connect("inproc://work")?;
/// std::thread::scope(|scope| {
///     for n in 0..4 {
///         let scatter = &scatter;
///         scope.spawn(move || scatter.send(format!("result {n}")));
///     }
///     for _ in 0..4 {
///         assert!(gather.recv_timeout(Duration::from_secs(5))?.is_some());
///     }
///     Ok::<(), zmtp_mio::Error>(())
/// })?;
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
pub type Scatter = ThreadSafeSocket<kind::Scatter>;

/// GATHER: receives the messages of all its SCATTER peers in turn, as [`Pull`](crate::Pull), with messages of one part
/// (RFC 49, `ZMQ_GATHER`). Several threads may use it at the same time.
pub type Gather = ThreadSafeSocket<kind::Gather>;
