//! Endpoints: binding, connecting and error texts.
#![cfg(unix)]

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::{fs, io, process};

use crate::harness::listeners::{event_where, free_endpoint, free_port};
use crate::harness::{
    Echo, LIMIT, RawPeer, assert_echo, drive_until, drive_until_still, events, ipc, rep, req,
    skipped,
};
use zmtp_mio::{CloseReason, Endpoint, Error, EventKind, Rep, Req};

/// Too long for a name of the domain name system, so the look-up fails at once.
fn no_name() -> String {
    format!("{}.invalid", "n".repeat(64))
}

pub(super) fn path_of(endpoint: &str) -> PathBuf {
    endpoint.strip_prefix("ipc://").unwrap().into()
}

pub(super) fn assert_in_use<T>(result: Result<T, Error>, endpoint: &str) {
    match result {
        Ok(_) => panic!("{endpoint} was bound twice"),
        Err(error @ Error::AddressInUse(_)) => {
            assert!(error.to_string().contains(endpoint), "{error}");
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn binding_to_a_wildcard_port_returns_the_port() {
    for (text, host) in [
        ("tcp://127.0.0.1:*", "127.0.0.1"),
        ("tcp://127.0.0.1:0", "127.0.0.1"),
        ("tcp://localhost:*", "127.0.0.1"),
        ("tcp://*:*", "0.0.0.0"),
        ("tcp://*:0", "0.0.0.0"),
    ] {
        let mut rep = crate::harness::builder::<Rep>().build().unwrap();
        let bound = rep.bind(text).unwrap().to_string();
        let port = bound.strip_prefix(&format!("tcp://{host}:")).unwrap().parse::<u16>().unwrap();
        assert_ne!(port, 0);
        assert_eq!(
            rep.endpoints().map(|endpoint| endpoint.to_string()).collect::<Vec<_>>(),
            [bound]
        );
        let _echo = Echo::with(rep);
        assert_echo(&mut req(&format!("tcp://localhost:{port}")), b"found");
    }
}

#[test]
fn a_wildcard_host_listens_on_all_addresses() {
    let port = free_port();
    let _echo = Echo::on(&format!("tcp://*:{port}"));
    for host in ["127.0.0.1", "127.0.0.2", "localhost"] {
        assert_echo(&mut req(&format!("tcp://{host}:{port}")), host.as_bytes());
    }
}

#[test]
fn sockets_bind_and_connect_to_ipv6_addresses() {
    if let Err(error) = TcpListener::bind("[::1]:0") {
        return skipped(format!("no IPv6 on this machine: {error}"));
    }
    let echo = Echo::on("tcp://[::1]:*");
    assert!(echo.endpoint.starts_with("tcp://[::1]:"), "{}", echo.endpoint);
    assert_echo(&mut req(&echo.endpoint), b"six");
    // Nothing listens on the IPv4 address, so the other one is tried.
    let port = echo.endpoint.rsplit_once(':').unwrap().1;
    assert_echo(&mut req(&format!("tcp://localhost:{port}")), b"six by name");
}

#[test]
fn a_custom_resolver_looks_names_up() {
    let echo = Echo::new();
    let port: u16 = echo.endpoint.rsplit_once(':').unwrap().1.parse().unwrap();
    let resolver = move |name: &str, asked: u16| match (name, asked) {
        ("server.example", 7) => Ok(vec![SocketAddr::from((Ipv4Addr::LOCALHOST, port))]),
        other => Err(io::Error::other(format!("{other:?}"))),
    };
    let builder = crate::harness::builder::<Req>().resolver(Arc::new(resolver));
    assert_echo(&mut builder.connect("tcp://server.example:7").unwrap(), b"by name");
}

#[test]
fn a_name_without_address_is_looked_up_again_and_again() {
    let mut req = req(&format!("tcp://{}:5555", no_name()));
    let mut waits = Vec::new();
    for _ in 0..3 {
        event_where!(req, |event| {
            (event.kind == EventKind::Closed(CloseReason::NoAddress)).then_some(())
        });
        waits.push(event_where!(req, |event| match event.kind {
            EventKind::Retrying(wait) => Some(wait),
            _ => None,
        }));
    }
    assert!(waits.is_sorted(), "{waits:?}");
    assert_eq!(req.counters().connection_attempts, 0, "there was no address");
}

#[test]
fn the_system_looks_names_up_by_default() {
    let echo = Echo::new();
    let port = echo.endpoint.rsplit_once(':').unwrap().1;
    // This crate takes it for a name, and the system resolves it without a name server.
    assert_echo(&mut req(&format!("tcp://0x7f000001:{port}")), b"hexadecimal");
}

/// The answer belongs to the endpoint that asked, not to a later one in the same slot.
#[test]
fn a_late_look_up_does_not_answer_for_another_endpoint() {
    let echo = Echo::new();
    let port = echo.endpoint.rsplit_once(':').unwrap().1;
    let (disconnected, connected) =
        (format!("tcp://{}:{port}", no_name()), format!("tcp://0x7f000001:{port}"));
    for _ in 0..50 {
        let mut req = req(&disconnected);
        req.disconnect(&disconnected).unwrap();
        req.step().unwrap();
        req.connect(&connected).unwrap();
        drive_until!(req, req.counters().handshakes == 1);
        for event in std::iter::from_fn(|| req.next_event()) {
            let failed = event.kind == EventKind::Closed(CloseReason::NoAddress);
            assert!(!failed, "{} got the answer for another name", event.endpoint);
        }
    }
}

#[test]
fn binding_to_an_endpoint_with_a_listener_fails() {
    for endpoint in [free_endpoint(), ipc(), format!("ipc://@zmtp-in-use-{}", process::id())] {
        let echo = Echo::on(&endpoint);
        let mut other = crate::harness::builder::<Rep>().build().unwrap();
        assert_in_use(other.bind(&endpoint), &endpoint);
        assert_in_use(other.bind(&endpoint), &endpoint);
        assert_echo(&mut req(&endpoint), b"still there");
        drop(echo);
        other.bind(&endpoint).unwrap();
    }
}

/// Clients connect to the first address of `localhost` first: a server on another one would get no
/// connection, and no error.
#[test]
fn localhost_is_in_use_if_its_first_address_is() {
    let port = free_port();
    let _first = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let endpoint = format!("tcp://localhost:{port}");
    assert_in_use(crate::harness::builder::<Rep>().bind(&endpoint), &endpoint);
}

#[test]
fn the_error_quotes_text_that_is_no_endpoint() {
    let mut req = crate::harness::builder::<Req>().build().unwrap();
    let long = format!("ipc:///{}", "x".repeat(107));
    for text in [
        "",
        "tcp",
        "tcp:/127.0.0.1:1",
        "udp://127.0.0.1",
        "pgm://127.0.0.1:1",
        "TCP://127.0.0.1:1",
        "tcp://",
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:",
        "tcp://127.0.0.1:65536",
        "tcp://127.0.0.1:+1",
        "tcp://127.0.0.1:1 ",
        "tcp://:1",
        "tcp://::1:1",
        "tcp://[::1:1",
        "tcp://[127.0.0.1]:1",
        "tcp://1.2.3.999:1",
        "tcp://a b:1",
        "tcp://a/b:1",
        "ipc://",
        "ipc://@",
        "ipc://a\0b",
        &long,
    ] {
        let results =
            [req.bind(text).map(drop), req.connect(text), req.unbind(text), req.disconnect(text)];
        for result in results {
            let Err(Error::Endpoint(error)) = result else { panic!("{text:?}: {result:?}") };
            assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
        }
    }
}

#[test]
fn the_error_quotes_an_endpoint_that_can_only_be_bound() {
    let mut req = crate::harness::builder::<Req>().build().unwrap();
    for text in ["tcp://*:5555", "tcp://*:*", "tcp://127.0.0.1:0", "tcp://127.0.0.1:*", "ipc://*"] {
        let Err(Error::Endpoint(error)) = req.connect(text) else { panic!("{text} was taken") };
        // `*` as a port is 0.
        let shown = text.parse::<Endpoint>().unwrap().to_string();
        assert!(error.to_string().contains(&format!("{shown:?}")), "{text}: {error}");
    }
    assert!(matches!(req.try_send("no peer").unwrap_err().error, Error::WouldBlock));
}

#[test]
fn unbinding_stops_listening_and_keeps_accepted_connections() {
    for endpoint in crate::harness::transports() {
        let (mut rep, other) = rep();
        let endpoint = rep.bind(&endpoint).unwrap().to_string();
        let mut early = RawPeer::connect(&endpoint);
        early.send(&wire::burst("REQ", &[]));
        drive_until!(rep, rep.counters().handshakes == 1);
        rep.unbind(&endpoint).unwrap();
        assert_eq!(
            rep.endpoints().map(|endpoint| endpoint.to_string()).collect::<Vec<_>>(),
            [other]
        );
        assert!(match endpoint.strip_prefix("tcp://") {
            Some(address) => TcpStream::connect(address).is_err(),
            None => UnixStream::connect(path_of(&endpoint)).is_err(),
        });
        assert!(
            matches!(rep.unbind(&endpoint), Err(Error::UnknownEndpoint(text)) if text.to_string() == endpoint)
        );
        early.send(&wire::delimited(b"early"));
        let request = rep.recv_timeout(LIMIT).unwrap().unwrap();
        rep.send(request).unwrap();
        early.read_exact(64);
        assert_eq!(early.read_message(), [&b""[..], b"early"]);
    }
}

#[test]
fn disconnecting_closes_the_connection_and_ends_reconnection() {
    for endpoint in [free_endpoint(), ipc()] {
        let mut req = crate::harness::builder::<Req>().build().unwrap();
        assert!(
            matches!(req.disconnect(&endpoint), Err(Error::UnknownEndpoint(text)) if text.to_string() == endpoint)
        );
        let mut rep = crate::harness::builder::<Rep>().bind(&endpoint).unwrap();
        req.connect(&endpoint).unwrap();
        drive_until!(req, rep.step().is_ok() && req.counters().handshakes == 1);
        req.disconnect(&endpoint).unwrap();
        assert!(matches!(req.disconnect(&endpoint), Err(Error::UnknownEndpoint(_))));
        drive_until!(rep, rep.counters().disconnects == 1);
        drive_until_still!(req);
        assert_eq!(req.counters().connection_attempts, 1);
        assert!(matches!(req.try_send("no peer").unwrap_err().error, Error::WouldBlock));
        let closed = EventKind::Closed(CloseReason::ByUs);
        assert_eq!(events!(req).last(), Some(&closed), "nothing is retried");
    }
}

#[test]
fn disconnecting_drops_a_queued_request_and_reports_its_loss() {
    let endpoint = free_endpoint();
    let mut req = req(&endpoint);
    req.send("never").unwrap();
    req.disconnect(&endpoint).unwrap();
    assert_eq!(req.counters().dropped.cancelled, 1);
    assert!(matches!(req.recv_timeout(LIMIT), Err(Error::PeerLost)));
    let echo = Echo::new();
    req.connect(&echo.endpoint).unwrap();
    assert_echo(&mut req, b"elsewhere");
}

/// Otherwise a program that the application starts would keep its ports and connections open.
#[test]
fn started_programs_inherit_no_descriptor() {
    let (mut rep, tcp) = rep();
    let local = rep.bind(ipc()).unwrap().to_string();
    let mut clients = [req(&tcp), req(&local)];
    let _handles = (rep.handle().unwrap(), clients[0].handle().unwrap());
    for client in &mut clients {
        let before = rep.counters().handshakes;
        drive_until!(client, rep.step().is_ok() && client.counters().handshakes == 1);
        drive_until!(rep, rep.counters().handshakes == before + 1);
    }
    let ours = fs::read_dir("/proc/self/fd").unwrap().filter_map(|entry| {
        let link = fs::read_link(entry.ok()?.path()).ok()?;
        link.to_str().map(str::to_owned)
    });
    assert!(ours.filter(|link| link.starts_with("socket:")).count() >= 6, "there is what to leave");
    let output = process::Command::new("sh")
        .args(["-c", "ls -l /proc/self/fd"])
        .stdin(process::Stdio::null())
        .output()
        .unwrap();
    let listing = String::from_utf8(output.stdout).unwrap();
    assert!(listing.contains("pipe:"), "its own output is a pipe: {listing}");
    for kind in ["socket:", "eventpoll", "eventfd"] {
        assert!(!listing.contains(kind), "{listing}");
    }
}

/// A request over each endpoint.
pub(super) fn assert_echo_in_turn(rep: &mut Rep, endpoints: &[String]) {
    for endpoint in endpoints {
        let endpoint = endpoint.clone();
        let asking = std::thread::spawn(move || assert_echo(&mut req(&endpoint), b"question"));
        let request = rep.recv_timeout(LIMIT).unwrap().unwrap();
        rep.send(request).unwrap();
        drive_until!(rep, asking.is_finished());
        asking.join().unwrap();
    }
}
