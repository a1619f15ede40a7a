//! PUB, SUB, XPUB and XSUB against libzmq, both ways.

mod common;

use std::thread;
use std::time::Duration;

use common::any::until;
use common::server::Server;
use common::{Check, LONG, Place, body, numbered, parts, slices};
use zmtp_interop::libzmq::{Context, Kind, Socket, option};
use zmtp_mio::zmtp_core::pattern::Reports;
use zmtp_mio::{HighWaterMark, Message, Pub, Sub, Xpub, Xsub};

const SHORT: Duration = Duration::from_millis(20);
const MANY: u32 = 50_000;

fn libzmq(context: &Context, kind: Kind) -> Socket {
    let socket = context.socket(kind).unwrap();
    socket.set_timeout(Some(LONG)).unwrap();
    socket
}

fn libzmq_sub(context: &Context, topics: &[&[u8]], endpoint: &str) -> Socket {
    let sub = libzmq(context, Kind::Sub);
    topics.iter().for_each(|topic| sub.set_bytes(option::SUBSCRIBE, topic).unwrap());
    sub.connect(endpoint).unwrap();
    sub
}

fn our_pub(endpoint: &str) -> (Pub, String) {
    let mut publisher = common::builder::<Pub>().build().unwrap();
    let endpoint = publisher.bind(endpoint).unwrap().to_string();
    (publisher, endpoint)
}

fn our_xpub(
    build: impl FnOnce(zmtp_mio::Builder<Xpub>) -> zmtp_mio::Builder<Xpub>,
) -> (Xpub, String) {
    let xpub = build(common::builder::<Xpub>()).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = xpub.endpoints().next().unwrap().to_string();
    (xpub, endpoint)
}

fn receive(xpub: &mut Xpub) -> Vec<u8> {
    xpub.recv_timeout(LONG).unwrap().expect("a report").bytes().to_vec()
}

fn topics_known(publisher: &mut Pub, n: usize) {
    until("the subscriptions", || {
        publisher.wait(SHORT).unwrap();
        (publisher.topic_count() == n).then_some(())
    });
}

/// Topics and subjects that are prefixes of each other, or nearly.
fn words() -> Vec<Vec<u8>> {
    let mut words: Vec<Vec<u8>> =
        ["", "a", "ab", "abc", "abd", "b", "\0", "\0\0"].map(|word| word.as_bytes().into()).into();
    for len in [254, 255, 256, 257] {
        words.push(vec![b'x'; len]);
    }
    words.push([vec![b'x'; 255], b"y".to_vec()].concat());
    words
}

#[test]
fn libzmqs_subs_get_exactly_what_begins_with_their_topics() {
    for place in Place::both() {
        let (mut publisher, endpoint) = our_pub(&place.endpoint);
        let context = Context::new().unwrap();
        let words = words();
        let subs: Vec<_> =
            words.iter().map(|topic| libzmq_sub(&context, &[topic], &endpoint)).collect();
        topics_known(&mut publisher, words.len());
        for subject in &words {
            publisher.send(Message::from_parts([subject.as_slice(), b"more"])).unwrap();
        }
        for (topic, sub) in words.iter().zip(&subs) {
            let matching: Vec<_> = words.iter().filter(|word| word.starts_with(topic)).collect();
            for subject in matching {
                let came = until("a message", || {
                    publisher.step().unwrap();
                    sub.readable(SHORT).unwrap().then(|| sub.recv().unwrap())
                });
                assert_eq!(came, [subject.clone(), b"more".to_vec()]);
            }
            assert!(!sub.readable(Duration::ZERO).unwrap());
        }
        assert_eq!(publisher.counters().dropped.high_water_mark, 0);
    }
}

#[test]
fn our_subs_get_exactly_what_begins_with_their_topics() {
    for place in Place::both() {
        let publisher = libzmq(&Context::new().unwrap(), Kind::Xpub);
        publisher.bind(&place.endpoint).unwrap();
        let endpoint = publisher.last_endpoint();
        let words = words();
        let mut subs: Vec<_> = words
            .iter()
            .map(|topic| {
                let mut sub = common::builder::<Sub>().topic(topic).connect(&endpoint).unwrap();
                // It is told of the first subscription to each topic.
                let report = until("the subscription", || {
                    sub.wait(SHORT).unwrap();
                    publisher.readable(Duration::ZERO).unwrap().then(|| publisher.recv().unwrap())
                });
                assert_eq!(report, [[&[1], topic.as_slice()].concat()]);
                sub
            })
            .collect();
        for subject in &words {
            publisher.send(&[subject, b"more"]).unwrap();
        }
        for (topic, sub) in words.iter().zip(&mut subs) {
            for subject in words.iter().filter(|word| word.starts_with(topic)) {
                let came = parts(&sub.recv_timeout(LONG).unwrap().expect("a message"));
                assert_eq!(came, [subject.clone(), b"more".to_vec()]);
            }
            assert_eq!(sub.try_recv().unwrap(), None);
        }
    }
}

#[test]
fn subscriptions_are_counted_and_cancelled_on_either_side() {
    // libzmq's SUB, ours as publisher.
    let (mut publisher, endpoint) = our_pub("tcp://127.0.0.1:*");
    let context = Context::new().unwrap();
    let sub = libzmq_sub(&context, &[b"a", b"a", b"b"], &endpoint);
    topics_known(&mut publisher, 2);
    for topic in [&b"a"[..], b"b", b"nothing"] {
        sub.set_bytes(option::UNSUBSCRIBE, topic).unwrap();
    }
    topics_known(&mut publisher, 1);
    sub.set_bytes(option::UNSUBSCRIBE, b"a").unwrap();
    topics_known(&mut publisher, 0);

    // Ours as SUB, libzmq's as publisher, which reports everything.
    let publisher = libzmq(&context, Kind::Xpub);
    publisher.set_i32(option::XPUB_VERBOSER, 1).unwrap();
    publisher.bind("tcp://127.0.0.1:*").unwrap();
    let mut sub = common::builder::<Sub>().connect(&publisher.last_endpoint()).unwrap();
    until("the handshake", || {
        sub.wait(SHORT).unwrap();
        (sub.counters().handshakes == 1).then_some(())
    });
    sub.subscribe("a");
    sub.subscribe("a");
    sub.unsubscribe("a");
    sub.unsubscribe("nothing");
    sub.unsubscribe("a");
    sub.subscribe("end");
    for report in [&b"\x01a"[..], b"\x01a", b"\0a", b"\x01end"] {
        let came = until("a report", || {
            sub.step().unwrap();
            publisher.readable(SHORT).unwrap().then(|| publisher.recv().unwrap())
        });
        assert_eq!(came, [report]);
    }
}

#[test]
fn libzmqs_sub_subscribes_again_to_our_restarted_publisher() {
    for place in [Place::free_port(), Place::ipc()] {
        let sub = libzmq_sub(&Context::new().unwrap(), &[b"a", b"b"], &place.endpoint);
        for round in 0..3_u8 {
            let (mut publisher, _) = our_pub(&place.endpoint);
            until("the subscriptions", || {
                // libzmq's leave when its application calls in.
                assert!(!sub.readable(Duration::ZERO).unwrap());
                publisher.wait(SHORT).unwrap();
                (publisher.topic_count() == 2).then_some(())
            });
            publisher.send(vec![b'b', round]).unwrap();
            assert_eq!(sub.recv().unwrap(), [[b'b', round]]);
        }
    }
}

#[test]
fn our_sub_subscribes_again_to_libzmqs_restarted_publisher() {
    for place in [Place::free_port(), Place::ipc()] {
        let mut sub = common::builder::<Sub>().topic("a").topic("b").topic("c").build().unwrap();
        sub.connect(&place.endpoint).unwrap();
        sub.unsubscribe("c");
        for round in 0..3_u8 {
            let publisher = libzmq(&Context::new().unwrap(), Kind::Xpub);
            until("the endpoint to be free", || publisher.bind(&place.endpoint).ok());
            let mut reports: Vec<_> = (0..2)
                .map(|_| {
                    until("a report", || {
                        sub.wait(SHORT).unwrap();
                        publisher
                            .readable(Duration::ZERO)
                            .unwrap()
                            .then(|| publisher.recv().unwrap())
                    })
                })
                .collect();
            reports.sort();
            assert_eq!(reports, [[b"\x01a"], [b"\x01b"]]);
            publisher.send(&[&[b'b', round]]).unwrap();
            let came = sub.recv_timeout(LONG).unwrap().expect("a message");
            assert_eq!(came.bytes(), [b'b', round]);
        }
    }
}

#[test]
fn libzmqs_sub_gets_50_000_messages_of_ours_in_order_and_whole() {
    for place in Place::both() {
        // What is not to be lost is published with `no_drop`.
        let mut publisher = common::builder::<Pub>().no_drop(true).bind(&place.endpoint).unwrap();
        let endpoint = publisher.endpoints().next().unwrap().to_string();
        let subscriber = thread::spawn(move || {
            let sub = libzmq_sub(&Context::new().unwrap(), &[b""], &endpoint);
            let mut check = Check::new();
            (0..MANY).for_each(|_| check.add(sub.recv().unwrap()));
            check.finish(MANY);
        });
        assert!(publisher.wait_for_subscribers(1, LONG).unwrap());
        for number in 0..MANY {
            publisher.send_timeout(Message::from_parts(numbered(number)), LONG).unwrap();
        }
        until("the subscriber to be done", || {
            publisher.wait(SHORT).unwrap();
            subscriber.is_finished().then_some(())
        });
        subscriber.join().unwrap();
    }
}

#[test]
fn our_sub_gets_50_000_messages_of_libzmqs_in_order_and_whole() {
    for place in Place::both() {
        let publisher = libzmq(&Context::new().unwrap(), Kind::Xpub);
        publisher.set_i32(option::XPUB_NODROP, 1).unwrap();
        publisher.bind(&place.endpoint).unwrap();
        let mut sub =
            common::builder::<Sub>().topic("").connect(&publisher.last_endpoint()).unwrap();
        let sender = thread::spawn(move || {
            assert_eq!(publisher.recv().unwrap(), [b"\x01"]);
            (0..MANY).for_each(|number| publisher.send(&slices(&numbered(number))).unwrap());
            publisher
        });
        let mut check = Check::new();
        for _ in 0..MANY {
            check.add(sub.recv_timeout(LONG).unwrap().expect("a message").parts());
        }
        check.finish(MANY);
        sender.join().unwrap();
    }
}

#[test]
fn a_frozen_subscriber_holds_nobody_up_and_costs_no_more_than_its_mark() {
    for place in Place::both() {
        let mark = HighWaterMark { messages: 100, ..HighWaterMark::default() };
        let mut publisher = common::builder::<Pub>().send_mark(mark).bind(&place.endpoint).unwrap();
        let endpoint = publisher.endpoints().next().unwrap().to_string();
        let (frozen, _) = Server::start(&["sink", "sub", &endpoint]);
        let sub = libzmq_sub(&Context::new().unwrap(), &[b""], &endpoint);
        sub.set_timeout(Some(LONG)).unwrap();
        assert!(publisher.wait_for_subscribers(2, LONG).unwrap());
        frozen.freeze();
        // 400 MB, of which the frozen one holds what the kernel and its mark take.
        let payload = vec![7; 100_000];
        let before = resident();
        for number in 0..4_000_u32 {
            let mut message = Message::from(&number.to_be_bytes());
            message.push(&payload);
            publisher.send(message).unwrap();
            assert_eq!(sub.recv().unwrap()[0], number.to_be_bytes());
        }
        let grown = resident().saturating_sub(before);
        assert!(grown < 100 << 20, "{grown} octets");
        let dropped = publisher.counters().dropped;
        assert!(dropped.high_water_mark > 3_000, "{dropped:?}");
        assert_eq!(publisher.counters().disconnects, 0);
        frozen.thaw();
        // It gets what waited, and then what is new.
        let waited = 4_000 - dropped.high_water_mark;
        until("what waited to be sent", || {
            publisher.wait(SHORT).unwrap();
            (publisher.counters().messages_sent == 4_000 + waited).then_some(())
        });
        publisher.send("new").unwrap();
        until("it to be sent", || {
            publisher.wait(SHORT).unwrap();
            (publisher.counters().messages_sent == 4_002 + waited).then_some(())
        });
        until("it to be taken", || {
            publisher.wait(SHORT).unwrap();
            sub.readable(Duration::ZERO).unwrap().then_some(())
        });
        thread::sleep(Duration::from_millis(500));
        assert_eq!(frozen.got(), waited + 1);
    }
}

/// Resident memory of this process in octets.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4_096
}

#[test]
fn a_subscriber_of_libzmq_that_keeps_up_to_the_mark_loses_nothing() {
    let mark = HighWaterMark { messages: 10, ..HighWaterMark::default() };
    let mut publisher = common::builder::<Pub>().send_mark(mark).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = publisher.endpoints().next().unwrap().to_string();
    let sub = libzmq_sub(&Context::new().unwrap(), &[b""], &endpoint);
    assert!(publisher.wait_for_subscribers(1, LONG).unwrap());
    for round in 0..500_u32 {
        (0..10_u32).for_each(|n| publisher.send(&(round * 10 + n).to_be_bytes()).unwrap());
        for n in 0..10_u32 {
            assert_eq!(sub.recv().unwrap(), [(round * 10 + n).to_be_bytes()]);
        }
    }
    assert_eq!(publisher.counters().dropped.high_water_mark, 0);
}

#[test]
fn our_xpub_reports_first_and_last_or_all_of_libzmqs_subscriptions() {
    let first_and_last: &[&[u8]] = &[b"\x01x", b"\0x", b"\x01end"];
    let subscriptions: &[&[u8]] = &[b"\x01x", b"\x01x", b"\0x", b"\x01end"];
    let all: &[&[u8]] = &[b"\x01x", b"\x01x", b"\0x", b"\0x", b"\x01end"];
    for (reports, expected) in [
        (Reports::Changes, first_and_last),
        (Reports::Subscriptions, subscriptions),
        (Reports::All, all),
    ] {
        let (mut xpub, endpoint) = our_xpub(|builder| builder.reports(reports));
        let context = Context::new().unwrap();
        let subs = [(); 2].map(|()| libzmq_sub(&context, &[b"x"], &endpoint));
        let mut came = Vec::new();
        let both = if reports == Reports::Changes { 1 } else { 2 };
        (0..both).for_each(|_| came.push(receive(&mut xpub)));
        until("both", || {
            let known = xpub.wait_for_subscribers(2, SHORT).unwrap();
            known.then_some(())
        });
        // One cancels, the other leaves.
        subs[0].set_bytes(option::UNSUBSCRIBE, b"x").unwrap();
        until("one to be left", || {
            xpub.step().unwrap();
            (!xpub.wait_for_subscribers(2, Duration::ZERO).unwrap()).then_some(())
        });
        let [stays, leaves] = subs;
        drop(leaves);
        until("nobody to be left", || {
            xpub.step().unwrap();
            (!xpub.wait_for_subscribers(1, Duration::ZERO).unwrap()).then_some(())
        });
        stays.set_bytes(option::SUBSCRIBE, b"end").unwrap();
        while came.last().is_none_or(|report| report != b"\x01end") {
            came.push(receive(&mut xpub));
        }
        assert_eq!(came, expected, "{reports:?}");
    }
}

#[test]
fn libzmqs_xpub_reports_our_subscriptions_as_it_is_set() {
    for (verbose, expected) in [(0, 1), (1, 2)] {
        let context = Context::new().unwrap();
        let xpub = libzmq(&context, Kind::Xpub);
        xpub.set_i32(option::XPUB_VERBOSE, verbose).unwrap();
        xpub.bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = xpub.last_endpoint();
        let mut subs: Vec<_> = (0..2)
            .map(|_| common::builder::<Sub>().topic("x").connect(&endpoint).unwrap())
            .collect();
        until("both handshakes", || {
            for sub in &mut subs {
                sub.wait(SHORT).unwrap();
            }
            subs.iter().all(|sub| sub.counters().handshakes == 1).then_some(())
        });
        for sub in &mut subs {
            sub.wait(SHORT).unwrap();
        }
        let mut end = common::builder::<Sub>().topic("end").connect(&endpoint).unwrap();
        let mut reports = 0;
        loop {
            end.wait(SHORT).unwrap();
            if xpub.readable(Duration::ZERO).unwrap() {
                match xpub.recv().unwrap()[0].as_slice() {
                    b"\x01x" => reports += 1,
                    b"\x01end" => break,
                    other => panic!("{other:?}"),
                }
            }
        }
        assert_eq!(reports, expected);
    }
}

#[test]
fn our_manual_xpub_decides_what_libzmqs_sub_gets() {
    let (mut xpub, endpoint) = our_xpub(|builder| builder.manual(true));
    let context = Context::new().unwrap();
    let sub = libzmq(&context, Kind::Xsub);
    sub.connect(&endpoint).unwrap();
    sub.send(&[b"\x01asked"]).unwrap();
    assert_eq!(receive(&mut xpub), b"\x01asked");
    assert!(xpub.subscribe("given"));
    xpub.send("asked").unwrap();
    xpub.send("given").unwrap();
    assert_eq!(sub.recv().unwrap(), [b"given"]);
    sub.send(&[b"\0asked"]).unwrap();
    assert_eq!(receive(&mut xpub), b"\0asked");
    assert!(xpub.unsubscribe("given"));
    assert!(xpub.subscribe("end"));
    xpub.send("given").unwrap();
    xpub.send("end").unwrap();
    assert_eq!(sub.recv().unwrap(), [b"end"]);
}

#[test]
fn a_welcome_message_comes_first_either_way() {
    let (mut xpub, endpoint) = our_xpub(|builder| builder.welcome("welcome"));
    let context = Context::new().unwrap();
    let sub = libzmq_sub(&context, &[b""], &endpoint);
    assert_eq!(receive(&mut xpub), b"\x01");
    xpub.send("news").unwrap();
    assert_eq!([sub.recv().unwrap(), sub.recv().unwrap()], [[&b"welcome"[..]], [b"news"]]);
    // A SUB filters it all the same.
    let picky = libzmq_sub(&context, &[b"n"], &endpoint);
    assert_eq!(receive(&mut xpub), b"\x01n");
    xpub.send("news").unwrap();
    assert_eq!(picky.recv().unwrap(), [b"news"]);

    let xpub = libzmq(&context, Kind::Xpub);
    xpub.set_bytes(option::XPUB_WELCOME_MSG, b"welcome").unwrap();
    xpub.bind("tcp://127.0.0.1:*").unwrap();
    let mut sub = common::builder::<Sub>().topic("").connect(&xpub.last_endpoint()).unwrap();
    until("the subscription", || {
        sub.step().unwrap();
        xpub.readable(SHORT).unwrap().then_some(())
    });
    assert_eq!(xpub.recv().unwrap(), [b"\x01"]);
    xpub.send(&[b"news"]).unwrap();
    for expected in ["welcome", "news"] {
        assert_eq!(sub.recv_timeout(LONG).unwrap().unwrap().text(), Ok(expected));
    }
}

#[test]
fn our_publisher_that_must_not_drop_waits_for_libzmqs_sub() {
    let mark = HighWaterMark { messages: 10, ..HighWaterMark::default() };
    let builder = common::builder::<Pub>().no_drop(true).send_mark(mark);
    let mut publisher = builder.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = publisher.endpoints().next().unwrap().to_string();
    let sub = libzmq(&Context::new().unwrap(), Kind::Sub);
    sub.set_i32(option::RCVHWM, 1).unwrap();
    sub.set_bytes(option::SUBSCRIBE, b"").unwrap();
    sub.connect(&endpoint).unwrap();
    assert!(publisher.wait_for_subscribers(1, LONG).unwrap());
    let payload = vec![0; 64 << 10];
    let mut sent = 0_u32;
    loop {
        let mut message = Message::from(&sent.to_be_bytes());
        message.push(&payload);
        match publisher.send_timeout(message, Duration::from_millis(300)) {
            Ok(()) => sent += 1,
            Err(_) => break,
        }
        assert!(sent < 10_000, "it never waits");
    }
    for number in 0..sent {
        until("it to arrive", || {
            publisher.step().unwrap();
            sub.readable(Duration::from_millis(1)).unwrap().then_some(())
        });
        assert_eq!(sub.recv().unwrap()[0], number.to_be_bytes());
    }
    assert_eq!(publisher.counters().dropped.high_water_mark, 0);
}

#[test]
fn upstream_messages_pass_between_xsub_and_xpub() {
    let context = Context::new().unwrap();
    let (mut xpub, endpoint) = our_xpub(|builder| builder);
    let xsub = libzmq(&context, Kind::Xsub);
    xsub.connect(&endpoint).unwrap();
    xsub.send(&[b"\x01a"]).unwrap();
    xsub.send(&[b"up", b"stream"]).unwrap();
    assert_eq!(receive(&mut xpub), b"\x01a");
    let came = xpub.recv_timeout(LONG).unwrap().unwrap();
    assert_eq!(parts(&came), [&b"up"[..], b"stream"]);

    let xpub = libzmq(&context, Kind::Xpub);
    xpub.bind("tcp://127.0.0.1:*").unwrap();
    let mut xsub = common::builder::<Xsub>().connect(&xpub.last_endpoint()).unwrap();
    until("the handshake", || {
        xsub.wait(SHORT).unwrap();
        (xsub.counters().handshakes == 1).then_some(())
    });
    xsub.send("\x01a").unwrap();
    xsub.send(Message::from_parts(["up", "stream"])).unwrap();
    for expected in [vec![b"\x01a".to_vec()], vec![b"up".to_vec(), b"stream".to_vec()]] {
        let came = until("it to arrive", || {
            xsub.step().unwrap();
            xpub.readable(SHORT).unwrap().then(|| xpub.recv().unwrap())
        });
        assert_eq!(came, expected);
    }
    // It does not filter, and gets what it subscribed to.
    xpub.send(&[b"abc"]).unwrap();
    assert_eq!(xsub.recv_timeout(LONG).unwrap().unwrap().text(), Ok("abc"));
}

#[test]
fn matching_may_be_inverted_on_both_ends() {
    let context = Context::new().unwrap();
    let mut publisher =
        common::builder::<Pub>().invert_matching(true).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = publisher.endpoints().next().unwrap().to_string();
    let sub = libzmq(&context, Kind::Sub);
    sub.set_i32(option::INVERT_MATCHING, 1).unwrap();
    sub.set_bytes(option::SUBSCRIBE, b"a").unwrap();
    sub.connect(&endpoint).unwrap();
    assert!(publisher.wait_for_subscribers(1, LONG).unwrap());
    publisher.send("a").unwrap();
    publisher.send("b").unwrap();
    assert_eq!(sub.recv().unwrap(), [b"b"]);

    let xpub = libzmq(&context, Kind::Xpub);
    xpub.set_i32(option::INVERT_MATCHING, 1).unwrap();
    xpub.bind("tcp://127.0.0.1:*").unwrap();
    let builder = common::builder::<Sub>().topic("a").invert_matching(true);
    let mut sub = builder.connect(&xpub.last_endpoint()).unwrap();
    until("the subscription", || {
        sub.step().unwrap();
        xpub.readable(SHORT).unwrap().then_some(())
    });
    xpub.send(&[b"a"]).unwrap();
    xpub.send(&[b"b"]).unwrap();
    assert_eq!(sub.recv_timeout(LONG).unwrap().unwrap().text(), Ok("b"));
}

#[test]
fn conflation_keeps_the_newest_on_either_side() {
    let context = Context::new().unwrap();
    // Ours keeps the newest of what libzmq sent.
    let publisher = libzmq(&context, Kind::Xpub);
    publisher.bind("tcp://127.0.0.1:*").unwrap();
    let builder = common::builder::<Sub>().topic("").conflate(true);
    let mut sub = builder.connect(&publisher.last_endpoint()).unwrap();
    until("the subscription", || {
        sub.step().unwrap();
        publisher.readable(SHORT).unwrap().then_some(())
    });
    (0..100).for_each(|_| publisher.send(&[b"old"]).unwrap());
    publisher.send(&[b"new"]).unwrap();
    until("all to come", || {
        sub.step().unwrap();
        (sub.counters().messages_received == 101).then_some(())
    });
    assert_eq!(sub.try_recv().unwrap().unwrap().text(), Ok("new"));
    assert_eq!(sub.try_recv().unwrap(), None);
    // libzmq keeps the newest of ours.
    let (mut publisher, endpoint) = our_pub("tcp://127.0.0.1:*");
    let sub = libzmq(&context, Kind::Sub);
    sub.set_i32(option::CONFLATE, 1).unwrap();
    sub.set_bytes(option::SUBSCRIBE, b"").unwrap();
    sub.connect(&endpoint).unwrap();
    assert!(publisher.wait_for_subscribers(1, LONG).unwrap());
    (0..100).for_each(|_| publisher.send(body(10)).unwrap());
    publisher.send("new").unwrap();
    until("the newest", || {
        publisher.step().unwrap();
        sub.recv().ok().filter(|came| *came == [b"new"])
    });
}
