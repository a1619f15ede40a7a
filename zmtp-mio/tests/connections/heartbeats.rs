//! Heartbeats (RFC 37 § Connection Heartbeating, `ZMQ_HEARTBEAT_IVL` and friends) in simulated time.

use std::io::Write;
use std::time::Duration;

use crate::harness::simulated::{simulated, simulated_peer, simulated_time, turns_until};
use crate::harness::{closes, events};
use zmtp_core::{Error, Timeout};
use zmtp_mio::Heartbeat;
use zmtp_mio::testing::Simulation;
use zmtp_mio::{CloseReason, Dealer, Router};

const SILENT: CloseReason = CloseReason::Protocol(Error::TimedOut(Timeout::Heartbeat));

fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn is_ping(frame: &wire::Frame) -> bool {
    frame.command() == Some((&b"PING"[..], &[0, 0]))
}

#[test]
fn a_peer_that_answers_is_kept_and_one_that_does_not_is_closed() {
    let simulation = Simulation::new();
    let mut router = simulated::<Router>(&simulation)
        .heartbeat(Heartbeat::every(Duration::from_millis(50)).timeout(Duration::from_millis(300)))
        .bind("tcp://127.0.0.1:*")
        .unwrap();
    let endpoint = router.endpoints().next().unwrap().to_string();
    let mut silent = simulated_peer(&simulation, &endpoint, "DEALER");
    let mut alive = simulated::<Dealer>(&simulation).connect(&endpoint).unwrap();
    turns_until(&simulation, "two handshakes", || {
        alive.step().unwrap();
        router.step().unwrap();
        router.counters().handshakes == 2
    });
    let time = simulated_time(&simulation, || {
        turns_until(&simulation, "the end of the silent peer", || {
            alive.step().unwrap();
            router.step().unwrap();
            router.counters().disconnects == 1
        });
    });
    assert!((millis(340)..=millis(360)).contains(&time), "{time:?}");
    assert_eq!(closes(&events!(router)), [SILENT]);
    // It got the greeting, READY, then PINGs without context.
    let sent = silent.read_all().unwrap();
    let (frames, _) = wire::frames(&sent[64..]);
    assert!(frames[1..].iter().all(is_ping) && frames.len() > 1, "{frames:?}");
    alive.send("still here").unwrap();
    turns_until(&simulation, "a message", || {
        alive.step().unwrap();
        router.step().unwrap().readable
    });
}

#[test]
fn a_server_that_falls_silent_is_connected_to_again() {
    let simulation = Simulation::new();
    let server = simulation.listen();
    let mut dealer = simulated::<Dealer>(&simulation)
        .heartbeat(Heartbeat::every(Duration::from_millis(50)))
        .connect(server.endpoint().to_string())
        .unwrap();
    let mut accepted = Vec::new();
    turns_until(&simulation, "a second handshake", || {
        if let Some(mut peer) = server.accept() {
            peer.write_all(&wire::burst("ROUTER", &[])).unwrap();
            accepted.push(peer);
        }
        dealer.step().unwrap();
        dealer.counters().handshakes == 2
    });
    assert_eq!(accepted.len(), 2);
    assert_eq!(closes(&events!(dealer)), [SILENT]);
}

#[test]
fn the_ttl_of_a_ping_is_the_timeout_for_its_sender() {
    let simulation = Simulation::new();
    let mut router = simulated::<Router>(&simulation).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = router.endpoints().next().unwrap().to_string();
    let mut peer = simulated_peer(&simulation, &endpoint, "DEALER");
    // Two tenths of a second.
    peer.write_all(&wire::command("PING", &[0, 2])).unwrap();
    let time = simulated_time(&simulation, || {
        turns_until(&simulation, "the end of the TTL", || {
            router.step().unwrap();
            router.counters().disconnects == 1
        });
    });
    assert!((millis(195)..=millis(210)).contains(&time), "{time:?}");
    let ttl = CloseReason::Protocol(Error::TimedOut(Timeout::Ttl));
    assert_eq!(closes(&events!(router)), [ttl]);
}

#[test]
fn bytes_that_arrive_between_calls_are_a_sign_of_life() {
    let simulation = Simulation::new();
    let mut router = simulated::<Router>(&simulation)
        .heartbeat(Heartbeat::every(Duration::from_millis(50)).timeout(Duration::from_millis(100)))
        .bind("tcp://127.0.0.1:*")
        .unwrap();
    let endpoint = router.endpoints().next().unwrap().to_string();
    let mut dealer = simulated::<Dealer>(&simulation).connect(&endpoint).unwrap();
    turns_until(&simulation, "a handshake", || {
        dealer.step().unwrap();
        router.step().unwrap();
        router.counters().handshakes == 1
    });
    // The router sends its PING.
    for _ in 0..60 {
        simulation.clock().advance(millis(1));
        router.step().unwrap();
    }
    // The PONG comes in time, but the router reads it late.
    for _ in 0..200 {
        dealer.step().unwrap();
        simulation.clock().advance(millis(1));
    }
    router.step().unwrap();
    dealer.send("here").unwrap();
    turns_until(&simulation, "a message", || {
        dealer.step().unwrap();
        router.step().unwrap().readable
    });
    assert_eq!(router.counters().disconnects, 0);
}
