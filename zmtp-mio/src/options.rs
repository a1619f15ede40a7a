//! Options of sockets. All limits are finite by default.

use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;
use std::io;
use std::sync::Arc;

use zmtp_core::wire::{RoutingId, Version};

use crate::context::Context;
use crate::mechanism::MakeMechanism;
use crate::socket_kind::SocketKind;

/// How long a closing socket continues to send queued messages (`ZMQ_LINGER`). Sending stops at the
/// earlier of the two limits; `None` is no limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Linger {
    /// The longest time without progress; 1 s.
    pub idle: Option<Duration>,
    /// The longest time in total; 30 s. libzmq has no limit by default.
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
        Self::new(Duration::from_secs(1), Duration::from_secs(30))
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
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct HighWaterMark {
    /// Messages; 1,000 (`ZMQ_SNDHWM`, `ZMQ_RCVHWM`, where 0 is no limit).
    pub messages: Option<usize>,
    /// Bytes of bodies, without frame headers; 16 MiB.
    pub bytes: Option<usize>,
}

impl HighWaterMark {
    /// No limit. [`Options::max_bytes`] still applies.
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

/// When to connect again after a connection was lost or refused. There is no limit to the number of
/// attempts, also after protocol errors.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Reconnect {
    /// The first wait; 100 ms, at least 10 ms (`ZMQ_RECONNECT_IVL`). It doubles with each failure.
    /// Each wait is shortened at random by up to half, so that peers do not return at the same time.
    pub first: Duration,
    /// The longest wait; 3 s (`ZMQ_RECONNECT_IVL_MAX`). It also limits the first.
    pub longest: Duration,
}

impl Reconnect {
    /// Creates the setting from the first and the longest wait.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest }
    }
}

impl Default for Reconnect {
    fn default() -> Self {
        Self::new(Duration::from_millis(100), Duration::from_secs(3))
    }
}

/// What a peer may cost. `None` is no limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a frame; 128 MiB (`ZMQ_MAXMSGSIZE`).
    pub max_frame: Option<u64>,
    /// Bytes of a message, all parts together; 128 MiB.
    pub max_message: Option<u64>,
    /// Parts of a message, including the frames of its envelope; 16,384.
    pub max_parts: Option<u32>,
    /// Bytes of a command, including its metadata; 64 KiB. It cannot be unlimited, because a command
    /// is received in one buffer of this size.
    pub max_command: u32,
    /// The time for the handshake, and for connecting; 10 s (`ZMQ_HANDSHAKE_IVL`). It is rounded up
    /// to milliseconds, at least one.
    pub handshake_timeout: Option<Duration>,
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

    /// The limits as the core counts them.
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
        }
    }
}

/// PINGs that the socket sends (RFC 37 § Connection Heartbeating). PINGs of peers are answered in any
/// case. Peers before ZMTP 3.1 are not sent PINGs. Times are rounded up to milliseconds.
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
    /// The time from the handshake to the first PING, and from one PING to the next
    /// (`ZMQ_HEARTBEAT_IVL`).
    pub interval: Duration,
    /// The connection is closed if nothing arrives within this time after a PING
    /// (`ZMQ_HEARTBEAT_TIMEOUT`). `None` is as long as the interval.
    pub timeout: Option<Duration>,
    /// The peer may close the connection if nothing arrives within this time after a PING
    /// (`ZMQ_HEARTBEAT_TTL`). It is rounded down to tenths of a second, at most 6,553.5 s. `None`
    /// sends no such promise.
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

    /// The heartbeat as the core counts it.
    pub(crate) fn to_core(self) -> zmtp_core::Heartbeat {
        zmtp_core::Heartbeat::every(millis(self.interval).max(1))
            .timeout(self.timeout.map_or(0, |time| millis(time).max(1)))
            .ttl(self.ttl.map_or(0, millis))
    }
}

/// Whole milliseconds, rounded up.
fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u32::MAX)
}

/// TCP keep-alive (`ZMQ_TCP_KEEPALIVE`). `None` is the system's choice.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Keepalive {
    /// The idle time before the first probe (`ZMQ_TCP_KEEPALIVE_IDLE`).
    pub idle: Option<Duration>,
    /// The time between probes (`ZMQ_TCP_KEEPALIVE_INTVL`).
    pub interval: Option<Duration>,
    /// The number of probes without answer after which the connection is closed
    /// (`ZMQ_TCP_KEEPALIVE_CNT`).
    pub count: Option<u32>,
}

impl Keepalive {
    /// Sets [`Keepalive::idle`].
    #[must_use]
    pub fn idle(mut self, idle: impl Into<Option<Duration>>) -> Self {
        self.idle = idle.into();
        self
    }

    /// Sets [`Keepalive::interval`].
    #[must_use]
    pub fn interval(mut self, interval: impl Into<Option<Duration>>) -> Self {
        self.interval = interval.into();
        self
    }

    /// Sets [`Keepalive::count`].
    #[must_use]
    pub fn count(mut self, count: impl Into<Option<u32>>) -> Self {
        self.count = count.into();
        self
    }
}

/// Options of TCP connections, both outgoing and accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Tcp {
    /// Whether small segments are sent at once (`TCP_NODELAY`); true, as always in libzmq.
    pub nodelay: bool,
    /// Keep-alive; off.
    pub keepalive: Option<Keepalive>,
    /// Bytes of the kernel's send buffer (`ZMQ_SNDBUF`); the system's choice.
    pub send_buffer: Option<usize>,
    /// Bytes of the kernel's receive buffer (`ZMQ_RCVBUF`); the system's choice.
    pub receive_buffer: Option<usize>,
    /// Whether listening on `*` includes all IPv6 addresses (`ZMQ_IPV6`); false. Connecting uses IPv6
    /// in any case.
    pub ipv6: bool,
    /// The number of connections that can wait to be accepted, as far as the system allows
    /// (`ZMQ_BACKLOG`, 100); 4,096. With fewer, a burst of clients is delayed by the kernel's
    /// retries of a second each.
    pub backlog: u16,
    /// Type of service, or traffic class with IPv6, of sent packets (`ZMQ_TOS`); the system's choice.
    /// Unix only.
    pub tos: Option<u8>,
    /// The network device to listen and connect through (`ZMQ_BINDTODEVICE`); any. Linux only, and
    /// may need privileges. On other systems binding and connecting fail.
    pub device: Option<Device>,
    /// The time for connecting, if it is shorter than [`Limits::handshake_timeout`]
    /// (`ZMQ_CONNECT_TIMEOUT`).
    pub connect_timeout: Option<Duration>,
    /// The time that sent data may stay unacknowledged before the connection is closed
    /// (`ZMQ_TCP_MAXRT`), in whole milliseconds; the system's choice. Linux only; ignored on other
    /// systems.
    pub max_retransmit: Option<Duration>,
}

impl Tcp {
    /// Sets [`Tcp::nodelay`].
    #[must_use]
    pub const fn nodelay(mut self, nodelay: bool) -> Self {
        self.nodelay = nodelay;
        self
    }

    /// Sets [`Tcp::keepalive`].
    #[must_use]
    pub fn keepalive(mut self, keepalive: impl Into<Option<Keepalive>>) -> Self {
        self.keepalive = keepalive.into();
        self
    }

    /// Sets [`Tcp::send_buffer`].
    #[must_use]
    pub fn send_buffer(mut self, bytes: impl Into<Option<usize>>) -> Self {
        self.send_buffer = bytes.into();
        self
    }

    /// Sets [`Tcp::receive_buffer`].
    #[must_use]
    pub fn receive_buffer(mut self, bytes: impl Into<Option<usize>>) -> Self {
        self.receive_buffer = bytes.into();
        self
    }

    /// Sets [`Tcp::ipv6`].
    #[must_use]
    pub const fn ipv6(mut self, ipv6: bool) -> Self {
        self.ipv6 = ipv6;
        self
    }

    /// Sets [`Tcp::backlog`].
    #[must_use]
    pub const fn backlog(mut self, connections: u16) -> Self {
        self.backlog = connections;
        self
    }

    /// Sets [`Tcp::tos`].
    #[must_use]
    pub fn tos(mut self, tos: impl Into<Option<u8>>) -> Self {
        self.tos = tos.into();
        self
    }

    /// Sets [`Tcp::device`].
    #[must_use]
    pub fn device(mut self, device: impl Into<Option<Device>>) -> Self {
        self.device = device.into();
        self
    }

    /// Sets [`Tcp::connect_timeout`].
    #[must_use]
    pub fn connect_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.connect_timeout = timeout.into();
        self
    }

    /// Sets [`Tcp::max_retransmit`].
    #[must_use]
    pub fn max_retransmit(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.max_retransmit = time.into();
        self
    }
}

/// The name of a network device, `eth0` for one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Device {
    name: [u8; 15],
    len: u8,
}

impl Device {
    /// A name of 1 to 15 bytes without NUL; else `None`.
    pub fn new(name: &str) -> Option<Self> {
        let bytes = name.as_bytes();
        let mut made = Self { name: [0; 15], len: bytes.len() as u8 };
        made.name.get_mut(..bytes.len())?.copy_from_slice(bytes);
        (!bytes.is_empty() && !bytes.contains(&0)).then_some(made)
    }

    #[cfg(any(target_os = "android", target_os = "linux"))]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.name[..usize::from(self.len)]
    }
}

impl Default for Tcp {
    fn default() -> Self {
        Self {
            nodelay: true,
            keepalive: None,
            send_buffer: None,
            receive_buffer: None,
            ipv6: false,
            backlog: 4_096,
            tos: None,
            device: None,
            connect_timeout: None,
            max_retransmit: None,
        }
    }
}

/// A function that looks up the addresses of a host name and port.
pub type Resolve = dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync;

/// The options that several kinds of sockets have. They apply to all endpoints of a socket.
///
/// A kind that does not have an option is named at the option; [`Builder::build`] refuses such an
/// option, and [`Options::for_kind`] removes it.
///
/// [`Builder::build`]: crate::Builder::build
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// What a peer may cost in one message, command and handshake.
    pub limits: Limits,
    /// How long a closing socket continues to send.
    pub linger: Linger,
    /// The queue of messages to one peer. Not for PULL.
    pub send_mark: HighWaterMark,
    /// The queue of messages from one peer; when it is full, the peer is not read. Not for PUB and
    /// PUSH.
    pub receive_mark: HighWaterMark,
    /// Bytes that all peers of the socket may occupy, in queues and in unfinished messages; 512 MiB;
    /// `None` is no limit. At the limit the connection with the largest unfinished message is closed.
    /// A message's buffer may have twice its bytes, or 4 KiB; unused bytes are not counted.
    pub max_bytes: Option<usize>,
    /// Connections of the socket; 65,536; `None` is no limit. At the limit accepting is suspended.
    pub max_connections: Option<usize>,
    /// Accepted connections with an unfinished handshake; 4,096; `None` is no limit. At the limit
    /// the oldest is closed. Not for STREAM.
    pub max_handshakes: Option<usize>,
    /// Topics that one peer may subscribe to; 100,000; `None` is no limit. A peer with more is
    /// closed. Only for PUB and XPUB.
    pub max_subscriptions: Option<usize>,
    /// Bytes of the topics that one peer may subscribe to; 16 MiB; `None` is no limit. A peer with
    /// more is closed. Only for PUB and XPUB.
    pub max_subscription_bytes: Option<usize>,
    /// Whether messages are queued only for peers that are connected (`ZMQ_IMMEDIATE`); false: they
    /// are also queued for an endpoint that is not connected yet. Only for DEALER, PAIR and PUSH.
    pub immediate: bool,
    /// Whether only the newest message of each queue is kept (`ZMQ_CONFLATE`); false. Unlike in
    /// libzmq, multipart messages stay whole. Only for DEALER, PUB, PULL, PUSH and SUB.
    pub conflate: bool,
    /// PINGs to the peers (`ZMQ_HEARTBEAT_IVL`, `_TIMEOUT`, `_TTL`); none. Not for STREAM.
    pub heartbeat: Option<Heartbeat>,
    /// When to connect again.
    pub reconnect: Reconnect,
    /// TCP options.
    pub tcp: Tcp,
    /// The routing id to announce (`ZMQ_ROUTING_ID`); none. Only for DEALER, REQ and ROUTER.
    pub routing_id: RoutingId,
    /// Whether peers that do not announce their socket type are refused; false, as in libzmq. Peers
    /// of ZMTP 1.0 never announce it. Not for STREAM.
    pub require_socket_type: bool,
    /// The lowest accepted version of ZMTP; 1.0, which is every version, as in libzmq. From 3.0 on
    /// the greeting is sent at once, which saves two round trips per connection. Not for STREAM.
    pub min_version: Version,
    /// A function that looks up host names in the calling thread; none: a short-lived thread asks the
    /// system. With a driver, it may be called in the driver's thread, which serves no other socket
    /// meanwhile. A panic counts as a failed look-up.
    pub resolver: Option<Arc<Resolve>>,
    /// What the socket shares with others; the default context of the process.
    pub context: Context,
    /// Whether the background driver of the context drives the socket while the application makes no
    /// calls; true. With `false`, only calls drive it. See [`Context`].
    pub driver: bool,
    /// The security mechanism of its connections; NULL by default. It may change in any release.
    #[doc(hidden)]
    pub mechanism: Option<MakeMechanism>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            linger: Linger::default(),
            send_mark: HighWaterMark::default(),
            receive_mark: HighWaterMark::default(),
            max_bytes: Some(512 << 20),
            max_connections: Some(65_536),
            max_handshakes: Some(4_096),
            max_subscriptions: Some(100_000),
            max_subscription_bytes: Some(16 << 20),
            immediate: false,
            conflate: false,
            heartbeat: None,
            reconnect: Reconnect::default(),
            tcp: Tcp::default(),
            routing_id: RoutingId::EMPTY,
            require_socket_type: false,
            min_version: Version::V1_0,
            resolver: None,
            context: Context::default(),
            driver: true,
            mechanism: None,
        }
    }
}

impl Options {
    /// Resets the options that sockets of this kind do not have to their defaults.
    #[must_use]
    pub fn for_kind(mut self, kind: SocketKind) -> Self {
        let default = Self::default();
        while let Some(option) = self.missing_in(kind) {
            match option {
                "conflate" => self.conflate = default.conflate,
                "heartbeat" => self.heartbeat = default.heartbeat,
                "immediate" => self.immediate = default.immediate,
                "max_handshakes" => self.max_handshakes = default.max_handshakes,
                "max_subscriptions" => self.max_subscriptions = default.max_subscriptions,
                "max_subscription_bytes" => {
                    self.max_subscription_bytes = default.max_subscription_bytes;
                }
                "min_version" => self.min_version = default.min_version,
                "receive_mark" => self.receive_mark = default.receive_mark,
                "require_socket_type" => self.require_socket_type = default.require_socket_type,
                "routing_id" => self.routing_id = default.routing_id,
                "send_mark" => self.send_mark = default.send_mark,
                _ => break,
            }
        }
        self
    }

    /// Returns the name of an option that differs from its default and that sockets of this kind do
    /// not have, if there is one.
    pub(crate) fn missing_in(&self, kind: SocketKind) -> Option<&'static str> {
        use SocketKind::{Dealer, Pair, Pub, Pull, Push, Req, Router, Stream, Sub};

        let default = Self::default();
        let zmtp = kind != Stream;
        let options = [
            ("conflate", matches!(kind, Dealer | Pub | Pull | Push | Sub), !self.conflate),
            ("heartbeat", zmtp, self.heartbeat == default.heartbeat),
            ("immediate", matches!(kind, Dealer | Pair | Push), !self.immediate),
            ("max_handshakes", zmtp, self.max_handshakes == default.max_handshakes),
            (
                "max_subscriptions",
                kind.publishes(),
                self.max_subscriptions == default.max_subscriptions,
            ),
            (
                "max_subscription_bytes",
                kind.publishes(),
                self.max_subscription_bytes == default.max_subscription_bytes,
            ),
            ("min_version", zmtp, self.min_version == default.min_version),
            ("receive_mark", kind.can_receive(), self.receive_mark == default.receive_mark),
            ("require_socket_type", zmtp, !self.require_socket_type),
            ("routing_id", matches!(kind, Dealer | Req | Router), self.routing_id.is_empty()),
            ("send_mark", kind != Pull, self.send_mark == default.send_mark),
        ];
        let missing = options.into_iter().find(|&(_, has, is_default)| !has && !is_default);
        missing.map(|(option, ..)| option)
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("limits", &self.limits)
            .field("linger", &self.linger)
            .field("send_mark", &self.send_mark)
            .field("receive_mark", &self.receive_mark)
            .field("max_bytes", &self.max_bytes)
            .field("max_connections", &self.max_connections)
            .field("max_handshakes", &self.max_handshakes)
            .field("max_subscriptions", &self.max_subscriptions)
            .field("max_subscription_bytes", &self.max_subscription_bytes)
            .field("immediate", &self.immediate)
            .field("conflate", &self.conflate)
            .field("heartbeat", &self.heartbeat)
            .field("reconnect", &self.reconnect)
            .field("tcp", &self.tcp)
            .field("routing_id", &self.routing_id)
            .field("min_version", &self.min_version)
            .field("driver", &self.driver)
            .field("require_socket_type", &self.require_socket_type)
            .finish_non_exhaustive()
    }
}
