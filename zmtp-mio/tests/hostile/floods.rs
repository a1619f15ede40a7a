//! Peers that send without end and never read: memory stays bounded, each flood is counted, and
//! an honest client is served meanwhile.
#![cfg(unix)]

use std::thread;
use std::time::Duration;
use std::time::Instant;

use crate::harness::arena::Arena;
use crate::harness::echo::{endpoint_of, rep_with};
use crate::harness::processes::{MIB, alone, assert_rests, finish, part, start, this_test};
use crate::harness::{LIMIT, RawPeer, assert_echo, closes, drive_until, events, req, resident};
use zmtp_mio::{CloseReason, Counters, HighWaterMark, Rep};

/// Sends a hundred thousand of these, none of which may close the connection, and returns the
/// server's counters.
fn flood(bytes: &[u8]) -> Counters {
    let bytes = bytes.repeat(1_000);
    let arena = Arena::new();
    let mut peer = RawPeer::ready(&arena.endpoint, "REQ");
    (0..100).for_each(|_| peer.send(&bytes));
    peer.send(&wire::delimited(b"at last"));
    assert_eq!(peer.read_message(), [&b""[..], b"at last"]);
    let (counters, closes) = arena.end(4 * MIB);
    assert!(closes.iter().all(|close| *close == CloseReason::ByPeer), "{closes:?}");
    counters
}

#[test]
fn a_hundred_thousand_unknown_commands_are_counted_and_ignored() {
    alone(this_test!(), || {
        assert_eq!(flood(&wire::command("WHAT", b"ever")).ignored_commands, 100_000);
    });
}

#[test]
fn a_hundred_thousand_requests_without_delimiter_are_counted_and_dropped() {
    alone(this_test!(), || {
        assert_eq!(flood(&wire::frame(0, b"bare")).dropped.bad_envelope, 100_000);
    });
}

/// A PING is no fault and is not counted. Reading pauses once the PONGs fill the kernel's buffers,
/// which costs neither memory nor CPU time, and the connection stays.
#[test]
fn unread_pongs_take_bounded_memory() {
    alone(this_test!(), || {
        let pings = wire::ping(&[9; 16]).repeat(200_000);
        let arena = Arena::new();
        let mut peers: Vec<_> = (0..4).map(|_| RawPeer::ready(&arena.endpoint, "REQ")).collect();
        for peer in &mut peers {
            peer.send_some(&pings);
        }
        // The peers are still connected and do not read. Their PONGs are 18 MB.
        let (counters, closes) = arena.end(2 * MIB);
        let honest = closes.iter().filter(|close| **close == CloseReason::ByPeer).count();
        assert_eq!((counters.refused, closes.len()), (0, honest), "{closes:?}");
        assert_eq!(counters.handshakes, 2 + 4);
        assert!(honest <= 2, "a pinger was cut off");
    });
}

/// Its unread PINGs cannot be answered any more, and must not keep the connection open.
#[test]
fn a_lost_peer_that_never_read_its_pongs_is_closed() {
    for is_reset in [false, true] {
        let mut rep = crate::harness::builder::<Rep>().bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = endpoint_of(&rep);
        let flood = thread::spawn(move || {
            let mut peer = RawPeer::ready(&endpoint, "REQ");
            // More PONGs than the buffers of both kernels hold.
            let sent = peer.send_some(&wire::ping(&[9; 16]).repeat(1_000_000));
            match is_reset {
                true => peer.reset(),
                false => drop(peer),
            }
            sent
        });
        drive_until!(rep, flood.is_finished());
        assert!(flood.join().unwrap() < 26_000_000, "it was never held up");
        drive_until!(rep, rep.counters().disconnects == 1);
        let ends = closes(&events!(rep));
        assert!(matches!(ends[..], [CloseReason::Io(_) | CloseReason::ByPeer]), "{ends:?}");
    }
}

#[test]
fn a_lost_ipc_peer_that_never_read_its_pongs_is_closed() {
    let mut rep = crate::harness::builder::<Rep>().bind(crate::harness::ipc()).unwrap();
    let endpoint = endpoint_of(&rep);
    let flood = thread::spawn(move || {
        let mut peer = RawPeer::ready(&endpoint, "REQ");
        peer.send_some(&wire::ping(&[9; 16]).repeat(1_000_000))
    });
    drive_until!(rep, flood.is_finished());
    assert!(flood.join().unwrap() < 26_000_000, "it was never held up");
    drive_until!(rep, rep.counters().disconnects == 1);
}

#[test]
fn a_paused_pinging_peer_costs_no_cpu() {
    alone(this_test!(), held_up);
}

fn held_up() {
    let mut rep = crate::harness::builder::<Rep>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = endpoint_of(&rep);
    let flood = thread::spawn(move || {
        let mut peer = RawPeer::ready(&endpoint, "REQ");
        peer.send_some(&wire::ping(&[9; 16]).repeat(1_000_000));
        peer
    });
    drive_until!(rep, flood.is_finished());
    assert_rests(&mut rep);
    drop(flood.join().unwrap());
}

#[test]
fn a_client_that_reads_no_large_replies_is_not_served_further_and_loses_none() {
    alone(this_test!(), || {
        let mut rep = rep_with(|options| {
            options.send_mark = HighWaterMark::new(1_000, MIB);
            options.receive_mark = options.send_mark;
        });
        let endpoint = endpoint_of(&rep);
        let before = resident();
        let (give, taken) = std::sync::mpsc::channel();
        let flood = thread::spawn({
            let endpoint = endpoint.clone();
            move || {
                let mut peer = RawPeer::ready(&endpoint, "REQ");
                give.send(peer.again()).unwrap();
                (0..3_000).for_each(|_| peer.send(&wire::delimited(&[7; 20_000])));
                peer
            }
        });
        let honest = thread::spawn(move || {
            let mut honest = req(&endpoint);
            (0..30).for_each(|_| assert_echo(&mut honest, b"meanwhile"));
            honest
        });
        let (mut large, mut small) = (0, 0);
        let mut serve = |rep: &mut Rep, time| {
            let request = rep.recv_timeout(time).unwrap()?;
            match request.byte_len() {
                20_000 => large += 1,
                _ => small += 1,
            }
            rep.send(request).unwrap();
            Some((large, small))
        };
        let mut served = (0, 0);
        // The first large request may take long, until the handshake is over.
        let mut time = LIMIT;
        while let Some(now) = serve(&mut rep, time) {
            served = now;
            if now.0 > 0 {
                time = Duration::from_millis(300);
            }
        }
        let grown = resident().saturating_sub(before);
        assert!(grown < 8 * MIB, "grew by {grown} bytes");
        assert!((1..3_000).contains(&served.0), "{} large requests were served", served.0);
        let mut reader = taken.recv_timeout(LIMIT).unwrap();
        let reading = thread::spawn(move || {
            (0..3_000).for_each(|_| assert_eq!(reader.read_message()[1].len(), 20_000));
        });
        while served != (3_000, 30) {
            served = serve(&mut rep, LIMIT).expect("more was due");
        }
        assert_eq!(rep.counters().dropped.total(), 0, "{}", rep.counters());
        assert_eq!(closes(&events!(rep)), []);
        drop(rep);
        reading.join().unwrap();
        drop((flood.join().unwrap(), honest.join().unwrap()));
    });
}

/// Peers of the crowd whose requests exceed the memory cap.
const CROWD: usize = 64;

/// The process of the crowd: each peer sends one request, and waits for a reply or a close.
fn crowd(endpoint: &str) {
    let request = [wire::burst("REQ", &[]), wire::delimited(&vec![7; 900_000])].concat();
    thread::scope(|scope| {
        for _ in 0..CROWD {
            scope.spawn(|| {
                let mut peer = RawPeer::connect(endpoint);
                // Closed because of the limit, or received when there is room.
                let _ = peer.try_send(&request);
                let answer = wire::delimited(b"taken");
                let end = Instant::now() + 2 * LIMIT;
                let mut came = Vec::new();
                while !came.ends_with(&answer) {
                    let byte = peer.read_for(1, LIMIT);
                    if byte.is_empty() {
                        assert!(Instant::now() < end, "neither answered nor closed");
                        return;
                    }
                    came.extend(byte);
                }
            });
        }
    });
}

#[test]
fn whole_requests_of_many_peers_stay_within_the_memory_cap() {
    let test = this_test!();
    if let Some(endpoint) = part(test).filter(|part| part != "main") {
        return crowd(&endpoint);
    }
    alone(test, || {
        let mut rep = rep_with(|options| options.max_bytes = Some(4 * MIB));
        let before = resident();
        let crowd = start(test, None, &endpoint_of(&rep));
        drive_until!(rep, rep.counters().messages_received > 3);
        crate::harness::drive_until_still!(rep);
        let grown = resident().saturating_sub(before);
        let came = rep.counters().messages_received;
        println!("grew by {} KiB with {came} requests", grown >> 10);
        // Four MiB and one message; the buffer of an unfinished body may be twice as large as its bytes.
        assert!(grown < 16 * MIB, "grew by {} KiB with {came} requests", grown >> 10);
        // Each peer was closed with a reason, or is answered now.
        let mut answered = 0;
        let mut ends = Vec::new();
        let is_over_limit = |end: &CloseReason| *end == CloseReason::MemoryLimit;
        while answered + ends.iter().filter(|end| is_over_limit(end)).count() < CROWD {
            let request = rep.recv_timeout(LIMIT).unwrap();
            assert!(request.is_some(), "{answered} answered, {ends:?} closed");
            assert_eq!(request.unwrap().byte_len(), 900_000);
            rep.send("taken").unwrap();
            answered += 1;
            ends.extend(closes(&events!(rep)));
        }
        drive_until!(rep, rep.counters().handshakes == rep.counters().disconnects);
        ends.extend(closes(&events!(rep)));
        let others = ends.iter().filter(|end| !is_over_limit(end));
        assert!({ others }.all(|end| *end == CloseReason::ByPeer), "{ends:?}");
        finish(crowd);
    });
}
