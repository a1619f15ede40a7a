//! Unbinding, and connections that are not made again.

use zmtp_mio::libzmq::{self, KindOptions};
use zmtp_mio::{AnySocket, Error, Reconnect, SocketKind};

use super::harness::{eventually, transports};
use super::{options, plain, recv, recv_soon, socket};

/// A message each way.
fn exchange(one: &mut AnySocket, other: &mut AnySocket) {
    one.send("a").unwrap();
    assert_eq!(recv(other), [b"a"]);
    other.send("b").unwrap();
    assert_eq!(recv(one), [b"b"]);
}

/// No message in either direction.
fn exchanges_nothing(one: &mut AnySocket, other: &mut AnySocket) {
    for _ in 0..2 {
        let _ = one.try_send("lost");
        assert_eq!(recv_soon(other), None);
        let _ = other.try_send("lost");
        assert_eq!(recv_soon(one), None);
    }
}

#[test]
fn unbinding_closes_the_connections_that_were_accepted_there() {
    for endpoint in transports() {
        let (mut push, mut pull) = (plain(SocketKind::Push), plain(SocketKind::Pull));
        let bound = push.bind(endpoint.as_str()).unwrap();
        let other = push.bind("tcp://127.0.0.1:*").unwrap();
        pull.connect(bound.clone()).unwrap();
        push.send("ABC").unwrap();
        assert_eq!(recv(&mut pull), [b"ABC"]);
        push.send("DEF").unwrap();
        push.unbind(bound).unwrap();
        assert_eq!(recv(&mut pull), [b"DEF"], "it was queued before");
        eventually("the connection is closed", || push.peers().len() == 0);
        assert!(matches!(push.try_send("ABC").unwrap_err().error, Error::WouldBlock));
        // Connections of other endpoints stay.
        pull.connect(other).unwrap();
        push.send("GHI").unwrap();
        assert_eq!(recv(&mut pull), [b"GHI"]);
    }
}

#[test]
fn a_lost_connection_is_not_made_again_without_a_reconnect_interval() {
    for endpoint in transports() {
        let mut bound = plain(SocketKind::Pair);
        let endpoint = bound.bind(endpoint.as_str()).unwrap();
        let mut once = options();
        once.reconnect = Reconnect::NEVER;
        let mut pair = socket(SocketKind::Pair, &once, &KindOptions::default());
        pair.connect(endpoint.clone()).unwrap();
        exchange(&mut bound, &mut pair);
        bound.unbind(endpoint.clone()).unwrap();
        exchanges_nothing(&mut bound, &mut pair);
        bound.bind(endpoint.clone()).unwrap();
        exchanges_nothing(&mut bound, &mut pair);
        pair.connect(endpoint).unwrap();
        exchange(&mut bound, &mut pair);
    }
}

#[test]
fn an_endpoint_that_is_not_reached_is_tried_once_without_a_reconnect_interval() {
    let mut taken = plain(SocketKind::Pair);
    let endpoint = taken.bind("tcp://127.0.0.1:*").unwrap();
    taken.unbind(endpoint.clone()).unwrap();
    let mut pair = plain(SocketKind::Pair);
    let mut once = options();
    once.reconnect = Reconnect::NEVER;
    libzmq::set_options(&pair, once, KindOptions::default()).unwrap();
    pair.connect(endpoint.clone()).unwrap();
    eventually("the attempt fails", || pair.counters().connection_attempts == 1);
    taken.bind(endpoint).unwrap();
    assert!(!taken.wait_for_peers(1, super::harness::QUIET).unwrap());
}
