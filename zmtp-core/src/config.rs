//! The settings of a connection: what this end announces, and the limits on its peer.

#[cfg(feature = "application-metadata")]
use crate::wire::ApplicationMetadata;
use crate::wire::{RoutingId, SocketType, Version};

/// The settings of a connection. Several connections can share one value.
///
/// ```
/// use zmtp_core::{Config, Limits};
/// use zmtp_core::wire::SocketType;
///
/// static CONFIG: Config =
///     Config::new(SocketType::Req).with_limits(Limits::DEFAULT.max_frame(64 * 1024));
/// assert_eq!(CONFIG.limits.max_frame, 65_536);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The type of this end's socket.
    pub socket_type: SocketType,
    /// The routing id to announce (`ZMQ_ROUTING_ID`), if the socket type announces one.
    pub routing_id: RoutingId,
    /// Properties to announce besides the socket type and the routing id (`ZMQ_METADATA`).
    #[cfg(feature = "application-metadata")]
    pub metadata: ApplicationMetadata,
    /// Limits on what the peer sends.
    pub limits: Limits,
    /// When to send PINGs, and how long to wait for an answer.
    #[cfg(feature = "heartbeat")]
    pub heartbeat: Heartbeat,
    /// The lowest version of ZMTP to accept. The default, 1.0, accepts every version that the
    /// mechanism supports; only [`NullOrOlder`](crate::NullOrOlder) supports 2.0 and 1.0.
    ///
    /// If peers of 2.0 or 1.0 are accepted, the greeting is sent in stages, so that the version of
    /// the peer is detected before bytes are sent that an older peer cannot parse. Otherwise the
    /// whole greeting is sent at once.
    pub min_version: Version,
    /// Whether to refuse a peer whose READY has no Socket-Type, and a peer of ZMTP 1.0, which sends
    /// no socket type. The default is `false`: libzmq accepts such a READY, and some minimal
    /// implementations send it.
    pub require_socket_type: bool,
}

impl Config {
    /// The settings of a socket of type `socket_type`, with default limits and no routing id.
    pub const fn new(socket_type: SocketType) -> Self {
        Self {
            socket_type,
            routing_id: RoutingId::EMPTY,
            #[cfg(feature = "application-metadata")]
            metadata: ApplicationMetadata::EMPTY,
            limits: Limits::DEFAULT,
            #[cfg(feature = "heartbeat")]
            heartbeat: Heartbeat::OFF,
            min_version: Version::V1_0,
            require_socket_type: false,
        }
    }

    /// Sets [`Config::routing_id`].
    #[must_use]
    pub const fn with_routing_id(mut self, routing_id: RoutingId) -> Self {
        self.routing_id = routing_id;
        self
    }

    /// Sets [`Config::metadata`].
    #[cfg(feature = "application-metadata")]
    #[must_use]
    pub const fn with_metadata(mut self, metadata: ApplicationMetadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Sets [`Config::limits`].
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets [`Config::heartbeat`].
    #[cfg(feature = "heartbeat")]
    #[must_use]
    pub const fn with_heartbeat(mut self, heartbeat: Heartbeat) -> Self {
        self.heartbeat = heartbeat;
        self
    }

    /// Sets [`Config::min_version`]: peers below `version` are refused.
    #[must_use]
    pub const fn with_min_version(mut self, version: Version) -> Self {
        self.min_version = version;
        self
    }

    /// Sets [`Config::require_socket_type`].
    #[must_use]
    pub const fn with_require_socket_type(mut self, require: bool) -> Self {
        self.require_socket_type = require;
        self
    }
}

/// Limits on what a peer sends. Every limit is finite by default.
///
/// A value above a limit fails the connection: with [`Error::Limit`](crate::Error::Limit), or for the handshake with
/// [`Timeout::Handshake`](crate::Timeout::Handshake). The size in a frame header is checked before
/// bytes of the body are reported.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of the body of one message frame (`ZMQ_MAXMSGSIZE`, which also applies per frame).
    /// The default is 128 MiB.
    pub max_frame: u64,
    /// Bytes of a message, the sum of its parts. The default is 128 MiB. Exists with the feature
    /// `message-limits`; without it, messages have no such limit.
    #[cfg(feature = "message-limits")]
    pub max_message: u64,
    /// Number of parts of a message, including the frames of its envelope. The default is 16,384. Exists with
    /// the feature `message-limits`; without it, the number of parts has no limit.
    #[cfg(feature = "message-limits")]
    pub max_parts: u32,
    /// Bytes of the body of a command, which includes the metadata of a READY. The default is
    /// 64 KiB. A command is parsed in one piece: a receive buffer for the largest command has these
    /// bytes and 9 more for the header.
    pub max_command: u32,
    /// Milliseconds from the start of the connection to the peer's READY (`ZMQ_HANDSHAKE_IVL`).
    /// The default is 10,000. `u32::MAX` disables this timeout.
    pub handshake_timeout: u32,
}

impl Limits {
    /// The default of each field.
    pub const DEFAULT: Self = Self {
        max_frame: 128 << 20,
        #[cfg(feature = "message-limits")]
        max_message: 128 << 20,
        #[cfg(feature = "message-limits")]
        max_parts: 16_384,
        max_command: 64 << 10,
        handshake_timeout: 10_000,
    };

    /// Sets [`Limits::max_frame`] in bytes.
    #[must_use]
    pub const fn max_frame(mut self, bytes: u64) -> Self {
        self.max_frame = bytes;
        self
    }

    /// Sets [`Limits::max_message`] in bytes.
    #[cfg(feature = "message-limits")]
    #[must_use]
    pub const fn max_message(mut self, bytes: u64) -> Self {
        self.max_message = bytes;
        self
    }

    /// Sets [`Limits::max_parts`].
    #[cfg(feature = "message-limits")]
    #[must_use]
    pub const fn max_parts(mut self, parts: u32) -> Self {
        self.max_parts = parts;
        self
    }

    /// Sets [`Limits::max_command`] in bytes.
    #[must_use]
    pub const fn max_command(mut self, bytes: u32) -> Self {
        self.max_command = bytes;
        self
    }

    /// Sets [`Limits::handshake_timeout`] in milliseconds.
    #[must_use]
    pub const fn handshake_timeout(mut self, ms: u32) -> Self {
        self.handshake_timeout = ms;
        self
    }
}

/// When to send PINGs and how long to wait for an answer (RFC 37 § Connection Heartbeating).
///
/// PINGs are sent only to peers of ZMTP 3.1 or later, because earlier versions have no PING. With
/// [`Heartbeat::to_3_0`], they are also sent to peers of ZMTP 3.0.
/// Regardless of these settings, every PING of the peer is answered, and the connection fails if
/// no data arrives within the TTL of that PING.
///
/// ```
/// use zmtp_core::Heartbeat;
///
/// let heartbeat = Heartbeat::every(1_000).timeout(3_000).ttl(3_000);
/// assert_eq!((heartbeat.interval, heartbeat.timeout, heartbeat.ttl_tenths), (1_000, 3_000, 30));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Heartbeat {
    /// Milliseconds from READY to the first PING, and from one PING to the next
    /// (`ZMQ_HEARTBEAT_IVL`). The default, 0, sends no PINGs.
    pub interval: u32,
    /// Milliseconds to wait for data after a PING (`ZMQ_HEARTBEAT_TIMEOUT`). If no byte arrives in
    /// that time, the connection fails with [`Timeout::Heartbeat`](crate::Timeout::Heartbeat). The
    /// default, 0, stands for the interval.
    pub timeout: u32,
    /// The TTL in our PINGs, in tenths of a second (`ZMQ_HEARTBEAT_TTL`): the peer may close the
    /// connection if it receives no data for that time after a PING. The default, 0, sets no
    /// TTL.
    pub ttl_tenths: u16,
    /// Whether PINGs are also sent to peers of ZMTP 3.0, as libzmq does. The default is `false`: a
    /// peer of ZMTP 3.0 need not answer, and may close the connection.
    pub to_3_0: bool,
}

impl Heartbeat {
    /// Sends no PINGs.
    pub const OFF: Self = Self { interval: 0, timeout: 0, ttl_tenths: 0, to_3_0: false };

    /// Sends a PING every `interval` milliseconds, and waits `interval` milliseconds for data after
    /// each PING.
    pub const fn every(interval: u32) -> Self {
        Self { interval, ..Self::OFF }
    }

    /// Sets [`Heartbeat::timeout`] in milliseconds.
    #[must_use]
    pub const fn timeout(mut self, ms: u32) -> Self {
        self.timeout = ms;
        self
    }

    /// Sets [`Heartbeat::to_3_0`].
    #[must_use]
    pub const fn to_3_0(mut self, to_3_0: bool) -> Self {
        self.to_3_0 = to_3_0;
        self
    }

    /// Sets the TTL in milliseconds. It is rounded down to
    /// [tenths of a second](Heartbeat::ttl_tenths) and reduced to at most 6,553,500. Use less than
    /// 65,600 if a peer may be libzmq 4.3.5, which computes a wrong TTL from larger values (64 from
    /// 65,600).
    #[must_use]
    pub const fn ttl(mut self, ms: u32) -> Self {
        let [_, _, high, low] = match ms.checked_div(100) {
            Some(tenths @ ..=0xffff) => tenths.to_be_bytes(),
            _ => [0xff; 4],
        };
        self.ttl_tenths = u16::from_be_bytes([high, low]);
        self
    }
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self::OFF
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
