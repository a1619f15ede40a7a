//! Unexpected and late replies, and replies from the wrong peer, are dropped and counted. The
//! connection stays, and none is taken for the reply to another request.
#![cfg(unix)]

use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::harness::{LIMIT, RawPeer, RawServer, drive_until, req};
use zmtp_mio::{DroppedMessages, Req};

const SHORT: Duration = Duration::from_millis(200);

/// Runs the raw server's side on a thread.
fn serve<T: Send + 'static>(
    server: RawServer,
    side: impl FnOnce(&RawServer) -> T + Send + 'static,
) -> JoinHandle<T> {
    thread::spawn(move || side(&server))
}

fn answer(peer: &mut RawPeer, body: &[u8]) {
    let request = peer.read_message();
    peer.send(&wire::reply_to(&request, body));
}

#[test]
fn a_late_reply_on_the_old_connection_never_answers_a_newer_request() {
    let server = RawServer::tcp();
    let mut req = req(&server.endpoint());
    let serving = serve(server, |server| {
        let mut old = server.accept_as("REP");
        let first = old.read_message();
        let mut new = server.accept_as("REP");
        let second = new.read_message();
        let _ = old.try_send(&wire::reply_to(&first, b"late"));
        old.assert_closed();
        new.send(&wire::reply_to(&second, b"good"));
        (old, new)
    });
    drive_until!(req, req.counters().handshakes == 1);
    assert!(req.request("first", SHORT).unwrap().is_none());
    assert_eq!(req.request("second", LIMIT).unwrap().unwrap().text(), Ok("good"));
    serving.join().unwrap();
}

#[test]
fn a_late_reply_with_an_old_id_is_counted_and_keeps_the_connection() {
    let server = RawServer::tcp();
    let mut req =
        crate::harness::builder::<Req>().correlate(true).connect(server.endpoint()).unwrap();
    let serving = serve(server, |server| {
        let mut peer = server.accept_as("REP");
        let first = peer.read_message();
        let second = peer.read_message();
        peer.send(&wire::reply_to(&first, b"late"));
        peer.send(&wire::reply_to(&second, b"good"));
        peer
    });
    drive_until!(req, req.counters().handshakes == 1);
    assert!(req.request("first", SHORT).unwrap().is_none());
    assert_eq!(req.request("second", LIMIT).unwrap().unwrap().text(), Ok("good"));
    let counters = req.counters();
    assert_eq!((counters.dropped.wrong_request_id, counters.connection_attempts), (1, 1));
    serving.join().unwrap();
}

/// Its id was right when its first frames arrived.
#[test]
fn a_half_received_reply_to_a_cancelled_request_does_not_answer_the_next() {
    for relaxed in [false, true] {
        let server = RawServer::tcp();
        let mut req = crate::harness::builder::<Req>()
            .correlate(true)
            .relaxed(relaxed)
            .connect(server.endpoint())
            .unwrap();
        let serving = serve(server, |server| {
            let mut peer = server.accept_as("REP");
            let first = peer.read_message();
            let late = wire::reply_to(&first, &[b'l'; 100_000]);
            peer.send(&late[..50_000]);
            let second = peer.read_message();
            // The PONG shows that the late reply was read before the good one is sent.
            peer.send(&[&late[50_000..], &wire::ping(b"?")].concat());
            assert_eq!(peer.read_frame(), (4, b"\x04PONG?".to_vec()));
            peer.send(&wire::reply_to(&second, b"good"));
            peer
        });
        drive_until!(req, req.counters().handshakes == 1);
        if relaxed {
            req.send("first").unwrap();
            assert!(req.recv_timeout(SHORT).unwrap().is_none());
            req.send("second").unwrap();
        } else {
            assert!(req.request("first", SHORT).unwrap().is_none());
            req.send("second").unwrap();
        }
        let reply = req.recv_timeout(LIMIT).unwrap().unwrap();
        assert_eq!((reply.byte_len(), reply.text()), (4, Ok("good")), "relaxed: {relaxed}");
        assert_eq!(req.counters().messages_received, 1);
        serving.join().unwrap();
    }
}

#[test]
fn a_message_received_before_the_request_was_sent_is_not_its_reply() {
    let server = RawServer::tcp();
    let mut req = req(&server.endpoint());
    let serving = serve(server, |server| {
        let mut peer = server.accept();
        peer.send(&[wire::burst("REP", &[]), wire::delimited(b"unasked")].concat());
        peer.read_exact(64);
        answer(&mut peer, b"good");
        peer
    });
    assert_eq!(req.request("question", LIMIT).unwrap().unwrap().text(), Ok("good"));
    assert_eq!(req.counters().dropped.unsolicited, 1);
    serving.join().unwrap();
}

/// Like libzmq, which drops messages received before the request is sent.
#[test]
fn a_duplicate_reply_to_an_idle_req_does_not_answer_the_next_request() {
    let (tell_received, received) = mpsc::channel();
    let (sent, was_sent) = mpsc::channel();
    let server = RawServer::tcp();
    let mut req = req(&server.endpoint());
    let serving = serve(server, move |server| {
        let mut peer = server.accept_as("REP");
        let request = peer.read_message();
        peer.send(&wire::reply_to(&request, b"first"));
        received.recv_timeout(LIMIT).unwrap();
        // On the loopback device these bytes are with the receiver when the call returns.
        peer.send(&wire::reply_to(&request, b"first once more"));
        sent.send(()).unwrap();
        answer(&mut peer, b"second");
        peer
    });
    assert_eq!(req.request("1", LIMIT).unwrap().unwrap().text(), Ok("first"));
    tell_received.send(()).unwrap();
    was_sent.recv_timeout(LIMIT).unwrap();
    assert_eq!(req.request("2", LIMIT).unwrap().unwrap().text(), Ok("second"));
    assert_eq!(req.counters().dropped.unsolicited, 1);
    serving.join().unwrap();
}

#[test]
fn unexpected_replies_are_counted_and_the_next_good_one_is_delivered() {
    let server = RawServer::tcp();
    let mut req = req(&server.endpoint());
    let serving = serve(server, |server| {
        let mut peer = server.accept_as("REP");
        peer.send(&[wire::delimited(b"unasked"), wire::message(&[b"", b"two", b"parts"])].concat());
        answer(&mut peer, b"good");
        peer
    });
    drive_until!(req, req.counters().dropped.unsolicited == 2);
    assert_eq!(req.request("question", LIMIT).unwrap().unwrap().text(), Ok("good"));
    assert_eq!((req.counters().disconnects, req.counters().messages_received), (0, 1));
    serving.join().unwrap();
}

#[test]
fn replies_without_delimiter_or_body_are_counted_and_the_good_one_is_delivered() {
    let server = RawServer::tcp();
    let mut req = req(&server.endpoint());
    let serving = serve(server, |server| {
        let mut peer = server.accept_as("REP");
        let request = peer.read_message();
        for bad in [&[&b"bare"[..]][..], &[b""], &[b"x", b"", b"body"], &[b"many", b"more"]] {
            peer.send_frames(bad);
        }
        // Too large for one read.
        peer.send_frames(&[&[1; 500_000], &[2; 500_000]]);
        peer.send(&wire::reply_to(&request, b"good"));
        peer
    });
    assert_eq!(req.request("question", LIMIT).unwrap().unwrap().text(), Ok("good"));
    assert_eq!((req.counters().dropped.bad_envelope, req.counters().disconnects), (5, 0));
    serving.join().unwrap();
}

#[test]
fn wrong_request_ids_are_counted_and_the_right_one_is_delivered() {
    let server = RawServer::tcp();
    let mut req =
        crate::harness::builder::<Req>().correlate(true).connect(server.endpoint()).unwrap();
    let serving = serve(server, |server| {
        let mut peer = server.accept_as("REP");
        let request = peer.read_message();
        let mut wrong = request[0].clone();
        wrong[0] ^= 1;
        peer.send_frames(&[&wrong, b"", b"wrong id"]);
        peer.send_frames(&[b"12345", b"", b"no id of four bytes"]);
        peer.send_frames(&[b"", b"no id"]);
        peer.send(&wire::reply_to(&request, b"good"));
        (peer, request)
    });
    assert_eq!(req.request("question", LIMIT).unwrap().unwrap().text(), Ok("good"));
    assert_eq!((req.counters().dropped.wrong_request_id, req.counters().disconnects), (3, 0));
    let (_peer, request) = serving.join().unwrap();
    assert_eq!((request.len(), request[0].len(), request[1].len()), (3, 4, 0));
}

#[test]
fn a_reply_from_another_peer_is_counted() {
    let (one, two) = (RawServer::tcp(), RawServer::tcp());
    let mut req = req(&one.endpoint());
    req.connect(two.endpoint()).unwrap();
    let one = serve(one, |server| server.accept_as("REP"));
    let two = serve(two, |server| server.accept_as("REP"));
    drive_until!(req, req.counters().handshakes == 2);
    let (mut one, mut two) = (one.join().unwrap(), two.join().unwrap());
    for turn in 0..2 {
        req.send("question").unwrap();
        drive_until!(req, req.counters().messages_sent == turn + 1);
        // The first turn is that of the peer that connected first.
        let (asked, other) = match one.read_for(1, SHORT).is_empty() {
            true => (&mut two, &mut one),
            false => (&mut one, &mut two),
        };
        asked.read_for(100, SHORT);
        other.send(&wire::delimited(b"from elsewhere"));
        drive_until!(req, req.counters().dropped.wrong_peer == turn + 1);
        asked.send(&wire::delimited(b"asked"));
        assert_eq!(req.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("asked"));
    }
    let mut only = DroppedMessages::default();
    only.wrong_peer = 2;
    assert_eq!(req.counters().dropped, only);
}
