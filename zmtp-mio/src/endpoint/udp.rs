//! The grammar of `udp://`.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::host::{host_and_port, is_name};
use super::{Endpoint, Host};

/// The interface of a UDP endpoint with a multicast group: where a bound socket joins the group, and through which a
/// connected one sends to it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Interface {
    /// `*`: the interface that the system chooses, as without an interface.
    Any,
    /// The interface with this address.
    Address(IpAddr),
    /// The interface with this name.
    Name(String),
}

/// Writes the interface as in an endpoint.
impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Address(IpAddr::V4(ip)) => ip.fmt(f),
            Self::Address(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// `host:port`, or `interface;group:port`.
pub(super) fn udp(address: &str) -> Result<Endpoint, &'static str> {
    let Some((interface, address)) = address.split_once(';') else {
        let (host, port) = host_and_port(address)?;
        return Ok(Endpoint::Udp { host, port, interface: None });
    };
    let interface = parse_interface(interface)?;
    let (host, port) = host_and_port(address)?;
    let group: IpAddr = match &host {
        Host::Ip(ip) => *ip,
        Host::Zoned(ip, _) => (*ip).into(),
        // Its addresses are checked when they are known.
        Host::Name(_) => return Ok(Endpoint::Udp { host, port, interface: Some(interface) }),
        Host::Any => return Err(GROUP),
    };
    if !group.is_multicast() {
        return Err(GROUP);
    }
    match &interface {
        Interface::Address(ip) if ip.is_ipv4() != group.is_ipv4() => {
            Err("an interface and a group of the same family, IPv4 or IPv6")
        }
        _ => Ok(Endpoint::Udp { host, port, interface: Some(interface) }),
    }
}

const GROUP: &str = "the address of a multicast group after the interface";

fn parse_interface(text: &str) -> Result<Interface, &'static str> {
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let ip = match inner {
        Some(inner) => Some(inner.parse::<Ipv6Addr>().map_err(|_| INTERFACE)?.into()),
        None => text.parse::<Ipv4Addr>().ok().map(IpAddr::from),
    };
    match ip {
        Some(ip) if ip.is_multicast() => Err(INTERFACE),
        Some(ip) => Ok(Interface::Address(ip)),
        None if text == "*" => Ok(Interface::Any),
        None if is_name(text) => Ok(Interface::Name(text.into())),
        None => Err(INTERFACE),
    }
}

const INTERFACE: &str = "the name or an address of an interface, or `*`, before the `;`";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_endpoints_are_displayed_as_parsed() {
        for text in [
            "udp://127.0.0.1:5555",
            "udp://[::1]:5555",
            "udp://*:5555",
            "udp://eth0:5555",
            "udp://example.org:5555",
            "udp://255.255.255.255:5555",
            "udp://239.0.0.1:5555",
            "udp://*;239.0.0.1:5555",
            "udp://eth0;239.0.0.1:5555",
            "udp://192.0.2.1;239.0.0.1:5555",
            "udp://eth0;[ff02::1]:5555",
            "udp://[fe80::1];[ff02::1]:5555",
            "udp://[ff02::1%eth0]:5555",
            "udp://eth0;group.example:5555",
        ] {
            let endpoint = text.parse::<Endpoint>().unwrap();
            assert_eq!(endpoint.to_string(), text);
            assert_eq!(endpoint.check_parts(), Ok(()), "{text}");
        }
        assert_eq!("udp://*:*".parse::<Endpoint>().unwrap().to_string(), "udp://*:0");
    }

    #[test]
    fn errors_state_what_was_expected() {
        for (text, expected) in [
            ("udp://127.0.0.1", "with a port"),
            ("udp://", "with a port"),
            ("udp://:5555", "a host before"),
            ("udp://127.0.0.1:65536", "65535"),
            ("udp://eth0;127.0.0.1:5555", "multicast group"),
            ("udp://eth0;*:5555", "multicast group"),
            ("udp://239.0.0.1;239.0.0.2:5555", "an interface"),
            ("udp://;239.0.0.1:5555", "an interface"),
            ("udp://eth0:0;239.0.0.1:5555", "an interface"),
            ("udp://eth0;eth0;239.0.0.1:5555", "host name"),
            ("udp://192.0.2.1;[ff02::1]:5555", "the same family"),
            ("udp://::1;[ff02::1]:5555", "an interface"),
        ] {
            let error = text.parse::<Endpoint>().unwrap_err().to_string();
            assert!(error.contains(&format!("{text:?}")), "{error}");
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn an_endpoint_to_connect_to_has_a_host_and_a_port() {
        for text in ["udp://*:5555", "udp://127.0.0.1:*", "udp://239.0.0.1:0"] {
            assert!(text.parse::<Endpoint>().unwrap().check_remote().is_err(), "{text}");
        }
        for text in ["udp://127.0.0.1:5555", "udp://*;239.0.0.1:5555"] {
            assert!(text.parse::<Endpoint>().unwrap().check_remote().is_ok(), "{text}");
        }
    }

    #[test]
    fn an_endpoint_from_code_has_parts_that_a_text_can_have() {
        let endpoint = |host: &str, interface: Interface| Endpoint::Udp {
            host: Host::Ip(host.parse().unwrap()),
            port: 5555,
            interface: Some(interface),
        };
        let name = |name: &str| Interface::Name(name.into());
        assert_eq!(endpoint("239.0.0.1", name("eth0")).check_parts(), Ok(()));
        for bad in [
            endpoint("127.0.0.1", name("eth0")),
            endpoint("239.0.0.1", name("")),
            endpoint("239.0.0.1", name("*")),
            endpoint("239.0.0.1", name("192.0.2.1")),
            endpoint("239.0.0.1", Interface::Address(Ipv6Addr::LOCALHOST.into())),
            endpoint("239.0.0.1", Interface::Address(Ipv4Addr::new(239, 0, 0, 1).into())),
        ] {
            assert!(bad.check_parts().is_err(), "{bad:?}");
        }
    }
}
