//! The rules of PUB and XPUB (RFC 29), each in a test where `pub_sub.rs` has none.

use crate::harness::{LIMIT, RawPeer, builder, drive_until, half_ready};
use zmtp_core::pattern::Reports;
use zmtp_mio::{HighWaterMark, Message, Pub, Xpub};

fn publisher() -> (Pub, String) {
    let publisher = builder::<Pub>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = publisher.endpoints().next().unwrap().to_string();
    (publisher, endpoint)
}

fn xpub(reports: Reports) -> (Xpub, String) {
    let xpub = builder::<Xpub>().reports(reports).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = xpub.endpoints().next().unwrap().to_string();
    (xpub, endpoint)
}

/// A raw SUB of ZMTP 3.1 that has sent its part of the handshake.
fn sub(endpoint: &str, topics: &[&str]) -> RawPeer {
    let mut peer = half_ready(endpoint, "SUB");
    topics.iter().for_each(|topic| peer.send(&wire::command("SUBSCRIBE", topic.as_bytes())));
    peer
}

fn skip_handshake(peer: &mut RawPeer) {
    peer.read_exact(64);
    assert_eq!(peer.read_frame().0, 4);
}

fn report(xpub: &mut Xpub) -> Vec<u8> {
    xpub.recv_timeout(LIMIT).unwrap().expect("a report").bytes().unwrap().to_vec()
}

#[test]
fn the_empty_subscription_matches_every_message() {
    let (mut publisher, endpoint) = publisher();
    let mut peer = sub(&endpoint, &[""]);
    assert!(publisher.wait_for_subscribers(1, LIMIT).unwrap());
    publisher.send("").unwrap();
    publisher.send(Message::from_parts(["", "more"])).unwrap();
    publisher.send("any").unwrap();
    skip_handshake(&mut peer);
    assert_eq!(peer.read_message(), [b""]);
    assert_eq!(peer.read_message(), [&b""[..], b"more"]);
    assert_eq!(peer.read_message(), [b"any"]);
}

#[test]
fn a_subscriber_with_several_matching_topics_gets_one_copy() {
    let (mut publisher, endpoint) = publisher();
    let mut peer = sub(&endpoint, &["", "a", "ab", "abc"]);
    drive_until!(publisher, publisher.topic_count() == 4);
    publisher.send("abcd").unwrap();
    publisher.send("end").unwrap();
    skip_handshake(&mut peer);
    assert_eq!(peer.read_message(), [b"abcd"]);
    assert_eq!(peer.read_message(), [b"end"]);
}

#[test]
fn the_first_frame_decides_for_the_whole_message() {
    let (mut publisher, endpoint) = publisher();
    let mut peer = sub(&endpoint, &["a"]);
    assert!(publisher.wait_for_subscribers(1, LIMIT).unwrap());
    publisher.send(Message::from_parts(["b", "a"])).unwrap();
    publisher.send(Message::from_parts(["a", "b"])).unwrap();
    skip_handshake(&mut peer);
    assert_eq!(peer.read_message(), [&b"a"[..], b"b"]);
}

#[test]
fn one_cancel_ends_repeated_subscriptions_of_a_peer() {
    let (mut publisher, endpoint) = publisher();
    let mut peer = sub(&endpoint, &["a", "a", "a", "b"]);
    drive_until!(publisher, publisher.topic_count() == 2);
    peer.send(&wire::command("CANCEL", b"a"));
    drive_until!(publisher, publisher.topic_count() == 1);
    publisher.send("a").unwrap();
    publisher.send("b").unwrap();
    skip_handshake(&mut peer);
    assert_eq!(peer.read_message(), [b"b"]);
}

#[test]
fn a_message_without_subscribers_is_dropped_without_an_error() {
    let (mut publisher, endpoint) = publisher();
    publisher.send("no subscriber").unwrap();
    let _peer = sub(&endpoint, &["a"]);
    assert!(publisher.wait_for_subscribers(1, LIMIT).unwrap());
    publisher.send("no subscriber").unwrap();
    assert_eq!(publisher.counters().messages_sent, 0);
    assert!(publisher.step().unwrap().writable);
}

#[test]
fn a_full_subscriber_misses_whole_messages_only() {
    let mark = HighWaterMark::default().messages(4);
    let mut publisher = builder::<Pub>().send_mark(mark).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = publisher.endpoints().next().unwrap().to_string();
    let mut peer = sub(&endpoint, &[""]);
    assert!(publisher.wait_for_subscribers(1, LIMIT).unwrap());
    let body = vec![7; 1 << 20];
    let mut sent = 0_u64;
    while publisher.counters().dropped.high_water_mark < 5 {
        let mut message = Message::from(&sent.to_be_bytes());
        message.push(&body);
        publisher.send(message).unwrap();
        sent += 1;
    }
    let delivered = sent - publisher.counters().dropped.high_water_mark;
    let reader = std::thread::spawn(move || {
        skip_handshake(&mut peer);
        let mut last = None;
        for _ in 0..delivered {
            let message = peer.read_message();
            assert_eq!((message.len(), message[1].len()), (2, 1 << 20));
            assert!(last.is_none_or(|last| message[0] > last));
            last = Some(message[0].clone());
        }
        assert_eq!(peer.read_message(), [b"later"]);
    });
    drive_until!(publisher, publisher.counters().messages_sent == delivered);
    publisher.send("later").unwrap();
    drive_until!(publisher, reader.is_finished());
    reader.join().unwrap();
}

#[test]
fn messages_from_subscribers_are_dropped_and_counted() {
    let (mut publisher, endpoint) = publisher();
    let mut peer = half_ready(&endpoint, "XSUB");
    peer.send(&wire::message(&[b"upstream"]));
    drive_until!(publisher, publisher.counters().dropped.not_received == 1);
    assert_eq!(publisher.counters().disconnects, 0);
}

#[test]
fn a_cancellation_of_an_unknown_topic_is_reported() {
    let (mut xpub, endpoint) = xpub(Reports::Changes);
    let mut peer = sub(&endpoint, &[]);
    peer.send(&wire::command("CANCEL", b"nothing"));
    assert_eq!(report(&mut xpub), b"\0nothing");
}

#[test]
fn the_last_subscriber_of_a_topic_cancels_it_also_by_disconnecting() {
    let (mut xpub, endpoint) = xpub(Reports::Changes);
    let first = sub(&endpoint, &["a"]);
    assert_eq!(report(&mut xpub), b"\x01a");
    let second = sub(&endpoint, &["a", "b"]);
    assert_eq!(report(&mut xpub), b"\x01b");
    drop(first);
    drive_until!(xpub, xpub.counters().disconnects == 1);
    assert_eq!(xpub.try_recv().unwrap(), None);
    drop(second);
    let mut reports = [report(&mut xpub), report(&mut xpub)];
    reports.sort();
    assert_eq!(reports, [b"\0a", b"\0b"]);
    assert_eq!(xpub.topic_count(), 0);
}

#[test]
fn verboser_reports_every_change_of_every_peer() {
    let (mut xpub, endpoint) = xpub(Reports::All);
    let mut first = sub(&endpoint, &["a", "a"]);
    assert_eq!([report(&mut xpub), report(&mut xpub)], [b"\x01a", b"\x01a"]);
    let second = sub(&endpoint, &["a"]);
    assert_eq!(report(&mut xpub), b"\x01a");
    first.send(&wire::command("CANCEL", b"a"));
    assert_eq!(report(&mut xpub), b"\0a");
    drop(second);
    assert_eq!(report(&mut xpub), b"\0a");
}

#[test]
fn upstream_messages_keep_their_parts() {
    let (mut xpub, endpoint) = xpub(Reports::Changes);
    let mut peer = half_ready(&endpoint, "XSUB");
    peer.send(&wire::message(&[b"up", b"", b"stream"]));
    let came = xpub.recv_timeout(LIMIT).unwrap().unwrap();
    assert_eq!(came.parts().collect::<Vec<_>>(), [&b"up"[..], b"", b"stream"]);
}

/// libzmq looks at every part of an upstream message for a subscription, unless
/// `ZMQ_ONLY_FIRST_SUBSCRIBE` is set.
#[test]
fn only_a_message_of_one_part_is_a_subscription() {
    let (mut xpub, endpoint) = xpub(Reports::Changes);
    let mut peer = half_ready(&endpoint, "XSUB");
    peer.send(&wire::message(&[b"\x01a", b"\x01b"]));
    let came = xpub.recv_timeout(LIMIT).unwrap().unwrap();
    assert_eq!(came.parts().collect::<Vec<_>>(), [b"\x01a", b"\x01b"]);
    assert_eq!(xpub.topic_count(), 0);
    peer.send(&wire::message(&[b"\x01a"]));
    assert_eq!(report(&mut xpub), b"\x01a");
}

#[test]
fn a_welcome_message_is_sent_to_each_peer() {
    let mut xpub = builder::<Xpub>().welcome("welcome").bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = xpub.endpoints().next().unwrap().to_string();
    for n in 1..=2 {
        let mut peer = sub(&endpoint, &[]);
        drive_until!(xpub, xpub.counters().handshakes == n);
        skip_handshake(&mut peer);
        assert_eq!(peer.read_message(), [b"welcome"]);
    }
}

#[test]
fn a_manual_xpub_reports_requests_and_applies_its_own_subscriptions() {
    let mut xpub = builder::<Xpub>().manual(true).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = xpub.endpoints().next().unwrap().to_string();
    assert!(!xpub.subscribe("not requested"));
    let mut one = sub(&endpoint, &["a"]);
    assert_eq!(report(&mut xpub), b"\x01a");
    assert!(xpub.subscribe("one"));
    let mut two = sub(&endpoint, &["a"]);
    assert_eq!(report(&mut xpub), b"\x01a");
    assert!(xpub.subscribe("two"));
    for body in ["a", "one", "two"] {
        xpub.send(body).unwrap();
    }
    skip_handshake(&mut one);
    skip_handshake(&mut two);
    assert_eq!(one.read_message(), [b"one"]);
    assert_eq!(two.read_message(), [b"two"]);
}

#[test]
fn a_topic_granted_to_a_peer_that_is_gone_does_not_pass_to_the_next_one() {
    let mut xpub = builder::<Xpub>().manual(true).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = xpub.endpoints().next().unwrap().to_string();
    // The connection ends before the request is received, or afterwards.
    for is_received in [true, false] {
        let gone = sub(&endpoint, &["a"]);
        if is_received {
            assert_eq!(report(&mut xpub), b"\x01a");
        }
        let disconnects = xpub.counters().disconnects;
        drop(gone);
        drive_until!(xpub, xpub.counters().disconnects > disconnects);
        if !is_received {
            assert_eq!(report(&mut xpub), b"\x01a");
        }
        assert!(!xpub.subscribe("secret") && !xpub.unsubscribe("secret"));
        assert_eq!(report(&mut xpub), b"\x00a");
        assert!(!xpub.subscribe("secret"));
    }
    let mut next = sub(&endpoint, &["b"]);
    assert_eq!(report(&mut xpub), b"\x01b");
    assert!(xpub.subscribe("next"));
    for body in ["secret", "next"] {
        xpub.send(body).unwrap();
    }
    skip_handshake(&mut next);
    assert_eq!(next.read_message(), [b"next"]);
}

#[test]
fn with_manual_last_value_the_message_after_a_request_goes_to_its_peer_only() {
    let mut xpub = builder::<Xpub>().manual_last_value(true).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = xpub.endpoints().next().unwrap().to_string();
    let mut peers = ["a", "a", "b"].map(|topic| {
        let mut peer = sub(&endpoint, &[topic]);
        assert_eq!(report(&mut xpub), [b"\x01", topic.as_bytes()].concat());
        assert!(xpub.subscribe(topic));
        // Only if the message matches.
        xpub.send(if topic == "a" { "a last value" } else { "c without a match" }).unwrap();
        assert!(!xpub.subscribe("too late") && !xpub.unsubscribe(topic));
        skip_handshake(&mut peer);
        peer
    });
    xpub.send("a for all").unwrap();
    xpub.send("b for all").unwrap();
    for peer in &mut peers[..2] {
        assert_eq!(peer.read_message(), [b"a last value"]);
        assert_eq!(peer.read_message(), [b"a for all"]);
    }
    assert_eq!(peers[2].read_message(), [b"b for all"]);
}
