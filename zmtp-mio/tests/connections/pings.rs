//! PINGs: each gets its PONG, also among many others and within a message.
#![cfg(unix)]

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::harness::{Echo, LIMIT, RawPeer, RawServer, assert_echo, req};
use zmtp_core::wire::RoutingId;
use zmtp_mio::Req;

/// The contexts of the next `n` PONGs.
fn pongs(peer: &mut RawPeer, n: usize) -> Vec<Vec<u8>> {
    (0..n)
        .map(|_| {
            let (flags, body) = peer.read_frame();
            assert_eq!((flags, &body[..5]), (4, &b"\x04PONG"[..]));
            body[5..].to_vec()
        })
        .collect()
}

#[test]
fn each_ping_gets_a_pong_with_its_context() {
    let echo = Echo::new();
    let mut peer = RawPeer::ready(&echo.endpoint, "REQ");
    peer.send(&[wire::ping(b"a"), wire::ping(b""), wire::ping(&[9; 40])].concat());
    assert_eq!(pongs(&mut peer, 3), [&b"a"[..], b"", &[9; 16]]);
}

#[test]
fn a_request_after_many_pings_is_answered() {
    for count in [10, 200, 1_000, 5_000, 20_000] {
        let echo = Echo::new();
        let mut peer = RawPeer::ready(&echo.endpoint, "REQ");
        let mut bytes = wire::ping(b"").repeat(count);
        bytes.extend(wire::delimited(b"after the pings"));
        peer.send(&bytes);
        assert_eq!(pongs(&mut peer, count).len(), count);
        assert_eq!(peer.read_message(), [&b""[..], b"after the pings"]);
    }
}

#[test]
fn pings_in_the_middle_of_a_message_are_answered_before_its_end() {
    let echo = Echo::new();
    let mut peer = RawPeer::ready(&echo.endpoint, "REQ");
    peer.send(&[wire::frame(1, b""), wire::frame(1, b"one"), wire::ping(b"now")].concat());
    assert_eq!(pongs(&mut peer, 1), [b"now"]);
    peer.send(&wire::frame(0, b"two"));
    assert_eq!(peer.read_message(), [&b""[..], b"one", b"two"]);
}

/// A READY with a long routing id is larger than a PONG, and must be sent before the first one.
#[test]
fn pings_right_after_ready_do_not_block_a_socket_with_a_long_routing_id() {
    for len in [0, 1, 24, 25, 100, 255] {
        let server = RawServer::tcp();
        let endpoint = server.endpoint();
        let (done, is_done) = mpsc::channel();
        // On a thread, because the call may never return.
        thread::spawn(move || {
            let id = RoutingId::new(&vec![b'i'; len]).unwrap();
            let mut req =
                crate::harness::builder::<Req>().routing_id(id).connect(&endpoint).unwrap();
            done.send(req.request("question", LIMIT).map(|reply| reply.is_some()))
        });
        let mut peer = server.accept();
        peer.send(&[wire::burst("REP", &[]), wire::ping(b"1"), wire::ping(b"2")].concat());
        let answering = thread::spawn(move || {
            peer.read_exact(64);
            let request = peer.read_message();
            peer.send(&wire::reply_to(&request, b"answer"));
            peer
        });
        let outcome = is_done.recv_timeout(2 * LIMIT);
        assert!(matches!(outcome, Ok(Ok(true))), "{len} bytes of routing id: {outcome:?}");
        answering.join().unwrap();
    }
}

#[test]
fn a_peer_that_pings_and_never_reads_does_not_delay_others() {
    let echo = Echo::new();
    let mut pinger = RawPeer::ready(&echo.endpoint, "REQ");
    let pings = wire::ping(b"").repeat(200_000);
    let mut sent = 0;
    let mut honest = req(&echo.endpoint);
    for _ in 0..20 {
        sent += pinger.send_some(&pings[sent..]);
        assert_echo(&mut honest, b"served");
        if sent == pings.len() {
            break;
        }
    }
    // The peer reads at last, and gets a PONG for each PING.
    let mut left = pings.len() - sent;
    let mut due = 200_000;
    while due > 0 {
        if left > 0 {
            left -= pinger.send_some(&pings[pings.len() - left..]);
        }
        let got = pinger.read_for(7 * due, Duration::from_millis(500));
        assert!(!got.is_empty(), "{due} PONGs are missing");
        assert!(got.len().is_multiple_of(7), "half a PONG");
        due -= got.len() / 7;
    }
}
