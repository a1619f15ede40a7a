//! PUB, SUB, XPUB and XSUB (RFC 29).

use std::thread;
use std::time::Duration;

use crate::harness::{LIMIT, drive_until, transports};
use zmtp_mio::{Error, EventKind, HighWaterMark, Message, Pub, Sub, Xpub, Xsub};

fn publisher(endpoint: &str) -> (Pub, String) {
    let mut publisher = crate::harness::builder::<Pub>().build().unwrap();
    let endpoint = publisher.bind(endpoint).unwrap().to_string();
    (publisher, endpoint)
}

fn sub(endpoint: &str, topic: &str) -> Sub {
    crate::harness::builder::<Sub>().topic(topic).connect(endpoint).unwrap()
}

/// Drives both ends until the publisher knows `n` subscribers.
macro_rules! meet {
    ($publisher:expr, $n:expr, $($sub:expr),+) => {{
        let end = std::time::Instant::now() + LIMIT;
        while !$publisher.wait_for_subscribers($n, Duration::from_millis(5)).unwrap() {
            $($sub.step().unwrap();)+
            assert!(std::time::Instant::now() < end, "no subscription came");
        }
    }};
}

fn text(message: Option<Message>) -> String {
    message.expect("a message").text().unwrap().into()
}

#[test]
fn subscribers_get_each_matching_message_once() {
    for place in transports() {
        let (mut publisher, endpoint) = publisher(&place);
        let (mut some, mut all, mut none) =
            (sub(&endpoint, "we"), sub(&endpoint, ""), sub(&endpoint, "x"));
        some.subscribe("weather");
        meet!(publisher, 3, some, all, none);
        drive_until!(publisher, {
            some.step().unwrap();
            publisher.topic_count() == 4
        });
        for body in ["weather", "we", "w", ""] {
            publisher.send(body).unwrap();
        }
        publisher.send(Message::from_parts(["wet", "x"])).unwrap();
        for body in ["weather", "we"] {
            assert_eq!(text(some.recv_timeout(LIMIT).unwrap()), body);
        }
        let wet = some.recv_timeout(LIMIT).unwrap().unwrap();
        assert_eq!(wet.parts().collect::<Vec<_>>(), [&b"wet"[..], b"x"]);
        for _ in 0..5 {
            all.recv_timeout(LIMIT).unwrap().unwrap();
        }
        assert_eq!(none.recv_timeout(Duration::from_millis(50)).unwrap(), None);
        assert_eq!(none.counters().dropped.not_subscribed, 0, "filtered at the publisher");
    }
}

#[test]
fn messages_that_wait_are_not_delivered_after_their_subscription_ends() {
    let context = crate::harness::context();
    for place in transports().into_iter().chain(["inproc://waiting".into()]) {
        let (mut publisher, endpoint) = publisher(&place);
        let mut sub = Sub::builder().context(&context).topic("a").topic("b").build().unwrap();
        sub.connect(&endpoint).unwrap();
        meet!(publisher, 1, sub);
        drive_until!(publisher, {
            sub.step().unwrap();
            publisher.topic_count() == 2
        });
        for n in 0..100 {
            publisher.send(Message::from_parts([format!("a{n}"), "rest".into()])).unwrap();
            publisher.send(format!("b{n}")).unwrap();
        }
        publisher.flush(LIMIT).unwrap();
        drive_until!(sub, sub.counters().messages_received == 200);
        assert_eq!(
            text(sub.recv_timeout(LIMIT).unwrap().map(|mut parts| parts.split_off(1))),
            "rest"
        );
        sub.unsubscribe("a");
        for n in 0..100 {
            assert_eq!(text(sub.recv_timeout(LIMIT).unwrap()), format!("b{n}"));
        }
        assert_eq!(sub.try_recv().unwrap(), None);
        assert_eq!(sub.counters().dropped.not_subscribed, 99);
        sub.subscribe("a");
        drive_until!(publisher, {
            sub.step().unwrap();
            publisher.topic_count() == 2
        });
        publisher.send("again").unwrap();
        assert_eq!(text(sub.recv_timeout(LIMIT).unwrap()), "again");
    }
}

#[test]
fn subscriptions_are_counted_and_the_last_cancellation_ends_them() {
    let mut publisher = crate::harness::builder::<Xpub>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = publisher.endpoints().next().unwrap().to_string();
    let mut sub = sub(&endpoint, "a");
    sub.subscribe("a");
    meet!(publisher, 1, sub);
    assert_eq!(publisher.recv_timeout(LIMIT).unwrap().unwrap().bytes().unwrap(), b"\x01a");
    sub.unsubscribe("a");
    sub.unsubscribe("never");
    sub.subscribe("b");
    sub.step().unwrap();
    assert_eq!(publisher.recv_timeout(LIMIT).unwrap().unwrap().bytes().unwrap(), b"\x01b");
    sub.unsubscribe("a");
    sub.step().unwrap();
    assert_eq!(publisher.recv_timeout(LIMIT).unwrap().unwrap().bytes().unwrap(), b"\x00a");
    drop(sub);
    assert_eq!(publisher.recv_timeout(LIMIT).unwrap().unwrap().bytes().unwrap(), b"\x00b");
    assert_eq!(publisher.topic_count(), 0);
}

#[test]
fn subscriptions_are_sent_again_after_a_reconnection() {
    let (mut publisher, endpoint) = publisher("tcp://127.0.0.1:*");
    let mut sub = sub(&endpoint, "a");
    meet!(publisher, 1, sub);
    drop(publisher);
    sub.subscribe("b");
    let mut publisher = crate::harness::builder::<Pub>().bind(&endpoint).unwrap();
    meet!(publisher, 1, sub);
    drive_until!(publisher, {
        sub.step().unwrap();
        publisher.topic_count() == 2
    });
    publisher.send("b1").unwrap();
    publisher.send("a1").unwrap();
    assert_eq!(text(sub.recv_timeout(LIMIT).unwrap()), "b1");
    assert_eq!(text(sub.recv_timeout(LIMIT).unwrap()), "a1");
}

#[test]
fn peers_before_3_1_subscribe_by_messages() {
    let (mut publisher, endpoint) = publisher("tcp://127.0.0.1:*");
    let mut peer = crate::harness::half_ready(&endpoint, "SUB");
    let mut topic = vec![1];
    topic.extend([b't'; 255]);
    peer.send(&wire::message(&[&topic]));
    assert!(publisher.wait_for_subscribers(1, LIMIT).unwrap());
    publisher.send(vec![b't'; 300]).unwrap();
    peer.read_exact(64);
    peer.read_frame();
    assert_eq!(peer.read_message(), [[b't'; 300]]);
    topic[0] = 0;
    peer.send(&wire::message(&[&topic]));
    drive_until!(publisher, publisher.topic_count() == 0);
}

#[test]
fn a_subscriber_that_reads_nothing_does_not_delay_others() {
    let mark = HighWaterMark::new(10, 1 << 20);
    let mut publisher =
        crate::harness::builder::<Pub>().send_mark(mark).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = publisher.endpoints().next().unwrap().to_string();
    let mut stuck = crate::harness::half_ready(&endpoint, "SUB");
    stuck.send(&wire::message(&[b"\x01"]));
    let mut keen = sub(&endpoint, "");
    meet!(publisher, 2, keen);
    let body = vec![7; 100_000];
    for _ in 0..400 {
        publisher.send(body.as_slice()).unwrap();
        assert!(keen.recv_timeout(LIMIT).unwrap().unwrap().bytes().unwrap() == body);
    }
    assert!(publisher.counters().dropped.high_water_mark > 300);
}

#[test]
fn a_subscriber_that_keeps_up_to_the_mark_loses_nothing() {
    let (mut publisher, endpoint) = publisher("tcp://127.0.0.1:*");
    let mut sub = sub(&endpoint, "");
    meet!(publisher, 1, sub);
    for round in 0..100 {
        // As many in flight as the default mark allows.
        for n in 0..1_000 {
            publisher.send(format!("{round} {n}")).unwrap();
        }
        for n in 0..1_000 {
            let message = sub.recv_timeout(LIMIT).unwrap();
            assert_eq!(text(message), format!("{round} {n}"));
        }
        publisher.step().unwrap();
    }
    assert_eq!(publisher.counters().dropped.high_water_mark, 0);
}

#[test]
fn no_drop_waits_for_the_slowest() {
    let mark = HighWaterMark::new(2, 1 << 20);
    let mut publisher = crate::harness::builder::<Pub>()
        .no_drop(true)
        .send_mark(mark)
        .bind("tcp://127.0.0.1:*")
        .unwrap();
    let endpoint = publisher.endpoints().next().unwrap().to_string();
    let mut sub =
        crate::harness::builder::<Sub>().topic("").receive_mark(mark).connect(&endpoint).unwrap();
    meet!(publisher, 1, sub);
    let body = vec![7; 1 << 20];
    let mut sent = 0;
    let refused = loop {
        match publisher.try_send(body.as_slice()) {
            Ok(()) => sent += 1,
            Err(failed) => break failed,
        }
    };
    assert!(matches!(refused.error, Error::WouldBlock));
    let reader = thread::spawn(move || {
        (0..sent + 1).map(|_| sub.recv_timeout(LIMIT).unwrap().unwrap().byte_len()).sum::<usize>()
    });
    publisher.send_timeout(*refused.message, LIMIT).unwrap();
    drop(publisher);
    assert_eq!(reader.join().unwrap(), (sent + 1) << 20);
}

#[test]
fn inverted_matching_delivers_messages_that_do_not_match() {
    let mut publisher =
        crate::harness::builder::<Pub>().invert_matching(true).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = publisher.endpoints().next().unwrap().to_string();
    let mut sub = crate::harness::builder::<Sub>()
        .invert_matching(true)
        .topic("no")
        .connect(&endpoint)
        .unwrap();
    meet!(publisher, 1, sub);
    publisher.send("not this").unwrap();
    publisher.send("this").unwrap();
    assert_eq!(text(sub.recv_timeout(LIMIT).unwrap()), "this");
}

#[test]
fn a_manual_xpub_decides_on_subscriptions() {
    let mut publisher =
        crate::harness::builder::<Xpub>().manual(true).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = publisher.endpoints().next().unwrap().to_string();
    let mut sub = crate::harness::builder::<Sub>().topic("A").connect(&endpoint).unwrap();
    drive_until!(publisher, {
        sub.step().unwrap();
        publisher.step().unwrap().readable
    });
    assert_eq!(publisher.try_recv().unwrap().unwrap().bytes().unwrap(), b"\x01A");
    assert!(publisher.subscribe("XA"));
    sub.subscribe("XA");
    publisher.send("A").unwrap();
    publisher.send("XA").unwrap();
    assert_eq!(text(sub.recv_timeout(LIMIT).unwrap()), "XA");
}

#[test]
fn a_welcome_message_comes_first() {
    let publisher = crate::harness::builder::<Xpub>().welcome("W").bind("tcp://127.0.0.1:*");
    let mut publisher = publisher.unwrap();
    let endpoint = publisher.endpoints().next().unwrap().to_string();
    let mut sub = sub(&endpoint, "W");
    meet!(publisher, 1, sub);
    assert_eq!(text(sub.recv_timeout(LIMIT).unwrap()), "W");
}

#[test]
fn subscriptions_and_messages_pass_through_xsub_upstream() {
    let mut publisher = crate::harness::builder::<Xpub>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = publisher.endpoints().next().unwrap().to_string();
    let mut xsub = crate::harness::builder::<Xsub>().connect(&endpoint).unwrap();
    xsub.send(b"\x01topic").unwrap();
    drive_until!(publisher, {
        xsub.step().unwrap();
        publisher.step().unwrap().readable
    });
    assert_eq!(publisher.try_recv().unwrap().unwrap().bytes().unwrap(), b"\x01topic");
    xsub.send(Message::from_parts(["up", "stream"])).unwrap();
    let upstream = publisher.recv_timeout(LIMIT).unwrap().unwrap();
    assert_eq!(upstream.parts().collect::<Vec<_>>(), [&b"up"[..], b"stream"]);
    publisher.send("topic 1").unwrap();
    assert_eq!(text(xsub.recv_timeout(LIMIT).unwrap()), "topic 1");
}

#[test]
fn a_subscription_past_the_limit_is_refused_and_counted_and_the_others_stay() {
    let mut publisher = crate::harness::builder::<Pub>()
        .max_subscriptions(3, 1_000)
        .bind("tcp://127.0.0.1:*")
        .unwrap();
    let endpoint = publisher.endpoints().next().unwrap().to_string();
    let mut sub = sub(&endpoint, "a");
    for topic in ["a", "b", "b", "c"] {
        sub.subscribe(topic);
    }
    meet!(publisher, 1, sub);
    drive_until!(publisher, {
        sub.step().unwrap();
        publisher.topic_count() == 3
    });
    let _ = crate::harness::events!(publisher);
    sub.subscribe("d");
    sub.subscribe("e");
    drive_until!(publisher, {
        sub.step().unwrap();
        publisher.counters().refused_subscriptions == 2
    });
    assert_eq!(crate::harness::events!(publisher), [EventKind::SubscriptionRefused]);
    // A repeated subscription needs no room, and a cancelled one makes room.
    sub.unsubscribe("c");
    drive_until!(publisher, {
        sub.step().unwrap();
        publisher.topic_count() == 2
    });
    sub.subscribe("f");
    drive_until!(publisher, {
        sub.step().unwrap();
        publisher.topic_count() == 3
    });
    for body in ["d", "c", "a", "f"] {
        publisher.send(body).unwrap();
    }
    assert_eq!(text(sub.recv_timeout(LIMIT).unwrap()), "a");
    assert_eq!(text(sub.recv_timeout(LIMIT).unwrap()), "f");
    assert_eq!(publisher.counters().disconnects, 0);
}
