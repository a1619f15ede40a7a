//! The rules of PAIR (RFC 31), each in a test where `pair.rs` has none.

use std::time::Duration;

use crate::harness::{LIMIT, RawServer, builder, closes, drive_until, events, half_ready};
use zmtp_mio::{CloseReason, Error, HighWaterMark, Pair};

#[test]
fn a_connecting_pair_has_its_peer_before_the_connection() {
    let server = RawServer::tcp();
    let mark = HighWaterMark::default().messages(3);
    let mut pair = builder::<Pair>().send_mark(mark).connect(server.endpoint()).unwrap();
    for n in 0..3_u8 {
        pair.try_send(&[n]).unwrap();
    }
    assert!(matches!(pair.try_send("4th").unwrap_err().error, Error::WouldBlock));
    let peer = std::thread::spawn(move || {
        let mut peer = server.accept_as("PAIR");
        (0..3_u8).for_each(|n| assert_eq!(peer.read_message(), [[n]]));
    });
    drive_until!(pair, peer.is_finished());
    peer.join().unwrap();
}

/// libzmq completes the second handshake and then ignores the connection.
#[test]
fn a_second_peer_is_closed_and_the_first_is_not_affected() {
    let mut pair = builder::<Pair>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pair.endpoints().next().unwrap().to_string();
    let mut first = half_ready(&endpoint, "PAIR");
    drive_until!(pair, pair.counters().handshakes == 1);
    let mut second = half_ready(&endpoint, "PAIR");
    second.send(&wire::message(&[b"me too"]));
    drive_until!(pair, closes(&events!(pair)).contains(&CloseReason::PairTaken));
    first.send(&wire::message(&[b"still here"]));
    assert_eq!(pair.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("still here"));
    assert_eq!(pair.recv_timeout(Duration::from_millis(10)).unwrap(), None);
    pair.send("for the first").unwrap();
    first.read_exact(64);
    first.read_frame();
    assert_eq!(first.read_message(), [b"for the first"]);
}

#[test]
fn a_new_peer_replaces_a_lost_one_and_gets_none_of_its_messages() {
    let mut pair = builder::<Pair>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pair.endpoints().next().unwrap().to_string();
    let first = half_ready(&endpoint, "PAIR");
    drive_until!(pair, pair.counters().handshakes == 1);
    let body = vec![0; 1 << 20];
    while pair.try_send(body.as_slice()).is_ok() {}
    drop(first);
    drive_until!(pair, pair.counters().disconnects == 1);
    let mut second = half_ready(&endpoint, "PAIR");
    drive_until!(pair, pair.counters().handshakes == 2);
    pair.send("new").unwrap();
    second.read_exact(64);
    second.read_frame();
    assert_eq!(second.read_message(), [b"new"]);
}

#[test]
fn a_lost_server_stays_the_peer() {
    let server = RawServer::tcp();
    let mut pair = builder::<Pair>().connect(server.endpoint()).unwrap();
    pair.send("1").unwrap();
    let peers = std::thread::spawn(move || {
        assert_eq!(server.accept_as("PAIR").read_message(), [b"1"]);
        let mut again = server.accept_as("PAIR");
        assert_eq!(again.read_message(), [b"2"]);
    });
    drive_until!(pair, pair.counters().disconnects == 1);
    pair.send("2").unwrap();
    drive_until!(pair, peers.is_finished());
    peers.join().unwrap();
}
