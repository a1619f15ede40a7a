//! Messages because of a peer: `ZMQ_HELLO_MSG`, `ZMQ_DISCONNECT_MSG` and `ZMQ_HICCUP_MSG`.

use std::time::Duration;

use crate::harness::listeners::free_endpoint;
use crate::harness::threads::driven;
use crate::harness::{
    LIMIT, RawPeer, RawServer, builder, closes, drive_until, events, eventually, pattern,
    transports,
};
use zmtp_core::wire::RoutingId;
use zmtp_mio::{Client, Dealer, EventKind, Message, Peer, Router, Server};

fn id(text: &str) -> RoutingId {
    RoutingId::new(text.as_bytes()).unwrap()
}

fn parts(message: &Message) -> Vec<Vec<u8>> {
    message.parts().map(<[u8]>::to_vec).collect()
}

/// An endpoint to bind for each transport.
fn everywhere(test: &str) -> Vec<String> {
    [transports().to_vec(), vec![format!("inproc://{test}")]].concat()
}

#[test]
fn a_hello_message_goes_out_first_on_every_connection() {
    let server = RawServer::tcp();
    let hello = Message::from_parts(["hello", "there"]);
    let dealer = builder::<Dealer>().hello_message(hello).probe_router(true);
    let mut dealer = dealer.connect(server.endpoint()).unwrap();
    dealer.send("queued before").unwrap();
    let peers = std::thread::spawn(move || {
        for queued in [Some("queued before"), None] {
            let mut peer = server.accept_as("ROUTER");
            assert_eq!(peer.read_message(), ["hello", "there"].map(str::as_bytes));
            assert_eq!(peer.read_message(), [b""]);
            if let Some(text) = queued {
                assert_eq!(peer.read_message(), [text.as_bytes()]);
            }
        }
    });
    drive_until!(dealer, peers.is_finished());
    peers.join().unwrap();
}

#[test]
fn a_hello_message_that_is_partly_written_is_sent_once_over_the_next_connection() {
    let server = RawServer::tcp();
    let hello = pattern(16 << 20);
    let dealer = builder::<Dealer>().hello_message(&hello);
    let mut dealer = dealer.connect(server.endpoint()).unwrap();
    dealer.send("queued before").unwrap();
    let peers = std::thread::spawn(move || {
        drop(server.accept_as("ROUTER"));
        let mut peer = server.accept_as("ROUTER");
        assert!(peer.read_message() == [hello]);
        assert_eq!(peer.read_message(), [b"queued before"]);
    });
    drive_until!(dealer, peers.is_finished());
    peers.join().unwrap();
}

#[test]
fn a_router_and_a_dealer_exchange_hello_messages() {
    for endpoint in everywhere("hellos") {
        let mut router = builder::<Router>().hello_message("from the router").build().unwrap();
        let bound = router.bind(&endpoint).unwrap();
        let mut dealer = builder::<Dealer>()
            .hello_message("from the dealer")
            .routing_id(id("d"))
            .connect(&bound)
            .unwrap();
        let mut came = None;
        drive_until!(router, {
            dealer.step().unwrap();
            came = came.take().or_else(|| dealer.try_recv().unwrap());
            came.is_some() && router.step().unwrap().readable
        });
        assert_eq!(came.unwrap().text(), Ok("from the router"));
        let hello = router.try_recv().unwrap().unwrap();
        assert_eq!(parts(&hello), [&b"d"[..], b"from the dealer"], "{endpoint}");
        assert_eq!(router.try_recv().unwrap(), None);
    }
}

/// The first ROUTER may have received it or not.
#[test]
fn a_hello_message_within_the_process_is_not_doubled_by_a_reconnection() {
    let endpoint = "inproc://hello-again";
    let first = builder::<Router>().bind(endpoint).unwrap();
    let mut dealer = builder::<Dealer>().hello_message("hello").connect(endpoint).unwrap();
    drive_until!(dealer, dealer.counters().handshakes == 1);
    drop(first);
    drive_until!(dealer, dealer.counters().disconnects == 1);
    let mut second = builder::<Router>().bind(endpoint).unwrap();
    drive_until!(second, {
        dealer.step().unwrap();
        second.step().unwrap().readable
    });
    let hello = second.try_recv().unwrap().unwrap();
    assert_eq!(hello.part(1), Some(&b"hello"[..]));
    dealer.send("next").unwrap();
    let next = second.recv_timeout(LIMIT).unwrap().unwrap();
    assert_eq!(next.part(1), Some(&b"next"[..]));
}

#[test]
fn a_router_delivers_the_disconnect_message_after_the_messages_of_the_peer() {
    for endpoint in everywhere("disconnects") {
        let mut router = builder::<Router>().disconnect_message("gone").bind(&endpoint).unwrap();
        let bound = router.last_endpoint().unwrap().clone();
        let mut dealer = builder::<Dealer>().routing_id(id("d")).connect(&bound).unwrap();
        dealer.send("last").unwrap();
        drive_until!(router, {
            dealer.step().unwrap();
            router.counters().messages_received == 1
        });
        drop(dealer);
        for expected in ["last", "gone"] {
            let message = router.recv_timeout(LIMIT).unwrap().unwrap();
            assert_eq!(parts(&message), [b"d", expected.as_bytes()], "{endpoint}");
        }
    }
}

#[test]
fn a_router_delivers_no_disconnect_message_without_a_handshake_or_for_its_own_endpoints() {
    let mut router = builder::<Router>().disconnect_message("gone").build().unwrap();
    let endpoint = router.bind("tcp://127.0.0.1:*").unwrap().to_string();
    drop(RawPeer::connect(&endpoint));
    let server = RawServer::tcp();
    router.connect(server.endpoint()).unwrap();
    let serving = std::thread::spawn(move || drop(server.accept_as("DEALER")));
    drive_until!(router, {
        let counters = router.counters();
        counters.refused == 1 && counters.disconnects == 1
    });
    serving.join().unwrap();
    assert_eq!(router.try_recv().unwrap(), None);
}

#[test]
fn a_dealer_delivers_the_hiccup_message_when_a_connection_is_lost() {
    let server = RawServer::tcp();
    let mut dealer =
        builder::<Dealer>().hiccup_message("hiccup").connect(server.endpoint()).unwrap();
    let serving = std::thread::spawn(move || {
        // This one ends before its handshake.
        drop(server.accept());
        let mut peer = server.accept_as("ROUTER");
        peer.send(&wire::message(&[b"last"]));
        drop(peer);
        server
    });
    for expected in ["last", "hiccup"] {
        assert_eq!(dealer.recv_string(LIMIT).unwrap().as_deref(), Some(expected));
    }
    let server = serving.join().unwrap();
    let endpoint = server.endpoint();
    let serving = std::thread::spawn(move || server.accept_as("ROUTER"));
    drive_until!(dealer, dealer.counters().handshakes == 2);
    // The application ends this one.
    dealer.disconnect(&endpoint).unwrap();
    serving.join().unwrap();
    assert_eq!(dealer.recv_timeout(Duration::from_millis(50)).unwrap(), None);
}

#[test]
fn a_router_reports_no_disconnection_of_an_endpoint_that_was_not_connected() {
    let mut router = builder::<Router>().notify(true, true).build().unwrap();
    router.connect_as(free_endpoint(), id("absent")).unwrap();
    let mut all: Vec<EventKind> = Vec::new();
    drive_until!(router, {
        all.extend(events!(router));
        closes(&all).len() >= 2
    });
    assert_eq!(router.try_recv().unwrap(), None);
}

#[test]
fn a_client_and_a_server_exchange_hello_messages() {
    for endpoint in everywhere("hellos-of-one-part") {
        let server = builder::<Server>().hello_message("from the server").bind(&endpoint).unwrap();
        let bound = server.last_endpoint().unwrap();
        let client = builder::<Client>().hello_message("from the client").connect(bound).unwrap();
        driven(&[&server, &client], || {
            let hello = server.recv_timeout(LIMIT).unwrap().unwrap();
            assert!(hello.routing_id().is_some(), "{endpoint}");
            assert_eq!(hello.text(), Ok("from the client"), "{endpoint}");
            let hello = client.recv_timeout(LIMIT).unwrap().unwrap();
            assert_eq!(hello.text(), Ok("from the server"), "{endpoint}");
        });
    }
}

#[test]
fn two_peers_exchange_hello_messages() {
    for endpoint in everywhere("hellos-of-peers") {
        let one = builder::<Peer>().hello_message("from one").bind(&endpoint).unwrap();
        let other = builder::<Peer>().hello_message("from the other").build().unwrap();
        let id = other.connect_peer(one.last_endpoint().unwrap()).unwrap();
        driven(&[&one, &other], || {
            let hello = one.recv_timeout(LIMIT).unwrap().unwrap();
            assert_eq!(hello.text(), Ok("from the other"), "{endpoint}");
            let hello = other.recv_timeout(LIMIT).unwrap().unwrap();
            assert_eq!((hello.routing_id(), hello.text()), (Some(id), Ok("from one")));
        });
    }
}

#[test]
fn the_disconnect_message_of_a_server_has_the_routing_id_of_the_peer_that_left() {
    for endpoint in everywhere("disconnects-of-one-part") {
        let server = builder::<Server>().disconnect_message("gone").bind(&endpoint).unwrap();
        let bound = server.last_endpoint().unwrap();
        let stays = builder::<Client>().connect(bound.clone()).unwrap();
        let leaves = builder::<Client>().connect(bound).unwrap();
        leaves.send("last").unwrap();
        driven(&[&server, &stays, &leaves], || {
            eventually("both are connected", || {
                let counters = server.counters();
                counters.messages_received == 1 && counters.handshakes == 2
            });
            leaves.close(Duration::ZERO);
            let last = server.recv_timeout(LIMIT).unwrap().unwrap();
            let gone = server.recv_timeout(LIMIT).unwrap().unwrap();
            assert_eq!((last.text(), gone.text()), (Ok("last"), Ok("gone")), "{endpoint}");
            assert!(last.routing_id().is_some());
            assert_eq!(last.routing_id(), gone.routing_id(), "{endpoint}");
        });
    }
}

#[test]
fn a_peer_delivers_the_disconnect_message_or_the_hiccup_message() {
    for endpoint in everywhere("ends-of-peers") {
        let build = || builder::<Peer>().disconnect_message("gone").hiccup_message("hiccup");
        let one = build().bind(&endpoint).unwrap();
        let (stays, leaves) = (build().build().unwrap(), build().build().unwrap());
        let id = stays.connect_peer(one.last_endpoint().unwrap()).unwrap();
        leaves.connect(one.last_endpoint().unwrap()).unwrap();
        driven(&[&one, &stays, &leaves], || {
            eventually("all are connected", || {
                one.counters().handshakes == 2
                    && stays.counters().handshakes == 1
                    && leaves.counters().handshakes == 1
            });
            leaves.close(Duration::ZERO);
            let gone = one.recv_timeout(LIMIT).unwrap().unwrap();
            assert_eq!(gone.text(), Ok("gone"), "{endpoint}");
            assert!(gone.routing_id().is_some(), "{endpoint}");
            one.close(Duration::ZERO);
            let hiccup = stays.recv_timeout(LIMIT).unwrap().unwrap();
            assert_eq!((hiccup.routing_id(), hiccup.text()), (Some(id), Ok("hiccup")));
        });
    }
}

#[test]
fn a_client_delivers_the_hiccup_message_when_a_connection_is_lost() {
    let server = RawServer::tcp();
    let client = builder::<Client>().hiccup_message("hiccup").connect(server.endpoint()).unwrap();
    let serving = std::thread::spawn(move || {
        // This one ends before its handshake.
        drop(server.accept());
        let mut peer = server.accept_as("SERVER");
        peer.send(&wire::message(&[b"last"]));
        drop(peer);
        server
    });
    for expected in ["last", "hiccup"] {
        assert_eq!(client.recv_string(LIMIT).unwrap().as_deref(), Some(expected));
    }
    drop(serving.join().unwrap());
}
