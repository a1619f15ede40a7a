//! High-water marks within the process: those of both ends are added up.

use zmtp_mio::libzmq::{self, KindOptions};
use zmtp_mio::{AnySocket, Message, Options, SocketKind};

use super::{inproc, marked, plain, recv, socket};

/// More messages than rings and default marks hold.
const MANY: usize = 10_000;

fn with(kind: SocketKind, options: &Options) -> AnySocket {
    socket(kind, options, &KindOptions::default())
}

/// How many messages are accepted without waiting.
fn sent(socket: &mut AnySocket) -> usize {
    (0..MANY).take_while(|number| socket.try_send(number.to_string()).is_ok()).count()
}

/// How many messages are there without waiting, in order.
fn received(socket: &mut AnySocket) -> usize {
    let mut count = 0;
    while let Some(message) = socket.try_recv().unwrap() {
        assert_eq!(message.text().unwrap(), count.to_string());
        count += 1;
    }
    count
}

#[test]
fn as_many_messages_are_accepted_and_can_be_received_at_once_as_the_sum_of_the_marks() {
    let cases = [
        ((1, 1), 2),
        ((2, 3), 5),
        ((1_000, 1_000), 2_000),
        ((0, 0), MANY),
        ((1, 0), MANY),
        ((0, 1), MANY),
    ];
    for ((send, receive), sum) in cases {
        for binds_first in [true, false] {
            let endpoint = inproc(&format!("sum-{send}-{receive}-{binds_first}"));
            let mut push = with(SocketKind::Push, &marked(send, 1));
            let mut pull = with(SocketKind::Pull, &marked(1, receive));
            if binds_first {
                pull.bind(endpoint.as_str()).unwrap();
            }
            push.connect(endpoint.as_str()).unwrap();
            if !binds_first {
                pull.bind(endpoint.as_str()).unwrap();
            }
            let context = format!("{send} + {receive}, binds first: {binds_first}");
            assert_eq!(sent(&mut push), sum, "{context}");
            assert_eq!(received(&mut pull), sum, "{context}");
            push.try_send("0").unwrap();
            assert_eq!(received(&mut pull), 1, "{context}");
        }
    }
}

#[test]
fn half_of_the_sum_must_be_received_before_there_is_room() {
    let endpoint = inproc("half");
    let mut push = with(SocketKind::Push, &marked(4, 1));
    let mut pull = with(SocketKind::Pull, &marked(1, 6));
    pull.bind(endpoint.as_str()).unwrap();
    push.connect(endpoint.as_str()).unwrap();
    assert_eq!(sent(&mut push), 10);
    (0..5).for_each(|_| drop(recv(&mut pull)));
    assert_eq!(sent(&mut push), 5);
    // Also of messages that are received before the queue is full.
    (0..9).for_each(|_| drop(recv(&mut pull)));
    assert_eq!(sent(&mut push), 5);
    drop(recv(&mut pull));
    push.try_send("x").unwrap();
    drop(recv(&mut pull));
    assert_eq!(sent(&mut push), 4);
}

#[test]
fn a_publisher_with_no_drop_waits_at_the_sum() {
    let endpoint = inproc("sum-publish");
    let own = |no_drop| {
        let mut own = KindOptions::default();
        own.publish.no_drop = no_drop;
        own
    };
    let mut xpub = socket(SocketKind::Xpub, &marked(20, 1), &own(true));
    let mut sub = with(SocketKind::Sub, &marked(1, 10));
    xpub.bind(endpoint.as_str()).unwrap();
    sub.subscribe("").unwrap();
    sub.connect(endpoint.as_str()).unwrap();
    assert_eq!(recv(&mut xpub), [b"\x01"]);
    assert_eq!(sent(&mut xpub), 30);
    assert_eq!(received(&mut sub), 30);
    // Otherwise those above the sum are dropped.
    libzmq::set_options(&xpub, marked(20, 1), own(false)).unwrap();
    (0..100).for_each(|number| xpub.send(number.to_string()).unwrap());
    assert_eq!(received(&mut sub), 30);
}

#[test]
fn short_and_long_messages_arrive_in_order_whatever_the_mark_of_the_receiver_is() {
    let bodies = |number: usize| {
        let len = [1, 1, 1, 600, 1, 2_000, 0][number % 7];
        vec![number.to_string().into_bytes(), vec![7; len]]
    };
    for receive in [0, 1, 3, 300] {
        let endpoint = inproc(&format!("order-{receive}"));
        let mut push = with(SocketKind::Push, &marked(0, 1));
        let mut pull = with(SocketKind::Pull, &marked(1, receive));
        pull.bind(endpoint.as_str()).unwrap();
        push.connect(endpoint.as_str()).unwrap();
        let (mut sent, mut received) = (0, 0);
        // Each burst is longer than the one before. Most messages have one part.
        for burst in (0..40).map(|round| round * round) {
            for _ in 0..burst {
                let message = Message::from_parts(bodies(sent));
                let body = message.parts().collect::<Vec<_>>().concat();
                let taken = match sent % 11 {
                    0 => push.try_send(message),
                    _ => push.try_send(body),
                };
                taken.unwrap();
                sent += 1;
            }
            // Half of the burst is not received yet.
            while received < sent - burst / 2 {
                let expected = bodies(received);
                match received % 11 {
                    0 => assert_eq!(recv(&mut pull), expected),
                    _ => assert_eq!(recv(&mut pull), [expected.concat()]),
                }
                received += 1;
            }
        }
    }
}

#[test]
fn a_mark_that_changes_at_either_end_changes_the_sum() {
    let endpoint = inproc("sum-changes");
    let mut push = with(SocketKind::Push, &marked(1, 1));
    let mut pull = with(SocketKind::Pull, &marked(1, 1));
    pull.connect(endpoint.as_str()).unwrap();
    push.bind(endpoint.as_str()).unwrap();
    let set = |socket: &AnySocket, send, receive| {
        libzmq::set_options(socket, marked(send, receive), KindOptions::default()).unwrap();
    };
    set(&push, 5, 1);
    assert_eq!(sent(&mut push), 6);
    assert_eq!(received(&mut pull), 6);
    set(&push, 100, 1);
    assert_eq!(sent(&mut push), 101);
    set(&push, 70, 1);
    assert_eq!(sent(&mut push), 0);
    assert_eq!(received(&mut pull), 101);
    // Up to a half of the sum may have been received without giving room.
    let count = sent(&mut push);
    assert!((36..=71).contains(&count), "{count}");
    assert_eq!(received(&mut pull), count);
    set(&pull, 1, 30);
    let count = sent(&mut push);
    assert!((51..=100).contains(&count), "{count}");
}

#[test]
fn messages_beyond_the_rings_go_to_the_next_connection_if_they_are_not_received() {
    let endpoint = inproc("sum-again");
    let mut push = with(SocketKind::Push, &marked(0, 1));
    push.connect(endpoint.as_str()).unwrap();
    let mut first = with(SocketKind::Pull, &marked(1, 2));
    first.bind(endpoint.as_str()).unwrap();
    assert_eq!(sent(&mut push), MANY);
    drop(first);
    let mut second = plain(SocketKind::Pull);
    second.bind(endpoint.as_str()).unwrap();
    // The first socket had read a few.
    let first: usize = String::from_utf8(recv(&mut second)[0].clone()).unwrap().parse().unwrap();
    assert!(first <= 3, "{first}");
    for number in first + 1..MANY {
        assert_eq!(recv(&mut second), [number.to_string().as_bytes()]);
    }
}

/// A publisher that waits for room, and a subscriber of all messages.
fn connected_over(bind: &str, marks: &Options) -> (AnySocket, AnySocket) {
    let mut own = KindOptions::default();
    own.publish.no_drop = true;
    let mut xpub = socket(SocketKind::Xpub, marks, &own);
    let endpoint = xpub.bind(bind).unwrap();
    let mut sub = plain(SocketKind::Sub);
    sub.subscribe("").unwrap();
    sub.connect(endpoint).unwrap();
    assert_eq!(recv(&mut xpub), [b"\x01"]);
    (xpub, sub)
}

#[test]
fn a_burst_of_a_publisher_with_no_drop_ends_at_its_mark_also_if_it_is_written() {
    for bind in ["tcp://127.0.0.1:*", "ipc://*"] {
        let (mut xpub, mut sub) = connected_over(bind, &marked(2_000, 1));
        // The driver may serve the publisher if this thread pauses: then the burst continues.
        let count = sent(&mut xpub);
        assert!((2_000..MANY).contains(&count), "{count}");
        // Waiting for messages or room ends it.
        assert!(xpub.step().unwrap().writable);
        xpub.try_send(count.to_string()).unwrap();
        for number in 0..=count {
            assert_eq!(recv(&mut sub), [number.to_string().as_bytes()]);
        }
    }
}

#[test]
fn sends_that_wait_go_on_after_a_burst_and_so_do_others_soon() {
    let (mut xpub, mut sub) = connected_over("tcp://127.0.0.1:*", &marked(10, 1));
    for number in 0..100 {
        xpub.send(number.to_string()).unwrap();
    }
    for number in 100..200 {
        while xpub.try_send(number.to_string()).is_err() {}
    }
    for number in 0..200 {
        assert_eq!(recv(&mut sub), [number.to_string().as_bytes()]);
    }
}
