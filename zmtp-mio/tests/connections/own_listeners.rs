//! Listening with sockets of the application (`ZMQ_USE_FD`).
#![cfg(unix)]

use std::net::TcpListener;
use std::os::unix::net::UnixListener;

use crate::harness::{Echo, assert_echo, builder, events, ipc, req};
use zmtp_mio::{BoundListener, Error, EventKind, Rep};

#[test]
fn a_listener_of_the_application_accepts_connections() {
    let path = ipc();
    let file = path.strip_prefix("ipc://").unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp://{}", tcp.local_addr().unwrap());
    let listeners: [(BoundListener, &str); 2] =
        [(tcp.into(), &address), (UnixListener::bind(file).unwrap().into(), &path)];
    for (listener, endpoint) in listeners {
        let mut rep = builder::<Rep>().build().unwrap();
        assert_eq!(rep.bind_listener(listener).unwrap().to_string(), endpoint);
        assert_eq!(rep.last_endpoint().unwrap().to_string(), endpoint);
        assert_eq!(events!(rep), [EventKind::Listening]);
        let _echo = Echo::with(rep);
        assert_echo(&mut req(endpoint), b"served");
    }
    // The application has created the file.
    std::fs::remove_file(file).unwrap();
}

#[test]
fn a_listener_of_the_application_can_be_unbound() {
    let mut rep = builder::<Rep>().build().unwrap();
    let endpoint = rep.bind_listener(TcpListener::bind("127.0.0.1:0").unwrap()).unwrap();
    rep.unbind(&endpoint).unwrap();
    assert!(matches!(rep.unbind(&endpoint), Err(Error::UnknownEndpoint(_))));
    rep.bind(&endpoint).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_listener_in_the_abstract_namespace_has_its_name() {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::SocketAddr;

    let name = format!("zmtp-own-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let mut rep = builder::<Rep>().build().unwrap();
    let bound = rep.bind_listener(UnixListener::bind_addr(&address).unwrap()).unwrap();
    assert_eq!(bound.to_string(), format!("ipc://@{name}"));
    let _echo = Echo::with(rep);
    assert_echo(&mut req(&bound.to_string()), b"served");
}
