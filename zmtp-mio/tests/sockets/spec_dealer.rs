//! The rules of DEALER (RFC 28 § The DEALER Socket Type), each in a test.

use std::time::Duration;

use crate::harness::{LIMIT, RawServer, builder, drive_until, drive_until_still, half_ready};
use zmtp_mio::{Dealer, Error, HighWaterMark, Message};

fn dealer() -> (Dealer, String) {
    let mut dealer = builder::<Dealer>().build().unwrap();
    let endpoint = dealer.bind("tcp://127.0.0.1:*").unwrap().to_string();
    (dealer, endpoint)
}

/// Reads the greeting and READY of our end.
fn skip_handshake(peer: &mut crate::harness::RawPeer) {
    peer.read_exact(64);
    assert_eq!(peer.read_frame().0, 4);
}

#[test]
fn whole_messages_go_to_the_peers_in_turn() {
    let (mut dealer, endpoint) = dealer();
    let mut peers = Vec::new();
    for n in 1..=3 {
        peers.push(half_ready(&endpoint, "ROUTER"));
        drive_until!(dealer, dealer.counters().handshakes == n);
    }
    for n in 0..9_u8 {
        dealer.send(Message::from_parts([&[n][..], b"", &[n]])).unwrap();
    }
    for (at, peer) in peers.iter_mut().enumerate() {
        skip_handshake(peer);
        for round in 0..3 {
            let n = [at as u8 + 3 * round];
            assert_eq!(peer.read_message(), [&n[..], b"", &n]);
        }
    }
}

#[test]
fn messages_are_received_from_the_peers_in_turn() {
    let (mut dealer, endpoint) = dealer();
    let mut peers = Vec::new();
    for (n, count) in [(1, 50), (2, 5), (3, 5)] {
        let mut peer = half_ready(&endpoint, "ROUTER");
        (0..count).for_each(|_| peer.send(&wire::message(&[&[n as u8]])));
        peers.push(peer);
        drive_until!(dealer, dealer.counters().handshakes == n);
    }
    drive_until!(dealer, {
        dealer.step().unwrap();
        dealer.counters().messages_received == 60
    });
    let mut taken = [0; 3];
    for _ in 0..15 {
        taken[usize::from(dealer.try_recv().unwrap().unwrap().bytes().unwrap()[0]) - 1] += 1;
    }
    assert_eq!(taken, [5; 3]);
}

#[test]
fn frames_are_sent_and_received_unchanged() {
    let (mut dealer, endpoint) = dealer();
    let mut peer = half_ready(&endpoint, "REP");
    drive_until!(dealer, dealer.counters().handshakes == 1);
    skip_handshake(&mut peer);
    let messages: [&[&[u8]]; 4] = [&[b""], &[b"", b""], &[b"", b"body"], &[b"a", b"", b"", b"b"]];
    for parts in messages {
        dealer.send(Message::from_parts(parts)).unwrap();
        assert_eq!(peer.read_message(), parts);
        peer.send(&wire::message(parts));
        let came = dealer.recv_timeout(LIMIT).unwrap().unwrap();
        assert_eq!(came.parts().collect::<Vec<_>>(), parts);
    }
}

#[test]
fn sending_waits_without_a_peer_and_at_the_mark() {
    let (mut dealer, endpoint) = dealer();
    assert!(matches!(dealer.try_send("no peer").unwrap_err().error, Error::WouldBlock));
    assert!(!dealer.step().unwrap().writable);
    drop(dealer);
    let mark = HighWaterMark::default().messages(5);
    // An endpoint that is not reached: messages queue up to the mark.
    let mut dealer =
        builder::<Dealer>().send_mark(mark).linger(Duration::ZERO).connect(&endpoint).unwrap();
    (0..5).for_each(|n: u8| dealer.try_send(&[n]).unwrap());
    assert!(matches!(dealer.try_send("6th").unwrap_err().error, Error::WouldBlock));
    assert!(!dealer.step().unwrap().writable);
}

#[test]
fn a_probe_goes_out_first_on_every_connection() {
    let server = RawServer::tcp();
    let mut dealer = builder::<Dealer>().probe_router(true).connect(server.endpoint()).unwrap();
    let peers = std::thread::spawn(move || {
        for _ in 0..2 {
            let mut peer = server.accept_as("ROUTER");
            assert_eq!(peer.read_message(), [b""]);
        }
    });
    drive_until!(dealer, {
        dealer.step().unwrap();
        peers.is_finished()
    });
    peers.join().unwrap();
}

#[test]
fn queued_messages_survive_a_reconnection_in_their_order() {
    let server = RawServer::tcp();
    let endpoint = server.endpoint();
    let mut dealer = builder::<Dealer>().connect(&endpoint).unwrap();
    for n in 0..10_u8 {
        dealer.send(&[n]).unwrap();
    }
    let peer = std::thread::spawn(move || {
        // The first connection ends before its handshake.
        drop(server.accept());
        let mut peer = server.accept_as("ROUTER");
        (0..10_u8).for_each(|n| assert_eq!(peer.read_message(), [[n]]));
    });
    drive_until!(dealer, {
        dealer.step().unwrap();
        peer.is_finished()
    });
    peer.join().unwrap();
    assert_eq!(dealer.counters().messages_sent, 10);
}

#[test]
fn disconnecting_drops_queued_messages_and_counts_them() {
    let mut dealer = builder::<Dealer>().build().unwrap();
    // A closed port.
    let endpoint = {
        let (other, endpoint) = self::dealer();
        drop(other);
        endpoint
    };
    dealer.connect(&endpoint).unwrap();
    dealer.send("1").unwrap();
    dealer.send("2").unwrap();
    dealer.disconnect(&endpoint).unwrap();
    assert_eq!(dealer.counters().dropped.cancelled, 2);
    assert!(matches!(dealer.try_send("3").unwrap_err().error, Error::WouldBlock));
    assert!(matches!(dealer.disconnect(&endpoint), Err(Error::UnknownEndpoint(_))));
}

/// libzmq's DEALER, REQ, SUB and PUB ignore a second connect to the same endpoint, its other types
/// do not. Here no type does.
#[test]
fn a_second_connect_to_the_same_endpoint_makes_a_second_connection() {
    let (mut far, endpoint) = dealer();
    let mut dealer = builder::<Dealer>().connect(&endpoint).unwrap();
    dealer.connect(&endpoint).unwrap();
    drive_until!(far, {
        dealer.step().unwrap();
        far.counters().handshakes == 2
    });
}

#[test]
fn messages_queued_for_an_accepted_peer_are_dropped_with_it() {
    let mark = HighWaterMark::default().messages(20);
    let mut dealer = builder::<Dealer>().send_mark(mark).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = dealer.endpoints().next().unwrap().to_string();
    let peer = half_ready(&endpoint, "ROUTER");
    drive_until!(dealer, dealer.counters().handshakes == 1);
    let body = vec![0; 1 << 20];
    while dealer.try_send(body.as_slice()).is_ok() {}
    drop(peer);
    drive_until!(dealer, dealer.counters().disconnects == 1);
    let dropped = dealer.counters().dropped;
    // One was partly sent.
    assert_eq!(dropped.peer_gone + dropped.half_sent, 16);
    drive_until_still!(dealer);
    assert!(matches!(dealer.try_send("no peer").unwrap_err().error, Error::WouldBlock));
}
