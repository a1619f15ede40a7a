//! The rules of SUB and XSUB (RFC 29), each in a test where `pub_sub.rs` has none.

use std::thread;
use std::time::Duration;

use crate::harness::{LIMIT, RawPeer, RawServer, builder, drive_until};
use zmtp_mio::{HighWaterMark, Message, Sub, Xsub};

/// Accepts a subscriber while it is driven.
macro_rules! accept {
    ($sub:expr, $server:expr) => {{
        let before = $sub.counters().handshakes;
        let peer = thread::scope(|scope| {
            let accepting = scope.spawn(|| $server.accept_as("XPUB"));
            drive_until!($sub, {
                let _ = $sub.step();
                accepting.is_finished()
            });
            accepting.join().unwrap()
        });
        drive_until!($sub, $sub.counters().handshakes > before);
        peer
    }};
}

fn subscription(peer: &mut RawPeer) -> Vec<u8> {
    let (flags, body) = peer.read_frame();
    assert_eq!(flags & 4, 4, "a command");
    body
}

#[test]
fn every_subscription_goes_to_every_publisher() {
    let servers = [RawServer::tcp(), RawServer::tcp()];
    let mut sub = builder::<Sub>().build().unwrap();
    let mut peers = Vec::new();
    for server in &servers {
        sub.connect(server.endpoint()).unwrap();
        peers.push(accept!(sub, server));
    }
    sub.subscribe("a");
    sub.subscribe("a");
    sub.unsubscribe("a");
    sub.unsubscribe("nothing");
    sub.unsubscribe("a");
    for peer in &mut peers {
        for expected in [&b"\x09SUBSCRIBEa"[..], b"\x09SUBSCRIBEa", b"\x06CANCELa"] {
            assert_eq!(subscription(peer), expected);
        }
    }
}

#[test]
fn each_topic_is_replayed_once_on_every_connection() {
    let server = RawServer::tcp();
    let mut sub = builder::<Sub>().topic("a").topic("a").topic("b").topic("c").build().unwrap();
    sub.unsubscribe("c");
    sub.connect(server.endpoint()).unwrap();
    for _ in 0..3 {
        let mut peer = accept!(sub, &server);
        let mut topics = [subscription(&mut peer), subscription(&mut peer)];
        topics.sort();
        assert_eq!(topics, [b"\x09SUBSCRIBEa", b"\x09SUBSCRIBEb"]);
        assert!(peer.read_for(1, Duration::from_millis(20)).is_empty());
    }
}

/// As libzmq does, so that captures can be compared.
#[test]
fn topics_are_replayed_in_ascending_order() {
    let server = RawServer::tcp();
    let topics = ["b", "ab", "", "a", "b\u{7f}", "abc", "aa"];
    let mut sub = builder::<Sub>().build().unwrap();
    for topic in topics {
        sub.subscribe(topic);
    }
    sub.connect(server.endpoint()).unwrap();
    let mut peer = accept!(sub, &server);
    for topic in ["", "a", "aa", "ab", "abc", "b", "b\u{7f}"] {
        assert_eq!(subscription(&mut peer), [b"\x09SUBSCRIBE", topic.as_bytes()].concat());
    }
}

#[test]
fn a_sub_drops_and_counts_messages_that_do_not_match() {
    let server = RawServer::tcp();
    let mut sub = builder::<Sub>().topic("a").connect(server.endpoint()).unwrap();
    let mut peer = accept!(sub, &server);
    for parts in [&[&b"b"[..], b"a"][..], &[b"", b""], &[b"ab", b"whole"]] {
        peer.send(&wire::message(parts));
    }
    let came = sub.recv_timeout(LIMIT).unwrap().unwrap();
    assert_eq!(came.parts().collect::<Vec<_>>(), [&b"ab"[..], b"whole"]);
    assert_eq!(sub.counters().dropped.not_subscribed, 2);
    // After the cancellation nothing is delivered.
    sub.unsubscribe("a");
    peer.send(&wire::message(&[b"ab"]));
    drive_until!(sub, sub.counters().dropped.not_subscribed == 3);
    assert_eq!(sub.try_recv().unwrap(), None);
}

#[test]
fn an_xsub_does_not_filter() {
    let server = RawServer::tcp();
    let mut xsub = builder::<Xsub>().connect(server.endpoint()).unwrap();
    let mut peer = accept!(xsub, &server);
    peer.send(&wire::message(&[b"unasked"]));
    assert_eq!(xsub.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("unasked"));
}

#[test]
fn an_xsub_subscribes_by_messages_of_one_part_and_sends_others_upstream() {
    let server = RawServer::tcp();
    let mut xsub = builder::<Xsub>().connect(server.endpoint()).unwrap();
    let mut peer = accept!(xsub, &server);
    for parts in [&[&b"\x01a"[..]][..], &[b"\0a"], &[b"\x01b", b"c"], &[b"\x02"], &[b""]] {
        xsub.send(Message::from_parts(parts)).unwrap();
    }
    assert_eq!(subscription(&mut peer), b"\x09SUBSCRIBEa");
    assert_eq!(subscription(&mut peer), b"\x06CANCELa");
    assert_eq!(peer.read_message(), [b"\x01b".to_vec(), b"c".to_vec()]);
    assert_eq!(peer.read_message(), [b"\x02"]);
    assert_eq!(peer.read_message(), [b""]);
    assert_eq!(xsub.topic_count(), 0);
}

#[test]
fn an_xsub_drops_messages_for_a_full_publisher_and_never_waits() {
    let server = RawServer::tcp();
    let mark = HighWaterMark::default().messages(4);
    let mut xsub = builder::<Xsub>()
        .send_mark(mark)
        .linger(Duration::ZERO)
        .connect(server.endpoint())
        .unwrap();
    // Without a peer it is dropped.
    xsub.send("no peer").unwrap();
    let _peer = accept!(xsub, &server);
    let body = vec![7; 1 << 20];
    for _ in 0..40 {
        xsub.send(body.as_slice()).unwrap();
    }
    assert!(xsub.counters().dropped.high_water_mark > 0);
    assert!(xsub.step().unwrap().writable);
}

/// libzmq drops a subscription when the queue is full, and the peer never gets it.
#[test]
fn a_sub_reconnects_to_a_publisher_that_does_not_read_subscriptions() {
    let server = RawServer::tcp();
    let mark = HighWaterMark::default().messages(8);
    let mut sub = builder::<Sub>().send_mark(mark).connect(server.endpoint()).unwrap();
    let stuck = accept!(sub, &server);
    let long = vec![7; 60_000];
    let mut topics = 0;
    while sub.counters().disconnects == 0 {
        let mut topic = long.clone();
        topic.extend_from_slice(&u32::to_be_bytes(topics));
        sub.subscribe(&topic);
        topics += 1;
        assert!(topics < 2_000, "the queue never fills");
    }
    drop(stuck);
    for _ in 0..topics - 3 {
        let mut topic = long.clone();
        topics -= 1;
        topic.extend_from_slice(&u32::to_be_bytes(topics));
        sub.unsubscribe(&topic);
    }
    let mut peer = accept!(sub, &server);
    for _ in 0..3 {
        assert_eq!(subscription(&mut peer).len(), 10 + 60_004);
    }
}

#[test]
fn an_xsub_sends_every_cancellation_if_that_is_set() {
    for all in [false, true] {
        let server = RawServer::tcp();
        let xsub = builder::<Xsub>().all_cancellations(all);
        let mut xsub = xsub.connect(server.endpoint()).unwrap();
        let mut peer = accept!(xsub, &server);
        xsub.subscribe("a");
        xsub.send(b"\x01a").unwrap();
        xsub.unsubscribe("a");
        xsub.send(b"\x00a").unwrap();
        xsub.unsubscribe("never subscribed");
        xsub.subscribe("end");
        let mut sent = Vec::new();
        while sent.last().map(Vec::as_slice) != Some(b"\x09SUBSCRIBEend") {
            sent.push(subscription(&mut peer));
        }
        let cancellations = sent.iter().filter(|body| body.starts_with(b"\x06CANCEL")).count();
        assert_eq!(cancellations, if all { 3 } else { 1 });
        assert_eq!(xsub.topic_count(), 1);
    }
}
