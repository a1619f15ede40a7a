//! Single peers of a socket: their queues, and the ends of their connections.

use std::time::Duration;

use zmtp_mio::libzmq::{self, KindOptions};
use zmtp_mio::{Error, EventKind, Message, RoutingId, SocketKind};

use super::harness::{LIMIT, eventually};
use super::{inproc, marked, plain, recv, socket};

#[test]
fn the_queue_of_a_peer_of_a_router_has_room_until_it_is_full() {
    let own = KindOptions::default();
    let mut one = marked(1, 1);
    let mut router = socket(SocketKind::Router, &one, &own);
    let endpoint = inproc("peer-room");
    router.bind(endpoint.as_str()).unwrap();
    one.routing_id = RoutingId::new(b"X").unwrap();
    let mut dealer = socket(SocketKind::Dealer, &one, &own);
    assert!(matches!(libzmq::has_room(&router, b"X"), Err(Error::Unroutable)));
    dealer.connect(endpoint.as_str()).unwrap();
    assert!(router.wait_for_peers(1, LIMIT).unwrap());
    let mut sent = 0;
    while libzmq::has_room(&router, b"X").unwrap() {
        router.send(Message::from_parts(["X", "x"])).unwrap();
        sent += 1;
    }
    for _ in 0..sent {
        assert_eq!(recv(&mut dealer), [b"x"]);
    }
    assert!(router.recv_timeout(Duration::ZERO).unwrap().is_none());
    assert!(libzmq::has_room(&router, b"X").unwrap());
    assert!(matches!(libzmq::has_room(&dealer, b"X"), Err(Error::NotSupported)));
}

#[test]
fn a_peer_that_is_disconnected_gets_what_was_sent_before_and_is_not_connected_again() {
    for endpoint in ["tcp://127.0.0.1:*".to_owned(), inproc("disconnect-peer")] {
        let (mut one, mut other) = (plain(SocketKind::Peer), plain(SocketKind::Peer));
        let endpoint = one.bind(endpoint.as_str()).unwrap();
        let id = other.connect_peer(endpoint).unwrap();
        assert!(other.wait_for_peers(1, LIMIT).unwrap());
        let mut message = Message::from("last");
        message.set_routing_id(id);
        other.send(message.clone()).unwrap();
        libzmq::disconnect_peer(&other, id).unwrap();
        assert_eq!(recv(&mut one), [b"last"]);
        let error = other.send(message).unwrap_err().error;
        assert!(matches!(error, Error::Unroutable), "{error}");
        assert!(matches!(libzmq::disconnect_peer(&other, id), Err(Error::Unroutable)));
        eventually("no peer", || {
            one.drive(Duration::from_millis(1)).unwrap();
            other.drive(Duration::from_millis(1)).unwrap();
            one.peers().len() + other.peers().len() == 0
        });
    }
    let dealer = plain(SocketKind::Dealer);
    assert!(matches!(libzmq::disconnect_peer(&dealer, 1), Err(Error::NotSupported)));
}

#[test]
fn the_queues_of_each_peer_are_reported_as_events() {
    let (own, three) = (KindOptions::default(), marked(3, 3));
    let mut push = socket(SocketKind::Push, &three, &own);
    let endpoint = push.bind("tcp://127.0.0.1:*").unwrap();
    assert_eq!(libzmq::report_queues(&push).unwrap(), 0);
    let mut pull = socket(SocketKind::Pull, &three, &own);
    pull.connect(endpoint).unwrap();
    assert!(push.wait_for_peers(1, LIMIT).unwrap());
    while push.send_timeout(vec![0; 1 << 20], LIMIT / 20).is_ok() {}
    assert_eq!(libzmq::report_queues(&push).unwrap(), 1);
    let kinds = std::iter::from_fn(|| push.next_event()).map(|event| (event.kind, event.remote));
    let queued = |(kind, remote)| match kind {
        EventKind::Queued { to_send, to_receive } => Some((to_send, to_receive, remote)),
        _ => None,
    };
    let queued: Vec<_> = kinds.filter_map(queued).collect();
    let remote = pull.peers().next().unwrap().local;
    assert_eq!(queued, [(3, 0, remote)]);
}
