//! Opening UDP sockets: options, addresses, and multicast groups with their interfaces.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::io;

use nix::errno::Errno;
use socket2::{Domain, Protocol, Socket, Type};

use super::super::local::bind_device;
use super::Family;
use crate::endpoint::{Interface, interface_addresses};
use crate::options::Udp;

/// Whether an interface or a device does not exist, or has no such address.
pub(super) fn is_absent(error: &io::Error) -> bool {
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

/// A socket to send to an address, or to a multicast group through an interface.
pub(super) fn to(
    target: SocketAddr,
    interface: Option<&Interface>,
    options: &Udp,
) -> io::Result<Socket> {
    let socket = open(target, options)?;
    if target.ip().is_multicast() {
        let via = Via::of(interface, target)?;
        set_multicast(&socket, target.is_ipv6(), Some(via), options)?;
    }
    Ok(socket)
}

/// Whether a socket can be bound to the address of a group, so that it receives nothing else, and send nevertheless.
const BINDS_GROUPS: bool = cfg!(any(target_os = "android", target_os = "linux"));

/// A socket that is bound to an address or to a group, and the addresses that it exchanges datagrams with.
pub(super) fn bind(
    address: SocketAddr,
    interface: Option<&Interface>,
    options: &Udp,
) -> io::Result<(Socket, Family)> {
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
        return Ok((socket, family));
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
    Ok((socket, family))
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
