//! PEER (RFC 51).

use crate::harness::threads::driven;
use crate::harness::{LIMIT, builder, eventually, transports};
use zmtp_mio::{Client, Error, Message, Peer, Server};

fn peers(place: &str) -> (Peer, Peer, u32) {
    let bound = builder::<Peer>().bind(place).unwrap();
    let other = builder::<Peer>().build().unwrap();
    let id = other.connect_peer(bound.last_endpoint().unwrap()).unwrap();
    (bound, other, id)
}

#[test]
fn the_routing_id_of_connect_peer_is_that_of_the_messages_to_and_from_the_peer() {
    for place in transports().into_iter().chain(["inproc://connect-peer".into()]) {
        let (bound, other, id) = peers(&place);
        driven(&[&bound, &other], || {
            // It is queued before the connection is made.
            other.send_to(id, "hello", LIMIT).unwrap();
            let message = bound.recv_timeout(LIMIT).unwrap().unwrap();
            bound.send(message.reply("hello yourself")).unwrap();
            let reply = other.recv_timeout(LIMIT).unwrap().unwrap();
            assert_eq!((reply.text(), reply.routing_id()), (Ok("hello yourself"), Some(id)));
        });
    }
}

#[test]
fn a_peer_keeps_its_routing_id_when_the_socket_reconnects_to_it() {
    let (bound, other, id) = peers("tcp://127.0.0.1:*");
    let endpoint = bound.last_endpoint().unwrap();
    driven(&[&bound, &other], || {
        other.send_to(id, "first", LIMIT).unwrap();
        assert!(bound.recv_timeout(LIMIT).unwrap().is_some());
    });
    drop(bound);
    driven(&[&other], || eventually("the end", || other.counters().disconnects == 1));
    let bound = builder::<Peer>().bind(&endpoint).unwrap();
    driven(&[&bound, &other], || {
        other.send_to(id, "second", LIMIT).unwrap();
        let message = bound.recv_timeout(LIMIT).unwrap().unwrap();
        assert_eq!(message.text(), Ok("second"));
        bound.send(message.reply("back")).unwrap();
        assert_eq!(other.recv_timeout(LIMIT).unwrap().unwrap().routing_id(), Some(id));
    });
}

#[test]
fn a_message_to_an_unknown_routing_id_is_refused() {
    let (_bound, other, id) = peers("inproc://unknown-peer");
    let failed =
        other.try_send(Message::from("?").with_routing_id(id.wrapping_add(1))).unwrap_err();
    assert!(matches!(failed.error, Error::Unroutable));
    assert!(matches!(other.try_send("?").unwrap_err().error, Error::Unroutable));
    other.try_send(Message::from("!").with_routing_id(id)).unwrap();
}

#[test]
fn after_a_disconnect_the_routing_id_is_unknown() {
    let (bound, other, id) = peers("tcp://127.0.0.1:*");
    other.disconnect(bound.last_endpoint().unwrap()).unwrap();
    let failed = other.send_to(id, "?", LIMIT).unwrap_err();
    assert!(matches!(failed.error, Error::Unroutable));
}

#[test]
fn a_peer_does_not_connect_to_a_client_or_server() {
    let server = builder::<Server>().bind("tcp://127.0.0.1:*").unwrap();
    let client = builder::<Client>().bind("tcp://127.0.0.1:*").unwrap();
    let peer = builder::<Peer>().build().unwrap();
    for endpoint in [server.last_endpoint(), client.last_endpoint()] {
        peer.connect(endpoint.unwrap()).unwrap();
    }
    driven(&[&server, &client, &peer], || {
        eventually("both refusals", || {
            server.counters().refused > 0 && client.counters().refused > 0
        });
        assert_eq!(peer.peers().len(), 0);
    });
}
