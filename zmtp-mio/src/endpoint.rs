//! Endpoints: `tcp://host:port`, `ipc://path` and `inproc://name`, parsing and display.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use core::str::FromStr;
use std::path::PathBuf;

/// The longest path or name of an ipc endpoint in bytes (`sun_path` without its NUL).
const IPC_MAX: usize = 107;

/// The longest name of an inproc endpoint in bytes, as in libzmq.
const INPROC_MAX: usize = 255;

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
/// | `ipc:///run/app.sock`, `ipc://relative.sock` | yes | yes |
/// | `ipc://@name` | Linux | Linux |
/// | `inproc://name` | yes | yes, also before it is bound |
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
        /// With port 0 the system chooses the local port. `bind` returns an error if this is not `None`.
        source: Option<SocketAddr>,
    },
    /// `inproc://name`: a name within the [context](crate::Context), of 1 to 255 bytes. A socket may connect to
    /// the name before another socket binds it.
    Inproc(String),
    /// `ipc:///path`: a Unix socket in the file system. The path has at most 107 bytes.
    Ipc(PathBuf),
    /// `ipc://@name`: a Unix socket in the abstract namespace of Linux. The name has at most 106 bytes.
    Abstract(String),
}

/// The host of a TCP endpoint.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Host {
    /// `*`: all IPv4 addresses of this machine, or, with [`Tcp::ipv6`](crate::Tcp::ipv6), all IPv4 and IPv6
    /// addresses. Only to bind.
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
    /// Addresses that need no look-up: `None` for a name other than `localhost`.
    pub(crate) fn numeric(&self) -> Option<Vec<SocketAddr>> {
        let Self::Tcp { host, port, .. } = self else { return None };
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

    /// Refuses an endpoint that a socket can only listen on.
    pub(crate) fn check_remote(&self) -> Result<(), EndpointError> {
        let expected = match self {
            Self::Tcp { host: Host::Any, .. } => "a host to connect to, not `*`",
            Self::Tcp { port: 0, .. } => "a port to connect to, not `*` or 0",
            _ => return Ok(()),
        };
        Err(EndpointError::new(self.to_string(), expected))
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Self {
        let host = match address {
            SocketAddr::V6(address) if address.scope_id() != 0 => {
                Host::Zoned(*address.ip(), address.scope_id().to_string())
            }
            _ => Host::Ip(address.ip()),
        };
        Self::Tcp { host, port: address.port(), source: None }
    }
}

impl From<&Self> for Endpoint {
    fn from(endpoint: &Self) -> Self {
        endpoint.clone()
    }
}

/// Parses the text.
impl TryFrom<&str> for Endpoint {
    type Error = EndpointError;

    fn try_from(text: &str) -> Result<Self, EndpointError> {
        text.parse()
    }
}

/// Parses the text.
impl TryFrom<&String> for Endpoint {
    type Error = EndpointError;

    fn try_from(text: &String) -> Result<Self, EndpointError> {
        text.parse()
    }
}

/// Parses the text.
impl TryFrom<String> for Endpoint {
    type Error = EndpointError;

    fn try_from(text: String) -> Result<Self, EndpointError> {
        text.parse()
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let error = |expected| EndpointError::new(text, expected);
        match text.split_once("://") {
            Some(("tcp", address)) => tcp(address).map_err(error),
            Some(("ipc", name)) => ipc(name).map_err(error),
            Some(("inproc", name)) if (1..=INPROC_MAX).contains(&name.len()) => {
                Ok(Self::Inproc(name.into()))
            }
            Some(("inproc", _)) => Err(error("a name of 1 to 255 bytes after `inproc://`")),
            Some(_) => Err(error("transport `tcp://`, `ipc://` or `inproc://`")),
            None => Err(error("`tcp://host:port`, `ipc://path` or `inproc://name`")),
        }
    }
}

/// `host:port`, or `source:port;host:port`.
fn tcp(address: &str) -> Result<Endpoint, &'static str> {
    let (source, address) = match address.split_once(';') {
        Some((source, address)) => (Some(source_address(source)?), address),
        None => (None, address),
    };
    let (host, port) = host_and_port(address)?;
    Ok(Endpoint::Tcp { host, port, source })
}

fn source_address(text: &str) -> Result<SocketAddr, &'static str> {
    match host_and_port(text)? {
        (Host::Any, port) => Ok((Ipv4Addr::UNSPECIFIED, port).into()),
        (Host::Ip(ip), port) => Ok((ip, port).into()),
        (Host::Zoned(ip, zone), port) => {
            zoned(ip, &zone, port).ok_or("an interface of this machine after the `%`")
        }
        (Host::Name(_), _) => Err("a numeric address to connect from, before the `;`"),
    }
}

fn host_and_port(address: &str) -> Result<(Host, u16), &'static str> {
    let (host, port) = address.rsplit_once(':').ok_or("`tcp://host:port`, with a port")?;
    let port = match port {
        "*" => 0,
        // `parse` would also accept a sign.
        digits if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
            digits.parse().map_err(|_| "a port from 0 to 65535, or `*`")?
        }
        _ => return Err("a port from 0 to 65535, or `*`"),
    };
    let host = match host {
        "*" => Host::Any,
        "" => return Err("a host before the port: an address, a name, or `*`"),
        _ if host.starts_with('[') || host.ends_with(']') => {
            let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            let (ip, zone) = match inner.map(|inner| inner.split_once('%').ok_or(inner)) {
                Some(Ok((ip, zone))) => (Some(ip), Some(zone)),
                Some(Err(ip)) => (Some(ip), None),
                None => (None, None),
            };
            let ip = ip.and_then(|ip| ip.parse::<Ipv6Addr>().ok());
            let ip = ip.ok_or("an IPv6 address between `[` and `]`")?;
            match zone {
                Some(zone) if is_zone(zone) => Host::Zoned(ip, zone.into()),
                Some(_) => return Err("the name or number of an interface after the `%`"),
                None => Host::Ip(ip.into()),
            }
        }
        _ if host.contains(':') => return Err("an IPv6 address in `[` and `]`"),
        _ => match host.parse::<Ipv4Addr>() {
            Ok(ip) => Host::Ip(ip.into()),
            Err(_) if is_name(host) => Host::Name(host.into()),
            Err(_) => return Err("a host name or address before the port"),
        },
    };
    Ok((host, port))
}

/// The name of an interface may have any bytes but spaces and `/`; those of an endpoint are excluded too.
fn is_zone(zone: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_graphic() && !b"/[]%;".contains(&byte);
    !zone.is_empty() && zone.bytes().all(legal)
}

/// The address in a zone; `None` if there is no such interface.
fn zoned(ip: Ipv6Addr, zone: &str, port: u16) -> Option<SocketAddr> {
    let index = match zone.parse::<u32>() {
        Ok(index) => index,
        #[cfg(unix)]
        Err(_) => nix::net::if_::if_nametoindex(zone).ok()?,
        #[cfg(not(unix))]
        Err(_) => return None,
    };
    Some(SocketAddrV6::new(ip, port, 0, index).into())
}

/// Letters, digits, `-`, `_` and dots, but not digits and dots only: `127.0.1` or `1.2.3.999` would otherwise be
/// passed to a resolver.
fn is_name(host: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    host.bytes().all(legal) && host.bytes().any(|byte| !byte.is_ascii_digit() && byte != b'.')
}

fn ipc(name: &str) -> Result<Endpoint, &'static str> {
    if name.len() > IPC_MAX {
        return Err("a path or name of at most 107 bytes");
    }
    match name.strip_prefix('@') {
        _ if name.contains('\0') => Err("a path or name without NUL"),
        Some("") => Err("a name after `ipc://@`"),
        Some(name) => Ok(Endpoint::Abstract(name.into())),
        None if name.is_empty() || name == "*" => Err("a path after `ipc://`"),
        None => Ok(Endpoint::Ipc(name.into())),
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
                match host {
                    Host::Any => write!(f, "*:{port}"),
                    Host::Ip(ip) => write!(f, "{}", SocketAddr::new(*ip, *port)),
                    Host::Zoned(ip, zone) => write!(f, "[{ip}%{zone}]:{port}"),
                    Host::Name(name) => write!(f, "{name}:{port}"),
                }
            }
            Self::Inproc(name) => write!(f, "inproc://{name}"),
            Self::Ipc(path) => write!(f, "ipc://{}", path.display()),
            Self::Abstract(name) => write!(f, "ipc://@{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_endpoints_are_displayed_as_parsed() {
        for text in [
            "tcp://127.0.0.1:5555",
            "tcp://[::1]:5555",
            "tcp://*:5555",
            "tcp://example.org:80",
            "tcp://localhost:0",
            "tcp://127.0.0.1:0;example.org:80",
            "tcp://[::1]:7;[::1]:80",
            "tcp://[fe80::1%eth0]:5555",
            "tcp://[fe80::1%7]:5555",
            "ipc:///run/app.sock",
            "ipc://relative.sock",
            "ipc://@name",
        ] {
            assert_eq!(
                text.parse::<Endpoint>().map(|endpoint| endpoint.to_string()),
                Ok(text.into())
            );
        }
        assert_eq!("tcp://*:*".parse::<Endpoint>().unwrap().to_string(), "tcp://*:0");
    }

    #[test]
    fn errors_quote_the_text_and_state_what_was_expected() {
        for (text, expected) in [
            ("", "`inproc://name`"),
            ("127.0.0.1:5555", "`tcp://host:port`, "),
            ("udp://127.0.0.1:5555", "transport"),
            ("tcp://127.0.0.1", "with a port"),
            ("tcp://:5555", "a host before"),
            ("tcp://127.0.0.1:", "65535"),
            ("tcp://127.0.0.1:+5", "65535"),
            ("tcp://127.0.0.1:65536", "65535"),
            ("tcp://::1:5555", "in `[`"),
            ("tcp://eth0:0;127.0.0.1:80", "numeric"),
            ("tcp://;127.0.0.1:80", "with a port"),
            ("tcp://127.0.0.1:0;127.0.0.1:0;127.0.0.1:80", "`[`"),
            ("tcp://[::1:5555", "IPv6"),
            ("tcp://[1.2.3.4]:5555", "IPv6"),
            ("tcp://[fe80::1%]:5555", "an interface after"),
            ("tcp://[fe80::1%a/b]:5555", "an interface after"),
            ("tcp://[fe80::1%no-such-one]:0;[::1]:80", "an interface of this machine"),
            ("tcp://fe80::1%eth0:5555", "in `[`"),
            ("tcp://256.0.0.1:5555", "host name"),
            ("tcp://ho st:1", "host name"),
            ("tcp://host:1/resource", "65535"),
            ("ipc://", "a path"),
            ("inproc://", "1 to 255"),
            ("ipc://@", "a name"),
            ("ipc://a\0b", "NUL"),
        ] {
            let error = text.parse::<Endpoint>().unwrap_err().to_string();
            assert!(error.contains(&format!("{text:?}")), "{error}");
            assert!(error.contains(expected), "{error}");
        }
        let long = format!("ipc:///{}", "x".repeat(107));
        assert!(long.parse::<Endpoint>().unwrap_err().to_string().contains("107"));
    }

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

    #[test]
    fn some_endpoints_can_only_be_bound() {
        for text in ["tcp://*:5555", "tcp://127.0.0.1:*", "tcp://127.0.0.1:0"] {
            let endpoint = text.parse::<Endpoint>().unwrap();
            let error = endpoint.check_remote().unwrap_err().to_string();
            assert!(error.contains(&format!("\"{endpoint}\"")), "{error}");
        }
        assert!(Endpoint::Abstract("x".into()).check_remote().is_ok());
    }
}
