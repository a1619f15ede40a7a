//! Settings of a socket, all finite by default.

use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;
use std::io;
use std::sync::Arc;

use zmtp_core::wire::{RoutingId, Version};
use zmtp_core::{Heartbeat, Limits};

use crate::context::Context;
use crate::socket::SocketKind;

/// How long a closing socket goes on sending what is queued (`ZMQ_LINGER`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Linger {
    /// Given up after this long without progress; 1 s.
    pub idle: Duration,
    /// Given up after this long in all; 30 s. libzmq's default is for ever.
    pub total: Duration,
}

impl Default for Linger {
    fn default() -> Self {
        Self { idle: Duration::from_secs(1), total: Duration::from_secs(30) }
    }
}

impl From<Duration> for Linger {
    /// At most `total`, with or without progress.
    fn from(total: Duration) -> Self {
        Self { idle: total, total }
    }
}

/// How much may wait in a queue of one peer. Whichever comes first counts. One message always fits,
/// so that 0 means 1; libzmq's 0, no limit, does not exist here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HighWaterMark {
    /// Messages; 1,000 (`ZMQ_SNDHWM`, `ZMQ_RCVHWM`).
    pub messages: usize,
    /// Bytes; 16 MiB.
    pub bytes: usize,
}

impl Default for HighWaterMark {
    fn default() -> Self {
        Self { messages: 1_000, bytes: 16 << 20 }
    }
}

/// When to dial again after a connection was lost or refused. For ever, also after protocol
/// errors.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reconnect {
    /// The first wait; 100 ms, at least 10 ms (`ZMQ_RECONNECT_IVL`). It doubles from one failure to the next; each
    /// wait is shortened at random by up to half, so that peers do not return in step.
    pub first: Duration,
    /// The longest wait, the first included; 3 s (`ZMQ_RECONNECT_IVL_MAX`).
    pub longest: Duration,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self { first: Duration::from_millis(100), longest: Duration::from_secs(3) }
    }
}

/// TCP keep-alive (`ZMQ_TCP_KEEPALIVE` and friends). What is `None` is the system's choice.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Keepalive {
    /// Idle time before the first probe (`ZMQ_TCP_KEEPALIVE_IDLE`, s).
    pub idle: Option<Duration>,
    /// Time between probes (`ZMQ_TCP_KEEPALIVE_INTVL`, s).
    pub interval: Option<Duration>,
    /// Probes before the connection counts as dead (`ZMQ_TCP_KEEPALIVE_CNT`).
    pub count: Option<u32>,
}

/// Settings of TCP connections, applied to dialled and accepted ones alike.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tcp {
    /// Send small segments at once (`TCP_NODELAY`); true, as libzmq always has it.
    pub nodelay: bool,
    /// Keep-alive; off.
    pub keepalive: Option<Keepalive>,
    /// Bytes of the kernel's send buffer (`ZMQ_SNDBUF`); the system's choice.
    pub send_buffer: Option<usize>,
    /// Bytes of the kernel's receive buffer (`ZMQ_RCVBUF`); the system's choice.
    pub receive_buffer: Option<usize>,
    /// Whether to listen on `*` means all IPv6 addresses of this machine too (`ZMQ_IPV6`); false.
    /// Named hosts are reached by either in any case.
    pub ipv6: bool,
    /// Connections that may wait to be accepted, as far as the system allows (`ZMQ_BACKLOG`, 100);
    /// 4,096: fewer let a burst of clients run into the kernel's retries, a second each.
    pub backlog: u16,
    /// Type of service, or traffic class with IPv6, of what is sent (`ZMQ_TOS`); the system's
    /// choice. Unix only.
    pub tos: Option<u8>,
    /// The network device to listen and dial through (`ZMQ_BINDTODEVICE`); any. Linux only, and
    /// may need privileges; elsewhere binding and dialling fail.
    pub device: Option<Device>,
    /// Time to connect, if it shall be less than that for handshakes (`ZMQ_CONNECT_TIMEOUT`).
    pub connect_timeout: Option<Duration>,
    /// How long what was sent may go unacknowledged before the connection counts as dead
    /// (`ZMQ_TCP_MAXRT`), in whole milliseconds; the system's choice. Linux only, without effect
    /// elsewhere.
    pub max_retransmit: Option<Duration>,
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

/// Looks up the addresses of a host name and port.
pub type Resolve = dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync;

/// Settings of a socket. They apply to all its endpoints.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// What a peer may cost in one message, command and handshake.
    pub limits: Limits,
    /// What a closing socket still sends.
    pub linger: Linger,
    /// Messages for one peer that wait to be sent.
    pub send_mark: HighWaterMark,
    /// Messages of one peer that wait to be received; past it the peer is not read any more.
    pub receive_mark: HighWaterMark,
    /// Bytes that all peers of the socket may occupy, in queues and in messages under way;
    /// 512 MiB. Past it the connection with the largest unfinished message is closed. A
    /// message's buffer may have twice its bytes, or 4 KiB; those it does not use are not counted.
    pub max_bytes: usize,
    /// Connections of the socket; 65,536. Past it accepting pauses.
    pub max_connections: usize,
    /// Accepted connections whose handshake is unfinished; 4,096. The oldest gives way.
    pub max_handshakes: usize,
    /// Subscriptions of one peer to this publisher: how many, and bytes of their topics; 100,000
    /// and 16 MiB. A peer that wants more is closed.
    pub max_subscriptions: (usize, usize),
    /// Messages go only to peers that are connected, and wait for those in the socket otherwise
    /// (`ZMQ_IMMEDIATE`); false: they may queue for an endpoint while it is dialled.
    pub immediate: bool,
    /// Keep only the newest message of each queue (`ZMQ_CONFLATE`). Unlike libzmq's it keeps
    /// multipart messages whole. Of DEALER, PUB, PULL, PUSH and SUB.
    pub conflate: bool,
    /// Signs of life that are sent and asked for (`ZMQ_HEARTBEAT_IVL`, `_TIMEOUT`, `_TTL`); off.
    pub heartbeat: Heartbeat,
    /// When to dial again.
    pub reconnect: Reconnect,
    /// TCP settings.
    pub tcp: Tcp,
    /// The routing id to announce (`ZMQ_ROUTING_ID`); none.
    pub routing_id: RoutingId,
    /// Whether peers that do not name their socket type are refused; false, as libzmq. Those of
    /// ZMTP 1.0 do not.
    pub require_socket_type: bool,
    /// The lowest version of ZMTP that is spoken; 1.0, all of them, as libzmq. From 3.0 up the
    /// greeting goes out at once, which spares two round trips per connection.
    pub min_version: Version,
    /// Looks up host names in the calling thread, instead of the short-lived helper thread that
    /// otherwise asks the system.
    pub resolver: Option<Arc<Resolve>>,
    /// What the socket shares with others.
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
