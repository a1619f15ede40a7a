//! Sockets that only send: they accept new peers, see full queues, and answer their peers.

use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::simulated::{simulated, simulated_peer};
use crate::harness::{LIMIT, builder, drive_until};
use zmtp_core::wire::RoutingId;
use zmtp_mio::testing::Simulation;
use zmtp_mio::{Dealer, Error, HighWaterMark, Pub, Pull, Push, Router};

fn endpoint_of(mut endpoints: impl Iterator<Item = zmtp_mio::Endpoint>) -> String {
    endpoints.next().unwrap().to_string()
}

#[test]
fn a_push_that_never_waits_accepts_a_second_peer() {
    let mut push = builder::<Push>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = endpoint_of(push.endpoints());
    let mut first = builder::<Pull>().connect(&endpoint).unwrap();
    drive_until!(push, {
        first.step().unwrap();
        push.counters().handshakes == 1
    });
    let _second = crate::harness::half_ready(&endpoint, "PULL");
    let end = Instant::now() + LIMIT;
    while push.counters().handshakes < 2 {
        push.try_send("work").unwrap();
        first.try_recv().unwrap();
        assert!(Instant::now() < end, "it is not let in");
    }
}

#[test]
fn a_push_that_never_waits_answers_pings() {
    let mut push = builder::<Push>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = endpoint_of(push.endpoints());
    let mut peer = crate::harness::half_ready(&endpoint, "PULL");
    drive_until!(push, push.counters().handshakes == 1);
    peer.send(&wire::ping(b"?"));
    let reading = thread::spawn(move || {
        peer.read_exact(64);
        peer.read_frame();
        while peer.read_frame() != (4, b"\x04PONG?".to_vec()) {}
        peer
    });
    // The reader fails after a while without a frame.
    let end = Instant::now() + LIMIT;
    while !reading.is_finished() {
        assert!(Instant::now() < end, "no PONG");
        let _ = push.try_send("work");
    }
    reading.join().unwrap();
}

#[test]
fn a_publisher_that_never_waits_sees_a_subscription() {
    let simulation = Simulation::new();
    let mut publisher = simulated::<Pub>(&simulation).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = endpoint_of(publisher.endpoints());
    let mut peer = simulated_peer(&simulation, &endpoint, "SUB");
    peer.write_all(&wire::command("SUBSCRIBE", b"")).unwrap();
    let mut sent = 0;
    while publisher.topic_count() == 0 {
        publisher.send("news").unwrap();
        sent += 1;
        simulation.clock().advance(Duration::from_millis(20));
        assert!(sent < 20, "it does not see the subscription");
    }
}

#[test]
fn a_mandatory_router_finds_a_new_peer_by_sending_alone() {
    let mut router = builder::<Router>().mandatory(true).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = endpoint_of(router.endpoints());
    let id = RoutingId::new(b"d").unwrap();
    let mut dealer = builder::<Dealer>().routing_id(id).connect(&endpoint).unwrap();
    let end = Instant::now() + LIMIT;
    loop {
        dealer.step().unwrap();
        match router.send_to(b"d", "found", Duration::ZERO) {
            Ok(()) => break,
            Err(failed) => assert!(matches!(failed.error, Error::Unroutable)),
        }
        assert!(Instant::now() < end, "it is not found");
    }
    assert_eq!(dealer.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("found"));
}

/// Bytes of a message, so large that the kernel's buffers are full before the queue is.
const LARGE: usize = 64 << 10;

#[test]
fn a_queue_that_reaches_its_mark_while_nothing_can_be_written_counts_as_full() {
    let mark = HighWaterMark::default().messages(50);
    let mut publisher =
        builder::<Pub>().no_drop(true).send_mark(mark).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = endpoint_of(publisher.endpoints());
    let mut peer = crate::harness::half_ready(&endpoint, "SUB");
    peer.send(&wire::command("SUBSCRIBE", b""));
    assert!(publisher.wait_for_subscribers(1, LIMIT).unwrap());
    let body = vec![0; LARGE];
    let full = (0..10_000).find_map(|_| publisher.try_send(body.as_slice()).err());
    assert!(matches!(full.expect("the mark").error, Error::WouldBlock));
    assert!(!publisher.step().unwrap().writable);
    assert_eq!(publisher.counters().dropped.high_water_mark, 0);

    let mut push = builder::<Push>().send_mark(mark).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = endpoint_of(push.endpoints());
    let _peer = crate::harness::half_ready(&endpoint, "PULL");
    drive_until!(push, push.counters().handshakes == 1);
    let full = (0..10_000).find_map(|_| push.try_send(body.as_slice()).err());
    assert!(matches!(full.expect("the mark").error, Error::WouldBlock));
    assert!(!push.step().unwrap().writable);
}
