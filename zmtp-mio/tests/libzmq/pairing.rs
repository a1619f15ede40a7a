//! Peers that are refused without the rules of libzmq: they stay connected, and nothing is exchanged with them.

use zmtp_mio::libzmq::KindOptions;
use zmtp_mio::{AnySocket, RoutingId, SocketKind};

use super::harness::{LIMIT, eventually, ipc};
use super::{inproc, options, plain, recv, recv_soon, socket};

/// Endpoints to bind.
fn endpoints(name: &str) -> [String; 3] {
    ["tcp://127.0.0.1:*".to_owned(), ipc(), inproc(name)]
}

/// A socket that has connected.
fn connected(kind: SocketKind, endpoint: &str) -> AnySocket {
    let mut named = options();
    if kind == SocketKind::Dealer {
        named.routing_id = RoutingId::new(b"X").unwrap();
    }
    let mut socket = socket(kind, &named, &KindOptions::default());
    socket.connect(endpoint).unwrap();
    assert!(socket.wait_for_peers(1, LIMIT).unwrap());
    socket
}

#[test]
fn a_second_peer_with_the_same_routing_id_stays_connected_and_is_ignored() {
    for endpoint in endpoints("same-id") {
        let mut router = plain(SocketKind::Router);
        let endpoint = router.bind(endpoint.as_str()).unwrap().to_string();
        let mut first = connected(SocketKind::Dealer, &endpoint);
        first.send("1").unwrap();
        assert_eq!(recv(&mut router), [b"X", b"1"]);
        let mut second = connected(SocketKind::Dealer, &endpoint);
        second.send("2").unwrap();
        second.send(["2", "of several parts"]).unwrap();
        assert_eq!(recv_soon(&mut router), None, "{endpoint}");
        router.send(["X", "3"]).unwrap();
        assert_eq!(recv(&mut first), [b"3"]);
        assert_eq!(recv_soon(&mut second), None, "{endpoint}");
        assert_eq!((second.peers().len(), second.counters().disconnects), (1, 0), "{endpoint}");
        assert_eq!(router.counters().refused, 0, "{endpoint}");
    }
}

#[test]
fn a_peer_that_has_lost_its_routing_id_stays_connected_and_is_ignored() {
    for endpoint in endpoints("handover") {
        let mut own = KindOptions::default();
        own.router.handover = true;
        let mut router = socket(SocketKind::Router, &options(), &own);
        let endpoint = router.bind(endpoint.as_str()).unwrap().to_string();
        let mut first = connected(SocketKind::Dealer, &endpoint);
        first.send("1").unwrap();
        assert_eq!(recv(&mut router), [b"X", b"1"]);
        first.send("is queued").unwrap();
        eventually("the message is queued", || {
            router.step().unwrap();
            router.counters().messages_received == 2
        });
        let mut second = connected(SocketKind::Dealer, &endpoint);
        second.send("2").unwrap();
        eventually("the second peer has the routing id", || {
            router.step().unwrap();
            router.counters().messages_received == 3
        });
        first.send("3").unwrap();
        let mut received = [recv(&mut router), recv(&mut router)];
        received.sort();
        assert_eq!(received, [[&b"X"[..], b"2"], [b"X", b"is queued"]], "{endpoint}");
        assert_eq!(recv_soon(&mut router), None, "{endpoint}");
        router.send(["X", "4"]).unwrap();
        assert_eq!(recv(&mut second), [b"4"]);
        assert_eq!(recv_soon(&mut first), None, "{endpoint}");
        assert_eq!((first.peers().len(), first.counters().disconnects), (1, 0), "{endpoint}");
        // Its end does not concern the other peer.
        drop(first);
        eventually("the first peer has left", || router.peers().len() == 1);
        router.send(["X", "5"]).unwrap();
        assert_eq!(recv(&mut second), [b"5"], "{endpoint}");
    }
}

#[test]
fn a_second_peer_of_a_pair_stays_connected_and_is_ignored() {
    for endpoint in endpoints("second-peer") {
        let mut bound = plain(SocketKind::Pair);
        let endpoint = bound.bind(endpoint.as_str()).unwrap().to_string();
        let mut first = connected(SocketKind::Pair, &endpoint);
        first.send("1").unwrap();
        assert_eq!(recv(&mut bound), [b"1"]);
        let mut second = connected(SocketKind::Pair, &endpoint);
        second.send("2").unwrap();
        assert_eq!(recv_soon(&mut bound), None, "{endpoint}");
        bound.send("3").unwrap();
        assert_eq!(recv(&mut first), [b"3"]);
        assert_eq!(recv_soon(&mut second), None, "{endpoint}");
        assert_eq!((second.peers().len(), second.counters().disconnects), (1, 0), "{endpoint}");
        drop(first);
        eventually("the first peer has left", || bound.peers().len() == 1);
        // Only a later peer takes its place.
        let mut third = connected(SocketKind::Pair, &endpoint);
        third.send("4").unwrap();
        assert_eq!(recv(&mut bound), [b"4"], "{endpoint}");
    }
}
