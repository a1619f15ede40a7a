//! Peers that close or reset in the middle of a conversation: no call waits without end, and other
//! peers are not affected.
#![cfg(unix)]

use std::thread;
use std::time::Duration;

use crate::harness::{Echo, LIMIT, RawPeer, RawServer, assert_echo, drive_until, req};
use zmtp_core::pattern::OutOfTurn;
use zmtp_mio::{Error, Rep, Req};

const SHORT: Duration = Duration::from_millis(200);

#[test]
fn the_loss_of_the_peer_asked_is_reported_once_and_req_is_ready_again() {
    for endpoint in ["tcp://127.0.0.1:0".to_string(), crate::harness::ipc()] {
        let server = RawServer::on(&endpoint);
        let mut req = req(&server.endpoint());
        let serving = thread::spawn(move || {
            let mut first = server.accept_as("REP");
            first.read_message();
            drop(first);
            let mut second = server.accept_as("REP");
            let request = second.read_message();
            second.send(&wire::reply_to(&request, b"back"));
            second
        });
        req.send("lost").unwrap();
        assert!(matches!(req.recv_timeout(LIMIT), Err(Error::PeerLost)));
        assert!(matches!(req.try_recv(), Err(Error::OutOfTurn(OutOfTurn::NoRequestSent))));
        assert_eq!(req.request("again", LIMIT).unwrap().unwrap().text(), Ok("back"));
        serving.join().unwrap();
    }
}

#[test]
fn a_request_reports_the_loss_of_its_peer() {
    let server = RawServer::tcp();
    let mut req = req(&server.endpoint());
    let serving = thread::spawn(move || {
        let mut peer = server.accept_as("REP");
        peer.read_message();
        peer.reset();
    });
    assert!(matches!(req.request("lost", LIMIT), Err(Error::PeerLost)));
    serving.join().unwrap();
    assert!(req.step().unwrap().writable, "ready for the next");
}

#[test]
fn a_reset_in_a_reply_loses_the_peer_and_not_the_next_request() {
    let server = RawServer::tcp();
    let mut req = req(&server.endpoint());
    let serving = thread::spawn(move || {
        let mut peer = server.accept_as("REP");
        let request = peer.read_message();
        let reply = wire::reply_to(&request, &[7; 100_000]);
        peer.send(&reply[..50_000]);
        peer.reset();
        let mut peer = server.accept_as("REP");
        let request = peer.read_message();
        peer.send(&wire::reply_to(&request, b"whole"));
        peer
    });
    assert!(matches!(req.request("lost", LIMIT), Err(Error::PeerLost)));
    assert_eq!(req.counters().dropped.incomplete, 1);
    assert_eq!(req.request("again", LIMIT).unwrap().unwrap().text(), Ok("whole"));
    serving.join().unwrap();
}

#[test]
fn a_request_that_times_out_leaves_req_ready() {
    let server = RawServer::tcp();
    let mut req = req(&server.endpoint());
    let serving = thread::spawn(move || {
        let mut mute = server.accept_as("REP");
        mute.read_message();
        mute.assert_closed();
        let mut peer = server.accept_as("REP");
        let request = peer.read_message();
        peer.send(&wire::reply_to(&request, b"second"));
        peer
    });
    drive_until!(req, req.counters().handshakes == 1);
    assert!(req.request("first", SHORT).unwrap().is_none());
    assert_eq!(req.request("second", LIMIT).unwrap().unwrap().text(), Ok("second"));
    serving.join().unwrap();
}

#[test]
fn a_request_to_an_absent_server_times_out_and_is_never_sent_later() {
    let server = RawServer::tcp();
    let endpoint = server.endpoint();
    drop(server);
    let mut req = req(&endpoint);
    assert!(req.request("never", SHORT).unwrap().is_none());
    assert_eq!(req.counters().dropped.cancelled, 1);
    let server = RawServer::on(&endpoint);
    let serving = thread::spawn(move || {
        let mut peer = server.accept_as("REP");
        let request = peer.read_message();
        peer.send(&wire::reply_to(&request, b"ok"));
        request
    });
    assert_eq!(req.request("now", LIMIT).unwrap().unwrap().text(), Ok("ok"));
    assert_eq!(serving.join().unwrap(), [&b""[..], b"now"]);
}

#[test]
fn a_receive_that_times_out_keeps_waiting_for_the_reply() {
    let (tell, timed_out) = std::sync::mpsc::channel();
    let server = RawServer::tcp();
    let mut req = req(&server.endpoint());
    let serving = thread::spawn(move || {
        let mut peer = server.accept_as("REP");
        let request = peer.read_message();
        timed_out.recv_timeout(LIMIT).unwrap();
        peer.send(&wire::reply_to(&request, b"slow"));
        peer
    });
    req.send("question").unwrap();
    assert!(req.recv_timeout(SHORT).unwrap().is_none());
    tell.send(()).unwrap();
    let error = req.send("another").unwrap_err();
    assert!(matches!(error.error, Error::OutOfTurn(OutOfTurn::ReplyPending)));
    assert_eq!(error.message.text(), Ok("another"));
    assert_eq!(req.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("slow"));
    serving.join().unwrap();
}

#[test]
fn a_relaxed_req_may_ask_again_before_the_reply() {
    let server = RawServer::tcp();
    let mut req = crate::harness::builder::<Req>()
        .relaxed(true)
        .correlate(true)
        .connect(server.endpoint())
        .unwrap();
    let serving = thread::spawn(move || {
        let mut peer = server.accept_as("REP");
        let first = peer.read_message();
        let second = peer.read_message();
        peer.send(&wire::reply_to(&first, b"one"));
        peer.send(&wire::reply_to(&second, b"two"));
        (peer, first, second)
    });
    req.send("1").unwrap();
    drive_until!(req, req.counters().messages_sent == 1);
    req.send("2").unwrap();
    assert_eq!(req.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("two"));
    assert_eq!(req.counters().dropped.wrong_request_id, 1);
    let (_peer, first, second) = serving.join().unwrap();
    assert_ne!(first[0], second[0], "each request has an id of its own");
}

#[test]
fn a_reply_sent_right_before_the_peer_closes_is_received() {
    for size in [1, 1_000, 100_000, 4_000_000] {
        let server = RawServer::tcp();
        let mut req = req(&server.endpoint());
        let serving = thread::spawn(move || {
            let mut peer = server.accept_as("REP");
            let request = peer.read_message();
            peer.send(&wire::reply_to(&request, &vec![3; size]));
        });
        req.send("last words?").unwrap();
        // The socket finds the reply and the end of the connection together.
        drive_until!(req, req.counters().messages_sent == 1);
        if size < 1_000_000 {
            serving.join().unwrap();
        }
        assert_eq!(req.recv_timeout(LIMIT).unwrap().unwrap().bytes().unwrap(), vec![3; size]);
    }
}

#[test]
fn a_request_of_a_closed_peer_is_delivered_and_its_reply_counted() {
    let (mut rep, endpoint) = crate::harness::rep();
    let mut peer = RawPeer::connect(&endpoint);
    peer.send(&wire::burst("REQ", &[b"last wish"]));
    drop(peer);
    assert_eq!(rep.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("last wish"));
    drive_until!(rep, rep.counters().disconnects == 1);
    rep.send("granted").unwrap();
    assert_eq!(rep.counters().dropped.peer_gone, 1);
}

/// libzmq goes on reading after a write failed, "to prevent losing incoming messages".
#[test]
fn all_requests_of_a_closed_peer_are_delivered() {
    const COUNT: usize = 3_000;
    // The peer has sent all bytes when it closes: over TCP less than a window, over IPC more than
    // one read.
    for (endpoint, width) in crate::harness::transports().into_iter().zip([8, 28]) {
        let mut rep = crate::harness::builder::<Rep>().build().unwrap();
        let endpoint = rep.bind(&endpoint).unwrap().to_string();
        let mut peer = RawPeer::connect(&endpoint);
        let bodies: Vec<_> = (0..COUNT).map(|at| format!("{at:0width$}").into_bytes()).collect();
        let requests: Vec<_> = bodies.iter().map(Vec::as_slice).collect();
        peer.send(&wire::burst("DEALER", &requests));
        drop(peer);
        for body in &bodies {
            let request = rep.recv_timeout(LIMIT).unwrap();
            let request = request.unwrap_or_else(|| panic!("lost: {}", body.escape_ascii()));
            assert_eq!(request.bytes().unwrap(), body);
            rep.send(request).unwrap();
        }
    }
}

#[test]
fn a_peer_lost_between_request_and_reply_does_not_affect_the_next() {
    let (mut rep, endpoint) = crate::harness::rep();
    let mut lost = RawPeer::connect(&endpoint);
    lost.send(&wire::burst("REQ", &[b"one"]));
    assert_eq!(rep.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("one"));
    drop(lost);
    drive_until!(rep, rep.counters().disconnects == 1);
    // Takes the slot of the lost peer.
    let mut next = RawPeer::connect(&endpoint);
    next.send(&wire::burst("REQ", &[b"two"]));
    drive_until!(rep, rep.counters().messages_received == 2);
    rep.send("for a lost peer").unwrap();
    assert_eq!(rep.counters().dropped.peer_gone, 1);
    let request = rep.recv_timeout(LIMIT).unwrap().unwrap();
    rep.send(request).unwrap();
    next.read_exact(64);
    assert_eq!(next.read_message(), [&b""[..], b"two"]);
}

#[test]
fn a_malformed_request_of_a_lost_peer_does_not_affect_the_next_client() {
    let (rep, endpoint) = crate::harness::rep();
    let echo = Echo::with(rep);
    for _ in 0..20 {
        let mut peer = RawPeer::connect(&endpoint);
        let bad = wire::message(&[b"no", b"delimiter"]);
        peer.send(&[wire::burst("DEALER", &[]), bad.clone(), wire::frame(1, b"half")].concat());
        drop(peer);
        assert_echo(&mut req(&endpoint), b"still served");
    }
    assert_eq!(echo.stop().counters().dropped.bad_envelope, 20);
}

#[test]
fn a_client_finds_the_replacement_of_its_server() {
    for endpoint in crate::harness::transports() {
        let first = Echo::on(&endpoint);
        let endpoint = first.endpoint.clone();
        let mut req = req(&endpoint);
        assert_echo(&mut req, b"to the first");
        drop(first.stop());
        let second = Echo::on(&endpoint);
        // The first request may find the end of the old connection.
        let reply = match req.request("to the second", LIMIT) {
            Err(Error::PeerLost) => req.request("to the second", LIMIT),
            result => result,
        };
        assert_eq!(reply.unwrap().unwrap().text(), Ok("to the second"));
        drop(second);
    }
}

/// The new connection may belong to another program, or to one that has restarted.
#[test]
fn a_connecting_rep_does_not_answer_an_old_request_on_a_new_connection() {
    let server = RawServer::tcp();
    let mut rep = crate::harness::builder::<Rep>().connect(server.endpoint()).unwrap();
    let mut old = server.accept();
    old.send(&wire::burst("REQ", &[b"old question"]));
    drive_until!(rep, rep.counters().messages_received == 1);
    drop(old);
    drive_until!(rep, rep.counters().connection_attempts == 2);
    let mut new = server.accept();
    new.send(&wire::burst("REQ", &[b"new question"]));
    drive_until!(rep, rep.counters().messages_received == 2);
    assert_eq!(rep.try_recv().unwrap().unwrap().text(), Ok("old question"));
    rep.send("old answer").unwrap();
    assert_eq!(rep.try_recv().unwrap().unwrap().text(), Ok("new question"));
    rep.send("new answer").unwrap();
    new.read_exact(64);
    assert_eq!(new.read_message(), [&b""[..], b"new answer"]);
    assert_eq!(rep.counters().dropped.peer_gone, 1);
}
