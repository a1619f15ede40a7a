//! Limits of connections, heartbeats and reconnection.

use core::time::Duration;

/// The wait before a new connection attempt, after a connection was lost or refused.
///
/// The number of attempts has no limit, also after protocol errors, unless [`stop`](Self::stop) sets one.
/// [`Socket::disconnect`](crate::Socket::disconnect) ends the attempts.
///
/// Each wait is shortened at random by up to half, so that peers do not reconnect at the same time. Two attempts
/// begin at least [`first`](Self::first) apart; only a second address of a host name is tried at once.
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Push, Reconnect};
///
/// let patient = Reconnect::new(Duration::from_millis(500), Duration::from_secs(30));
/// let push = Push::builder().reconnect(patient).build()?;
/// let once = Push::builder().reconnect(Reconnect::NEVER).build()?;
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Reconnect {
    /// The first wait (`ZMQ_RECONNECT_IVL`). The default is 100 ms, the minimum 10 ms. The wait doubles with each
    /// failure.
    pub first: Duration,
    /// The longest wait (`ZMQ_RECONNECT_IVL_MAX`). The default is 3 s. It also limits the first wait. If the
    /// configurations of the two ends do not match, each wait has this length.
    pub longest: Duration,
    /// When the socket stops connecting to an endpoint. By default it does not stop.
    pub stop: ReconnectStop,
}

impl Reconnect {
    /// One connection attempt for each call of [`Socket::connect`](crate::Socket::connect) (`ZMQ_RECONNECT_IVL` of -1).
    pub const NEVER: Self = Self {
        stop: ReconnectStop { always: true, ..ReconnectStop::NONE },
        ..Self::new(Duration::from_millis(100), Duration::from_secs(3))
    };

    /// Creates the setting from the first and the longest wait.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, stop: ReconnectStop::NONE }
    }

    /// Sets [`ReconnectStop::refused`] of [`Reconnect::stop`].
    #[must_use]
    pub const fn stop_if_refused(mut self, stop: bool) -> Self {
        self.stop.refused = stop;
        self
    }

    /// Sets [`ReconnectStop::handshake_failed`] of [`Reconnect::stop`].
    #[must_use]
    pub const fn stop_if_handshake_fails(mut self, stop: bool) -> Self {
        self.stop.handshake_failed = stop;
        self
    }
}

impl Default for Reconnect {
    fn default() -> Self {
        Self::new(Duration::from_millis(100), Duration::from_secs(3))
    }
}

/// The ends of a connection, or of a connection attempt, after which the socket does not connect to the endpoint again
/// (`ZMQ_RECONNECT_STOP`).
///
/// The event of the last end is followed by [`EventKind::NotRetrying`](crate::EventKind::NotRetrying). The endpoint is
/// then unknown to the socket, as after [`Socket::disconnect`](crate::Socket::disconnect), and messages that are queued
/// for it are dropped and counted. An attempt ends when all addresses of a host name have failed. A connection that this
/// socket itself closes, because a request was cancelled or a subscription had no room, is established again in any
/// case.
///
/// libzmq has one more value, `ZMQ_RECONNECT_STOP_AFTER_DISCONNECT`. Here every call of `disconnect` ends the attempts.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct ReconnectStop {
    /// After any end.
    pub always: bool,
    /// If nothing listens at the endpoint: the system or a proxy reports that the connection is refused, or the file of an
    /// ipc endpoint does not exist (`ZMQ_RECONNECT_STOP_CONN_REFUSED`).
    pub refused: bool,
    /// If a connection ends before its handshake is complete (`ZMQ_RECONNECT_STOP_HANDSHAKE_FAILED`).
    pub handshake_failed: bool,
}

impl ReconnectStop {
    /// After no end; the default.
    pub const NONE: Self = Self { always: false, refused: false, handshake_failed: false };
}

/// Limits on one peer. `None` is no limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// The most bytes of a frame (`ZMQ_MAXMSGSIZE`). The default is 128 MiB.
    pub max_frame: Option<u64>,
    /// The most bytes of a message, all parts together. The default is 128 MiB. If it is set to more than
    /// [`Options::max_bytes`](crate::Options::max_bytes), building the socket fails. [`Limits::max_frame`] limits each
    /// part.
    pub max_message: Option<u64>,
    /// The most parts of a message, including the frames of its envelope. The default is 16,384.
    pub max_parts: Option<u32>,
    /// The most bytes of a command, including its metadata. The default is 64 KiB. It cannot be unlimited, because a
    /// command is received in one buffer of this size.
    pub max_command: u32,
    /// The time limit for connecting, and then for the handshake (`ZMQ_HANDSHAKE_IVL`). The default is 10 s. It is
    /// rounded up to milliseconds, at least one.
    pub handshake_timeout: Option<Duration>,
    /// The longest time in which nothing of the rest of a message arrives. The default is 60 s; `None` is no limit. Then
    /// the connection is closed with [`CloseReason::MessageTimeout`](crate::CloseReason::MessageTimeout). The time does
    /// not run while this socket does not read from the peer, because its queue or its memory is full. It is rounded up to
    /// milliseconds. libzmq has no such limit: the memory stays in use while the peer is connected.
    pub message_timeout: Option<Duration>,
}

impl Limits {
    /// Sets [`Limits::max_frame`].
    #[must_use]
    pub fn max_frame(mut self, bytes: impl Into<Option<u64>>) -> Self {
        self.max_frame = bytes.into();
        self
    }

    /// Sets [`Limits::max_message`].
    #[must_use]
    pub fn max_message(mut self, bytes: impl Into<Option<u64>>) -> Self {
        self.max_message = bytes.into();
        self
    }

    /// Sets [`Limits::max_parts`].
    #[must_use]
    pub fn max_parts(mut self, parts: impl Into<Option<u32>>) -> Self {
        self.max_parts = parts.into();
        self
    }

    /// Sets [`Limits::max_command`].
    #[must_use]
    pub const fn max_command(mut self, bytes: u32) -> Self {
        self.max_command = bytes;
        self
    }

    /// Sets [`Limits::handshake_timeout`].
    #[must_use]
    pub fn handshake_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.handshake_timeout = timeout.into();
        self
    }

    /// Sets [`Limits::message_timeout`].
    #[must_use]
    pub fn message_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.message_timeout = timeout.into();
        self
    }

    /// The limits in the units of the core.
    pub(crate) fn to_core(self) -> zmtp_core::Limits {
        zmtp_core::Limits::DEFAULT
            .max_frame(self.max_frame.unwrap_or(u64::MAX))
            .max_message(self.max_message.unwrap_or(u64::MAX))
            .max_parts(self.max_parts.unwrap_or(u32::MAX))
            .max_command(self.max_command)
            .handshake_timeout(self.handshake_timeout.map_or(u32::MAX, |time| millis(time).max(1)))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_frame: Some(128 << 20),
            max_message: Some(128 << 20),
            max_parts: Some(16_384),
            max_command: 64 << 10,
            handshake_timeout: Some(Duration::from_secs(10)),
            message_timeout: Some(Duration::from_secs(60)),
        }
    }
}

/// PINGs that the socket sends (RFC 37 § Connection Heartbeating), only to peers of ZMTP 3.1 or later. PINGs of
/// peers are answered in any case. Times are rounded up to milliseconds.
///
/// A slow or busy peer is not closed. The timeout begins when the PING has arrived at the system of the peer. Until
/// then, each byte that arrives there resets the timeout. A socket whose incoming queue is full reads no PINGs; it sends
/// PONGs at intervals instead, as long as a call or the driver serves it.
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::Heartbeat;
///
/// let heartbeat = Heartbeat::every(Duration::from_secs(1)).timeout(Duration::from_secs(3));
/// assert_eq!(heartbeat.ttl, None);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Heartbeat {
    /// The time from one PING to the next (`ZMQ_HEARTBEAT_IVL`). One more PING follows the handshake, and the socket
    /// does not wait for its answer.
    pub interval: Duration,
    /// The connection is closed if nothing arrives within this time after a PING
    /// (`ZMQ_HEARTBEAT_TIMEOUT`). `None` stands for the interval.
    pub timeout: Option<Duration>,
    /// The peer may close the connection if nothing arrives within this time after a PING
    /// (`ZMQ_HEARTBEAT_TTL`). It is rounded down to tenths of a second, at most 6,553.5 s. With `None`
    /// the PINGs contain no such time.
    pub ttl: Option<Duration>,
}

impl Heartbeat {
    /// Sends a PING in every interval.
    pub const fn every(interval: Duration) -> Self {
        Self { interval, timeout: None, ttl: None }
    }

    /// Sets [`Heartbeat::timeout`].
    #[must_use]
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// Sets [`Heartbeat::ttl`].
    #[must_use]
    pub fn ttl(mut self, ttl: impl Into<Option<Duration>>) -> Self {
        self.ttl = ttl.into();
        self
    }

    /// The heartbeat in the units of the core.
    pub(crate) fn to_core(self) -> zmtp_core::Heartbeat {
        zmtp_core::Heartbeat::every(millis(self.interval).max(1))
            .timeout(self.timeout.map_or(0, |time| millis(time).max(1)))
            .ttl(self.ttl.map_or(0, millis))
    }
}

/// Whole milliseconds, rounded up.
pub(crate) fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u32::MAX)
}
