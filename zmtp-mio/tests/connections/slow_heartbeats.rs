//! Heartbeats do not end the connection of a slow or busy peer.

use std::io::{Read, Write};
use std::thread;
use std::time::Duration;

use crate::harness::simulated::{simulated, simulated_peer, simulated_time, turns_until};
use crate::harness::{builder, closes, drive_until, events, half_ready, ipc};
use zmtp_core::{Error, Timeout};
use zmtp_mio::testing::{RawPeer, Simulation};
use zmtp_mio::{CloseReason, Heartbeat, HighWaterMark, Pull, Push};

const SILENT: CloseReason = CloseReason::Protocol(Error::TimedOut(Timeout::Heartbeat));
const BEAT: Duration = Duration::from_millis(300);
/// The bytes that a slow peer reads in a millisecond.
const STEP: usize = 1_000;
const LARGE: usize = 3_000_000;

fn is_ping(frame: &wire::Frame) -> bool {
    frame.command().is_some_and(|(name, _)| name == b"PING")
}

fn push(simulation: &Simulation) -> (Push, String) {
    let push = simulated::<Push>(simulation)
        .heartbeat(Heartbeat::every(BEAT).timeout(BEAT))
        .bind("tcp://127.0.0.1:*")
        .unwrap();
    let endpoint = push.endpoints().next().unwrap().to_string();
    (push, endpoint)
}

/// A PUSH with heartbeats, and a raw PULL after the handshake.
fn push_with_peer(simulation: &Simulation) -> (Push, RawPeer) {
    let (mut push, endpoint) = push(simulation);
    let peer = simulated_peer(simulation, &endpoint, "PULL");
    turns_until(simulation, "a handshake", || {
        push.step().unwrap();
        push.counters().handshakes == 1
    });
    (push, peer)
}

/// A PUSH with heartbeats, and a PULL with room for ten messages.
fn push_with_worker(simulation: &Simulation) -> (Push, Pull) {
    let (mut push, endpoint) = push(simulation);
    let few = HighWaterMark::new(10, 1_000_000);
    let mut pull = simulated::<Pull>(simulation).receive_mark(few).connect(&endpoint).unwrap();
    turns_until(simulation, "a handshake", || {
        push.step().unwrap();
        pull.step().unwrap();
        push.counters().handshakes == 1
    });
    (push, pull)
}

#[test]
fn a_peer_that_reads_a_large_message_slowly_is_kept() {
    let simulation = Simulation::new();
    let (mut push, mut peer) = push_with_peer(&simulation);
    push.send(vec![7; LARGE]).unwrap();
    let mut got = Vec::new();
    let mut answered = 0;
    let time = simulated_time(&simulation, || {
        turns_until(&simulation, "the message and PINGs after it", || {
            let mut bytes = [0; STEP];
            if let Ok(n) = peer.read(&mut bytes) {
                got.extend_from_slice(&bytes[..n]);
            }
            if got.len() > LARGE {
                let (frames, _) = wire::frames(&got[64..]);
                let pings = frames.iter().filter(|frame| is_ping(frame)).count();
                while answered < pings {
                    peer.write_all(&wire::command("PONG", b"")).unwrap();
                    answered += 1;
                }
            }
            push.step().unwrap();
            answered > 3
        });
    });
    assert!(time > 10 * BEAT, "{time:?}");
    assert_eq!(push.counters().disconnects, 0, "{:?}", events!(push));
}

#[test]
fn a_peer_that_stops_reading_in_a_large_message_is_closed() {
    let simulation = Simulation::new();
    let (mut push, mut peer) = push_with_peer(&simulation);
    push.send(vec![7; LARGE]).unwrap();
    let mut left = LARGE / 2;
    let mut stopped = Duration::ZERO;
    turns_until(&simulation, "the close", || {
        if left > 0 {
            left = left.saturating_sub(peer.read(&mut [0; STEP]).unwrap_or(0));
            stopped = simulation.clock().elapsed();
        }
        push.step().unwrap();
        push.counters().disconnects == 1
    });
    let time = simulation.clock().elapsed() - stopped;
    assert!((BEAT..=3 * BEAT).contains(&time), "{time:?}");
    assert_eq!(closes(&events!(push)), [SILENT]);
}

/// The system of a process that hangs acknowledges bytes, PINGs too.
#[test]
fn a_peer_that_takes_bytes_and_answers_no_ping_is_closed() {
    let simulation = Simulation::new();
    let (mut push, mut peer) = push_with_peer(&simulation);
    let time = simulated_time(&simulation, || {
        turns_until(&simulation, "the close", || {
            let _ = push.send_timeout("more", Duration::ZERO);
            let _ = peer.read_all();
            push.step().unwrap();
            push.counters().disconnects == 1
        });
    });
    assert!((BEAT..=4 * BEAT).contains(&time), "{time:?}");
    assert_eq!(closes(&events!(push)), [SILENT]);
}

/// Its queue is full, so that it reads nothing, not even a PING.
#[test]
fn a_busy_worker_with_a_full_queue_is_kept() {
    let simulation = Simulation::new();
    let (mut push, mut pull) = push_with_worker(&simulation);
    let mut sent = 0;
    let mut receives = |time: Duration| {
        for _ in 0..time.as_millis() {
            if push.send_timeout(vec![3; 1_000], Duration::ZERO).is_ok() {
                sent += 1;
            }
            push.step().unwrap();
            pull.step().unwrap();
            simulation.clock().advance(Duration::from_millis(1));
        }
    };
    // It is busy, and the driver serves it.
    receives(20 * BEAT);
    assert!(sent > 70, "{sent}");
    let mut got = 0;
    turns_until(&simulation, "all messages", || {
        got += u32::from(pull.recv_timeout(Duration::ZERO).unwrap().is_some());
        push.step().unwrap();
        got == sent
    });
    assert_eq!(push.counters().disconnects, 0, "{:?}", events!(push));
}

/// Between two PINGs, its socket reads all messages that were written before the second one.
#[test]
fn a_busy_worker_that_takes_a_message_per_beat_is_kept() {
    let simulation = Simulation::new();
    let (mut push, mut pull) = push_with_worker(&simulation);
    // After these messages, it has read three PINGs: the stream has room for about 65 messages.
    for got in 0..200 {
        assert!(got == 0 || pull.recv_timeout(Duration::ZERO).unwrap().is_some());
        for _ in 0..BEAT.as_millis() {
            let _ = push.send_timeout(vec![3; 1_000], Duration::ZERO);
            push.step().unwrap();
            pull.step().unwrap();
            simulation.clock().advance(Duration::from_millis(1));
        }
        assert_eq!(push.counters().disconnects, 0, "{got}: {:?}", events!(push));
    }
}

/// The system counts some memory for each unread write, and not only its bytes: each PING seems to take bytes back
/// that have arrived before.
#[cfg(target_os = "linux")]
#[test]
fn a_peer_over_ipc_that_stops_reading_is_closed() {
    let mut push =
        builder::<Push>().heartbeat(Heartbeat::every(BEAT).timeout(BEAT)).bind(ipc()).unwrap();
    let mut peer = half_ready(&push.last_endpoint().unwrap().to_string(), "PULL");
    drive_until!(push, push.counters().handshakes == 1);
    push.send(vec![7; 200_000]).unwrap();
    let reading = thread::spawn(move || {
        peer.read_exact(64);
        peer.read_message();
        peer
    });
    drive_until!(push, reading.is_finished());
    let _peer = reading.join().unwrap();
    drive_until!(push, push.counters().disconnects == 1);
    assert_eq!(closes(&events!(push)), [SILENT]);
}
