//! Caps of a whole socket: handshakes, connections, bytes, descriptors. What goes past them gives
//! way, and honest clients are served.
#![cfg(unix)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::echo::{echo_with, endpoint_of, outcome, rep_with};
use crate::harness::processes::{Watch, alone, finish, part, start, this_test};
use crate::harness::{
    Echo, LIMIT, RawPeer, assert_echo, closes, drive_for, drive_until, events, is_open, mutes, req,
};
use zmtp_mio::{CloseReason, EventKind, HighWaterMark, Rep, Req};

const MIB: usize = 1 << 20;

fn is_paused(kind: &EventKind) -> bool {
    matches!(kind, EventKind::AcceptPaused(_))
}

#[test]
fn the_oldest_unfinished_handshake_gives_way() {
    let echo = echo_with(|options| options.max_handshakes = 8);
    let mut peers = mutes(&echo.endpoint, 20);
    for peer in &mut peers[..12] {
        peer.assert_closed();
    }
    let mut honest = req(&echo.endpoint);
    assert_echo(&mut honest, b"meanwhile");
    peers[12].assert_closed();
    assert!(peers[13..].iter_mut().all(is_open), "the youngest stay");
    let (counters, closes) = outcome(echo);
    assert_eq!(closes, [CloseReason::TooManyHandshakes; 13]);
    assert_eq!(counters.refused, 13);
}

#[test]
fn peers_that_are_through_the_handshake_do_not_count_as_handshakes() {
    let echo = echo_with(|options| options.max_handshakes = 2);
    let mut peers: Vec<_> = (0..20).map(|_| RawPeer::ready(&echo.endpoint, "REQ")).collect();
    for peer in &mut peers {
        peer.send(&wire::delimited(b"all of us"));
        assert_eq!(peer.read_message()[1], b"all of us");
    }
    assert_eq!(outcome(echo).1, []);
}

#[test]
fn new_honest_clients_are_served_in_a_storm_of_silent_ones() {
    let echo = echo_with(|options| options.max_handshakes = 8);
    let over = Arc::new(AtomicBool::new(false));
    let storm = thread::spawn({
        let (over, endpoint) = (Arc::clone(&over), echo.endpoint.clone());
        move || {
            let mut opened = 0;
            let mut held = std::collections::VecDeque::new();
            while !over.load(Ordering::Relaxed) {
                held.push_back(RawPeer::connect(&endpoint));
                opened += 1;
                if held.len() > 500 {
                    held.pop_front();
                }
                thread::sleep(Duration::from_micros(200));
            }
            opened
        }
    });
    let end = Instant::now() + Duration::from_millis(1_500);
    let mut served = 0;
    while served < 20 || Instant::now() < end {
        // Its handshake may have to give way too: it dials again then.
        let mut honest = req(&echo.endpoint);
        let start = Instant::now();
        while !matches!(honest.request("I am new here", LIMIT), Ok(Some(_))) {
            assert!(start.elapsed() < LIMIT, "never served");
        }
        served += 1;
    }
    over.store(true, Ordering::Relaxed);
    let opened = storm.join().unwrap();
    assert!(opened > 200, "no storm: {opened}");
    assert!(outcome(echo).1.contains(&CloseReason::TooManyHandshakes));
}

/// Starts a request of `total` bytes and sends `part` of them.
fn begin(endpoint: &str, total: usize, part: usize) -> RawPeer {
    let mut peer = RawPeer::ready(endpoint, "REQ");
    peer.send(&[wire::frame(1, b""), wire::long_header(0, total as u64)].concat());
    peer.send(&vec![7; part]);
    peer
}

#[test]
fn the_memory_cap_closes_the_largest_unfinished_message_and_only_that() {
    let mut rep = rep_with(|options| options.max_bytes = MIB);
    let endpoint = endpoint_of(&rep);
    let peers = thread::spawn(move || {
        let one = begin(&endpoint, 400_000, 300_000);
        let mut largest = begin(&endpoint, 4_000_000, 500_000);
        let two = begin(&endpoint, 200_000, 100_000);
        let _ = largest.try_send(&[7; 300_000]);
        largest.assert_closed();
        (one, two)
    });
    drive_until!(rep, peers.is_finished());
    let (mut one, mut two) = peers.join().unwrap();
    let echo = Echo::with(rep);
    one.send(&[7; 100_000]);
    assert_eq!(one.read_message()[1].len(), 400_000);
    two.send(&[7; 100_000]);
    assert_eq!(two.read_message()[1].len(), 200_000);
    let mut honest = req(&echo.endpoint);
    assert_echo(&mut honest, b"afterwards");
    let (counters, closes) = outcome(echo);
    assert_eq!(closes, [CloseReason::MemoryLimit]);
    assert_eq!((counters.disconnects, counters.dropped.incomplete), (1, 1));
}

/// Requests that came whole and wait are nobody's unfinished message.
#[test]
fn the_memory_cap_closes_nobody_for_whole_requests_that_wait() {
    const REQUESTS: usize = 2_000;
    let mut rep = rep_with(|options| {
        options.max_bytes = MIB / 4;
        options.receive_mark = HighWaterMark { messages: 10, bytes: MIB };
    });
    let endpoint = endpoint_of(&rep);
    let senders: Vec<_> = (0..8)
        .map(|_| {
            let endpoint = endpoint.clone();
            thread::spawn(move || {
                let mut peer = RawPeer::ready(&endpoint, "REQ");
                peer.send(&wire::delimited(&[7; 40]).repeat(REQUESTS));
                peer
            })
        })
        .collect();
    drive_for!(rep, Duration::from_millis(500));
    let ends = closes(&events!(rep));
    assert_eq!(ends, [], "{} whole requests came", rep.counters().messages_received);
    for n in 0..8 * REQUESTS {
        assert!(rep.recv_timeout(LIMIT).unwrap().is_some(), "{n}");
        rep.send("").unwrap();
    }
    for sender in senders {
        drop(sender.join().unwrap());
    }
}

#[test]
fn accepting_pauses_at_the_cap_on_connections_without_spinning_and_resumes() {
    let test = this_test!();
    alone(test, accepting_pauses_and_resumes);
}

fn accepting_pauses_and_resumes() {
    let mut rep = rep_with(|options| options.max_connections = 4);
    let endpoint = endpoint_of(&rep);
    let arriving = thread::spawn({
        let endpoint = endpoint.clone();
        move || (0..4).map(|_| RawPeer::ready(&endpoint, "REQ")).collect::<Vec<_>>()
    });
    drive_until!(rep, arriving.is_finished());
    let mut inside = arriving.join().unwrap();
    let mut outside = mutes(&endpoint, 3);
    let watch = Watch::start();
    assert_eq!(rep.recv_timeout(Duration::from_secs(1)).unwrap(), None);
    watch.assert_calm(Duration::from_millis(200));
    // The application is away: the socket is the driver's, if there is one.
    let watch = Watch::start();
    thread::sleep(Duration::from_secs(1));
    watch.assert_calm(Duration::from_millis(200));
    let kinds = events!(rep);
    assert_eq!(kinds.iter().filter(|kind| is_paused(kind)).count(), 1, "{kinds:?}");
    assert_eq!(rep.counters().accepted, 4);
    let echo = Echo::with(rep);
    inside[3].send(&wire::delimited(b"inside"));
    assert_eq!(inside[3].read_message()[1], b"inside");
    inside.truncate(1);
    for peer in &mut outside {
        peer.send(&wire::burst("REQ", &[b"in at last"]));
        peer.read_exact(64);
        assert_eq!(peer.read_message()[1], b"in at last");
    }
    assert_eq!(outcome(echo).0.accepted, 7);
}

#[test]
fn two_hundred_connections_are_survived_with_48_descriptors() {
    let test = this_test!();
    if let Some(endpoint) = part(test) {
        let mut rep = crate::harness::builder::<Rep>().bind(&endpoint).unwrap();
        let watch = Watch::start();
        let mut paused = 0;
        loop {
            let request = rep.recv_timeout(2 * LIMIT).unwrap().expect("the end never came");
            let is_over = request.bytes().unwrap() == b"over";
            rep.send(request).unwrap();
            // The application is away: the socket is the driver's, if there is one.
            thread::sleep(Duration::from_millis(40));
            paused += events!(rep).iter().filter(|kind| is_paused(kind)).count();
            if is_over {
                break;
            }
        }
        assert!(paused > 0, "there was no lack of descriptors");
        watch.assert_calm(Duration::from_millis(300));
        return;
    }
    let endpoint = crate::harness::ipc();
    let path = endpoint.strip_prefix("ipc://").unwrap().to_string();
    let child = start(test, Some(48), &endpoint);
    crate::harness::eventually("the server listens", || std::path::Path::new(&path).exists());
    let mut honest = req(&endpoint);
    assert_echo(&mut honest, b"before");
    let crowd = mutes(&endpoint, 200);
    for _ in 0..20 {
        assert_echo(&mut honest, b"meanwhile");
        thread::sleep(Duration::from_millis(75));
    }
    drop(crowd);
    assert_echo(&mut req(&endpoint), b"new, afterwards");
    assert_echo(&mut honest, b"over");
    finish(child);
}

#[test]
fn two_hundred_dials_are_survived_with_48_descriptors() {
    let test = this_test!();
    if let Some(endpoint) = part(test) {
        let mut req = crate::harness::builder::<Req>().build().unwrap();
        let watch = Watch::start();
        for _ in 0..200 {
            req.connect(&endpoint).unwrap();
        }
        let (mut refused, start) = (0, Instant::now());
        while start.elapsed() < Duration::from_millis(1_500) {
            // Events that wait would end the wait at once.
            refused += closes(&events!(req)).len();
            req.wait(Duration::from_millis(100)).unwrap();
        }
        // The application is away: the socket is the driver's, if there is one.
        thread::sleep(Duration::from_millis(1_500));
        assert!(refused >= 150, "there was no lack of descriptors: {refused}");
        for _ in 0..190 {
            req.disconnect(&endpoint).unwrap();
        }
        // Only now is there a descriptor to read it from.
        watch.assert_calm(Duration::from_millis(300));
        for _ in 0..20 {
            // Some of those left may have to be dialled first, after a wait of up to 3 s.
            assert_echo(&mut req, b"afterwards");
        }
        return;
    }
    let echo = Echo::new();
    finish(start(test, Some(48), &echo.endpoint));
}
