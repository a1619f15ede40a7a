//! What one end says of itself and what it allows its peer.

use crate::wire::{RoutingId, SocketType, Version};

/// The settings of a connection. Many connections may share one.
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
    /// The routing id to announce (`ZMQ_ROUTING_ID`), for types that announce one.
    pub routing_id: RoutingId,
    /// What a peer may cost.
    pub limits: Limits,
    /// Signs of life that we send and ask for.
    #[cfg(feature = "heartbeat")]
    pub heartbeat: Heartbeat,
    /// The lowest version of ZMTP that is spoken; 1.0, all of them, as far as the mechanism lets
    /// them in ([`NullOrOlder`](crate::NullOrOlder)). From 3.0 up the greeting goes out at once
    /// instead of in the stages that let older peers be recognised.
    pub min_version: Version,
    /// Whether a READY without Socket-Type is refused. libzmq accepts it, small peers send it.
    pub require_socket_type: bool,
}

impl Config {
    /// A socket type with default limits and no routing id.
    pub const fn new(socket_type: SocketType) -> Self {
        Self {
            socket_type,
            routing_id: RoutingId::EMPTY,
            limits: Limits::DEFAULT,
            #[cfg(feature = "heartbeat")]
            heartbeat: Heartbeat::OFF,
            min_version: Version::V1_0,
            require_socket_type: false,
        }
    }

    /// Announces `routing_id`.
    #[must_use]
    pub const fn with_routing_id(mut self, routing_id: RoutingId) -> Self {
        self.routing_id = routing_id;
        self
    }

    /// Sets the limits.
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sends PINGs and gives up a peer that does not answer.
    #[cfg(feature = "heartbeat")]
    #[must_use]
    pub const fn with_heartbeat(mut self, heartbeat: Heartbeat) -> Self {
        self.heartbeat = heartbeat;
        self
    }

    /// Refuses peers below `version`.
    #[must_use]
    pub const fn with_min_version(mut self, version: Version) -> Self {
        self.min_version = version;
        self
    }

    /// Refuses peers that do not say their socket type.
    #[must_use]
    pub const fn with_require_socket_type(mut self, require: bool) -> Self {
        self.require_socket_type = require;
        self
    }
}

/// Limits on a peer, all finite. They are checked before anything is reserved or stored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of one message frame's body (`ZMQ_MAXMSGSIZE`, which is per frame); 128 MiB.
    pub max_frame: u64,
    /// Bytes of a message, all parts together; 128 MiB.
    pub max_message: u64,
    /// Parts of a message, its envelope's frames included; 16,384.
    pub max_parts: u32,
    /// Bytes of a command's body, and so of metadata in all; 64 KiB. A receive buffer must hold
    /// this and 9 bytes more, as commands are parsed in one piece.
    pub max_command: u32,
    /// Milliseconds from the start of the connection to the peer's READY
    /// (`ZMQ_HANDSHAKE_IVL`); 10,000. `u32::MAX` is no limit.
    pub handshake_timeout: u32,
}

impl Limits {
    /// The defaults named at each field.
    pub const DEFAULT: Self = Self {
        max_frame: 128 << 20,
        max_message: 128 << 20,
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
    #[must_use]
    pub const fn max_message(mut self, bytes: u64) -> Self {
        self.max_message = bytes;
        self
    }

    /// Sets [`Limits::max_parts`].
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

/// PINGs of our own (RFC 37 § Connection Heartbeating). Those of the peer are answered, and their
/// TTL is kept to, whatever stands here.
///
/// Only peers of ZMTP 3.1 and later are asked: the versions before it know no PING.
///
/// ```
/// use zmtp_core::Heartbeat;
///
/// let heartbeat = Heartbeat::every(1_000).timeout(3_000).ttl(3_000);
/// assert_eq!((heartbeat.interval, heartbeat.timeout, heartbeat.ttl), (1_000, 3_000, 30));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Heartbeat {
    /// Milliseconds from READY to the first PING and from one to the next
    /// (`ZMQ_HEARTBEAT_IVL`); 0, the default, is off.
    pub interval: u32,
    /// Milliseconds from a PING without which the peer is given up if not a byte came in them
    /// (`ZMQ_HEARTBEAT_TIMEOUT`); 0, the default, is as long as the interval.
    pub timeout: u32,
    /// Tenths of a second after which a peer may give us up if nothing followed a PING
    /// (`ZMQ_HEARTBEAT_TTL`); 0, the default, is no such promise.
    pub ttl: u16,
}

impl Heartbeat {
    /// No PINGs of our own.
    pub const OFF: Self = Self { interval: 0, timeout: 0, ttl: 0 };

    /// A PING every `interval` milliseconds, and as long to answer it.
    pub const fn every(interval: u32) -> Self {
        Self { interval, ..Self::OFF }
    }

    /// Sets [`Heartbeat::timeout`] in milliseconds.
    #[must_use]
    pub const fn timeout(mut self, ms: u32) -> Self {
        self.timeout = ms;
        self
    }

    /// Sets [`Heartbeat::ttl`] in milliseconds, of which whole tenths of a second count, 6,553,500
    /// at most. libzmq 4.3.5 as the peer miscounts from 65,600 on: 65,600 are 64 to it.
    #[must_use]
    pub const fn ttl(mut self, ms: u32) -> Self {
        let [_, _, high, low] = match ms.checked_div(100) {
            Some(tenths @ ..=0xffff) => tenths.to_be_bytes(),
            _ => [0xff; 4],
        };
        self.ttl = u16::from_be_bytes([high, low]);
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
