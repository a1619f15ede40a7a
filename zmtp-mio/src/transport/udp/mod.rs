//! UDP sockets: datagrams, and the endpoints that they are exchanged at.

mod open;
#[cfg(all(test, target_os = "linux"))]
mod tests;

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::io::{self, IoSliceMut};
use std::os::fd::AsRawFd;

use mio::event::Source;
use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg};
use socket2::Socket;

use super::local::local_addresses;
use super::retry;
use crate::endpoint::{Endpoint, Host, Interface};
use crate::error::Error;
use crate::options::{Options, Udp};
use open::{bind, is_absent};

/// The longest body of a UDP datagram over IPv4, in bytes. Over IPv6 it has 20 bytes more.
pub(crate) const LONGEST: usize = 65_507;

/// A group of each family, for a name that is not looked up yet.
const ANY_GROUP_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(239, 0, 0, 1));
const ANY_GROUP_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xff05, 0, 0, 0, 0, 0, 0, 1));

/// A UDP socket that does not block.
#[derive(Debug)]
pub(crate) struct DatagramSocket {
    socket: UdpSocket,
    family: Family,
    /// Room for the control messages of a datagram.
    control: Vec<u8>,
    /// The number of datagrams that the system had dropped when it received the last one.
    overflowed: u32,
}

/// The addresses that a socket exchanges datagrams with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Family {
    V4,
    V6,
    /// IPv4 and IPv6.
    Both,
}

/// A datagram in a buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Received {
    /// Its length in bytes. If it is longer than the buffer, its end is lost.
    pub(crate) len: usize,
    pub(crate) from: SocketAddr,
    /// The number of datagrams that the system dropped before this one, because its buffer was full.
    pub(crate) overflowed: u32,
}

impl DatagramSocket {
    /// A socket to send to an address, or to a multicast group, through an interface.
    pub(crate) fn to(
        target: SocketAddr,
        interface: Option<&Interface>,
        options: &Udp,
    ) -> io::Result<Self> {
        Ok(Self::new(open::to(target, interface, options)?, Family::of(target)))
    }

    /// Checks that the interface, the zone and the device of an endpoint to connect to exist now. A name is not looked up.
    pub(crate) fn check_remote(endpoint: &Endpoint, options: &Udp) -> Result<(), Error> {
        let Endpoint::Udp { port, interface, .. } = endpoint else { return Ok(()) };
        let group = |ip: IpAddr| SocketAddr::new(ip, *port);
        let targets = match (endpoint.numeric(), interface) {
            (Some(targets), _) => targets,
            (None, None) => return Ok(()),
            (None, Some(Interface::Address(IpAddr::V4(_)))) => vec![group(ANY_GROUP_V4)],
            (None, Some(Interface::Address(IpAddr::V6(_)))) => vec![group(ANY_GROUP_V6)],
            (None, Some(_)) => vec![group(ANY_GROUP_V4), group(ANY_GROUP_V6)],
        };
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for target in targets {
            if interface.is_some() && !target.ip().is_multicast() {
                continue;
            }
            match Self::to(target, interface.as_ref(), options) {
                Err(error) if is_absent(&error) => last = error,
                // Other errors may pass: they are events, and the socket tries again.
                _ => return Ok(()),
            }
        }
        Err(Error::Io { doing: format!("connect {endpoint}"), source: last })
    }

    /// A socket that is bound, and its concrete endpoint. A name is looked up.
    pub(crate) fn bind(endpoint: &Endpoint, options: &Options) -> Result<(Endpoint, Self), Error> {
        let fail = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => Error::AddressInUse(endpoint.clone()),
            _ => Error::Io { doing: format!("bind {endpoint}"), source },
        };
        let Endpoint::Udp { host, port, interface } = endpoint else {
            return Err(fail(io::ErrorKind::Unsupported.into()));
        };
        let addresses = match (endpoint.numeric(), host) {
            // Without IPv6 in the system, IPv4 is left.
            (_, Host::Any) if options.udp.ipv6 => {
                vec![(Ipv6Addr::UNSPECIFIED, *port).into(), (Ipv4Addr::UNSPECIFIED, *port).into()]
            }
            (Some(addresses), _) => addresses,
            (None, Host::Name(name)) => {
                local_addresses(name, *port, options.udp.ipv6, options).map_err(fail)?
            }
            (None, _) => Vec::new(),
        };
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in addresses {
            let bound = bind(address, interface.as_ref(), &options.udp).and_then(|bound| {
                let socket = Self::new(bound.0, bound.1);
                Ok((socket.endpoint(address, interface.clone())?, socket))
            });
            match bound {
                Ok(bound) => return Ok(bound),
                // Another address of the name would hide that this one is in use.
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(fail(error)),
                Err(error) => last = error,
            }
        }
        Err(fail(last))
    }

    fn new(socket: Socket, family: Family) -> Self {
        // `SO_RXQ_OVFL`: each datagram comes with the number of those that were dropped. Without it, none are reported.
        #[cfg(any(target_os = "android", target_os = "linux"))]
        let _ = nix::sys::socket::setsockopt(&socket, nix::sys::socket::sockopt::RxqOvfl, &1);
        let socket = UdpSocket::from_std(socket.into());
        Self { socket, family, control: nix::cmsg_space!(u32), overflowed: 0 }
    }

    /// The endpoint of a bound socket: `address` may be a group, and its port may be 0.
    fn endpoint(&self, address: SocketAddr, interface: Option<Interface>) -> io::Result<Endpoint> {
        let local = self.socket.local_addr()?;
        let host = if address.ip().is_multicast() { address } else { local };
        Ok(Endpoint::Udp { host: Host::of(host), port: local.port(), interface })
    }

    /// The local address; `None` before the first send of a socket that is not bound.
    pub(crate) fn local(&self) -> Option<SocketAddr> {
        self.socket.local_addr().ok().filter(|local| local.port() != 0)
    }

    /// Whether datagrams can be sent to addresses of this family.
    pub(crate) const fn reaches(&self, address: SocketAddr) -> bool {
        match self.family {
            Family::V4 => address.is_ipv4(),
            Family::V6 => address.is_ipv6(),
            Family::Both => true,
        }
    }

    /// Receives a datagram.
    pub(crate) fn receive(&mut self, into: &mut [u8]) -> io::Result<Received> {
        let Self { socket, control, overflowed, .. } = self;
        // It is a buffer, whose bytes are written before they are read.
        control.resize(control.capacity(), 0);
        let descriptor = socket.as_raw_fd();
        // Its result is the length of the datagram, even if the buffer is shorter.
        let flags = MsgFlags::MSG_TRUNC;
        let (len, from, sum) = retry(|| {
            socket.try_io(|| {
                let mut slices = [IoSliceMut::new(into)];
                let received =
                    recvmsg::<SockaddrStorage>(descriptor, &mut slices, Some(control), flags)?;
                let from = received.address.as_ref().and_then(to_std);
                Ok((received.bytes, from, dropped(received.cmsgs().into_iter().flatten())))
            })
        })?;
        let from = from.ok_or(io::ErrorKind::InvalidData)?;
        // The counter is only there after the first drop, and wraps around.
        let sum = sum.unwrap_or(*overflowed);
        let before = core::mem::replace(overflowed, sum);
        Ok(Received { len, from, overflowed: sum.wrapping_sub(before) })
    }

    /// Sends a datagram.
    pub(crate) fn send(&self, bytes: &[u8], to: SocketAddr) -> io::Result<()> {
        let to = match (self.family, to) {
            (Family::Both, SocketAddr::V4(four)) => {
                SocketAddrV6::new(four.ip().to_ipv6_mapped(), four.port(), 0, 0).into()
            }
            _ => to,
        };
        // A datagram is sent as a whole.
        retry(|| self.socket.send_to(bytes, to)).map(drop)
    }

    pub(crate) fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        self.socket.register(registry, token, interest)
    }

    pub(crate) fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        self.socket.reregister(registry, token, interest)
    }

    pub(crate) fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.socket.deregister(registry)
    }
}

impl Family {
    const fn of(address: SocketAddr) -> Self {
        match address {
            SocketAddr::V4(_) => Self::V4,
            SocketAddr::V6(_) => Self::V6,
        }
    }
}

/// The counter of dropped datagrams.
#[cfg(any(target_os = "android", target_os = "linux"))]
fn dropped(mut messages: impl Iterator<Item = ControlMessageOwned>) -> Option<u32> {
    messages.find_map(|message| match message {
        ControlMessageOwned::RxqOvfl(count) => Some(count),
        _ => None,
    })
}

#[cfg(not(any(target_os = "android", target_os = "linux")))]
fn dropped(_: impl Iterator<Item = ControlMessageOwned>) -> Option<u32> {
    None
}

/// The address of a sender. One of IPv4 that a socket for both families received is one of IPv4.
fn to_std(address: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(four) = address.as_sockaddr_in() {
        return Some((four.ip(), four.port()).into());
    }
    let six = address.as_sockaddr_in6()?;
    Some(match six.ip().to_ipv4_mapped() {
        Some(four) => (four, six.port()).into(),
        None => SocketAddrV6::new(six.ip(), six.port(), 0, six.scope_id()).into(),
    })
}
