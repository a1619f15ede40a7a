//! The rules of PUSH and PULL (RFC 30), each in a test where `pipeline.rs` has none.

use crate::harness::{LIMIT, RawPeer, builder, drive_until, half_ready};
use zmtp_mio::{Error, Pull, Push};

fn skip_handshake(peer: &mut RawPeer) {
    peer.read_exact(64);
    assert_eq!(peer.read_frame().0, 4);
}

fn push() -> (Push, String) {
    let push = builder::<Push>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = push.endpoints().next().unwrap().to_string();
    (push, endpoint)
}

#[test]
fn peers_take_turns_in_the_order_of_connection() {
    let (mut push, endpoint) = push();
    let mut peers = Vec::new();
    for n in 1..=3 {
        peers.push(half_ready(&endpoint, "PULL"));
        drive_until!(push, push.counters().handshakes == n);
    }
    for n in 0..6_u8 {
        push.send(&[n]).unwrap();
    }
    for (at, peer) in peers.iter_mut().enumerate() {
        skip_handshake(peer);
        assert_eq!(peer.read_message(), [[at as u8]]);
        assert_eq!(peer.read_message(), [[at as u8 + 3]]);
    }
}

/// libzmq's PUSH never reads: received messages queue up to its mark, and then PINGs are not answered
/// either.
#[test]
fn pings_of_a_pull_that_sends_messages_are_answered() {
    let (mut push, endpoint) = push();
    let mut peer = half_ready(&endpoint, "PULL");
    for _ in 0..2_000 {
        peer.send(&wire::message(&[b"what?"]));
    }
    peer.send(&wire::ping(b"?"));
    drive_until!(push, push.counters().dropped.not_received == 2_000);
    skip_handshake(&mut peer);
    assert_eq!(peer.read_frame(), (4, b"\x04PONG?".to_vec()));
}

#[test]
fn an_incomplete_message_is_not_delivered() {
    let mut pull = builder::<Pull>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.endpoints().next().unwrap().to_string();
    let mut peer = half_ready(&endpoint, "PUSH");
    peer.send(&wire::message(&[b"whole"]));
    peer.send(&wire::frame(1, b"part"));
    drop(peer);
    assert_eq!(pull.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("whole"));
    drive_until!(pull, pull.counters().disconnects == 1);
    assert_eq!(pull.counters().dropped.incomplete, 1);
    assert_eq!(pull.try_recv().unwrap(), None);
}

#[test]
fn accepted_peers_stay_when_their_endpoint_is_unbound() {
    let (mut push, endpoint) = push();
    let mut peer = half_ready(&endpoint, "PULL");
    drive_until!(push, push.counters().handshakes == 1);
    push.unbind(&endpoint).unwrap();
    push.send("still").unwrap();
    skip_handshake(&mut peer);
    assert_eq!(peer.read_message(), [b"still"]);
    assert!(matches!(push.unbind(&endpoint), Err(Error::UnknownEndpoint(_))));
}

/// libzmq also queues messages for endpoints that are not reached.
#[test]
fn connected_peers_get_messages_before_endpoints_not_reached_yet() {
    let (mut push, endpoint) = push();
    let mut peer = half_ready(&endpoint, "PULL");
    drive_until!(push, push.counters().handshakes == 1);
    // A closed port.
    let (gone, nowhere) = self::push();
    drop(gone);
    push.connect(&nowhere).unwrap();
    for n in 0..4_u8 {
        push.send(&[n]).unwrap();
    }
    skip_handshake(&mut peer);
    for n in 0..4_u8 {
        assert_eq!(peer.read_message(), [[n]]);
    }
}
