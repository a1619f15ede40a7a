//! Options of TCP connections.

use core::time::Duration;

/// TCP keep-alive (`ZMQ_TCP_KEEPALIVE`). `None` is the default of the system.
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
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Keepalive, Pull, Tcp};
///
/// let mut tcp = Tcp::default();
/// tcp.ipv6 = true;
/// tcp.keepalive = Some(Keepalive::default().idle(Duration::from_secs(60)).count(3));
/// let pull = Pull::builder().tcp(tcp).bind("tcp://*:*")?;
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Tcp {
    /// Whether small segments are sent at once (`TCP_NODELAY`). The default is `true`; libzmq has no other value.
    pub nodelay: bool,
    /// TCP keep-alive. With `None`, the default, it is off.
    pub keepalive: Option<Keepalive>,
    /// The bytes of the kernel's send buffer (`ZMQ_SNDBUF`). With `None`, the default, the system chooses.
    pub send_buffer: Option<usize>,
    /// The bytes of the kernel's receive buffer (`ZMQ_RCVBUF`). With `None`, the default, the system chooses.
    pub receive_buffer: Option<usize>,
    /// Whether listening on `*` includes all IPv6 addresses (`ZMQ_IPV6`). The default is `false`. Connecting uses IPv6
    /// in any case.
    pub ipv6: bool,
    /// The number of connections that can wait to be accepted, as far as the system allows (`ZMQ_BACKLOG`). The default
    /// is 4,096; in libzmq it is 100. If a burst of clients exceeds it, the kernel of each further client tries again
    /// after a second or more.
    pub backlog: u16,
    /// The type of service, or with IPv6 the traffic class, of sent packets (`ZMQ_TOS`). With `None`, the default, the
    /// system chooses. Unix only; ignored on other systems.
    pub tos: Option<u8>,
    /// The network device to listen and connect through (`ZMQ_BINDTODEVICE`). The default is `None`: any device. Linux
    /// only; it may need privileges. On other systems binding and connecting fail.
    pub device: Option<Device>,
    /// The time for connecting, if it is shorter than [`Limits::handshake_timeout`](crate::Limits::handshake_timeout)
    /// (`ZMQ_CONNECT_TIMEOUT`).
    pub connect_timeout: Option<Duration>,
    /// The time that sent data may stay unacknowledged before the connection is closed
    /// (`ZMQ_TCP_MAXRT`), in whole milliseconds. With `None`, the default, the system chooses. Linux only; ignored on
    /// other systems.
    pub max_retransmit: Option<Duration>,
    /// The priority of sent packets in the queues of the system (`ZMQ_PRIORITY`, `SO_PRIORITY`). With `None`, the
    /// default, the system chooses. Values above 6 need privileges. Linux only; ignored on other systems.
    pub priority: Option<u32>,
    /// The time for which the system polls the network device before a read would wait (`ZMQ_BUSY_POLL`,
    /// `SO_BUSY_POLL`), in whole microseconds. With `None`, the default, the system chooses. It may need privileges. Linux
    /// only; ignored on other systems.
    pub busy_poll: Option<Duration>,
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

    /// Sets [`Tcp::priority`].
    #[must_use]
    pub fn priority(mut self, priority: impl Into<Option<u32>>) -> Self {
        self.priority = priority.into();
        self
    }

    /// Sets [`Tcp::busy_poll`].
    #[must_use]
    pub fn busy_poll(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.busy_poll = time.into();
        self
    }

    /// Sets [`Tcp::max_retransmit`].
    #[must_use]
    pub fn max_retransmit(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.max_retransmit = time.into();
        self
    }
}

/// The name of a network device, for example `eth0`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Device {
    name: [u8; 15],
    len: u8,
}

impl Device {
    /// Creates a name from 1 to 15 bytes without NUL. Returns `None` for other names.
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
            priority: None,
            busy_poll: None,
        }
    }
}
