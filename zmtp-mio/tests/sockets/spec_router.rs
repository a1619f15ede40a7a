//! The rules of ROUTER (RFC 28 § The ROUTER Socket Type), each in a test where `router_dealer.rs`
//! has none.

use std::time::Duration;

use crate::harness::{
    LIMIT, RawPeer, builder, closes, drive_until, drive_until_still, events, half_ready,
};
use zmtp_core::wire::RoutingId;
use zmtp_mio::{CloseReason, Error, Message, Router};

fn router() -> (Router, String) {
    let router = builder::<Router>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = router.endpoints().next().unwrap().to_string();
    (router, endpoint)
}

/// A raw DEALER with this routing id.
fn called(endpoint: &str, id: &[u8]) -> RawPeer {
    let mut peer = RawPeer::connect(endpoint);
    peer.send(&wire::greeting("NULL"));
    let properties =
        [wire::property("Socket-Type", b"DEALER"), wire::property("Identity", id)].concat();
    peer.send(&wire::command("READY", &properties));
    peer
}

fn skip_handshake(peer: &mut RawPeer) {
    peer.read_exact(64);
    assert_eq!(peer.read_frame().0, 4);
}

fn take(router: &mut Router) -> Vec<Vec<u8>> {
    router.recv_timeout(LIMIT).unwrap().unwrap().parts().map(<[u8]>::to_vec).collect()
}

#[test]
fn an_id_has_up_to_255_bytes_of_any_value() {
    for id in [&b"x"[..], &[0; 5], &[0xff; 255]] {
        let (mut router, endpoint) = router();
        let mut peer = called(&endpoint, id);
        peer.send(&wire::message(&[b"hello"]));
        assert_eq!(take(&mut router), [id, b"hello"]);
        router.send_to(id, "welcome", LIMIT).unwrap();
        skip_handshake(&mut peer);
        assert_eq!(peer.read_message(), [b"welcome"]);
    }
}

#[test]
fn only_the_first_frame_is_the_routing_id() {
    let (mut router, endpoint) = router();
    let mut peer = called(&endpoint, b"d");
    drive_until!(router, router.counters().handshakes == 1);
    router.send(Message::from_parts(["d", "", "d", ""])).unwrap();
    skip_handshake(&mut peer);
    assert_eq!(peer.read_message(), [&b""[..], b"d", b""]);
}

/// libzmq accepts such a message and drops it.
#[test]
fn an_id_without_a_message_is_an_error() {
    let (mut router, endpoint) = router();
    let _peer = called(&endpoint, b"d");
    drive_until!(router, router.counters().handshakes == 1);
    assert!(matches!(router.send("d").unwrap_err().error, Error::EmptyMessage));
}

#[test]
fn a_peer_is_not_addressable_before_its_handshake() {
    let (mut router, endpoint) = router();
    let mut peer = RawPeer::connect(&endpoint);
    peer.send(&wire::greeting("NULL"));
    drive_until_still!(router);
    router.send_to(b"d", "too early", LIMIT).unwrap();
    assert_eq!(router.counters().dropped.unroutable, 1);
    let properties =
        [wire::property("Socket-Type", b"DEALER"), wire::property("Identity", b"d")].concat();
    peer.send(&wire::command("READY", &properties));
    drive_until!(router, router.counters().handshakes == 1);
    router.send_to(b"d", "in time", LIMIT).unwrap();
    skip_handshake(&mut peer);
    assert_eq!(peer.read_message(), [b"in time"]);
}

#[test]
fn a_lost_peer_loses_its_routing_id_and_its_queued_messages() {
    let (mut router, endpoint) = router();
    let peer = called(&endpoint, b"d");
    drive_until!(router, router.counters().handshakes == 1);
    let body = vec![0; 1 << 20];
    // Sixteen fit into the queue, and some into the kernel's buffers.
    while router.counters().dropped.high_water_mark == 0 {
        router.send_to(b"d", body.as_slice(), LIMIT).unwrap();
    }
    drop(peer);
    drive_until!(router, router.counters().disconnects == 1);
    let dropped = router.counters().dropped;
    assert!(dropped.peer_gone + dropped.half_sent > 0, "{dropped:?}");
    router.send_to(b"d", "no peer", LIMIT).unwrap();
    assert_eq!(router.counters().dropped.unroutable, 1);
    // The next peer with that id gets none of them.
    let mut next = called(&endpoint, b"d");
    drive_until!(router, router.counters().handshakes == 2);
    router.send_to(b"d", "for the next", LIMIT).unwrap();
    skip_handshake(&mut next);
    assert_eq!(next.read_message(), [b"for the next"]);
}

#[test]
fn messages_of_a_lost_peer_are_delivered_with_its_routing_id() {
    let (mut router, endpoint) = router();
    let mut peer = called(&endpoint, b"d");
    peer.send(&wire::message(&[b"last words"]));
    drive_until!(router, router.counters().messages_received == 1);
    drop(peer);
    drive_until!(router, {
        router.step().unwrap();
        router.counters().disconnects == 1
    });
    assert_eq!(take(&mut router), [&b"d"[..], b"last words"]);
}

#[test]
fn messages_of_a_displaced_peer_are_delivered_after_a_handover() {
    let mut router = builder::<Router>().handover(true).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = router.endpoints().next().unwrap().to_string();
    let mut old = called(&endpoint, b"d");
    old.send(&wire::message(&[b"old"]));
    drive_until!(router, {
        router.step().unwrap();
        router.counters().messages_received == 1
    });
    let mut new = called(&endpoint, b"d");
    new.send(&wire::message(&[b"new"]));
    drive_until!(router, {
        router.step().unwrap();
        router.counters().messages_received == 2
    });
    // libzmq keeps the old connection open and ignores it.
    assert!(closes(&events!(router)).contains(&CloseReason::HandedOver));
    skip_handshake(&mut old);
    old.assert_closed();
    let mut came = [take(&mut router), take(&mut router)];
    came.sort();
    assert_eq!(came, [[b"d".to_vec(), b"new".to_vec()], [b"d".to_vec(), b"old".to_vec()]]);
    router.send_to(b"d", "for the new", LIMIT).unwrap();
    skip_handshake(&mut new);
    assert_eq!(new.read_message(), [b"for the new"]);
}

#[test]
fn a_router_is_always_writable_unless_sending_is_mandatory() {
    let (mut router, endpoint) = router();
    assert!(router.step().unwrap().writable);
    drop(router);
    let mut router = builder::<Router>().mandatory(true).bind(&endpoint).unwrap();
    assert!(!router.step().unwrap().writable);
    let peer = called(&endpoint, b"d");
    drive_until!(router, router.step().unwrap().writable);
    drop(peer);
    drive_until!(router, !router.step().unwrap().writable);
}

#[test]
fn a_routing_id_given_to_connect_takes_messages_at_once() {
    let (mut far, endpoint) = router();
    let mut router = builder::<Router>().build().unwrap();
    let name = RoutingId::new(b"them").unwrap();
    router.connect_as(&endpoint, name).unwrap();
    router.send_to(b"them", "early", LIMIT).unwrap();
    assert!(matches!(router.connect_as(&endpoint, name), Err(Error::RoutingIdInUse)));
    drive_until!(far, {
        router.step().unwrap();
        far.step().unwrap().readable
    });
    assert_eq!(take(&mut far)[1], b"early");
    assert_eq!(router.counters().dropped.unroutable, 0);
}

#[test]
fn a_reconnected_peer_keeps_its_routing_id() {
    let (mut router, endpoint) = router();
    for round in 0..3_u8 {
        let mut peer = called(&endpoint, b"d");
        peer.send(&wire::message(&[&[round]]));
        assert_eq!(take(&mut router), [&b"d"[..], &[round]]);
        router.send_to(b"d", &[round], LIMIT).unwrap();
        skip_handshake(&mut peer);
        assert_eq!(peer.read_message(), [[round]]);
        drop(peer);
        drive_until!(router, router.counters().disconnects == u64::from(round) + 1);
    }
}

#[test]
fn messages_without_a_delimiter_are_delivered() {
    let (mut router, endpoint) = router();
    let mut peer = half_ready(&endpoint, "REQ");
    peer.send(&wire::message(&[b"no delimiter"]));
    assert_eq!(take(&mut router)[1..], [b"no delimiter"]);
    assert_eq!(router.recv_timeout(Duration::from_millis(10)).unwrap(), None);
}
