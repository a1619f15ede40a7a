//! Which messages reach a subscriber: by topic, with repeated subscriptions, after a restart, inverted.

use core::time::Duration;

use zmtp_interop::libzmq::{Context, Kind, option};
use zmtp_mio::{Message, Pub, Sub};

use crate::common::any::until;
use crate::common::{self, LONG, Place, parts};
use crate::{SHORT, libzmq, libzmq_sub, our_pub, topics_known};

/// Topics and subjects that are, or almost are, prefixes of each other.
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
fn libzmqs_subs_get_exactly_the_messages_of_their_topics() {
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
fn our_subs_get_exactly_the_messages_of_their_topics() {
    for place in Place::both() {
        let publisher = libzmq(&Context::new().unwrap(), Kind::Xpub);
        publisher.bind(&place.endpoint).unwrap();
        let endpoint = publisher.last_endpoint();
        let words = words();
        let mut subs: Vec<_> = words
            .iter()
            .map(|topic| {
                let mut sub = common::builder::<Sub>().topic(topic).connect(&endpoint).unwrap();
                // It receives the first subscription to each topic.
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
    let mut sub = common::builder::<Sub>().connect(publisher.last_endpoint()).unwrap();
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
                // libzmq sends subscriptions during a call of its application.
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
            assert_eq!(came.bytes().unwrap(), [b'b', round]);
        }
    }
}

#[test]
fn matching_can_be_inverted_on_both_ends() {
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
    let mut sub = builder.connect(xpub.last_endpoint()).unwrap();
    until("the subscription", || {
        sub.step().unwrap();
        xpub.readable(SHORT).unwrap().then_some(())
    });
    xpub.send(&[b"a"]).unwrap();
    xpub.send(&[b"b"]).unwrap();
    assert_eq!(sub.recv_timeout(LONG).unwrap().unwrap().text(), Ok("b"));
}
