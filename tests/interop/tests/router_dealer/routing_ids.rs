//! Routing ids: announced, assigned, handed over and unknown; probes and notifications.

use std::time::Duration;

use zmtp_core::wire::RoutingId;
use zmtp_interop::libzmq::{Context, Kind, option};
use zmtp_mio::{CloseReason, Dealer, Error, HighWaterMark, Message, Router};

use crate::common::any::{id, until};
use crate::common::{self, LONG, Place, body, parts};
use crate::{SHORT, called, closes, libzmq, our_router, receive};

#[test]
fn our_router_uses_the_routing_ids_of_libzmqs_dealers_up_to_255_bytes() {
    for place in Place::both() {
        let (mut router, endpoint) = our_router(&place.endpoint);
        let context = Context::new().unwrap();
        for name in [b"x".to_vec(), body(255), vec![0; 5]] {
            // READY announces any bytes, including ids that RFC 28 reserves for ROUTER.
            let dealer = called(&context, &name, &endpoint);
            dealer.send(&[b"", b"hello"]).unwrap();
            assert_eq!(receive(&mut router), [name.clone(), vec![], b"hello".to_vec()]);
            router.send_to(&name, "welcome", LONG).unwrap();
            assert_eq!(dealer.recv().unwrap(), [b"welcome"]);
        }
    }
}

#[test]
fn libzmqs_dealers_without_a_routing_id_get_five_bytes_that_begin_with_0() {
    let (mut router, endpoint) = our_router("tcp://127.0.0.1:*");
    let context = Context::new().unwrap();
    let mut names = Vec::new();
    for _ in 0..10 {
        let dealer = libzmq(&context, Kind::Dealer);
        dealer.connect(&endpoint).unwrap();
        dealer.send(&[b"hello"]).unwrap();
        let name = receive(&mut router).swap_remove(0);
        assert_eq!((name.len(), name[0]), (5, 0));
        router.send_to(&name, "welcome", LONG).unwrap();
        assert_eq!(dealer.recv().unwrap(), [b"welcome"]);
        names.push(name);
    }
    names.dedup();
    assert_eq!(names.len(), 10);
}

#[test]
fn libzmqs_router_uses_the_routing_id_of_our_dealer() {
    for place in Place::both() {
        let router = libzmq(&Context::new().unwrap(), Kind::Router);
        router.bind(&place.endpoint).unwrap();
        let endpoint = router.last_endpoint();
        let name = RoutingId::new(&body(255)[1..]).unwrap();
        let mut dealer = common::builder::<Dealer>().routing_id(name).connect(&endpoint).unwrap();
        dealer.send(Message::from_parts(["", "hello"])).unwrap();
        dealer.wait(SHORT).unwrap();
        let came = until("it to arrive", || {
            dealer.step().unwrap();
            router.readable(SHORT).unwrap().then(|| router.recv().unwrap())
        });
        assert_eq!(came, [name.bytes(), b"", b"hello"]);
        router.send(&[name.bytes(), b"welcome", b""]).unwrap();
        let came = dealer.recv_timeout(LONG).unwrap().unwrap();
        assert_eq!(parts(&came), [&b"welcome"[..], b""]);
    }
}

#[test]
fn a_second_libzmq_dealer_with_the_same_routing_id_is_refused() {
    let (mut router, endpoint) = our_router("tcp://127.0.0.1:*");
    let context = Context::new().unwrap();
    let first = called(&context, b"one", &endpoint);
    first.send(&[b"1"]).unwrap();
    assert_eq!(receive(&mut router), [b"one".to_vec(), b"1".to_vec()]);
    let second = called(&context, b"one", &endpoint);
    second.send(&[b"2"]).unwrap();
    until("the refusal", || {
        router.wait(SHORT).unwrap();
        closes(&mut router, CloseReason::RoutingIdInUse).then_some(())
    });
    assert_eq!(router.try_recv().unwrap(), None);
    router.send_to(b"one", "still you", LONG).unwrap();
    assert_eq!(first.recv().unwrap(), [b"still you"]);
    // libzmq reconnects, and is accepted when the first is gone.
    drop(first);
    until("the second", || {
        let _ = second.send(&[b"2 again"]);
        router.recv_timeout(SHORT).unwrap()
    });
    router.send_to(b"one", "now you", LONG).unwrap();
    assert_eq!(second.recv().unwrap(), [b"now you"]);
}

#[test]
fn a_routing_id_is_handed_over_to_a_second_libzmq_dealer_with_handover() {
    let mut router = common::builder::<Router>().handover(true).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = router.endpoints().next().unwrap().to_string();
    let context = Context::new().unwrap();
    let first = libzmq(&context, Kind::Dealer);
    first.set_bytes(option::ROUTING_ID, b"one").unwrap();
    // It would take the routing id back.
    first.set_i32(option::RECONNECT_IVL, -1).unwrap();
    first.connect(&endpoint).unwrap();
    first.send(&[b"1"]).unwrap();
    assert_eq!(receive(&mut router), [b"one".to_vec(), b"1".to_vec()]);
    let second = called(&context, b"one", &endpoint);
    second.send(&[b"2"]).unwrap();
    assert_eq!(receive(&mut router), [b"one".to_vec(), b"2".to_vec()]);
    until("the end of the first", || {
        router.wait(SHORT).unwrap();
        closes(&mut router, CloseReason::HandedOver).then_some(())
    });
    router.send_to(b"one", "new", LONG).unwrap();
    assert_eq!(second.recv().unwrap(), [b"new"]);
    assert!(!first.readable(SHORT).unwrap());
}

#[test]
fn a_router_with_mandatory_reports_that_libzmqs_dealer_is_unknown_or_full() {
    let mark = HighWaterMark::default().messages(10);
    let builder = common::builder::<Router>().mandatory(true).send_mark(mark);
    let mut router = builder.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = router.endpoints().next().unwrap().to_string();
    let unknown = router.send_to(b"d", "too early", Duration::ZERO).unwrap_err();
    assert!(matches!(unknown.error, Error::Unroutable));
    let dealer = libzmq(&Context::new().unwrap(), Kind::Dealer);
    dealer.set_i32(option::RCVHWM, 1).unwrap();
    dealer.set_bytes(option::ROUTING_ID, b"d").unwrap();
    dealer.connect(&endpoint).unwrap();
    let mut sent = 0_u32;
    until("the handshake", || {
        router.wait(SHORT).unwrap();
        (router.counters().handshakes == 1).then_some(())
    });
    let full = loop {
        let mut message = Message::from_parts([&b"d"[..], &sent.to_be_bytes()]);
        message.push(vec![0; 64 << 10]);
        match router.send_timeout(message, Duration::from_millis(300)) {
            Ok(()) => sent += 1,
            Err(error) => break error,
        }
        assert!(sent < 10_000, "it never waits");
    };
    assert!(matches!(full.error, Error::WouldBlock));
    assert!(!router.step().unwrap().writable);
    for number in 0..sent {
        until("it to arrive", || {
            router.step().unwrap();
            dealer.readable(Duration::from_millis(1)).unwrap().then_some(())
        });
        assert_eq!(dealer.recv().unwrap()[0], number.to_be_bytes());
    }
    assert!(router.step().unwrap().writable);
    drop(dealer);
    until("the dealer to be unknown", || {
        match router.send_to(b"d", "too late", SHORT).map_err(|error| error.error) {
            Err(Error::Unroutable) => Some(()),
            _ => None,
        }
    });
}

#[test]
fn probes_announce_routers_to_each_other() {
    let (mut router, endpoint) = our_router("tcp://127.0.0.1:*");
    let context = Context::new().unwrap();
    for kind in [Kind::Dealer, Kind::Router] {
        let probing = libzmq(&context, kind);
        probing.set_i32(option::PROBE_ROUTER, 1).unwrap();
        probing.set_bytes(option::ROUTING_ID, format!("{kind:?}").as_bytes()).unwrap();
        probing.connect(&endpoint).unwrap();
        // A ROUTER sends its probe during a call of its application.
        let came = until("the probe", || {
            let _ = probing.writable(Duration::ZERO).unwrap();
            router.recv_timeout(SHORT).unwrap()
        });
        assert_eq!(parts(&came), [format!("{kind:?}").into_bytes(), vec![]]);
    }

    let theirs = libzmq(&context, Kind::Router);
    theirs.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = theirs.last_endpoint();
    let mut dealer =
        common::builder::<Dealer>().probe_router(true).routing_id(id("d")).build().unwrap();
    dealer.connect(&endpoint).unwrap();
    let mut router =
        common::builder::<Router>().probe_router(true).routing_id(id("r")).build().unwrap();
    router.connect(&endpoint).unwrap();
    let mut came: Vec<_> = (0..2)
        .map(|_| {
            until("a probe", || {
                dealer.step().unwrap();
                router.step().unwrap();
                theirs.readable(Duration::from_millis(1)).unwrap().then(|| theirs.recv().unwrap())
            })
        })
        .collect();
    came.sort();
    assert_eq!(came, [[b"d".to_vec(), vec![]], [b"r".to_vec(), vec![]]]);
}

#[test]
fn our_router_reports_when_libzmqs_dealers_connect_and_disconnect() {
    let mut router =
        common::builder::<Router>().notify(true, true).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = router.endpoints().next().unwrap().to_string();
    let context = Context::new().unwrap();
    for name in [&b"ann"[..], b"bob"] {
        let dealer = called(&context, name, &endpoint);
        assert_eq!(receive(&mut router), [name, b""]);
        dealer.send(&[b"hello"]).unwrap();
        assert_eq!(receive(&mut router), [name, b"hello"]);
        drop(dealer);
        assert_eq!(receive(&mut router), [name, b""]);
    }
}
