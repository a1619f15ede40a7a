//! Options that change while a socket is used.

use zmtp_mio::libzmq::{self, KindOptions, Mode};
use zmtp_mio::{Error, Message, OutOfTurn, Reports, RoutingId, SocketKind};

use super::harness::LIMIT;
use super::{inproc, marked, options, plain, recv, recv_soon, set, socket};

#[test]
fn an_xpub_reports_more_after_it_is_set_to_verbose() {
    let endpoint = inproc("verbose");
    let (mut xpub, mut subs) =
        (plain(SocketKind::Xpub), [plain(SocketKind::Xsub), plain(SocketKind::Xsub)]);
    xpub.bind(endpoint.as_str()).unwrap();
    subs.iter_mut().for_each(|sub| sub.connect(endpoint.as_str()).unwrap());
    subs[0].send(b"\x01A").unwrap();
    assert_eq!(recv(&mut xpub), [b"\x01A"]);
    subs[1].send(b"\x01A").unwrap();
    assert_eq!(recv_soon(&mut xpub), None, "not the first subscription");

    let mut own = KindOptions::default();
    own.publish.reports = Reports::Subscriptions;
    set(&xpub, &own);
    subs[1].send(b"\x01A").unwrap();
    assert_eq!(recv(&mut xpub), [b"\x01A"]);
    own.publish.reports = Reports::All;
    set(&xpub, &own);
    subs[1].send(b"\x01A").unwrap();
    assert_eq!(recv(&mut xpub), [b"\x01A"]);
    set(&xpub, &KindOptions::default());
    subs[0].send(b"\x01A").unwrap();
    assert_eq!(recv_soon(&mut xpub), None);
}

#[test]
fn an_xpub_becomes_manual_and_gives_a_topic_to_the_last_peer() {
    let endpoint = inproc("manual");
    let (mut xpub, mut sub) = (plain(SocketKind::Xpub), plain(SocketKind::Xsub));
    xpub.bind(endpoint.as_str()).unwrap();
    let mut own = KindOptions::default();
    own.publish.manual = true;
    set(&xpub, &own);
    sub.connect(endpoint.as_str()).unwrap();
    sub.send(b"\x01A").unwrap();
    assert_eq!(recv(&mut xpub), [b"\x01A"]);
    assert!(libzmq::grant(&xpub, b"B").unwrap());
    assert_eq!(libzmq::topic_count(&xpub), 1);
    xpub.send("A").unwrap();
    xpub.send("B").unwrap();
    assert_eq!(recv(&mut sub), [b"B"]);
    libzmq::revoke(&xpub, b"B").unwrap();
    xpub.send("B").unwrap();
    assert_eq!(recv_soon(&mut sub), None);
}

#[test]
fn a_publisher_waits_for_room_after_no_drop_is_set() {
    let endpoint = inproc("no-drop");
    let (mut own, one) = (KindOptions::default(), marked(1, 1));
    let mut xpub = socket(SocketKind::Xpub, &one, &own);
    xpub.bind(endpoint.as_str()).unwrap();
    let mut sub = socket(SocketKind::Sub, &one, &own);
    sub.subscribe("").unwrap();
    sub.connect(endpoint.as_str()).unwrap();
    assert!(xpub.wait_for_subscribers(1, LIMIT).unwrap());
    own.publish.no_drop = true;
    libzmq::set_options(&xpub, one.clone(), own.clone()).unwrap();
    let sent = (0..10).take_while(|_| xpub.try_send("x").is_ok()).count();
    assert!((1..10).contains(&sent), "{sent}");
    assert_eq!(xpub.counters().dropped.high_water_mark, 0);
    own.publish.no_drop = false;
    libzmq::set_options(&xpub, one, own).unwrap();
    xpub.try_send("x").unwrap();
    assert_eq!(xpub.counters().dropped.high_water_mark, 1);
}

#[test]
fn a_welcome_message_is_for_later_peers() {
    let endpoint = inproc("welcome");
    let mut xpub = plain(SocketKind::Xpub);
    xpub.bind(endpoint.as_str()).unwrap();
    let connect = || {
        let mut sub = plain(SocketKind::Sub);
        sub.subscribe("W").unwrap();
        sub.connect(endpoint.as_str()).unwrap();
        sub
    };
    let mut first = connect();
    assert_eq!(recv(&mut xpub), [b"\x01W"]);
    let mut own = KindOptions::default();
    own.publish.welcome = Some(Message::from("W"));
    set(&xpub, &own);
    let mut second = connect();
    xpub.wait_for_subscribers(2, LIMIT).unwrap();
    assert_eq!(recv(&mut second), [b"W"]);
    assert_eq!(recv_soon(&mut first), None);
}

#[test]
fn both_ends_invert_matching_at_run_time() {
    let endpoint = inproc("invert");
    let (mut publisher, mut sub) = (plain(SocketKind::Pub), plain(SocketKind::Sub));
    publisher.bind(endpoint.as_str()).unwrap();
    let mut own = KindOptions::default();
    (own.publish.invert, own.subscribe.invert) = (true, true);
    set(&publisher, &own);
    set(&sub, &own);
    sub.subscribe("A").unwrap();
    sub.connect(endpoint.as_str()).unwrap();
    publisher.wait_for_subscribers(1, LIMIT).unwrap();
    publisher.send("A").unwrap();
    publisher.send("B").unwrap();
    assert_eq!(recv(&mut sub), [b"B"]);
    set(&publisher, &KindOptions::default());
    set(&sub, &KindOptions::default());
    publisher.send("B").unwrap();
    publisher.send("A").unwrap();
    assert_eq!(recv(&mut sub), [b"A"]);
}

#[test]
fn a_router_becomes_mandatory_and_probes_later_peers() {
    let endpoint = inproc("mandatory");
    let (mut router, mut dealer) = (plain(SocketKind::Router), plain(SocketKind::Dealer));
    router.bind(endpoint.as_str()).unwrap();
    router.send(["absent", "x"]).unwrap();
    let mut own = KindOptions::default();
    (own.router.mandatory, own.router.probe) = (true, true);
    set(&router, &own);
    let unroutable = router.send(["absent", "x"]).unwrap_err();
    assert!(matches!(unroutable.error, Error::Unroutable), "{unroutable}");
    dealer.connect(endpoint.as_str()).unwrap();
    assert!(router.wait_for_peers(1, LIMIT).unwrap());
    assert_eq!(recv(&mut dealer), [b""]);
}

#[test]
fn a_router_hands_over_after_that_is_set() {
    let (mut router, own) = (plain(SocketKind::Router), KindOptions::default());
    let endpoint = router.bind("tcp://127.0.0.1:*").unwrap();
    let mut named = options();
    named.routing_id = RoutingId::new(b"A").unwrap();
    let connect = || {
        let mut dealer = socket(SocketKind::Dealer, &named, &own);
        dealer.connect(endpoint.clone()).unwrap();
        dealer
    };
    let _first = connect();
    assert!(router.wait_for_peers(1, LIMIT).unwrap());
    let mut handover = KindOptions::default();
    handover.router.handover = true;
    set(&router, &handover);
    let mut second = connect();
    second.send("x").unwrap();
    assert_eq!(recv(&mut router), [b"A", b"x"]);
    router.send(["A", "y"]).unwrap();
    assert_eq!(recv(&mut second), [b"y"]);
}

#[test]
fn a_req_becomes_relaxed_and_puts_an_id_before_requests() {
    let (mut req, mut router) = (plain(SocketKind::Req), plain(SocketKind::Router));
    let endpoint = router.bind("tcp://127.0.0.1:*").unwrap();
    req.connect(endpoint).unwrap();
    req.send("1").unwrap();
    assert_eq!(recv(&mut router)[1..], [b"".to_vec(), b"1".to_vec()]);
    let refused = req.send("2").unwrap_err();
    assert!(matches!(refused.error, Error::OutOfTurn(OutOfTurn::ReplyPending)), "{refused}");
    let own =
        KindOptions { req: Mode { relaxed: true, correlate: true }, ..KindOptions::default() };
    set(&req, &own);
    req.send("2").unwrap();
    let frames = recv(&mut router);
    assert_eq!((frames[1].len(), &frames[3][..]), (4, &b"2"[..]));
}

#[test]
fn a_changed_high_water_mark_applies_to_connected_peers() {
    let endpoint = inproc("changed-mark");
    let mut push = plain(SocketKind::Push);
    push.connect(endpoint.as_str()).unwrap();
    libzmq::set_options(&push, marked(2, 1), KindOptions::default()).unwrap();
    let sent = (0..10).take_while(|_| push.try_send("x").is_ok()).count();
    assert_eq!(sent, 2);
    libzmq::set_options(&push, marked(5, 1), KindOptions::default()).unwrap();
    let sent = (0..10).take_while(|_| push.try_send("x").is_ok()).count();
    assert_eq!(sent, 3);
}

#[test]
fn options_that_no_socket_can_have_are_refused() {
    let push = plain(SocketKind::Push);
    let mut wrong = options();
    wrong.zap_domain = "x".repeat(256);
    let refused = libzmq::set_options(&push, wrong, KindOptions::default());
    assert!(matches!(refused, Err(Error::Security { .. })), "{refused:?}");
    // A PUSH has no routing id: the option has no effect.
    let mut ignored = options();
    ignored.routing_id = RoutingId::new(b"A").unwrap();
    libzmq::set_options(&push, ignored, KindOptions::default()).unwrap();
}

#[test]
fn a_router_connects_with_a_routing_id_of_its_own_choice() {
    let (mut router, mut dealer) = (plain(SocketKind::Router), plain(SocketKind::Dealer));
    let endpoint = dealer.bind("tcp://127.0.0.1:*").unwrap();
    let id = RoutingId::new(b"A").unwrap();
    libzmq::connect_as(&router, endpoint, id).unwrap();
    router.send(["A", "x"]).unwrap();
    assert_eq!(recv(&mut dealer), [b"x"]);
}

#[test]
fn a_cancellation_is_delivered_once_however_often_a_peer_has_subscribed() {
    for once in [false, true] {
        let mut own = KindOptions::default();
        own.publish.cancels_once = once;
        own.publish.reports = Reports::All;
        let mut xpub = socket(SocketKind::Xpub, &options(), &own);
        let endpoint = inproc(if once { "cancelled-once" } else { "cancelled-twice" });
        xpub.bind(endpoint.as_str()).unwrap();
        let mut xsub = plain(SocketKind::Xsub);
        xsub.connect(endpoint.as_str()).unwrap();
        for (request, times) in [("\x01x", 2), ("\0x", 2)] {
            (0..times).for_each(|_| xsub.send(request).unwrap());
        }
        for request in ["\x01x", "\x01x", "\0x"] {
            assert_eq!(recv(&mut xpub), [request.as_bytes()]);
        }
        match once {
            true => assert_eq!(recv_soon(&mut xpub), None),
            false => assert_eq!(recv(&mut xpub), [b"\0x"]),
        }
    }
}
