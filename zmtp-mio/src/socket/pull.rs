//! PULL: collects messages from its peers.

use super::{Socket, kind};

/// PULL: receives messages from its PUSH peers, one from each in turn (RFC 30, `ZMQ_PULL`). See
/// [`Push`](crate::Push).
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Pull, Push};
///
/// let mut pull = Pull::builder().bind("inproc://results")?;
/// let mut push = Push::builder().connect("inproc://results")?;
/// push.send("done")?;
/// while let Some(message) = pull.recv_timeout(Duration::from_millis(100))? {
///     assert_eq!(message.text(), Ok("done"));
/// }
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
pub type Pull = Socket<kind::Pull>;
