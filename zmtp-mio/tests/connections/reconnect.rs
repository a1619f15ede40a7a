//! Reconnection: spaced attempts without end, whatever ended the last connection. Listeners that
//! attack the client are in `hostile/listeners.rs`.
#![cfg(unix)]

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::listeners::{
    BadServer, ask_in_vain, assert_growing, assert_served, free_endpoint, free_port, read_up_to,
    waits,
};
use crate::harness::simulated::{simulated, simulated_time, turns_until};
use crate::harness::{Echo, LIMIT, RawPeer, RawServer, closes, drive_until, events, rep};
use socket2::{Domain, Socket, Type};
use zmtp_mio::testing::Simulation;
use zmtp_mio::{CloseReason, Dealer, EventKind, Reconnect, Req};

const ATTEMPT: Duration = Duration::from_millis(300);

/// Handshakes and reads up to the request.
fn to_the_request(peer: &mut RawPeer) -> bool {
    peer.try_send(&wire::burst("REP", &[])).is_ok() && read_up_to(peer, b"question")
}

/// There was a wait before each connection attempt but the first. The shortest is 50 ms.
fn assert_spaced(req: &Req, start: Instant) {
    let most = 1 + start.elapsed().as_millis() as u64 / 50;
    let attempts = req.counters().connection_attempts;
    assert!(attempts <= most, "{attempts} attempts in {:?}", start.elapsed());
}

/// Each request is cancelled, and its connection with it.
#[test]
fn attempts_to_reach_a_server_that_never_replies_are_spaced() {
    let bad = BadServer::new(|mut peer| {
        to_the_request(&mut peer);
        Some(peer)
    });
    let mut req = crate::harness::builder::<Req>().connect(&bad.endpoint).unwrap();
    let start = Instant::now();
    let mut ends = Vec::new();
    while ends.len() < 4 {
        assert!(start.elapsed() < 4 * LIMIT, "{ends:?}");
        assert_eq!(req.request("question", ATTEMPT).unwrap(), None);
        ends.extend(closes(&events!(req)));
    }
    assert!(ends.iter().all(|why| *why == CloseReason::RequestCancelled), "{ends:?}");
    assert_spaced(&req, start);
    let endpoint = bad.endpoint.clone();
    drop(bad);
    let _good = Echo::on(&endpoint);
    assert_served(&mut req);
}

/// The server is useful, so the waits stay short, but there is one before each attempt.
#[test]
fn attempts_to_reach_a_server_that_closes_after_each_reply_are_spaced() {
    let good = BadServer::new(|mut peer| {
        if to_the_request(&mut peer) {
            let _ = peer.try_send(&wire::delimited(b"reply"));
        }
        None
    });
    let mut req = crate::harness::builder::<Req>().connect(&good.endpoint).unwrap();
    let (start, mut replies) = (Instant::now(), 0);
    while replies < 10 {
        assert!(start.elapsed() < 4 * LIMIT, "only {replies} replies");
        replies += u32::from(matches!(req.request("question", ATTEMPT), Ok(Some(_))));
    }
    assert_spaced(&req, start);
}

#[test]
fn attempts_to_reach_a_name_with_many_dead_addresses_are_spaced() {
    let port = free_port();
    let addresses: Vec<SocketAddr> =
        (2..=60).map(|host| (Ipv4Addr::new(127, 0, 0, host), port).into()).collect();
    let mut req = crate::harness::builder::<Req>()
        .resolver(Arc::new(move |_, _| Ok(addresses.clone())))
        .connect("tcp://many.example:1")
        .unwrap();
    let (events, counters) = ask_in_vain(&mut req);
    assert!(counters.connection_attempts > 3, "{} attempts", counters.connection_attempts);
    assert!(
        counters.connection_attempts <= 1 + waits(&events).len() as u64,
        "{counters:?}: {events:?}"
    );
    let refused = CloseReason::Io(std::io::ErrorKind::ConnectionRefused);
    assert!(closes(&events).iter().all(|why| *why == refused), "{events:?}");
}

#[test]
fn a_slow_handshake_is_closed_and_the_client_reconnects() {
    let simulation = Simulation::new();
    let server = simulation.listen();
    let mut req = simulated::<Req>(&simulation)
        .handshake_timeout(ATTEMPT)
        .connect(server.endpoint().to_string())
        .unwrap();
    let mut slow = server.accept().unwrap();
    let time = simulated_time(&simulation, || {
        // Each byte of the greeting takes a tenth of the timeout, which does not begin anew.
        for byte in wire::greeting("NULL") {
            let _ = slow.write(&[byte]);
            for _ in 0..30 {
                req.step().unwrap();
                simulation.clock().advance(ATTEMPT / 300);
            }
            if req.counters().refused > 0 {
                break;
            }
        }
    });
    assert!((ATTEMPT..=ATTEMPT * 12 / 10).contains(&time), "{time:?}");
    let late = zmtp_core::Error::TimedOut(zmtp_core::Timeout::Handshake);
    assert_eq!(closes(&events!(req)), [CloseReason::Protocol(late)]);
    while slow.read_all().is_some() {}
    turns_until(&simulation, "a handshake", || {
        req.step().unwrap();
        if let Some(mut peer) = server.accept() {
            peer.write_all(&wire::burst("REP", &[])).unwrap();
            slow = peer;
        }
        req.counters().handshakes == 1
    });
    assert_eq!(req.counters().connection_attempts, 2);
}

#[test]
fn a_client_retries_a_closed_port_until_a_server_listens() {
    let endpoint = free_endpoint();
    let mut req = crate::harness::builder::<Req>().connect(&endpoint).unwrap();
    let (events, _) = ask_in_vain(&mut req);
    assert!(!events.contains(&EventKind::Connected), "{events:?}");
    assert_growing(&waits(&events));
    let _good = Echo::on(&endpoint);
    assert_served(&mut req);
}

/// A connection to a free port of this machine connects the socket to itself if the system assigns
/// that port to it, as it must here. A normal close would block the port for a minute.
#[test]
fn a_socket_connected_to_itself_does_not_block_the_port() {
    let address = format!("127.0.0.1:{}", free_port());
    let mut req =
        crate::harness::builder::<Req>().connect(format!("tcp://{address};{address}")).unwrap();
    let mut events = Vec::new();
    drive_until!(req, {
        events.extend(events!(req));
        closes(&events).len() >= 3
    });
    assert!(!events.contains(&EventKind::Connected), "{events:?}");
    let refused = CloseReason::Io(std::io::ErrorKind::ConnectionRefused);
    assert_eq!(closes(&events), [refused; 3]);
    drop(req);
    // Without SO_REUSEADDR, which our servers set.
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&address.parse::<SocketAddr>().unwrap().into()).unwrap();
    socket.listen(1).unwrap();
}

/// Writing the PONGs fails while there are PINGs to read; the socket must go on reading.
#[test]
fn a_client_reconnects_to_a_server_that_reset_after_pings() {
    let server = RawServer::tcp();
    let mut req = crate::harness::builder::<Req>().connect(server.endpoint()).unwrap();
    let serving = thread::spawn(move || (server.accept_as("REP"), server));
    drive_until!(req, req.counters().handshakes == 1);
    let (mut peer, server) = serving.join().unwrap();
    peer.send(&wire::ping(b"").repeat(5_000));
    peer.reset();
    drive_until!(req, req.counters().disconnects == 1);
    drive_until!(req, req.counters().connection_attempts == 2);
    drop(server);
}

/// The same for accepted connections: each would leak its descriptor.
#[test]
fn a_client_that_closes_after_pings_is_closed() {
    for endpoint in crate::harness::transports() {
        let (mut rep, _) = rep();
        let endpoint = rep.bind(&endpoint).unwrap().to_string();
        let mut peer = RawPeer::connect(&endpoint);
        peer.send(&[wire::burst("REQ", &[]), wire::ping(b"").repeat(5_000)].concat());
        drop(peer);
        drive_until!(rep, rep.counters().handshakes == 1);
        drive_until!(rep, rep.counters().disconnects == 1);
    }
}

#[test]
fn the_longest_wait_before_reconnecting_means_never() {
    let simulation = Simulation::new();
    let closed_port = simulation.listen().endpoint().to_string();
    let (first, longest) = (Duration::MAX, Duration::MAX);
    let mut dealer = simulated::<Dealer>(&simulation)
        .reconnect(Reconnect::new(first, longest))
        .connect(&closed_port)
        .unwrap();
    assert_eq!(dealer.recv_timeout(1_000_000 * LIMIT).unwrap(), None);
    assert_eq!(dealer.counters().connection_attempts, 1);
}

#[test]
fn the_longest_linger_means_without_limit() {
    let (mut rep, endpoint) = rep();
    let mut req =
        crate::harness::builder::<Req>().linger(Duration::MAX).connect(&endpoint).unwrap();
    let closing = thread::spawn(move || {
        req.send("last").unwrap();
        drop(req);
    });
    let request = rep.recv_timeout(LIMIT).unwrap();
    closing.join().unwrap();
    assert_eq!(request.unwrap().text(), Ok("last"));
}
