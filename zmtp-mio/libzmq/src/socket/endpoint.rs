//! Endpoints as libzmq writes them.

use zmtp_mio::{Endpoint, Host, SocketKind};

use crate::errno::{ENOCOMPATPROTO, Errno, Outcome};

/// The longest path of an IPC endpoint in bytes.
const PATH: usize = 107;

/// What a socket does with an endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Side {
    Bind,
    Connect,
}

/// Whether a socket of a kind can do this with an endpoint of UDP.
const fn has_udp(kind: SocketKind, side: Side) -> bool {
    match side {
        Side::Bind => matches!(kind, SocketKind::Dish | SocketKind::Dgram),
        Side::Connect => matches!(kind, SocketKind::Radio),
    }
}

/// Reads an endpoint.
pub(crate) fn parse(text: &str, kind: SocketKind, side: Side) -> Outcome<Endpoint> {
    let (transport, address) = text.split_once("://").ok_or(Errno::EINVAL)?;
    if transport.is_empty() || address.is_empty() {
        return Err(Errno::EINVAL);
    }
    match transport {
        "inproc" | "tcp" => {}
        "ipc" if address.len() > PATH => return Err(Errno(libc::ENAMETOOLONG)),
        "ipc" => {}
        "udp" if has_udp(kind, side) => {}
        "udp" => return Err(Errno(ENOCOMPATPROTO)),
        _ => return Err(Errno(libc::EPROTONOSUPPORT)),
    }
    read(text).ok_or(Errno::EINVAL)
}

/// Reads an endpoint that a socket may have.
pub(super) fn read(text: &str) -> Option<Endpoint> {
    bracketed(text).as_deref().unwrap_or(text).parse().ok()
}

/// An endpoint of TCP whose IPv6 address has no brackets, with them.
fn bracketed(text: &str) -> Option<String> {
    let address = text.strip_prefix("tcp://")?;
    let (host, port) = address.rsplit_once(':')?;
    let is_bare = host.contains(':') && !host.contains(['[', ';']);
    is_bare.then(|| format!("tcp://[{host}]:{port}"))
}

/// Writes an endpoint that is bound: the host `*` is the address that stands for all.
pub(super) fn bound(endpoint: &Endpoint, ipv6: bool) -> String {
    match endpoint {
        Endpoint::Tcp { host: Host::Any, port, .. } if ipv6 => format!("tcp://[::]:{port}"),
        Endpoint::Tcp { host: Host::Any, port, .. } => format!("tcp://0.0.0.0:{port}"),
        _ => endpoint.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_that_cannot_be_used_have_the_errors_of_libzmq() {
        let long = format!("ipc://{}", "x".repeat(PATH + 1));
        for (text, error) in [
            ("", libc::EINVAL),
            ("tcp://", libc::EINVAL),
            ("://127.0.0.1:5555", libc::EINVAL),
            ("tcp://127.0.0.1", libc::EINVAL),
            ("tipc://{1,2}", libc::EPROTONOSUPPORT),
            ("udp://127.0.0.1:5555", ENOCOMPATPROTO),
            (&long, libc::ENAMETOOLONG),
        ] {
            assert_eq!(parse(text, SocketKind::Pair, Side::Bind), Err(Errno(error)), "{text}");
        }
    }

    #[test]
    fn udp_is_bound_by_those_that_receive_and_connected_by_those_that_send() {
        for kind in SocketKind::ALL {
            for (side, kinds) in [
                (Side::Bind, &[SocketKind::Dish, SocketKind::Dgram][..]),
                (Side::Connect, &[SocketKind::Radio]),
            ] {
                let parsed = parse("udp://127.0.0.1:5555", kind, side);
                match kinds.contains(&kind) {
                    true => assert!(parsed.is_ok(), "{kind:?} {side:?}"),
                    false => assert_eq!(parsed, Err(Errno(ENOCOMPATPROTO)), "{kind:?} {side:?}"),
                }
            }
        }
    }

    #[test]
    fn an_address_of_ipv6_needs_no_brackets_and_all_addresses_have_a_number() {
        let parsed = |text| parse(text, SocketKind::Pair, Side::Bind).unwrap();
        assert_eq!(parsed("tcp://::1:5555"), parsed("tcp://[::1]:5555"));
        assert_eq!(bound(&parsed("tcp://*:5555"), false), "tcp://0.0.0.0:5555");
        assert_eq!(bound(&parsed("tcp://*:5555"), true), "tcp://[::]:5555");
        assert_eq!(bound(&parsed("ipc://@name"), true), "ipc://@name");
    }
}
