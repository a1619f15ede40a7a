//! CURVE: every socket type, messages of all sizes, accepted and refused clients.

use std::time::Duration;

use crate::harness::{LIMIT, builder, closes, drive_until, events, transports};
use zmtp_core::wire::MechanismName;
use zmtp_core::{HandshakeError, PeerError};
use zmtp_mio::{
    AllowedKeys, Certificate, CloseReason, Dealer, Error, EventKind, Heartbeat, KeyPair, Message,
    Pair, Pub, PublicKey, Pull, Push, Rep, Req, Router, RoutingId, Sub, Xpub, Xsub,
};

fn keys() -> KeyPair {
    Certificate::generate().unwrap().keys().unwrap()
}

#[test]
fn requests_and_replies_go_through_on_every_transport() {
    for transport in transports() {
        let (server, client) = (keys(), keys());
        let key = *server.public();
        let allowed = AllowedKeys::new().allow(*client.public(), "alice");
        let mut rep =
            builder::<Rep>().curve_server(server).authenticator(allowed).bind(&*transport).unwrap();
        let endpoint = rep.last_endpoint().unwrap().to_string();
        let asking = std::thread::spawn(move || {
            let mut req = builder::<Req>().curve_client(key, client).connect(&endpoint).unwrap();
            for size in [0, 1, 222, 223, 8_000, 70_000, 1_000_000] {
                let reply = req.request(vec![7; size], LIMIT).unwrap().unwrap();
                assert_eq!(reply.part(0).unwrap().len(), size);
            }
        });
        for _ in 0..7 {
            let request = rep.recv_timeout(LIMIT).unwrap().unwrap();
            assert_eq!(request.properties().unwrap().user_id.as_deref(), Some("alice"));
            rep.send(request).unwrap();
        }
        drive_until!(rep, asking.is_finished());
        asking.join().unwrap();
    }
}

#[test]
fn both_ends_announce_the_longest_routing_id() {
    let server = keys();
    let key = *server.public();
    let id = |byte| RoutingId::new(&[byte; 255]).unwrap();
    let router = builder::<Router>().curve_server(server).routing_id(id(b's'));
    let mut router = router.bind("tcp://127.0.0.1:*").unwrap();
    let dealer = builder::<Dealer>().curve_client(key, keys()).routing_id(id(b'c'));
    let mut dealer = dealer.connect(router.last_endpoint().unwrap()).unwrap();
    let sending = std::thread::spawn(move || {
        dealer.send("hello").unwrap();
        assert_eq!(dealer.close(LIMIT).counters.dropped.total(), 0);
    });
    let message = router.recv_timeout(LIMIT).unwrap().expect("a message in time");
    assert_eq!(message.part(0), Some(&[b'c'; 255][..]));
    drive_until!(router, sending.is_finished());
    sending.join().unwrap();
}

#[test]
fn messages_of_many_parts_and_sizes_arrive_in_order() {
    let server = keys();
    let key = *server.public();
    let mut pull = builder::<Pull>().curve_server(server).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.last_endpoint().unwrap().to_string();
    let sizes = [0, 1, 30, 31, 32, 33, 95, 96, 222, 223, 255, 256, 65_536, 300_000, 3_000_000, 5];
    let sending = std::thread::spawn(move || {
        let mut push = builder::<Push>().curve_client(key, keys()).connect(&endpoint).unwrap();
        for size in sizes {
            let body: Vec<u8> = (0..size).map(|at| (at * 7 + size) as u8).collect();
            push.send(Message::from_parts([&body[..], b"", b"end"])).unwrap();
        }
    });
    for size in sizes {
        let message = pull.recv_timeout(LIMIT).unwrap().expect("a message in time");
        let same = |(at, byte): (usize, &u8)| *byte == (at * 7 + size) as u8;
        assert_eq!((message.part_count(), message.part(2)), (3, Some(&b"end"[..])));
        let body = message.part(0).unwrap();
        assert!(body.len() == size && body.iter().enumerate().all(same), "{size} bytes");
    }
    sending.join().unwrap();
}

#[test]
fn subscriptions_and_heartbeats_are_sealed_too() {
    let server = keys();
    let key = *server.public();
    let beat = Heartbeat::every(Duration::from_millis(20)).timeout(LIMIT);
    let mut publisher =
        builder::<Pub>().heartbeat(beat).curve_server(server).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = publisher.last_endpoint().unwrap().to_string();
    let mut sub =
        builder::<Sub>().heartbeat(beat).curve_client(key, keys()).connect(&endpoint).unwrap();
    sub.subscribe("a");
    let (mut got, mut count) = (None, 0);
    drive_until!(publisher, {
        publisher.send("b").unwrap();
        publisher.send("abc").unwrap();
        let message = sub.try_recv().unwrap();
        got = got.take().or(message);
        count += 1;
        got.is_some() && count > 20
    });
    assert_eq!(got.unwrap().text(), Ok("abc"));
    assert_eq!((publisher.counters().disconnects, sub.counters().disconnects), (0, 0));
}

#[test]
fn the_other_socket_types_exchange_messages() {
    let (server, client) = (keys(), keys());
    let key = *server.public();
    let endpoint_of = |endpoint: &zmtp_mio::Endpoint| endpoint.to_string();

    let mut router =
        builder::<Router>().curve_server(server.clone()).bind("tcp://127.0.0.1:*").unwrap();
    let mut dealer = builder::<Dealer>()
        .curve_client(key, client.clone())
        .connect(&*endpoint_of(router.last_endpoint().unwrap()))
        .unwrap();
    dealer.send("to the router").unwrap();
    let mut got;
    drive_until!(router, {
        dealer.step().unwrap();
        got = router.try_recv().unwrap();
        got.is_some()
    });
    let mut reply = got.unwrap();
    assert_eq!(reply.part(1), Some(&b"to the router"[..]));
    reply.push("back");
    router.send(reply).unwrap();
    let mut got;
    drive_until!(router, {
        got = dealer.try_recv().unwrap();
        got.is_some()
    });
    assert_eq!(got.unwrap().part(1), Some(&b"back"[..]));

    let mut one = builder::<Pair>().curve_server(server.clone()).bind("tcp://127.0.0.1:*").unwrap();
    let mut other = builder::<Pair>()
        .curve_client(key, client.clone())
        .connect(&*endpoint_of(one.last_endpoint().unwrap()))
        .unwrap();
    other.send("pair").unwrap();
    let mut got;
    drive_until!(one, {
        other.step().unwrap();
        got = one.try_recv().unwrap();
        got.is_some()
    });
    assert_eq!(got.unwrap().text(), Ok("pair"));

    let mut xpub = builder::<Xpub>().curve_server(server).bind("tcp://127.0.0.1:*").unwrap();
    let mut xsub = builder::<Xsub>()
        .curve_client(key, client)
        .connect(&*endpoint_of(xpub.last_endpoint().unwrap()))
        .unwrap();
    xsub.send(&b"\x01topic"[..]).unwrap();
    let mut got;
    drive_until!(xpub, {
        xsub.step().unwrap();
        got = xpub.try_recv().unwrap();
        got.is_some()
    });
    assert_eq!(got.unwrap().part(0), Some(&b"\x01topic"[..]));
}

#[test]
fn clients_without_an_allowed_key_and_with_a_wrong_server_key_are_refused() {
    let (server, known) = (keys(), keys());
    let key = *server.public();
    let allowed = AllowedKeys::new().allow(*known.public(), "known");
    let mut pull = builder::<Pull>()
        .curve_server(server)
        .authenticator(allowed)
        .bind("tcp://127.0.0.1:*")
        .unwrap();
    let endpoint = pull.last_endpoint().unwrap().to_string();
    let denied = PeerError::Denied;
    let forged = PeerError::Handshake(HandshakeError::Forged);
    for (server, own, error) in [(key, keys(), denied), (*keys().public(), known, forged)] {
        let mut push = builder::<Push>().curve_client(server, own).connect(&endpoint).unwrap();
        let before = pull.counters().refused;
        drive_until!(pull, {
            push.step().unwrap();
            pull.counters().refused > before
        });
        let closed = closes(&events!(pull));
        assert!(closed.contains(&CloseReason::Protocol(error.into())), "{closed:?}");
        drop(push);
    }
    assert_eq!(pull.counters().handshakes, 0);
}

#[test]
fn a_server_key_of_low_order_is_an_error() {
    let error =
        builder::<Push>().curve_client(PublicKey::new([0; 32]), keys()).build().unwrap_err();
    assert!(matches!(error, Error::Security { .. }));
    assert!(error.to_string().contains("low order"), "{error}");
}

#[test]
fn neither_end_accepts_null() {
    let server = keys();
    let key = *server.public();
    let mut secured = builder::<Pull>().curve_server(server).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = secured.last_endpoint().unwrap().to_string();
    let mut push = builder::<Push>().connect(&endpoint).unwrap();
    drive_until!(secured, {
        push.step().unwrap();
        secured.counters().refused > 0
    });
    let (ours, peer) = (MechanismName::CURVE, MechanismName::NULL);
    let mismatch = CloseReason::Protocol(PeerError::MechanismMismatch { ours, peer }.into());
    assert!(closes(&events!(secured)).contains(&mismatch));

    let mut null = builder::<Pull>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = null.last_endpoint().unwrap().to_string();
    let mut push = builder::<Push>().curve_client(key, keys()).connect(&endpoint).unwrap();
    drive_until!(null, {
        push.step().unwrap();
        push.counters().refused > 0 && null.counters().refused > 0
    });
    let ready = events!(push).into_iter().any(|kind| matches!(kind, EventKind::Ready(_)));
    assert!(!ready);
    let (ours, peer) = (MechanismName::NULL, MechanismName::CURVE);
    let mismatch = CloseReason::Protocol(PeerError::MechanismMismatch { ours, peer }.into());
    assert!(closes(&events!(null)).contains(&mismatch));
}
