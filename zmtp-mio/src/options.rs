//! Options of a socket. Every limit is finite by default.

use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;
use std::io;
use std::sync::Arc;

use zmtp_core::wire::{RoutingId, Version};
use zmtp_core::{Heartbeat, Limits};

use crate::context::Context;
use crate::socket_kind::SocketKind;

/// How long a closed socket keeps sending queued messages (`ZMQ_LINGER`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Linger {
    /// The longest time without progress. The default is 1 s.
    pub idle: Duration,
    /// The longest total time. The default is 30 s; in libzmq there is no limit.
    pub total: Duration,
}

impl Default for Linger {
    fn default() -> Self {
        Self { idle: Duration::from_secs(1), total: Duration::from_secs(30) }
    }
}

impl From<Duration> for Linger {
    /// Limits the total time only.
    fn from(total: Duration) -> Self {
        Self { idle: total, total }
    }
}

/// The high-water mark of a queue: a queue is full when it reaches one of the two limits. One message always
/// fits, so 0 means 1. In libzmq 0 means no limit, which does not exist here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HighWaterMark {
    /// The number of messages (`ZMQ_SNDHWM`, `ZMQ_RCVHWM`). The default is 1,000.
    pub messages: usize,
    /// The number of bytes. The default is 16 MiB.
    pub bytes: usize,
}

impl Default for HighWaterMark {
    fn default() -> Self {
        Self { messages: 1_000, bytes: 16 << 20 }
    }
}

/// The waits before a socket reconnects after a lost or refused connection. It reconnects without end, also
/// after protocol errors.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reconnect {
    /// The first wait (`ZMQ_RECONNECT_IVL`), at least 10 ms. The default is 100 ms. It doubles after each failure.
    /// Each wait is shortened at random by up to half, so that peers do not reconnect at the same time.
    pub first: Duration,
    /// The longest wait, including the first (`ZMQ_RECONNECT_IVL_MAX`). The default is 3 s.
    pub longest: Duration,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self { first: Duration::from_millis(100), longest: Duration::from_secs(3) }
    }
}

/// TCP keep-alive (`ZMQ_TCP_KEEPALIVE` and others). `None` is the default of the system.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Keepalive {
    /// Idle time before the first probe (`ZMQ_TCP_KEEPALIVE_IDLE`), in whole seconds.
    pub idle: Option<Duration>,
    /// Time between probes (`ZMQ_TCP_KEEPALIVE_INTVL`), in whole seconds.
    pub interval: Option<Duration>,
    /// The number of unanswered probes after which the connection fails (`ZMQ_TCP_KEEPALIVE_CNT`).
    pub count: Option<u32>,
}

/// Options of TCP connections, both connected and accepted ones.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tcp {
    /// Whether to send small segments at once (`TCP_NODELAY`). On by default; libzmq always sets it.
    pub nodelay: bool,
    /// Keep-alive. Off by default.
    pub keepalive: Option<Keepalive>,
    /// The size of the kernel's send buffer in bytes (`ZMQ_SNDBUF`). `None`, the default, is that of the system.
    pub send_buffer: Option<usize>,
    /// The size of the kernel's receive buffer in bytes (`ZMQ_RCVBUF`). `None`, the default, is that of the
    /// system.
    pub receive_buffer: Option<usize>,
    /// Whether binding to `*` includes the IPv6 addresses of this machine (`ZMQ_IPV6`). Off by default. Host
    /// names are resolved to both families in any case.
    pub ipv6: bool,
    /// The number of connections that may wait to be accepted, within the limit of the system (`ZMQ_BACKLOG`). The
    /// default is 4,096, and 100 in libzmq. With a small value, clients of a burst wait for the kernel's retries,
    /// one second each.
    pub backlog: u16,
    /// The type of service, or the traffic class with IPv6, of sent packets (`ZMQ_TOS`). `None`, the default, is
    /// that of the system. Unix only.
    pub tos: Option<u8>,
    /// The network device for all connections (`ZMQ_BINDTODEVICE`). `None`, the default, is any. Linux only, and may
    /// need privileges; on other systems binding and connecting fail.
    pub device: Option<Device>,
    /// The time limit for a TCP connect, if it is less than the handshake timeout (`ZMQ_CONNECT_TIMEOUT`).
    pub connect_timeout: Option<Duration>,
    /// How long sent bytes may stay unacknowledged before the connection fails (`ZMQ_TCP_MAXRT`), in whole
    /// milliseconds. `None`, the default, is that of the system. Linux only; no effect on other systems.
    pub max_retransmit: Option<Duration>,
}

/// The name of a network device, such as `eth0`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Device {
    name: [u8; 15],
    len: u8,
}

impl Device {
    /// A name of 1 to 15 bytes without NUL; `None` for other names.
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

/// Resolves a host name and port to addresses.
pub type Resolve = dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync;

/// The options of a socket, for all its endpoints.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// Limits on the messages, commands and handshake of a peer.
    pub limits: Limits,
    /// How long a closed socket keeps sending queued messages.
    pub linger: Linger,
    /// The high-water mark of each outbound queue.
    pub send_mark: HighWaterMark,
    /// The high-water mark of each inbound queue. At the mark the socket does not read from the peer.
    pub receive_mark: HighWaterMark,
    /// The limit on the bytes of all peers, in queues and unfinished messages. The default is 512 MiB. At the
    /// limit the connection with the largest unfinished message is closed. The buffer of a message may be twice
    /// as large as its bytes, or 4 KiB; unused bytes are not counted.
    pub max_bytes: usize,
    /// The limit on connections. The default is 65,536. At the limit accepting pauses.
    pub max_connections: usize,
    /// The limit on accepted connections with an unfinished handshake. The default is 4,096. At the limit the
    /// oldest is closed.
    pub max_handshakes: usize,
    /// The limits on the subscriptions of one peer to this publisher: their number, and the bytes of their topics.
    /// The defaults are 100,000 and 16 MiB. A peer that exceeds a limit is closed.
    pub max_subscriptions: (usize, usize),
    /// Whether messages are queued for connected peers only (`ZMQ_IMMEDIATE`); without one, sending waits. Off by
    /// default: messages may be queued for an endpoint that is not connected yet.
    pub immediate: bool,
    /// Whether to keep only the newest message of each queue (`ZMQ_CONFLATE`). Off by default. Multipart messages
    /// stay whole, unlike in libzmq. For DEALER, PUB, PULL, PUSH and SUB.
    pub conflate: bool,
    /// When to send PINGs, and how long to wait for an answer (`ZMQ_HEARTBEAT_IVL`, `_TIMEOUT`, `_TTL`). Off by
    /// default.
    pub heartbeat: Heartbeat,
    /// The waits before reconnecting.
    pub reconnect: Reconnect,
    /// Options of TCP connections.
    pub tcp: Tcp,
    /// The routing id to announce (`ZMQ_ROUTING_ID`). None by default.
    pub routing_id: RoutingId,
    /// Whether peers without a socket type are refused. Off by default, as in libzmq. Peers of ZMTP 1.0 have none.
    pub require_socket_type: bool,
    /// The lowest version of ZMTP to accept. The default is 1.0, every version, as in libzmq. From 3.0 up the whole
    /// greeting is sent at once, which saves two round trips per connection.
    pub min_version: Version,
    /// Resolves host names, in the calling thread. By default a short-lived thread uses the resolver of the system.
    pub resolver: Option<Arc<Resolve>>,
    /// The context of the socket.
    pub context: Context,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::DEFAULT,
            linger: Linger::default(),
            send_mark: HighWaterMark::default(),
            receive_mark: HighWaterMark::default(),
            max_bytes: 512 << 20,
            max_connections: 65_536,
            max_handshakes: 4_096,
            max_subscriptions: (100_000, 16 << 20),
            immediate: false,
            conflate: false,
            heartbeat: Heartbeat::OFF,
            reconnect: Reconnect::default(),
            tcp: Tcp::default(),
            routing_id: RoutingId::EMPTY,
            require_socket_type: false,
            min_version: Version::V1_0,
            resolver: None,
            context: Context::default(),
        }
    }
}

impl Options {
    /// Returns these options without those that sockets of this kind do not have.
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
            .field("immediate", &self.immediate)
            .field("conflate", &self.conflate)
            .field("heartbeat", &self.heartbeat)
            .field("reconnect", &self.reconnect)
            .field("tcp", &self.tcp)
            .field("routing_id", &self.routing_id)
            .field("min_version", &self.min_version)
            .field("require_socket_type", &self.require_socket_type)
            .finish_non_exhaustive()
    }
}
