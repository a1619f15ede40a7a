//! Many messages, and subscribers that are slower than their publisher.

use core::time::Duration;
use std::thread;

use zmtp_interop::libzmq::{Context, Kind, option};
use zmtp_mio::{HighWaterMark, Message, Pub, Sub};

use crate::common::any::{until, until_joined};
use crate::common::server::Server;
use crate::common::{self, Check, LONG, Place, body, numbered, slices};
use crate::{SHORT, libzmq, libzmq_sub, our_pub};

const MANY: u32 = 50_000;

#[test]
fn libzmqs_sub_gets_50_000_messages_of_ours_in_order_and_whole() {
    for place in Place::both() {
        // `no_drop`, so that no message is lost.
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
        until_joined("the subscriber to be done", subscriber, || publisher.wait(SHORT));
    }
}

#[test]
fn our_sub_gets_50_000_messages_of_libzmqs_in_order_and_whole() {
    for place in Place::both() {
        let publisher = libzmq(&Context::new().unwrap(), Kind::Xpub);
        publisher.set_i32(option::XPUB_NODROP, 1).unwrap();
        publisher.bind(&place.endpoint).unwrap();
        let mut sub =
            common::builder::<Sub>().topic("").connect(publisher.last_endpoint()).unwrap();
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
fn a_frozen_subscriber_delays_no_other_and_queues_up_to_its_mark() {
    for place in Place::both() {
        let mark = HighWaterMark::default().messages(100);
        let mut publisher = common::builder::<Pub>().send_mark(mark).bind(&place.endpoint).unwrap();
        let endpoint = publisher.endpoints().next().unwrap().to_string();
        let (mut frozen, _) = Server::start(&["sink", "sub", &endpoint]);
        let sub = libzmq_sub(&Context::new().unwrap(), &[b""], &endpoint);
        sub.set_timeout(Some(LONG)).unwrap();
        assert!(publisher.wait_for_subscribers(2, LONG).unwrap());
        frozen.freeze();
        // 400 MB, of which the frozen one gets what the kernel and its mark hold.
        let payload = vec![7; 100_000];
        let before = resident();
        for number in 0..4_000_u32 {
            let mut message = Message::from(&number.to_be_bytes());
            message.push(&payload);
            publisher.send(message).unwrap();
            assert_eq!(sub.recv().unwrap()[0], number.to_be_bytes());
        }
        let grown = resident().saturating_sub(before);
        assert!(grown < 100 << 20, "{grown} bytes");
        let dropped = publisher.counters().dropped;
        assert!(dropped.high_water_mark > 3_000, "{dropped:?}");
        assert_eq!(publisher.counters().disconnects, 0);
        frozen.thaw();
        // It gets the queued messages, then new ones.
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
        let got =
            until("the others to be taken", || Some(frozen.got()).filter(|got| *got > waited));
        assert_eq!(got, waited + 1);
    }
}

/// Resident memory of this process in bytes.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4_096
}

#[test]
fn a_libzmq_subscriber_within_the_mark_loses_nothing() {
    let mark = HighWaterMark::default().messages(10);
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
fn our_publisher_with_no_drop_waits_for_libzmqs_sub() {
    let mark = HighWaterMark::default().messages(10);
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
fn conflation_keeps_the_newest_on_either_side() {
    let context = Context::new().unwrap();
    // Ours keeps the newest message from libzmq.
    let publisher = libzmq(&context, Kind::Xpub);
    publisher.bind("tcp://127.0.0.1:*").unwrap();
    let builder = common::builder::<Sub>().topic("").conflate(true);
    let mut sub = builder.connect(publisher.last_endpoint()).unwrap();
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
    // libzmq keeps our newest message.
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
