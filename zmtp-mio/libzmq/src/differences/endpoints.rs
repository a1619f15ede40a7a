//! Endpoints and connections.

use std::sync::Arc;

use super::{
    CONNECT_ROUTING_ID, Context, DEALER, DONTWAIT, MAXMSGSIZE, Open, PAIR, PUB, PULL, PUSH, REQ,
    ROUTER, SUB,
};
use crate::errno::ENOCOMPATPROTO;

#[test]
fn transports_that_are_not_there_are_not_supported() {
    let context = Arc::new(Context::new());
    let pair = Open::new(&context, PAIR);
    for transport in ["tipc", "vmci", "vsock", "pgm", "epgm", "norm", "ws", "wss", "xyz"] {
        let endpoint = format!("{transport}://127.0.0.1:5555");
        assert_eq!(pair.connect(&endpoint), Err(libc::EPROTONOSUPPORT), "{endpoint}");
        let bound = pair.0.bind(&endpoint).map_err(|errno| errno.0);
        assert_eq!(bound, Err(libc::EPROTONOSUPPORT), "{endpoint}");
    }
    assert_eq!(pair.connect("udp://127.0.0.1:5555"), Err(ENOCOMPATPROTO));
}

#[test]
fn some_types_ignore_a_second_connect_to_the_same_endpoint() {
    let context = Arc::new(Context::new());
    let endpoint = "tcp://127.0.0.1:9";
    for (kind, connections) in [(DEALER, 1), (REQ, 1), (SUB, 1), (PUB, 1), (PUSH, 2), (ROUTER, 2)] {
        let socket = Open::new(&context, kind);
        for _ in 0..2 {
            socket.connect(endpoint).unwrap();
        }
        let ended = (0..3).take_while(|_| socket.0.end_endpoint(endpoint).is_ok()).count();
        assert_eq!(ended, connections, "type {kind}");
    }
}

/// libzmq ends the process.
#[test]
fn a_connect_with_a_routing_id_that_is_in_use_fails() {
    let context = Arc::new(Context::new());
    let router = Open::new(&context, ROUTER);
    for expected in [Ok(()), Err(libc::EADDRINUSE)] {
        router.set(CONNECT_ROUTING_ID, b"name").unwrap();
        assert_eq!(router.connect("tcp://127.0.0.1:9"), expected);
    }
}

/// libzmq does not connect again after an error of the protocol.
#[test]
fn an_endpoint_is_connected_again_after_a_message_that_is_too_long() {
    let context = Arc::new(Context::new());
    let (push, pull) = (Open::new(&context, PUSH), Open::new(&context, PULL));
    pull.set(MAXMSGSIZE, &100_i64.to_ne_bytes()).unwrap();
    pull.connect(&push.bind("tcp://127.0.0.1:*")).unwrap();
    push.send(&[0; 1_000], 0).unwrap();
    // What is written to the connection that ends is lost.
    while pull.0.receive(DONTWAIT).is_err() {
        let _ = push.send(b"short", DONTWAIT);
        std::thread::yield_now();
    }
}
