//! Messages over `inproc://`: order, marks, bursts, and what a receiver leaves.

use std::thread;

use crate::harness::{LIMIT, builder, drive_until};
use crate::inproc::name;
use zmtp_core::wire::RoutingId;
use zmtp_mio::{
    Dealer, HighWaterMark, Message, Pub, Pull, Push, Rep, Req, Router, Sub, Xpub, Xsub,
};

#[test]
fn a_fast_sender_waits_for_a_slow_receiver_and_keeps_the_order() {
    let name = name();
    let mark = HighWaterMark::new(10, 1 << 20);
    let mut pull = builder::<Pull>().receive_mark(mark).bind(&name).unwrap();
    let mut push = builder::<Push>().send_mark(mark).connect(&name).unwrap();
    let mut sent = 0_u32;
    while push.try_send(&sent.to_be_bytes()).is_ok() {
        sent += 1;
        assert!(sent < 10_000, "no end");
    }
    let pusher = thread::spawn(move || {
        for n in sent..50_000 {
            push.send_timeout(&n.to_be_bytes(), LIMIT).unwrap();
        }
    });
    for n in 0..50_000_u32 {
        assert_eq!(pull.recv_timeout(LIMIT).unwrap().unwrap().bytes().unwrap(), n.to_be_bytes());
    }
    pusher.join().unwrap();
    assert_eq!(pull.try_recv().unwrap(), None);
}

#[test]
fn the_messages_between_two_sockets_are_bounded_by_both_marks() {
    let marks = |messages, bytes| HighWaterMark::new(messages, bytes);
    let large = 1 << 30;
    let cases = [
        (marks(1, large), marks(1, large), 1, 2),
        (marks(10, large), marks(3, large), 1, 13),
        (marks(300, large), marks(20, large), 1, 320),
        (marks(3_000, large), marks(2_000, large), 1, 5_000),
        (marks(100, 4 << 10), marks(100, 2 << 10), 1 << 10, 6),
        (marks(100, 3 << 20), marks(100, 1), 1 << 20, 4),
    ];
    let both = cases.into_iter().flat_map(|case| [(case, false), (case, true)]);
    for ((ours, theirs, len, expected), corked) in both {
        let name = name();
        let mut pull = builder::<Pull>().receive_mark(theirs).bind(&name).unwrap();
        let mut push = builder::<Push>().send_mark(ours).connect(&name).unwrap();
        if corked {
            push.cork();
        }
        let mut sent = 0_u32;
        for _ in 0..30 {
            loop {
                let mut body = sent.to_be_bytes().to_vec();
                body.resize(len.max(body.len()), 0);
                if push.try_send(&body).is_err() {
                    break;
                }
                sent += 1;
                assert!(sent <= expected, "more than {expected}");
            }
            pull.step().unwrap();
            push.step().unwrap();
        }
        assert_eq!(sent, expected);
        let mut received = 0_u32;
        drive_until!(push, {
            while let Some(message) = pull.try_recv().unwrap() {
                assert_eq!(message.bytes().unwrap()[..4], received.to_be_bytes());
                received += 1;
            }
            received == sent
        });
        assert_eq!(pull.try_recv().unwrap(), None);
    }
}

#[test]
fn a_large_body_is_not_copied() {
    let name = name();
    let mut pull = builder::<Pull>().bind(&name).unwrap();
    let mut push = builder::<Push>().connect(&name).unwrap();
    let body = vec![7; 10_000_000];
    let place = body.as_ptr();
    push.send(body).unwrap();
    let body = pull.recv_timeout(LIMIT).unwrap().unwrap().into_vec().unwrap();
    assert_eq!((body.as_ptr(), body.len()), (place, 10_000_000));

    // The routing id is removed without moving the other parts.
    let name = self::name();
    let mut router = builder::<Router>().bind(&name).unwrap();
    let id = RoutingId::new(b"d").unwrap();
    let mut dealer = builder::<Dealer>().routing_id(id).connect(&name).unwrap();
    drive_until!(router, router.counters().handshakes == 1);
    let mut message = Message::from("d");
    message.push(vec![7; 1_000_000]);
    let place = message.part(1).unwrap().as_ptr();
    router.send(message).unwrap();
    let message = dealer.recv_timeout(LIMIT).unwrap().unwrap();
    assert_eq!((message.bytes().unwrap().as_ptr(), message.part_count()), (place, 1));
}

#[test]
fn publishers_and_subscribers_meet() {
    let name = name();
    let mut publisher = builder::<Pub>().bind(&name).unwrap();
    let mut some = builder::<Sub>().topic("a").connect(&name).unwrap();
    let mut all = builder::<Sub>().topic("").connect(&name).unwrap();
    assert!(publisher.wait_for_subscribers(2, LIMIT).unwrap());
    publisher.send("b").unwrap();
    publisher.send(Message::from_parts(["a", "1"])).unwrap();
    assert_eq!(some.recv_timeout(LIMIT).unwrap().unwrap().part(1), Some(&b"1"[..]));
    assert_eq!(all.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("b"));
    some.unsubscribe("a");
    drive_until!(publisher, publisher.topic_count() == 1);
}

#[test]
fn a_forwarder_passes_subscriptions_up_and_messages_down() {
    let (front, back) = (name(), name());
    let mut xsub = builder::<Xsub>().bind(&front).unwrap();
    let mut xpub = builder::<Xpub>().bind(&back).unwrap();
    let mut publisher = builder::<Pub>().connect(&front).unwrap();
    let mut sub = builder::<Sub>().topic("t").connect(&back).unwrap();
    let subscription = xpub.recv_timeout(LIMIT).unwrap().unwrap();
    assert_eq!(subscription.bytes().unwrap(), b"\x01t");
    xsub.send(subscription).unwrap();
    drive_until!(publisher, {
        xsub.step().unwrap();
        publisher.topic_count() == 1
    });
    publisher.send("t1").unwrap();
    let message = xsub.recv_timeout(LIMIT).unwrap().unwrap();
    xpub.send(message).unwrap();
    assert_eq!(sub.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("t1"));
}

#[test]
fn envelopes_pass_through_router_and_dealer() {
    let (front, back) = (name(), name());
    let mut router = builder::<Router>().bind(&front).unwrap();
    let mut dealer = builder::<Dealer>().bind(&back).unwrap();
    let mut req = builder::<Req>().correlate(true).connect(&front).unwrap();
    let mut rep = builder::<Rep>().connect(&back).unwrap();
    drive_until!(dealer, {
        rep.step().unwrap();
        dealer.counters().handshakes == 1
    });
    req.send("question").unwrap();
    let message = router.recv_timeout(LIMIT).unwrap().unwrap();
    assert_eq!(message.part_count(), 4, "routing id, request id, delimiter, body");
    dealer.send(message).unwrap();
    assert_eq!(rep.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("question"));
    rep.send("answer").unwrap();
    router.send(dealer.recv_timeout(LIMIT).unwrap().unwrap()).unwrap();
    assert_eq!(req.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("answer"));
}

#[test]
fn messages_that_one_receiver_left_go_to_the_next() {
    let name = name();
    let first = builder::<Pull>().bind(&name).unwrap();
    let mut push = builder::<Push>().connect(&name).unwrap();
    let held = |n: usize| n.to_string();
    push.send(held(0)).unwrap();
    drop(first);
    // The end may not have been seen yet.
    push.send(held(1)).unwrap();
    let mut second = builder::<Pull>().bind(&name).unwrap();
    drive_until!(push, push.counters().handshakes == 2);
    push.send(held(2)).unwrap();
    let mut came = Vec::new();
    while let Some(message) = second.recv_timeout(crate::harness::QUIET).unwrap() {
        came.push(message.text().unwrap().to_string());
    }
    // With a driver the first reader may have taken the first message.
    assert!(came == ["0", "1", "2"] || came == ["1", "2"], "{came:?}");
}

#[test]
fn a_burst_that_one_receiver_left_goes_to_the_next() {
    let name = name();
    let mark = HighWaterMark::new(10, 1 << 20);
    let mut first = builder::<Pull>().receive_mark(mark).bind(&name).unwrap();
    let mut push = builder::<Push>().connect(&name).unwrap();
    push.cork();
    for n in 0..300 {
        push.send(n.to_string()).unwrap();
    }
    push.uncork();
    push.cork();
    for n in 300..350 {
        push.send(n.to_string()).unwrap();
    }
    for n in 0..5 {
        assert_eq!(
            first.recv_timeout(LIMIT).unwrap().expect("a message").text(),
            Ok(&*n.to_string())
        );
    }
    let received = first.counters().messages_received;
    assert!((5..=15).contains(&received), "{received}");
    drop(first);
    let mut second = builder::<Pull>().bind(&name).unwrap();
    drive_until!(push, push.counters().handshakes == 2);
    push.uncork();
    let mut next = second.recv_timeout(LIMIT).unwrap().expect("a message");
    // What the first receiver had in its queue went with it.
    let from: u64 = next.text().unwrap().parse().unwrap();
    assert!((received..=15).contains(&from), "from {from}, {received} received");
    for n in from..350 {
        assert_eq!(next.text(), Ok(&*n.to_string()));
        if n < 349 {
            next = second.recv_timeout(LIMIT).unwrap().expect("a message");
        }
    }
    assert_eq!(second.try_recv().unwrap(), None);
}

#[test]
fn short_and_long_messages_of_a_burst_keep_their_order_and_their_properties() {
    let name = name();
    let mut router = builder::<Router>().bind(&name).unwrap();
    let mut dealer =
        builder::<Dealer>().routing_id(RoutingId::new(b"me").unwrap()).connect(&name).unwrap();
    let message = |n: usize| match n % 5 {
        0 => Message::from(vec![n as u8; 3_000]),
        1 => Message::from([&[n as u8; 20][..], b"", b"second"]),
        2 => Message::from(""),
        _ => Message::from(vec![n as u8; n % 1_025]),
    };
    for _ in 0..3 {
        dealer.cork();
        for n in 0..400 {
            dealer.send(message(n)).unwrap();
        }
        dealer.uncork();
        expect(&mut router, message);
    }
    dealer.cork();
    for n in 0..400 {
        dealer.send(message(n)).unwrap();
    }
    dealer.uncork();
    // It takes some of them, before and after the end of the connection.
    router.step().unwrap();
    drop(dealer);
    drive_until!(router, router.counters().disconnects == 1);
    expect(&mut router, message);
}

/// Receives 400 messages from the peer with the routing id `me`.
fn expect(router: &mut Router, message: impl Fn(usize) -> Message) {
    for n in 0..400 {
        let mut received = router.recv_timeout(LIMIT).unwrap().expect("a message");
        assert_eq!(received.properties().unwrap().routing_id, b"me");
        assert_eq!(received.pop_front().as_deref(), Some(&b"me"[..]));
        assert_eq!(received, message(n));
    }
}
