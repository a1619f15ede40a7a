//! UDP sockets: binding, multicast groups, options, and datagrams.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::io::{self, IoSliceMut};
use std::os::fd::AsRawFd;

use mio::event::Source;
use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};
use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg};
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::local::{bind_device, local_addresses};
use super::retry;
use crate::endpoint::{Endpoint, Host, Interface, interface_addresses};
use crate::error::Error;
use crate::options::{Options, Udp};

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
        let socket = open(target, options)?;
        if target.ip().is_multicast() {
            let via = Via::of(interface, target)?;
            set_multicast(&socket, target.is_ipv6(), Some(via), options)?;
        }
        Ok(Self::new(socket, Family::of(target)))
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
            let bound = bind(address, interface.as_ref(), &options.udp);
            match bound
                .and_then(|socket| Ok((socket.endpoint(address, interface.clone())?, socket)))
            {
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

/// Whether an interface or a device does not exist, or has no such address.
fn is_absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable
        || matches!(error.raw_os_error().map(Errno::from_raw), Some(Errno::ENODEV | Errno::ENXIO))
}

/// A socket of the family of an address, with the options.
fn open(address: SocketAddr, options: &Udp) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    bind_device(&socket, options.device.as_ref())?;
    if let Some(bytes) = options.send_buffer {
        socket.set_send_buffer_size(bytes)?;
    }
    if let Some(bytes) = options.receive_buffer {
        socket.set_recv_buffer_size(bytes)?;
    }
    if let Some(tos) = options.tos {
        match address {
            SocketAddr::V4(_) => socket.set_tos_v4(tos.into())?,
            SocketAddr::V6(_) => socket.set_tclass_v6(tos.into())?,
        }
    }
    if address.is_ipv4() {
        socket.set_broadcast(true)?;
    }
    Ok(socket)
}

/// Whether a socket can be bound to the address of a group, so that it receives nothing else, and send nevertheless.
const BINDS_GROUPS: bool = cfg!(any(target_os = "android", target_os = "linux"));

fn bind(
    address: SocketAddr,
    interface: Option<&Interface>,
    options: &Udp,
) -> io::Result<DatagramSocket> {
    let socket = open(address, options)?;
    let mut family = Family::of(address);
    if options.ipv6 && address.ip() == Ipv6Addr::UNSPECIFIED {
        socket.set_only_v6(false)?;
        socket.set_broadcast(true)?;
        family = Family::Both;
    }
    let via = match (address.ip().is_multicast(), interface) {
        (true, _) => Some(Via::of(interface, address)?),
        // The name of the group has another address.
        (false, Some(_)) => return Err(io::ErrorKind::AddrNotAvailable.into()),
        (false, None) => None,
    };
    set_multicast(&socket, address.is_ipv6(), via, options)?;
    let Some(via) = via else {
        socket.bind(&address.into())?;
        return Ok(DatagramSocket::new(socket, family));
    };
    // Several sockets may receive from a group.
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    let place = match address {
        SocketAddr::V6(six) if BINDS_GROUPS => {
            SocketAddrV6::new(*six.ip(), six.port(), 0, via.index).into()
        }
        _ if BINDS_GROUPS => address,
        SocketAddr::V4(four) => (Ipv4Addr::UNSPECIFIED, four.port()).into(),
        SocketAddr::V6(six) => (Ipv6Addr::UNSPECIFIED, six.port()).into(),
    };
    receive_own_groups(&socket, address.is_ipv6());
    socket.bind(&place.into()).map_err(|error| match place {
        // With `SO_BINDTODEVICE` the system has one.
        SocketAddr::V6(six)
            if error.kind() == io::ErrorKind::InvalidInput
                && via.index == 0
                && is_link_local(*six.ip()) =>
        {
            let reason = "a link-local group needs an interface, as in `eth0;[ff02::1]:5555`";
            io::Error::new(error.kind(), reason)
        }
        _ => error,
    })?;
    match address.ip() {
        IpAddr::V4(group) => socket.join_multicast_v4(&group, &via.address)?,
        IpAddr::V6(group) => socket.join_multicast_v6(&group, via.index)?,
    }
    Ok(DatagramSocket::new(socket, family))
}

/// Whether a group has the scope of an interface or of a link (RFC 4291, section 2.7).
const fn is_link_local(group: Ipv6Addr) -> bool {
    group.is_multicast() && matches!(group.segments()[0] & 0xf, 1 | 2)
}

/// Restricts a socket to the groups that it joins (`IP_MULTICAST_ALL`). By default Linux also delivers those that other
/// sockets joined, on any interface. Systems without the option keep their own rule.
fn receive_own_groups(socket: &Socket, is_ipv6: bool) {
    #[cfg(target_os = "linux")]
    let _ = match is_ipv6 {
        true => socket.set_multicast_all_v6(false),
        false => socket.set_multicast_all_v4(false),
    };
    #[cfg(not(target_os = "linux"))]
    let _ = (socket, is_ipv6);
}

/// Sets the options of datagrams to multicast groups.
fn set_multicast(
    socket: &Socket,
    is_ipv6: bool,
    via: Option<Via>,
    options: &Udp,
) -> io::Result<()> {
    let socket = SockRef::from(socket);
    let hops = options.multicast_hops.into();
    if is_ipv6 {
        socket.set_multicast_loop_v6(options.multicast_loop)?;
        socket.set_multicast_hops_v6(hops)?;
        if let Some(via) = via
            && via.index != 0
        {
            socket.set_multicast_if_v6(via.index)?;
        }
        return Ok(());
    }
    socket.set_multicast_loop_v4(options.multicast_loop)?;
    socket.set_multicast_ttl_v4(hops)?;
    if let Some(via) = via
        && !via.address.is_unspecified()
    {
        socket.set_multicast_if_v4(&via.address)?;
    }
    Ok(())
}

/// The interface of a group, as the system names it: for IPv4 by an address, for IPv6 by a number. The unspecified
/// address and the number 0 stand for the one that the system chooses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Via {
    address: Ipv4Addr,
    index: u32,
}

impl Via {
    /// The interface for a group. Without a name, the zone of the address of the group is one.
    fn of(interface: Option<&Interface>, group: SocketAddr) -> io::Result<Self> {
        let missing = || io::Error::from(io::ErrorKind::AddrNotAvailable);
        let mut via = Self { address: Ipv4Addr::UNSPECIFIED, index: 0 };
        if let SocketAddr::V6(group) = group {
            via.index = group.scope_id();
        }
        match interface {
            None | Some(Interface::Any) => {}
            Some(Interface::Address(IpAddr::V4(address))) => via.address = *address,
            Some(Interface::Address(IpAddr::V6(address))) => {
                via.index = index_of(*address).ok_or_else(missing)?;
            }
            Some(Interface::Name(name)) if group.is_ipv6() => {
                via.index = nix::net::if_::if_nametoindex(&**name)?;
            }
            Some(Interface::Name(name)) => {
                let addresses = interface_addresses(name, 0, false);
                via.address = match addresses.first().map(SocketAddr::ip) {
                    Some(IpAddr::V4(address)) => address,
                    _ => return Err(missing()),
                };
            }
        }
        Ok(via)
    }
}

/// The number of the interface with an address.
fn index_of(address: Ipv6Addr) -> Option<u32> {
    let has_address = |one: &nix::ifaddrs::InterfaceAddress| {
        let six = one.address.as_ref().and_then(|address| Some(address.as_sockaddr_in6()?.ip()));
        six == Some(address)
    };
    let found = nix::ifaddrs::getifaddrs().ok()?.find(has_address)?;
    nix::net::if_::if_nametoindex(&*found.interface_name).ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use nix::net::if_::InterfaceFlags;

    use super::*;

    #[test]
    fn the_options_reach_the_system() {
        let options = Udp::default().multicast_hops(4).multicast_loop(false).tos(0x28);
        let socket = DatagramSocket::to("239.0.0.1:5555".parse().unwrap(), None, &options).unwrap();
        let socket = SockRef::from(&socket.socket);
        assert_eq!(socket.multicast_ttl_v4().unwrap(), 4);
        assert!(!socket.multicast_loop_v4().unwrap() && socket.broadcast().unwrap());
        assert_eq!(socket.tos_v4().unwrap(), 0x28);
        let socket = DatagramSocket::to("[ff02::1]:5555".parse().unwrap(), None, &options).unwrap();
        let socket = SockRef::from(&socket.socket);
        assert_eq!(socket.multicast_hops_v6().unwrap(), 4);
        assert!(!socket.multicast_loop_v6().unwrap());
        assert_eq!(socket.tclass_v6().unwrap(), 0x28);
    }

    #[test]
    fn the_interface_of_a_group_reaches_the_system() {
        let to = |group: &str, interface| {
            let group = group.parse().unwrap();
            DatagramSocket::to(group, Some(&interface), &Udp::default())
        };
        for interface in
            [Interface::Address(Ipv4Addr::LOCALHOST.into()), Interface::Name("lo".into())]
        {
            let socket = to("239.0.0.1:5555", interface).unwrap();
            let socket = SockRef::from(&socket.socket);
            assert_eq!(socket.multicast_if_v4().unwrap(), Ipv4Addr::LOCALHOST);
        }
        for interface in
            [Interface::Address(Ipv6Addr::LOCALHOST.into()), Interface::Name("lo".into())]
        {
            let socket = to("[ff02::1]:5555", interface).unwrap();
            assert_eq!(SockRef::from(&socket.socket).multicast_if_v6().unwrap(), 1);
        }
        let missing = to("239.0.0.1:5555", Interface::Name("no-such-one".into())).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::AddrNotAvailable);
        assert!(to("[ff02::1]:5555", Interface::Address("2001:db8::7".parse().unwrap())).is_err());
    }

    #[test]
    fn a_bound_socket_receives_only_the_groups_that_it_joined_itself() {
        for place in ["udp://127.0.0.1;239.0.0.93:*", "udp://lo;[ff02::93]:*"] {
            let endpoint = place.parse().unwrap();
            let (_, socket) = DatagramSocket::bind(&endpoint, &Options::default()).unwrap();
            let socket = SockRef::from(&socket.socket);
            let is_ipv6 = place.contains('[');
            let all = if is_ipv6 { socket.multicast_all_v6() } else { socket.multicast_all_v4() };
            assert!(!all.unwrap(), "{place}");
        }
        // Another socket of this machine joins the group on another interface. The system receives it there for all
        // sockets that are bound to the address.
        let endpoint = "udp://127.0.0.1;239.0.0.93:*".parse().unwrap();
        let (bound, mut socket) = DatagramSocket::bind(&endpoint, &Options::default()).unwrap();
        let usable = InterfaceFlags::IFF_RUNNING | InterfaceFlags::IFF_MULTICAST;
        let mut interfaces = nix::ifaddrs::getifaddrs().unwrap().filter_map(|one| {
            if !one.flags.contains(usable) {
                return None;
            }
            let four = one.address?.as_sockaddr_in()?.ip();
            (!four.is_loopback() && !four.is_unspecified()).then_some(four)
        });
        let Some(elsewhere) = interfaces.next() else { return };
        let Endpoint::Udp { port, .. } = bound else { panic!("it is of UDP") };
        let group = Ipv4Addr::new(239, 0, 0, 93);
        let other = format!("udp://{elsewhere};{group}:{port}").parse().unwrap();
        let (_, mut other) = DatagramSocket::bind(&other, &Options::default()).unwrap();
        let target = (group, port).into();
        let send = |interface: Ipv4Addr, text: &[u8]| {
            let via = Interface::Address(interface.into());
            let sender = DatagramSocket::to(target, Some(&via), &Udp::default()).unwrap();
            sender.send(text, target).unwrap();
        };
        let mut buffer = [0; 10];
        let mut receive = |socket: &mut DatagramSocket| {
            let end = std::time::Instant::now() + core::time::Duration::from_secs(20);
            loop {
                match socket.receive(&mut buffer) {
                    Ok(received) => return buffer[..received.len].to_vec(),
                    Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
                }
                assert!(std::time::Instant::now() < end, "no datagram within the limit");
                std::thread::yield_now();
            }
        };
        send(elsewhere, b"elsewhere");
        assert_eq!(receive(&mut other), b"elsewhere");
        send(Ipv4Addr::LOCALHOST, b"here");
        assert_eq!(receive(&mut socket), b"here");
    }

    #[test]
    fn the_length_of_a_datagram_is_known_if_the_buffer_is_shorter() {
        let endpoint = "udp://127.0.0.1:*".parse().unwrap();
        let (_, mut socket) = DatagramSocket::bind(&endpoint, &Options::default()).unwrap();
        let to = socket.local().unwrap();
        let sender = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        sender.send_to(&[7; 100], to).unwrap();
        let mut buffer = [0; 10];
        let received = socket.receive(&mut buffer).unwrap();
        assert_eq!((received.len, received.overflowed, buffer), (100, 0, [7; 10]));
        assert_eq!(received.from, sender.local_addr().unwrap());
        let nothing = socket.receive(&mut buffer).unwrap_err();
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
    }
}
