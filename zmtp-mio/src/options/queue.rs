//! Limits of the queues, and the time to send queued messages when a socket closes.

use core::time::Duration;

/// How long a closing socket continues to send queued messages (`ZMQ_LINGER`). Sending stops at the
/// earlier of the two limits; `None` is no limit.
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Linger, Push};
///
/// // At most a minute, and at most 5 s without progress.
/// let linger = Linger::new(Duration::from_secs(5), Duration::from_secs(60));
/// let push = Push::builder().linger(linger).build()?;
/// // At most a second in all; not at all; without a limit.
/// let push = Push::builder().linger(Duration::from_secs(1)).build()?;
/// let push = Push::builder().linger(Duration::ZERO).build()?;
/// let push = Push::builder().linger(None).build()?;
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Linger {
    /// The longest time without progress. The default is 10 s. There is progress when bytes arrive at a peer: with TCP
    /// when its system acknowledges them, with IPC and inproc when the peer reads them. A slow peer makes progress; a
    /// peer that is busy and reads nothing makes none.
    pub idle: Option<Duration>,
    /// The longest time in total. The default is 30 s; in libzmq it is no limit.
    pub total: Option<Duration>,
}

impl Linger {
    /// No limit: closing waits until everything is sent.
    pub const UNLIMITED: Self = Self { idle: None, total: None };

    /// Creates the setting from both limits.
    pub fn new(idle: impl Into<Option<Duration>>, total: impl Into<Option<Duration>>) -> Self {
        Self { idle: idle.into(), total: total.into() }
    }
}

impl Default for Linger {
    fn default() -> Self {
        Self::new(Duration::from_secs(10), Duration::from_secs(30))
    }
}

/// Limits only the total time.
impl From<Duration> for Linger {
    fn from(total: Duration) -> Self {
        Self { idle: None, total: Some(total) }
    }
}

/// Limits only the total time; `None` is no limit.
impl From<Option<Duration>> for Linger {
    fn from(total: Option<Duration>) -> Self {
        Self { idle: None, total }
    }
}

/// The limits of a queue of messages of one peer. The queue is full when it reaches either limit;
/// `None` is no limit. A queue always has room for one message, so that 0 means 1.
///
/// ```
/// use zmtp_mio::{Error, HighWaterMark, Push, SendError};
///
/// let mut push = Push::builder()
///     .send_mark(HighWaterMark::default().messages(2))
///     .linger(core::time::Duration::ZERO)
///     .connect("inproc://nothing-is-bound")?;
/// push.try_send("first")?;
/// push.try_send("second")?;
/// let full = push.try_send("third").unwrap_err();
/// assert!(matches!(full.error, Error::WouldBlock));
/// assert_eq!(full.message.text(), Ok("third"));
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct HighWaterMark {
    /// The number of messages (`ZMQ_SNDHWM`, `ZMQ_RCVHWM`, where 0 is no limit). The default is 1,000.
    pub messages: Option<usize>,
    /// The bytes of bodies, without frame headers. The default is 16 MiB.
    pub bytes: Option<usize>,
}

impl HighWaterMark {
    /// No limit. [`Options::max_bytes`](crate::Options::max_bytes) still applies.
    pub const UNLIMITED: Self = Self { messages: None, bytes: None };

    /// Creates the mark from both limits.
    pub fn new(messages: impl Into<Option<usize>>, bytes: impl Into<Option<usize>>) -> Self {
        Self { messages: messages.into(), bytes: bytes.into() }
    }

    /// Sets [`HighWaterMark::messages`].
    #[must_use]
    pub fn messages(mut self, messages: impl Into<Option<usize>>) -> Self {
        self.messages = messages.into();
        self
    }

    /// Sets [`HighWaterMark::bytes`].
    #[must_use]
    pub fn bytes(mut self, bytes: impl Into<Option<usize>>) -> Self {
        self.bytes = bytes.into();
        self
    }
}

impl Default for HighWaterMark {
    fn default() -> Self {
        Self { messages: Some(1_000), bytes: Some(16 << 20) }
    }
}
