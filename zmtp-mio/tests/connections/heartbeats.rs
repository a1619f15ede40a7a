//! Heartbeats (RFC 37 § Connection Heartbeating, `ZMQ_HEARTBEAT_IVL` and friends).

use std::thread;
use std::time::Duration;

use crate::harness::{RawServer, closes, drive_for, drive_until, events};
use zmtp_mio::zmtp_core::{Error, Heartbeat, Timeout};
use zmtp_mio::{CloseReason, Dealer, Router};

const SILENT: CloseReason = CloseReason::Protocol(Error::TimedOut(Timeout::Heartbeat));

#[test]
fn a_peer_that_answers_is_kept_and_one_that_does_not_is_closed() {
    let mut router = crate::harness::builder::<Router>()
        .heartbeat(Heartbeat::every(50).timeout(300))
        .bind("tcp://127.0.0.1:*")
        .unwrap();
    let endpoint = router.endpoints().next().unwrap().to_string();
    let mut silent = crate::harness::half_ready(&endpoint, "DEALER");
    let mut alive = crate::harness::builder::<Dealer>().connect(&endpoint).unwrap();
    drive_until!(router, {
        alive.step().unwrap();
        router.counters().handshakes == 2
    });
    drive_until!(router, {
        alive.step().unwrap();
        router.counters().disconnects == 1
    });
    assert_eq!(closes(&events!(router)), [SILENT]);
    // It was asked: greeting, READY, then PING without context.
    silent.read_exact(64);
    silent.read_frame();
    assert_eq!(silent.read_frame(), (4, b"\x04PING\0\0".to_vec()));
    alive.send("still here").unwrap();
    drive_until!(router, {
        alive.step().unwrap();
        router.step().unwrap().readable
    });
}

#[test]
fn a_dialled_peer_that_falls_silent_is_dialled_again() {
    let server = RawServer::tcp();
    let mut dealer = crate::harness::builder::<Dealer>()
        .heartbeat(Heartbeat::every(50))
        .connect(&server.endpoint())
        .unwrap();
    let accepted = thread::spawn(move || {
        let first = server.accept_as("ROUTER");
        let second = server.accept_as("ROUTER");
        drop((first, second));
    });
    drive_until!(dealer, dealer.counters().handshakes == 2);
    assert!(closes(&events!(dealer)).contains(&SILENT));
    drop(dealer);
    accepted.join().unwrap();
}

#[test]
fn the_ttl_of_a_peers_ping_is_kept_to() {
    let mut router = crate::harness::builder::<Router>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = router.endpoints().next().unwrap().to_string();
    let mut peer = crate::harness::half_ready(&endpoint, "DEALER");
    // Two tenths of a second.
    peer.send(&wire::command("PING", &[0, 2]));
    drive_until!(router, router.counters().disconnects == 1);
    let ttl = CloseReason::Protocol(Error::TimedOut(Timeout::Ttl));
    assert_eq!(closes(&events!(router)), [ttl]);
}

#[test]
fn what_waits_unread_while_the_application_is_away_is_a_sign_of_life() {
    let mut router = crate::harness::builder::<Router>()
        .heartbeat(Heartbeat::every(50).timeout(100))
        .bind("tcp://127.0.0.1:*")
        .unwrap();
    let endpoint = router.endpoints().next().unwrap().to_string();
    let mut dealer = crate::harness::builder::<Dealer>().connect(&endpoint).unwrap();
    drive_until!(router, {
        dealer.step().unwrap();
        router.counters().handshakes == 1
    });
    drive_for!(router, Duration::from_millis(60));
    // The PING is out; its answer comes while nobody drives the router.
    drive_for!(dealer, Duration::from_millis(200));
    router.step().unwrap();
    drive_until!(router, {
        dealer.send("here").unwrap();
        router.step().unwrap().readable
    });
    assert_eq!(router.counters().disconnects, 0);
}
