//! The grammar of a host and a port.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::Host;

/// `host:port`.
pub(super) fn host_and_port(address: &str) -> Result<(Host, u16), &'static str> {
    let (host, port) = address.rsplit_once(':').ok_or("`host:port`, with a port")?;
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

/// Letters, digits, `-`, `_` and dots, but not digits and dots only: `127.0.1` or `1.2.3.999` would otherwise be
/// passed to a resolver.
pub(super) fn is_name(host: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    host.bytes().all(legal) && host.bytes().any(|byte| !byte.is_ascii_digit() && byte != b'.')
}
