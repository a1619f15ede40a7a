//! Endpoints from text.

use core::net::Ipv4Addr;
use core::str::FromStr;

use super::host::host_and_port;
use super::numeric::zoned;
use super::udp::udp;
use super::{Endpoint, EndpointError, Host, Source};

/// The longest path or name of an ipc endpoint in bytes (`sun_path` without its NUL).
const IPC_MAX: usize = 107;

/// The longest name of an inproc endpoint in bytes, as in libzmq.
const INPROC_MAX: usize = 255;

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
            Some(("udp", address)) => udp(address).map_err(error),
            Some(("ipc", name)) => ipc(name).map_err(error),
            Some(("inproc", name)) if (1..=INPROC_MAX).contains(&name.len()) => {
                Ok(Self::Inproc(name.into()))
            }
            Some(("inproc", _)) => Err(error("a name of 1 to 255 bytes after `inproc://`")),
            Some(_) => Err(error("transport `tcp://`, `udp://`, `ipc://` or `inproc://`")),
            None => {
                Err(error("`tcp://host:port`, `udp://host:port`, `ipc://path` or `inproc://name`"))
            }
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

fn source_address(text: &str) -> Result<Source, &'static str> {
    match host_and_port(text)? {
        (Host::Any, port) => Ok(Source::Address((Ipv4Addr::UNSPECIFIED, port).into())),
        (Host::Ip(ip), port) => Ok(Source::Address((ip, port).into())),
        (Host::Zoned(ip, zone), port) => zoned(ip, &zone, port)
            .map(Source::Address)
            .ok_or("an interface of this machine after the `%`"),
        (Host::Name(name), port) => Ok(Source::Interface(name, port)),
    }
}

fn ipc(name: &str) -> Result<Endpoint, &'static str> {
    if name.len() > IPC_MAX {
        return Err("a path or name of at most 107 bytes");
    }
    match name.strip_prefix('@') {
        _ if name.contains('\0') => Err("a path or name without NUL"),
        Some("") => Err("a name after `ipc://@`"),
        Some(name) => Ok(Endpoint::Abstract(name.into())),
        None if name.is_empty() => Err("a path after `ipc://`"),
        None if name == "*" => Ok(Endpoint::IpcAny),
        None => Ok(Endpoint::Ipc(name.into())),
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
            "tcp://eth0:0;example.org:80",
            "tcp://[fe80::1%eth0]:5555",
            "tcp://[fe80::1%7]:5555",
            "ipc:///run/app.sock",
            "ipc://relative.sock",
            "ipc://*",
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
            ("pgm://127.0.0.1:5555", "transport"),
            ("tcp://127.0.0.1", "with a port"),
            ("tcp://:5555", "a host before"),
            ("tcp://127.0.0.1:", "65535"),
            ("tcp://127.0.0.1:+5", "65535"),
            ("tcp://127.0.0.1:65536", "65535"),
            ("tcp://::1:5555", "in `[`"),
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
}
