//! The numeric addresses of endpoints.

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use super::{Endpoint, Host, Source};

impl Endpoint {
    /// Addresses that need no look-up: `None` for a name other than `localhost`.
    pub(crate) fn numeric(&self) -> Option<Vec<SocketAddr>> {
        let (Self::Tcp { host, port, .. } | Self::Udp { host, port, .. }) = self else {
            return None;
        };
        match host {
            Host::Any => Some(vec![(Ipv4Addr::UNSPECIFIED, *port).into()]),
            Host::Ip(ip) => Some(vec![(*ip, *port).into()]),
            // The interface may appear later.
            Host::Zoned(ip, zone) => Some(zoned(*ip, zone, *port).into_iter().collect()),
            Host::Name(name) if name.eq_ignore_ascii_case("localhost") => {
                Some(vec![(Ipv4Addr::LOCALHOST, *port).into(), (Ipv6Addr::LOCALHOST, *port).into()])
            }
            Host::Name(_) => None,
        }
    }
}

impl Source {
    /// The addresses to connect from, at most one of them for each address of the peer.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        match self {
            Self::Address(address) => vec![*address],
            #[cfg(unix)]
            Self::Interface(name, port) => interface_addresses(name, *port, true),
            #[cfg(not(unix))]
            Self::Interface(..) => Vec::new(),
        }
    }
}

/// The addresses of an interface: of IPv4, or with `ipv6` of both families, IPv6 first.
#[cfg(unix)]
pub(crate) fn interface_addresses(name: &str, port: u16, ipv6: bool) -> Vec<SocketAddr> {
    let Ok(all) = nix::ifaddrs::getifaddrs() else { return Vec::new() };
    let found = all.filter(|one| one.interface_name == name).filter_map(|one| one.address);
    let mut addresses: Vec<SocketAddr> = found
        .filter_map(|address| {
            let four = address.as_sockaddr_in().map(|four| (four.ip(), port).into());
            let six = address
                .as_sockaddr_in6()
                .filter(|_| ipv6)
                .map(|six| SocketAddrV6::new(six.ip(), port, 0, six.scope_id()).into());
            four.or(six)
        })
        .collect();
    addresses.sort_by_key(SocketAddr::is_ipv4);
    addresses
}

/// The address in a zone; `None` if there is no such interface.
pub(super) fn zoned(ip: Ipv6Addr, zone: &str, port: u16) -> Option<SocketAddr> {
    let index = match zone.parse::<u32>() {
        Ok(index) => index,
        #[cfg(unix)]
        Err(_) => nix::net::if_::if_nametoindex(zone).ok()?,
        #[cfg(not(unix))]
        Err(_) => return None,
    };
    Some(SocketAddrV6::new(ip, port, 0, index).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_zone() {
        let address: SocketAddr = SocketAddrV6::new(Ipv6Addr::LOCALHOST, 5555, 0, 3).into();
        let endpoint = Endpoint::from(address);
        assert_eq!(endpoint.to_string(), "tcp://[::1%3]:5555");
        assert_eq!(endpoint.numeric(), Some(vec![address]));
        assert_eq!(endpoint.to_string().parse(), Ok(endpoint));
        let missing: Endpoint = "tcp://[fe80::1%no-such-one]:5555".parse().unwrap();
        assert_eq!(missing.numeric(), Some(Vec::new()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_name_of_an_interface_is_a_zone() {
        let endpoint: Endpoint = "tcp://[fe80::1%lo]:5555".parse().unwrap();
        let expected = SocketAddrV6::new("fe80::1".parse().unwrap(), 5555, 0, 1);
        assert_eq!(endpoint.numeric(), Some(vec![expected.into()]));
        let from: Endpoint = "tcp://[fe80::1%lo]:0;[fe80::2%lo]:5555".parse().unwrap();
        assert_eq!(from.to_string(), "tcp://[fe80::1%1]:0;[fe80::2%lo]:5555");
    }
}
