//! Endpoints: `tcp://host:port`, `udp://host:port`, `ipc://path` and `inproc://name`.

mod host;
mod numeric;
mod parse;
mod udp;

use core::fmt;
use core::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

#[cfg(unix)]
pub(crate) use numeric::interface_addresses;
pub use udp::Interface;

/// The address that a socket binds or connects to.
///
/// | text | bind | connect |
/// |---|---|---|
/// | `tcp://192.0.2.1:5555` | yes | yes |
/// | `tcp://[2001:db8::1]:5555` | yes | yes |
/// | `tcp://[fe80::1%eth0]:5555`, `tcp://[fe80::1%2]:5555` | yes | yes |
/// | `tcp://localhost:5555` | `127.0.0.1`, or `[::1]` without IPv4 | `127.0.0.1`, then `[::1]` |
/// | `tcp://example.org:5555` | the first address that can be bound | its addresses in turn, until one completes the handshake |
/// | `tcp://eth0:5555` | the first address of the interface: IPv4, or IPv6 with [`Tcp::ipv6`](crate::Tcp::ipv6) | a host name |
/// | `tcp://*:5555` | all IPv4 addresses; with `Tcp::ipv6` also all IPv6 addresses, if the system has IPv6 | no |
/// | `tcp://127.0.0.1:*`, `tcp://127.0.0.1:0` | a port that the system chooses | no |
/// | `tcp://192.0.2.1:0;example.org:5555` | no | from this local address; only to addresses of its family |
/// | `tcp://eth0:0;example.org:5555` | no | from an address of this interface |
/// | `ipc:///run/app.sock`, `ipc://relative.sock` | yes | yes |
/// | `ipc://*` | a new file in a new directory | no |
/// | `ipc://@name` | Linux | Linux |
/// | `inproc://name` | yes | yes, also before it is bound |
///
/// With `udp://`, which RADIO, DISH and DGRAM have, a RADIO connects, and a DISH or a DGRAM binds:
///
/// | text | bind | connect |
/// |---|---|---|
/// | `udp://192.0.2.1:5555`, `udp://[2001:db8::1]:5555` | a local address | the address of a DISH |
/// | `udp://example.org:5555` | the first address that can be bound | its first address that the system can send to |
/// | `udp://eth0:5555` | the first address of the interface: IPv4, or IPv6 with [`Udp::ipv6`](crate::Udp::ipv6) | a host name |
/// | `udp://*:5555` | all IPv4 addresses; with `Udp::ipv6` also all IPv6 addresses, if the system has IPv6 | no |
/// | `udp://127.0.0.1:*`, `udp://127.0.0.1:0` | a port that the system chooses | no |
/// | `udp://239.0.0.1:5555`, `udp://[ff05::1]:5555` | a multicast group, which is joined | a multicast group |
/// | `udp://eth0;[ff02::1]:5555`, `udp://[ff02::1%eth0]:5555` | a link-local group, which needs an interface | a link-local group |
/// | `udp://eth0;239.0.0.1:5555`, `udp://192.0.2.1;239.0.0.1:5555` | a group, joined on this interface | a group, through this interface |
/// | `udp://255.255.255.255:5555`, `udp://192.0.2.255:5555` | broadcasts to this address | broadcast |
///
/// ```
/// use zmtp_mio::Endpoint;
///
/// let endpoint: Endpoint = "tcp://127.0.0.1:5555".parse()?;
/// assert_eq!(endpoint.to_string(), "tcp://127.0.0.1:5555");
/// let error = "127.0.0.1:5555".parse::<Endpoint>().unwrap_err();
/// assert!(error.to_string().contains("\"127.0.0.1:5555\""));
/// # Ok::<(), zmtp_mio::EndpointError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Endpoint {
    /// `tcp://host:port`.
    Tcp {
        /// The host.
        host: Host,
        /// The port. With 0, written `*`, the system chooses a port; only to bind.
        port: u16,
        /// The local address to connect from, as in `tcp://192.0.2.1:0;example.org:5555` (the syntax of libzmq).
        /// `bind` returns an error if this is not `None`.
        source: Option<Source>,
    },
    /// `udp://host:port`: an address for datagrams. Only for RADIO, which connects to it, and for DISH and DGRAM, which
    /// bind it.
    Udp {
        /// The host, or a multicast group.
        host: Host,
        /// The port. With 0, written `*`, the system chooses a port; only to bind.
        port: u16,
        /// The interface of a multicast group, as in `udp://eth0;239.0.0.1:5555` (the syntax of libzmq).
        interface: Option<Interface>,
    },
    /// `inproc://name`: a name within the [context](crate::Context), of 1 to 255 bytes. A socket may connect to
    /// the name before another socket binds it.
    Inproc(String),
    /// `ipc:///path`: a Unix socket in the file system. The path has at most 107 bytes.
    Ipc(PathBuf),
    /// `ipc://*`: a Unix socket in a new directory of the directory for temporary files (`TMPDIR`, or `/tmp`). Only to
    /// bind; `bind` returns the path. Other users cannot use the directory. It is removed together with the socket file.
    IpcAny,
    /// `ipc://@name`: a Unix socket in the abstract namespace of Linux. The name has at most 106 bytes.
    Abstract(String),
}

/// The host of a TCP or UDP endpoint.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Host {
    /// `*`: all IPv4 addresses of this machine, or, with [`Tcp::ipv6`](crate::Tcp::ipv6) or
    /// [`Udp::ipv6`](crate::Udp::ipv6), all IPv4 and IPv6 addresses. Only to bind.
    Any,
    /// A numeric address.
    Ip(IpAddr),
    /// `[fe80::1%eth0]`: an IPv6 address with its zone (RFC 4007): the name or the number of an interface. Link-local
    /// addresses need one. A name is looked up when the address is used.
    Zoned(Ipv6Addr, String),
    /// A host name, which is looked up for each connection attempt. `localhost` is `127.0.0.1` and `[::1]` without
    /// a look-up.
    Name(String),
}

/// The local address that a connection comes from. With port 0 the system chooses the local port.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Source {
    /// A numeric address.
    Address(SocketAddr),
    /// The name of an interface, and the local port. Each connection attempt uses the first address of the interface of
    /// the same family as that of the peer. Unix only; on other systems connecting fails.
    Interface(String, u16),
}

impl From<SocketAddr> for Source {
    fn from(address: SocketAddr) -> Self {
        Self::Address(address)
    }
}

/// Writes the address and the port.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Interface(name, port) => write!(f, "{name}:{port}"),
        }
    }
}

/// The error of a text that is not an endpoint, or of an endpoint that a call cannot use. Its text contains the
/// endpoint and what was expected.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EndpointError {
    text: String,
    expected: &'static str,
}

impl EndpointError {
    pub(crate) fn new(text: impl Into<String>, expected: &'static str) -> Self {
        Self { text: text.into(), expected }
    }
}

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bad endpoint {:?}: expected {}", self.text, self.expected)
    }
}

impl core::error::Error for EndpointError {}

impl Endpoint {
    /// Refuses an endpoint from code whose parts cannot occur in a text, or whose text has another meaning.
    pub(crate) fn check_parts(&self) -> Result<(), EndpointError> {
        if let Self::Ipc(path) = self
            && path.to_str().is_none()
        {
            // The text of such a path is not exact.
            return Ok(());
        }
        let text = self.to_string();
        let read: Self = text.parse()?;
        let is_same = match (self, &read) {
            // The text of an address may also be given as a name.
            (Self::Tcp { host: ours, source: from, .. }, Self::Tcp { host: read, source, .. }) => {
                let kind = |source: &Option<Source>| source.as_ref().map(core::mem::discriminant);
                (*ours == Host::Any) == (*read == Host::Any) && kind(from) == kind(source)
            }
            (
                Self::Udp { host: ours, interface, .. },
                Self::Udp { host: read, interface: other, .. },
            ) => (*ours == Host::Any) == (*read == Host::Any) && interface == other,
            _ => *self == read,
        };
        let expected = "parts whose text has the same meaning";
        is_same.then_some(()).ok_or_else(|| EndpointError::new(text, expected))
    }

    /// Refuses an endpoint that a socket can only listen on.
    pub(crate) fn check_remote(&self) -> Result<(), EndpointError> {
        let expected = match self {
            Self::Tcp { host: Host::Any, .. } | Self::Udp { host: Host::Any, .. } => {
                "a host to connect to, not `*`"
            }
            Self::Tcp { port: 0, .. } | Self::Udp { port: 0, .. } => {
                "a port to connect to, not `*` or 0"
            }
            Self::IpcAny => "a path to connect to, not `*`",
            _ => return Ok(()),
        };
        Err(EndpointError::new(self.to_string(), expected))
    }
}

impl Host {
    /// The host of an address.
    pub(crate) fn of(address: SocketAddr) -> Self {
        match address {
            SocketAddr::V6(address) if address.scope_id() != 0 => {
                Self::Zoned(*address.ip(), address.scope_id().to_string())
            }
            _ => Self::Ip(address.ip()),
        }
    }

    fn write_with(&self, f: &mut fmt::Formatter<'_>, port: u16) -> fmt::Result {
        match self {
            Self::Any => write!(f, "*:{port}"),
            Self::Ip(ip) => write!(f, "{}", SocketAddr::new(*ip, port)),
            Self::Zoned(ip, zone) => write!(f, "[{ip}%{zone}]:{port}"),
            Self::Name(name) => write!(f, "{name}:{port}"),
        }
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp { host: Host::of(address), port: address.port(), source: None }
    }
}

impl From<&Self> for Endpoint {
    fn from(endpoint: &Self) -> Self {
        endpoint.clone()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port, source } => {
                f.write_str("tcp://")?;
                if let Some(source) = source {
                    write!(f, "{source};")?;
                }
                host.write_with(f, *port)
            }
            Self::Udp { host, port, interface } => {
                f.write_str("udp://")?;
                if let Some(interface) = interface {
                    write!(f, "{interface};")?;
                }
                host.write_with(f, *port)
            }
            Self::Inproc(name) => write!(f, "inproc://{name}"),
            Self::Ipc(path) => write!(f, "ipc://{}", path.display()),
            Self::IpcAny => f.write_str("ipc://*"),
            Self::Abstract(name) => write!(f, "ipc://@{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_endpoints_can_only_be_bound() {
        for text in ["tcp://*:5555", "tcp://127.0.0.1:*", "tcp://127.0.0.1:0", "ipc://*"] {
            let endpoint = text.parse::<Endpoint>().unwrap();
            let error = endpoint.check_remote().unwrap_err().to_string();
            assert!(error.contains(&format!("\"{endpoint}\"")), "{error}");
        }
        assert!(Endpoint::Abstract("x".into()).check_remote().is_ok());
    }

    #[test]
    fn an_endpoint_from_code_has_parts_that_a_text_can_have() {
        let tcp = |host| Endpoint::Tcp { host, port: 5555, source: None };
        let name = |name: &str| tcp(Host::Name(name.into()));
        for good in [
            name("localhost"),
            name("127.0.0.1"),
            tcp(Host::Any),
            tcp(Host::Ip(Ipv6Addr::LOCALHOST.into())),
            tcp(Host::Zoned(Ipv6Addr::LOCALHOST, "2".into())),
            Endpoint::Inproc("a b".into()),
            Endpoint::Ipc("/run/a socket".into()),
            Endpoint::Ipc("./@x".into()),
            Endpoint::IpcAny,
            Endpoint::Abstract("@x".into()),
        ] {
            assert_eq!(good.check_parts(), Ok(()), "{good}");
        }
        for bad in [
            name(""),
            name("*"),
            name("a\0b"),
            name("a b"),
            tcp(Host::Zoned(Ipv6Addr::LOCALHOST, String::new())),
            Endpoint::Tcp {
                host: Host::Name("localhost".into()),
                port: 5555,
                source: Some(Source::Interface("127.0.0.1".into(), 0)),
            },
            Endpoint::Inproc(String::new()),
            Endpoint::Inproc("x".repeat(256)),
            Endpoint::Ipc("".into()),
            Endpoint::Ipc("*".into()),
            Endpoint::Ipc("@x".into()),
            Endpoint::Ipc("/x".repeat(60).into()),
            Endpoint::Abstract(String::new()),
            Endpoint::Abstract("a\0b".into()),
        ] {
            assert!(bad.check_parts().is_err(), "{bad:?}");
        }
    }
}
