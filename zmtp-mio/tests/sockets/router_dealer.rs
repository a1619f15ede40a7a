//! DEALER and ROUTER (RFC 28).

use std::time::Duration;

use crate::harness::{LIMIT, drive_until, events, transports};
use zmtp_core::wire::RoutingId;
use zmtp_mio::{CloseReason, Dealer, Error, HighWaterMark, Message, Rep, Req, Router};

fn router(endpoint: &str) -> (Router, String) {
    let mut router = crate::harness::builder::<Router>().build().unwrap();
    let endpoint = router.bind(endpoint).unwrap().to_string();
    (router, endpoint)
}

fn id(text: &str) -> RoutingId {
    RoutingId::new(text.as_bytes()).unwrap()
}

fn parts(message: Option<Message>) -> Vec<Vec<u8>> {
    message.expect("a message").parts().map(<[u8]>::to_vec).collect()
}

#[test]
fn the_routing_id_selects_the_peer_and_names_the_sender() {
    for place in transports() {
        let (mut router, endpoint) = router(&place);
        let mut ann =
            crate::harness::builder::<Dealer>().routing_id(id("ann")).connect(&endpoint).unwrap();
        let mut bob =
            crate::harness::builder::<Dealer>().routing_id(id("bob")).connect(&endpoint).unwrap();
        ann.send("from ann").unwrap();
        bob.send(Message::from_parts(["", "from bob"])).unwrap();
        let mut came = Vec::new();
        drive_until!(router, {
            let _ = (ann.step(), bob.step());
            came.extend(router.try_recv().unwrap());
            came.len() == 2
        });
        came.sort_by_key(|message| message.part(0).unwrap_or_default().to_vec());
        assert_eq!(parts(came.first().cloned()), [&b"ann"[..], b"from ann"]);
        assert_eq!(parts(came.get(1).cloned()), [&b"bob"[..], b"", b"from bob"]);
        router.send_to(b"bob", "to bob", LIMIT).unwrap();
        router.send(Message::from_parts(["ann", "to", "ann"])).unwrap();
        assert_eq!(parts(bob.recv_timeout(LIMIT).unwrap()), [b"to bob"]);
        assert_eq!(parts(ann.recv_timeout(LIMIT).unwrap()), [&b"to"[..], b"ann"]);
    }
}

#[test]
fn peers_without_a_routing_id_get_five_bytes_that_begin_with_0() {
    let (mut router, endpoint) = router("tcp://127.0.0.1:*");
    let mut dealers: Vec<_> =
        (0..2).map(|_| crate::harness::builder::<Dealer>().connect(&endpoint).unwrap()).collect();
    let mut names = Vec::new();
    for dealer in &mut dealers {
        dealer.send("hello").unwrap();
        drive_until!(router, {
            dealer.step().unwrap();
            router.step().unwrap().readable
        });
        let message = parts(router.try_recv().unwrap());
        assert_eq!((message[0].len(), message[0][0]), (5, 0));
        names.push(message[0].clone());
    }
    assert_ne!(names[0], names[1]);
}

#[test]
fn unroutable_messages_are_dropped_and_counted_unless_sending_is_mandatory() {
    let (mut router, _) = router("tcp://127.0.0.1:*");
    router.send_to(b"unknown", "?", LIMIT).unwrap();
    assert_eq!(router.counters().dropped.unroutable, 1);

    let mut router =
        crate::harness::builder::<Router>().mandatory(true).bind("tcp://127.0.0.1:*").unwrap();
    let failed = router.send_to(b"unknown", "?", LIMIT).unwrap_err();
    assert!(matches!(failed.error, Error::Unroutable));
    assert_eq!(parts(Some(*failed.message)), [&b"unknown"[..], b"?"]);
    assert!(!router.step().unwrap().writable);
    let empty = router.send("alone").unwrap_err();
    assert!(matches!(empty.error, Error::EmptyMessage));
}

#[test]
fn messages_for_a_full_peer_are_dropped_or_wait_if_sending_is_mandatory() {
    let mark = HighWaterMark::new(1, 1);
    for mandatory in [false, true] {
        let builder = crate::harness::builder::<Router>().mandatory(mandatory).send_mark(mark);
        let mut router = builder.bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = router.endpoints().next().unwrap().to_string();
        let builder = crate::harness::builder::<Dealer>().routing_id(id("d")).receive_mark(mark);
        let mut dealer = builder.connect(&endpoint).unwrap();
        drive_until!(router, {
            dealer.step().unwrap();
            router.counters().handshakes == 1
        });
        let body = vec![0; 4 << 20];
        let mut last = Ok(());
        for _ in 0..20 {
            last = router.send_to(b"d", body.as_slice(), Duration::ZERO);
            if last.is_err() {
                break;
            }
        }
        match mandatory {
            true => {
                assert!(matches!(last.unwrap_err().error, Error::WouldBlock));
                assert!(!router.step().unwrap().writable);
            }
            false => assert!(router.counters().dropped.high_water_mark > 0),
        }
    }
}

#[test]
fn a_second_peer_with_the_same_routing_id_is_closed() {
    let (mut router, endpoint) = router("tcp://127.0.0.1:*");
    let mut first =
        crate::harness::builder::<Dealer>().routing_id(id("one")).connect(&endpoint).unwrap();
    first.send("1").unwrap();
    drive_until!(router, {
        first.step().unwrap();
        router.step().unwrap().readable
    });
    assert_eq!(parts(router.try_recv().unwrap()), [b"one".to_vec(), b"1".to_vec()]);
    let builder = crate::harness::builder::<Dealer>().routing_id(id("one")).immediate(true);
    let mut second = builder.connect(&endpoint).unwrap();
    drive_until!(router, {
        second.step().unwrap();
        crate::harness::closes(&events!(router)).contains(&CloseReason::RoutingIdInUse)
    });
    assert_eq!(router.try_recv().unwrap(), None);
    router.send_to(b"one", "still here", LIMIT).unwrap();
    assert_eq!(parts(first.recv_timeout(LIMIT).unwrap()), [b"still here"]);
    // When the first is closed, the second is accepted.
    drop(first);
    drive_until!(router, {
        let _ = second.try_send("2");
        router.step().unwrap().readable
    });
    assert_eq!(parts(router.try_recv().unwrap()), [b"one".to_vec(), b"2".to_vec()]);
}

#[test]
fn with_handover_the_new_peer_takes_the_routing_id() {
    let mut router =
        crate::harness::builder::<Router>().handover(true).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = router.endpoints().next().unwrap().to_string();
    let reconnect = zmtp_mio::Reconnect::new(LIMIT, LIMIT);
    let connect = || {
        let builder =
            crate::harness::builder::<Dealer>().routing_id(id("one")).reconnect(reconnect);
        builder.connect(&endpoint).unwrap()
    };
    let mut first = connect();
    first.send("1").unwrap();
    drive_until!(router, {
        first.step().unwrap();
        router.step().unwrap().readable
    });
    let mut second = connect();
    second.send("2").unwrap();
    drive_until!(router, {
        second.step().unwrap();
        crate::harness::closes(&events!(router)).contains(&CloseReason::HandedOver)
    });
    let mut came = Vec::new();
    drive_until!(router, {
        second.step().unwrap();
        came.extend(router.try_recv().unwrap());
        came.len() == 2
    });
    assert_eq!(parts(came.pop()), [b"one".to_vec(), b"2".to_vec()]);
    router.send_to(b"one", "new", LIMIT).unwrap();
    assert_eq!(parts(second.recv_timeout(LIMIT).unwrap()), [b"new"]);
}

#[test]
fn notifications_report_connections_and_disconnections() {
    let mut router =
        crate::harness::builder::<Router>().notify(true, true).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = router.endpoints().next().unwrap().to_string();
    let mut dealer =
        crate::harness::builder::<Dealer>().routing_id(id("ann")).connect(&endpoint).unwrap();
    dealer.send("hello").unwrap();
    for expected in [&b""[..], b"hello"] {
        drive_until!(router, {
            dealer.step().unwrap();
            router.step().unwrap().readable
        });
        assert_eq!(parts(router.try_recv().unwrap()), [b"ann", expected]);
    }
    drop(dealer);
    assert_eq!(parts(router.recv_timeout(LIMIT).unwrap()), [&b"ann"[..], b""]);
    assert_eq!(router.try_recv().unwrap(), None);
}

#[test]
fn a_probe_announces_a_router() {
    let (mut router, endpoint) = router("tcp://127.0.0.1:*");
    let mut probing =
        crate::harness::builder::<Router>().probe_router(true).routing_id(id("p")).build().unwrap();
    probing.connect_as(&endpoint, id("them")).unwrap();
    drive_until!(router, {
        probing.step().unwrap();
        router.step().unwrap().readable
    });
    assert_eq!(parts(router.try_recv().unwrap()), [&b"p"[..], b""]);
    probing.send_to(b"them", "hello", LIMIT).unwrap();
    assert_eq!(parts(router.recv_timeout(LIMIT).unwrap()), [b"p".to_vec(), b"hello".to_vec()]);
    assert!(matches!(probing.connect_as(&endpoint, id("them")), Err(Error::RoutingIdInUse)));
}

#[test]
fn requests_pass_between_req_dealer_router_and_rep() {
    // REQ → ROUTER … DEALER → REP: a broker by hand.
    let (mut router, front) = router("tcp://127.0.0.1:*");
    let mut rep = crate::harness::builder::<Rep>().bind("tcp://127.0.0.1:*").unwrap();
    let mut dealer = crate::harness::builder::<Dealer>()
        .connect(rep.endpoints().next().unwrap().to_string())
        .unwrap();
    let mut req = crate::harness::builder::<Req>().connect(&front).unwrap();
    req.send("question").unwrap();
    drive_until!(rep, {
        let _ = (req.step(), router.step(), dealer.step());
        if let Some(message) = router.try_recv().unwrap() {
            dealer.send(message).unwrap();
        }
        rep.step().unwrap().readable
    });
    assert_eq!(rep.try_recv().unwrap().unwrap().text(), Ok("question"));
    rep.send("answer").unwrap();
    router.send(dealer.recv_timeout(LIMIT).unwrap().unwrap()).unwrap();
    assert_eq!(req.recv().unwrap().text(), Ok("answer"));
}
