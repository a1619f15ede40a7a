//! Addresses: zones of IPv6, interfaces, and names with several addresses.
#![cfg(unix)]

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use crate::harness::listeners::{BadServer, assert_served, event_where};
use crate::harness::{Echo, assert_echo, builder, req, skipped};
use zmtp_mio::{CloseReason, Error, EventKind, Rep, Req};

#[cfg(target_os = "linux")]
#[test]
fn an_ipv6_address_has_a_zone() {
    if let Err(error) = TcpListener::bind("[::1]:0") {
        return skipped(format!("no IPv6 on this machine: {error}"));
    }
    let echo = Echo::on("tcp://[::1%lo]:*");
    let port: u16 = echo.endpoint.rsplit_once(':').unwrap().1.parse().unwrap();
    assert_echo(&mut req(&format!("tcp://[::1%lo]:{port}")), b"by name");
    assert_echo(&mut req(&format!("tcp://[::1%1]:{port}")), b"by number");
    let address = SocketAddrV6::new(Ipv6Addr::LOCALHOST, port, 0, 1);
    let from_code = builder::<Req>().connect(SocketAddr::from(address));
    assert_echo(&mut from_code.unwrap(), b"from code");
    // The interface may appear later.
    let mut missing = req(&format!("tcp://[fe80::1%no-such-one]:{port}"));
    event_where!(missing, |event| {
        (event.kind == EventKind::Closed(CloseReason::NoAddress)).then_some(())
    });
    assert!(builder::<Rep>().bind("tcp://[fe80::1%no-such-one]:*").is_err());
}

#[cfg(target_os = "linux")]
#[test]
fn a_socket_listens_on_the_address_of_an_interface() {
    let echo = Echo::on("tcp://lo:*");
    assert!(echo.endpoint.starts_with("tcp://127.0.0.1:"), "{}", echo.endpoint);
    assert_echo(&mut req(&echo.endpoint), b"interface");
}

/// The first accepts and closes, the second does not answer in the handshake, the third has another protocol.
#[test]
fn the_addresses_of_a_name_are_tried_until_one_completes_the_handshake() {
    let closes = BadServer::new(|_| None);
    let silent = BadServer::new(Some);
    let other = BadServer::new(|mut peer| {
        let _ = peer.try_send(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        None
    });
    let echo = Echo::new();
    let addresses: Vec<SocketAddr> =
        [&closes.endpoint, &silent.endpoint, &other.endpoint, &echo.endpoint]
            .map(|endpoint| endpoint.strip_prefix("tcp://").unwrap().parse().unwrap())
            .to_vec();
    let mut req = builder::<Req>()
        .resolver(Arc::new(move |_, _| Ok(addresses.clone())))
        .handshake_timeout(Duration::from_millis(500))
        .connect("tcp://server.example:7")
        .unwrap();
    assert_served(&mut req);
    for server in [&closes, &silent, &other] {
        assert_eq!(server.accepted(), 1);
    }
}

#[test]
fn a_custom_resolver_looks_up_the_name_to_bind() {
    let resolver = |name: &str, port: u16| match name {
        "server.example" => Ok(vec![SocketAddr::from((Ipv4Addr::LOCALHOST, port))]),
        "broken.example" => panic!("a resolver with a bug"),
        _ => Err(io::ErrorKind::NotFound.into()),
    };
    let mut rep = builder::<Rep>().resolver(Arc::new(resolver)).build().unwrap();
    let endpoint = rep.bind("tcp://server.example:*").unwrap().to_string();
    let (address, port) = endpoint.rsplit_once(':').unwrap();
    assert_eq!(address, "tcp://127.0.0.1");
    assert_ne!(port, "0");
    for (name, kind) in
        [("other.example", io::ErrorKind::NotFound), ("broken.example", io::ErrorKind::Other)]
    {
        let error = rep.bind(format!("tcp://{name}:*")).unwrap_err();
        assert!(matches!(&error, Error::Io { source, .. } if source.kind() == kind), "{error}");
    }
}
