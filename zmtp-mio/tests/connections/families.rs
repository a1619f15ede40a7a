//! Addresses of a family that the system lacks, and addresses that do not answer: the others are used.
#![cfg(target_os = "linux")]

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::harness::listeners::{assert_served, event_where};
use crate::harness::processes::{arguments, finish, part, this_test};
use crate::harness::{Echo, assert_echo, builder, req, skipped};
use zmtp_mio::{CloseReason, EventKind, Rep, Req, Tcp};

/// Runs `body` in a process with a network of its own, after the commands of `setup`. The test is skipped if the system
/// allows no such network.
fn in_network(test: &str, setup: &str, body: impl FnOnce()) {
    if part(test).is_some() {
        return body();
    }
    let script = format!("ip link set lo up && {setup} && exec \"$0\" \"$@\"");
    let unshare = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--net", "--map-root-user", "sh", "-c", script]);
        command
    };
    let possible = unshare("ip link set lo up").stderr(Stdio::null()).status();
    if !possible.is_ok_and(|status| status.success()) {
        return skipped(format!("{test}: no network namespace on this machine"));
    }
    let mut command = unshare(&script);
    arguments(&mut command, test, "main");
    finish(command.spawn().unwrap());
}

fn port_of(endpoint: &str) -> u16 {
    endpoint.rsplit_once(':').unwrap().1.parse().unwrap()
}

/// A client of a name that has these addresses.
fn named(addresses: Vec<SocketAddr>) -> Req {
    let resolver = Arc::new(move |_: &str, _| Ok(addresses.clone()));
    let req = builder::<Req>().resolver(resolver).handshake_timeout(Duration::from_secs(4));
    req.connect("tcp://server.example:7").unwrap()
}

#[test]
fn without_ipv6_the_addresses_of_ipv4_are_used() {
    let setup = "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6";
    in_network(this_test!(), setup, || {
        let both = || builder::<Rep>().tcp(Tcp::default().ipv6(true));
        let echo = Echo::with(both().bind("tcp://*:*").unwrap());
        let port = port_of(&echo.endpoint);
        assert_echo(&mut req(&format!("tcp://127.0.0.1:{port}")), b"wildcard");
        assert_echo(&mut req(&format!("tcp://localhost:{port}")), b"localhost");
        let [six, four] = [Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()];
        let addresses = [six, four].map(|ip| SocketAddr::new(ip, port)).to_vec();
        assert_served(&mut named(addresses));
        let local = Echo::on("tcp://localhost:*");
        assert!(local.endpoint.starts_with("tcp://127.0.0.1:"), "{}", local.endpoint);
        assert!(builder::<Rep>().bind("tcp://[::1]:*").is_err());
        let mut waiting = req(&format!("tcp://[::1]:{port}"));
        event_where!(waiting, |event| {
            matches!(event.kind, EventKind::Closed(CloseReason::Io(_))).then_some(())
        });
    });
}

#[test]
fn without_ipv4_the_addresses_of_ipv6_are_used() {
    in_network(this_test!(), "ip -4 addr flush dev lo", || {
        let echo = Echo::on("tcp://localhost:*");
        assert!(echo.endpoint.starts_with("tcp://[::1]:"), "{}", echo.endpoint);
        let port = port_of(&echo.endpoint);
        assert_echo(&mut req(&format!("tcp://localhost:{port}")), b"localhost");
        // This address belongs to no interface.
        let four = SocketAddr::from(([192, 0, 2, 1], port));
        assert_served(&mut named(vec![four, SocketAddr::from((Ipv6Addr::LOCALHOST, port))]));
        let both = builder::<Rep>().tcp(Tcp::default().ipv6(true));
        let echo = Echo::with(both.bind("tcp://lo:*").unwrap());
        assert!(echo.endpoint.starts_with("tcp://[::1]:"), "{}", echo.endpoint);
        assert_echo(&mut req(&echo.endpoint), b"interface");
    });
}

/// A listener whose queue is full: its system does not answer new connections.
struct BlackHole {
    address: SocketAddr,
    _listener: Socket,
    _queued: Vec<Socket>,
}

impl BlackHole {
    fn new() -> Self {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap().as_socket().unwrap();
        let mut queued = Vec::new();
        // As many as it has room for. The next one gets no answer.
        loop {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            let full = socket.connect_timeout(&address.into(), Duration::from_millis(300)).is_err();
            queued.push(socket);
            if full {
                return Self { address, _listener: listener, _queued: queued };
            }
        }
    }
}

#[test]
fn the_second_address_of_a_name_is_used_if_the_first_does_not_answer() {
    let hole = BlackHole::new();
    let echo = Echo::new();
    let good: SocketAddr = echo.endpoint.strip_prefix("tcp://").unwrap().parse().unwrap();
    let mut req = named(vec![hole.address, good]);
    assert_served(&mut req);
    let mut ready = Vec::new();
    while let Some(event) = req.next_event() {
        match event.kind {
            EventKind::Ready(_) => ready.push(event.remote),
            EventKind::Closed(reason) => {
                assert_eq!(reason, CloseReason::Io(std::io::ErrorKind::TimedOut));
            }
            _ => {}
        }
    }
    assert_eq!(ready, [Some(good)]);
    assert_eq!(req.counters().connection_attempts, 2);
}

/// The addresses of a name that has moved do not answer.
#[test]
fn a_name_reaches_its_third_address_if_two_do_not_answer() {
    let holes = [BlackHole::new(), BlackHole::new()];
    let echo = Echo::new();
    let good: SocketAddr = echo.endpoint.strip_prefix("tcp://").unwrap().parse().unwrap();
    let mut req = named(vec![holes[0].address, holes[1].address, good]);
    let asking = thread::spawn(move || {
        assert_served(&mut req);
        req.counters().connection_attempts
    });
    assert_eq!(asking.join().unwrap(), 3);
}
