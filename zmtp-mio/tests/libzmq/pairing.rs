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
