//! Listeners that misbehave towards a dialling REQ: it never dials too often, never gives up, and
//! is answered as soon as a good server is there.
#![cfg(unix)]

mod common;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use common::listeners::{
    BadServer, event_where, free_endpoint, free_port, read_up_to, refusal, waits,
};
use common::{Echo, LIMIT, RawPeer, RawServer, closes, drive_for, drive_until, events, rep, wire};
use zmtp_mio::zmtp_core::{self, PeerError};
use zmtp_mio::{Builder, CloseReason, Error, EventKind, Reconnect, Req};

const ATTEMPT: Duration = Duration::from_millis(300);
const WATCHED: Duration = Duration::from_secs(2);
/// What may be dialled in that time.
const DIALS: u64 = 25;
/// The shortest that the longest wait can be.
const LONG: Duration = Duration::from_millis(1_500);

/// Asks again and again for a while; returns what happened meanwhile.
fn ask_in_vain(req: &mut Req) -> Vec<EventKind> {
    let start = Instant::now();
    while start.elapsed() < WATCHED {
        match req.request("question", ATTEMPT) {
            Ok(None) | Err(Error::PeerLost) => {}
            other => panic!("{other:?}"),
        }
    }
    let dials = req.counters().dials;
    assert!(dials <= DIALS, "{dials} dials in {:?}", start.elapsed());
    events!(req)
}

/// The first try may meet the end of the last bad connection.
fn assert_served(mut req: Req, endpoint: &str) {
    let _good = Echo::on(endpoint);
    let end = Instant::now() + 2 * LIMIT;
    loop {
        match req.request("question", LIMIT) {
            Ok(Some(reply)) => return assert_eq!(reply.text(), Ok("question")),
            _ => assert!(Instant::now() < end, "never answered by the good server"),
        }
    }
}

/// Each wait is longer than the last until they are as long as they get.
fn assert_growing(waits: &[Duration]) {
    assert!(waits.len() >= 2, "it did not try again: {waits:?}");
    assert!(waits.windows(2).all(|two| two[0] <= two[1] || two[1] >= LONG), "{waits:?}");
}

fn survives(
    settings: Builder<Req>,
    behave: impl Fn(RawPeer) -> Option<RawPeer> + Send + 'static,
) -> Vec<EventKind> {
    let bad = BadServer::new(behave);
    let mut req = settings.connect(&bad.endpoint).unwrap();
    let events = ask_in_vain(&mut req);
    assert!(bad.accepted() > 0, "it was never met");
    let endpoint = bad.endpoint.clone();
    drop(bad);
    assert_served(req, &endpoint);
    events
}

/// Takes a connection as far as the request.
fn to_the_request(peer: &mut RawPeer) -> bool {
    peer.try_send(&wire::burst("REP", &[])).is_ok() && read_up_to(peer, b"question")
}

#[test]
fn a_listener_that_closes_at_once_is_survived() {
    assert_growing(&waits(&survives(common::builder::<Req>(), |_| None)));
}

#[test]
fn a_listener_that_says_nothing_is_survived() {
    let events = survives(common::builder::<Req>().handshake_timeout(ATTEMPT), Some);
    assert_growing(&waits(&events));
    let timed_out = zmtp_core::Error::TimedOut(zmtp_core::Timeout::Handshake);
    assert!(closes(&events).iter().all(|why| *why == CloseReason::Protocol(timed_out)));
}

#[test]
fn a_listener_that_talks_garbage_is_survived() {
    let events = survives(common::builder::<Req>(), |mut peer| {
        let _ = peer.try_send(&[0xff; 300]);
        Some(peer)
    });
    assert!(matches!(closes(&events)[..], [CloseReason::Protocol(_), ..]), "{events:?}");
}

#[test]
fn a_listener_that_talks_http_is_survived() {
    let events = survives(common::builder::<Req>(), |mut peer| {
        let _ = peer.try_send(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
        Some(peer)
    });
    assert!(matches!(closes(&events)[..], [CloseReason::Protocol(_), ..]), "{events:?}");
}

#[test]
fn a_listener_that_refuses_with_an_error_is_tried_at_the_longest_intervals() {
    let bad = BadServer::new(|mut peer| {
        let _ = peer.try_send(&[&wire::greeting()[..], &wire::error("go away")].concat());
        Some(peer)
    });
    let mut req = common::builder::<Req>().connect(&bad.endpoint).unwrap();
    let reason = event_where!(req, |event| refusal(&event));
    assert_eq!(reason, b"go away");
    let events = ask_in_vain(&mut req);
    assert!(closes(&events).contains(&CloseReason::Protocol(PeerError::Refused.into())));
    assert!(waits(&events).iter().all(|wait| *wait >= LONG), "{events:?}");
    let endpoint = bad.endpoint.clone();
    drop(bad);
    assert_served(req, &endpoint);
}

#[test]
fn a_listener_of_the_wrong_socket_type_is_tried_at_the_longest_intervals() {
    let events = survives(common::builder::<Req>(), |mut peer| {
        let _ = peer.try_send(&wire::burst("PUB", &[]));
        Some(peer)
    });
    let waits = waits(&events);
    assert!(!waits.is_empty() && waits.iter().all(|wait| *wait >= LONG), "{waits:?}");
}

#[test]
fn a_server_that_closes_after_the_handshake_is_survived() {
    let events = survives(common::builder::<Req>(), |mut peer| {
        to_the_request(&mut peer);
        None
    });
    assert_growing(&waits(&events));
}

#[test]
fn a_server_that_resets_in_the_middle_of_a_reply_is_survived() {
    let events = survives(common::builder::<Req>(), |mut peer| {
        if to_the_request(&mut peer) {
            let _ = peer.try_send(&wire::plain(&[7; 1_000])[..500]);
        }
        peer.reset();
        None
    });
    assert_growing(&waits(&events));
}

#[test]
fn a_server_that_announces_a_reply_of_2_to_the_63_octets_is_survived() {
    let events = survives(common::builder::<Req>(), |mut peer| {
        if to_the_request(&mut peer) {
            let _ = peer.try_send(&[wire::frame(1, b""), wire::long_header(0, 1 << 63)].concat());
        }
        Some(peer)
    });
    assert_growing(&waits(&events));
}

#[test]
fn a_server_that_announces_a_reply_of_2_to_the_40_octets_is_survived() {
    let events = survives(common::builder::<Req>(), |mut peer| {
        if to_the_request(&mut peer) {
            let _ = peer.try_send(&[wire::frame(1, b""), wire::long_header(0, 1 << 40)].concat());
        }
        Some(peer)
    });
    assert_growing(&waits(&events));
}

/// It is of use, so the waits stay short, but not so short that it is dialled without end.
#[test]
fn a_server_that_closes_after_each_reply_is_not_dialled_too_often() {
    let good = BadServer::new(|mut peer| {
        if to_the_request(&mut peer) {
            let _ = peer.try_send(&wire::plain(b"reply"));
        }
        None
    });
    let mut req = common::builder::<Req>().connect(&good.endpoint).unwrap();
    let (start, mut replies) = (Instant::now(), 0);
    while start.elapsed() < WATCHED {
        replies += u32::from(matches!(req.request("question", ATTEMPT), Ok(Some(_))));
    }
    assert!(replies >= 5, "only {replies} replies");
    let dials = req.counters().dials;
    assert!(dials <= DIALS, "{dials} dials in {:?}", start.elapsed());
}

#[test]
fn a_name_with_many_dead_addresses_is_not_dialled_too_often() {
    let port = free_port();
    let addresses: Vec<SocketAddr> =
        (2..=60).map(|host| (Ipv4Addr::new(127, 0, 0, host), port).into()).collect();
    let mut req = common::builder::<Req>()
        .resolver(Arc::new(move |_, _| Ok(addresses.clone())))
        .connect("tcp://many.example:1")
        .unwrap();
    ask_in_vain(&mut req);
}

#[test]
fn a_handshake_that_takes_too_long_is_closed_and_tried_again() {
    let server = RawServer::tcp();
    let mut req =
        common::builder::<Req>().handshake_timeout(ATTEMPT).connect(&server.endpoint()).unwrap();
    drive_until!(req, req.counters().dials == 1);
    let mut slow = server.accept();
    // Half of it, for waiting must not begin anew with each octet.
    slow.send(&wire::greeting());
    let start = Instant::now();
    drive_until!(req, req.counters().refused == 1);
    assert!(start.elapsed() >= ATTEMPT / 2, "too soon: {:?}", start.elapsed());
    slow.assert_closed();
    drive_until!(req, req.counters().dials == 2);
    let serving = thread::spawn(move || server.accept_as("REP"));
    drive_until!(req, req.counters().handshakes == 1);
    serving.join().unwrap();
}

#[test]
fn a_port_of_the_ephemeral_range_is_dialled_until_a_server_listens_there() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let endpoint = format!("tcp://{address}");
    let mut req = common::builder::<Req>().connect(&endpoint).unwrap();
    let events = ask_in_vain(&mut req);
    assert!(!events.contains(&EventKind::Connected), "{events:?}");
    assert_growing(&waits(&events));
    assert_served(req, &endpoint);
}

/// Dialling a free port of this machine connects the socket to itself when the system happens to
/// give it that very port. Closed in the ordinary way it would keep a server from listening there
/// for a minute. Linux gives even ports to who connects, one after the other: dialled often
/// enough, it happens within seconds.
#[cfg(target_os = "linux")]
#[test]
fn a_socket_that_connected_to_itself_does_not_keep_the_port_from_a_server() {
    let port =
        (40_000..50_000).step_by(2).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    let port = port.expect("a free port");
    let wait = Duration::from_nanos(1);
    let mut req = common::builder::<Req>()
        .reconnect(Reconnect { first: wait, longest: wait })
        .connect(&format!("tcp://127.0.0.1:{port}"))
        .unwrap();
    let address = format!("{:08X}:{port:04X}", u32::from_ne_bytes([127, 0, 0, 1]));
    let itself = format!(" {address} {address} ");
    let end = Instant::now() + 2 * WATCHED;
    while Instant::now() < end && req.counters().dials < 100_000 {
        for _ in 0..5_000 {
            req.step().unwrap();
        }
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let left = table.lines().find(|line| line.contains(&itself));
        assert!(left.is_none(), "after {} dials: {}", req.counters().dials, left.unwrap());
    }
    assert!(req.counters().dials > 100, "only {} dials", req.counters().dials);
}

/// Writing the PONGs fails while PINGs are left to read; that must not be the end of reading.
#[test]
fn a_server_that_pings_and_is_gone_is_dialled_again() {
    let server = RawServer::tcp();
    let mut req = common::builder::<Req>().connect(&server.endpoint()).unwrap();
    let serving = thread::spawn(move || (server.accept_as("REP"), server));
    drive_until!(req, req.counters().handshakes == 1);
    let (mut peer, server) = serving.join().unwrap();
    peer.send(&wire::ping(b"").repeat(5_000));
    peer.reset();
    drive_until!(req, req.counters().disconnects == 1);
    drive_until!(req, req.counters().dials == 2);
    drop(server);
}

/// The same for accepted connections: each would cost its descriptor for ever.
#[test]
fn a_client_that_pings_and_is_gone_is_let_go_of() {
    for endpoint in common::transports() {
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
fn the_longest_possible_wait_is_no_panic_and_means_never() {
    let (first, longest) = (Duration::MAX, Duration::MAX);
    let mut req = common::builder::<Req>()
        .reconnect(Reconnect { first, longest })
        .connect(&free_endpoint())
        .unwrap();
    drive_for!(req, ATTEMPT);
    assert_eq!(req.counters().dials, 1);
}

#[test]
fn the_longest_possible_linger_is_no_panic() {
    let (mut rep, endpoint) = rep();
    let mut req = common::builder::<Req>().linger(Duration::MAX).connect(&endpoint).unwrap();
    let closing = thread::spawn(move || {
        req.send("last").unwrap();
        drop(req);
    });
    let request = rep.recv_timeout(LIMIT).unwrap();
    closing.join().unwrap();
    assert_eq!(request.unwrap().text(), Ok("last"));
}
