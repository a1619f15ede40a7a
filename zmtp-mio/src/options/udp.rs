//! Options of UDP endpoints.

use super::Device;

/// Options of UDP endpoints (`udp://`).
///
/// ```
/// use zmtp_mio::{Radio, Udp};
///
/// // Through up to four routers, and not back to this machine.
/// let udp = Udp::default().multicast_hops(4).multicast_loop(false);
/// let radio = Radio::builder().udp(udp).connect("udp://239.0.0.1:5555")?;
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Udp {
    /// How many routers a datagram to a multicast group may pass, plus 1 (`ZMQ_MULTICAST_HOPS`). The default is 1: it
    /// stays in the local network.
    pub multicast_hops: u8,
    /// Whether sockets of this machine also receive what is sent to a multicast group that they joined
    /// (`ZMQ_MULTICAST_LOOP`). The default is `true`.
    pub multicast_loop: bool,
    /// Whether binding to `*` includes all IPv6 addresses (`ZMQ_IPV6`). The default is `false`.
    pub ipv6: bool,
    /// The network device to receive from and to send through (`ZMQ_BINDTODEVICE`). The default is `None`: any device.
    /// Linux only; it may need privileges. On other systems binding and connecting fail.
    pub device: Option<Device>,
    /// The bytes of the kernel's receive buffer (`ZMQ_RCVBUF`; libzmq does not apply it to UDP). The system drops
    /// datagrams for which the buffer has no room. With `None`, the default, the system chooses.
    pub receive_buffer: Option<usize>,
    /// The bytes of the kernel's send buffer (`ZMQ_SNDBUF`; libzmq does not apply it to UDP). With `None`, the default,
    /// the system chooses.
    pub send_buffer: Option<usize>,
    /// The type of service, or with IPv6 the traffic class, of sent packets (`ZMQ_TOS`; libzmq does not apply it to
    /// UDP). With `None`, the default, the system chooses. Unix only; ignored on other systems.
    pub tos: Option<u8>,
}

impl Default for Udp {
    fn default() -> Self {
        Self {
            multicast_hops: 1,
            multicast_loop: true,
            ipv6: false,
            device: None,
            receive_buffer: None,
            send_buffer: None,
            tos: None,
        }
    }
}

impl Udp {
    /// Sets [`Udp::multicast_hops`].
    #[must_use]
    pub const fn multicast_hops(mut self, hops: u8) -> Self {
        self.multicast_hops = hops;
        self
    }

    /// Sets [`Udp::multicast_loop`].
    #[must_use]
    pub const fn multicast_loop(mut self, multicast_loop: bool) -> Self {
        self.multicast_loop = multicast_loop;
        self
    }

    /// Sets [`Udp::ipv6`].
    #[must_use]
    pub const fn ipv6(mut self, ipv6: bool) -> Self {
        self.ipv6 = ipv6;
        self
    }

    /// Sets [`Udp::device`].
    #[must_use]
    pub fn device(mut self, device: impl Into<Option<Device>>) -> Self {
        self.device = device.into();
        self
    }

    /// Sets [`Udp::receive_buffer`].
    #[must_use]
    pub fn receive_buffer(mut self, bytes: impl Into<Option<usize>>) -> Self {
        self.receive_buffer = bytes.into();
        self
    }

    /// Sets [`Udp::send_buffer`].
    #[must_use]
    pub fn send_buffer(mut self, bytes: impl Into<Option<usize>>) -> Self {
        self.send_buffer = bytes.into();
        self
    }

    /// Sets [`Udp::tos`].
    #[must_use]
    pub fn tos(mut self, tos: impl Into<Option<u8>>) -> Self {
        self.tos = tos.into();
        self
    }
}
