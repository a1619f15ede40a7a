//! Requests that wait, and messages that are dropped.

use zmtp_mio::libzmq::{KindOptions, Mode};
use zmtp_mio::{Message, SocketKind};

use super::harness::{LIMIT, eventually, ipc};
use super::{inproc, options, plain, recv, recv_soon, socket};

#[test]
fn a_request_that_is_replaced_is_sent_and_its_reply_is_dropped() {
    for endpoint in [ipc(), inproc("replaced")] {
        let mode = Mode { relaxed: true, correlate: true };
        let own = KindOptions { req: mode, ..KindOptions::default() };
        let mut req = socket(SocketKind::Req, &options(), &own);
        req.connect(endpoint.as_str()).unwrap();
        req.send("first").unwrap();
        req.send("second").unwrap();
        let mut router = plain(SocketKind::Router);
        router.bind(endpoint.as_str()).unwrap();
        for body in ["first", "second"] {
            let request = recv(&mut router);
            assert_eq!(request.last().unwrap(), body.as_bytes(), "{endpoint}");
            router.send(Message::from_parts(request)).unwrap();
        }
        assert_eq!(recv(&mut req), [b"second"], "{endpoint}");
    }
}

#[test]
fn a_req_whose_peer_is_lost_waits_for_its_reply_and_can_send_again() {
    for endpoint in ["tcp://127.0.0.1:*".to_owned(), ipc(), inproc("lost-reply")] {
        let mut rep = plain(SocketKind::Rep);
        let endpoint = rep.bind(endpoint.as_str()).unwrap().to_string();
        let mut req = plain(SocketKind::Req);
        req.connect(endpoint.as_str()).unwrap();
        req.send("1").unwrap();
        assert_eq!(recv(&mut rep), [b"1"]);
        drop(rep);
        eventually("the peer is lost", || {
            req.step().unwrap();
            req.counters().disconnects == 1
        });
        assert!(!req.step().unwrap().readable, "{endpoint}");
        for _ in 0..2 {
            assert_eq!(recv_soon(&mut req), None, "{endpoint}");
        }
        let mut rep = plain(SocketKind::Rep);
        rep.bind(endpoint.as_str()).unwrap();
        req.send("2").unwrap();
        assert_eq!(recv(&mut rep), [b"2"], "{endpoint}");
        rep.send("3").unwrap();
        assert_eq!(recv(&mut req), [b"3"], "{endpoint}");
    }
}

#[test]
fn a_request_for_an_endpoint_that_is_not_reached_stays_there() {
    let endpoint = ipc();
    let (mut req, mut other) = (plain(SocketKind::Req), plain(SocketKind::Rep));
    req.connect(endpoint.as_str()).unwrap();
    req.connect(other.bind("tcp://127.0.0.1:*").unwrap()).unwrap();
    assert!(req.wait_for_peers(1, LIMIT).unwrap());
    req.send("x").unwrap();
    assert_eq!(recv_soon(&mut other), None);
    let mut rep = plain(SocketKind::Rep);
    rep.bind(endpoint.as_str()).unwrap();
    assert_eq!(recv(&mut rep), [b"x"]);
    rep.send("y").unwrap();
    assert_eq!(recv(&mut req), [b"y"]);
}

#[test]
fn a_publisher_reads_the_subscriptions_of_the_process_before_it_sends() {
    let endpoint = inproc("reads-first");
    let mut publisher = plain(SocketKind::Pub);
    publisher.bind(endpoint.as_str()).unwrap();
    for round in 0..100 {
        let mut sub = plain(SocketKind::Sub);
        sub.connect(endpoint.as_str()).unwrap();
        sub.subscribe("").unwrap();
        publisher.send(round.to_string()).unwrap();
        let message = sub.try_recv().unwrap();
        assert_eq!(message.expect("it is there at once").text(), Ok(&*round.to_string()));
    }
}

#[test]
fn a_socket_that_disconnects_receives_no_earlier_message() {
    for endpoint in ["tcp://127.0.0.1:*".to_owned(), ipc(), inproc("disconnects")] {
        let (mut push, mut pull) = (plain(SocketKind::Push), plain(SocketKind::Pull));
        let endpoint = push.bind(endpoint.as_str()).unwrap();
        pull.connect(endpoint.clone()).unwrap();
        (0..3).for_each(|_| push.send("old").unwrap());
        assert_eq!(recv(&mut pull), [b"old"]);
        pull.disconnect(endpoint.clone()).unwrap();
        eventually("the connection is closed", || push.peers().len() == 0);
        assert_eq!(recv_soon(&mut pull), None, "{endpoint}");
        pull.connect(endpoint.clone()).unwrap();
        push.send("new").unwrap();
        assert_eq!(recv(&mut pull), [b"new"], "{endpoint}");
    }
}
