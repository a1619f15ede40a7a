//! Peers that send without end and never read: memory stays bounded, each flood is counted, and
//! an honest client is answered all the while.
#![cfg(unix)]

mod common;

use std::thread;
use std::time::Duration;

use common::echo::{endpoint_of, outcome, rep_with};
use common::processes::alone;
use common::{
    Echo, LIMIT, RawPeer, assert_echo, closes, cpu_time, drive_until, events, req, resident, wire,
};
use zmtp_mio::{CloseReason, HighWaterMark, Rep};

const MIB: usize = 1 << 20;

#[test]
fn a_hundred_thousand_unknown_commands_are_counted_and_ignored() {
    let echo = Echo::new();
    let mut honest = req(&echo.endpoint);
    let mut peer = RawPeer::ready(&echo.endpoint, "REQ");
    let octets = wire::command("WHAT", b"ever").repeat(1_000);
    for _ in 0..100 {
        peer.send(&octets);
        assert_echo(&mut honest, b"meanwhile");
    }
    peer.send(&wire::plain(b"at last"));
    assert_eq!(peer.read_message(), [&b""[..], b"at last"]);
    assert_eq!(outcome(echo).0.ignored_commands, 100_000);
}

#[test]
fn a_hundred_thousand_requests_without_delimiter_are_counted_and_dropped() {
    let echo = Echo::new();
    let mut honest = req(&echo.endpoint);
    let mut peer = RawPeer::ready(&echo.endpoint, "REQ");
    let octets = wire::frame(0, b"bare").repeat(1_000);
    for _ in 0..100 {
        peer.send(&octets);
        assert_echo(&mut honest, b"meanwhile");
    }
    peer.send(&wire::plain(b"at last"));
    assert_eq!(peer.read_message(), [&b""[..], b"at last"]);
    assert_eq!(outcome(echo).0.dropped.bad_envelope, 100_000);
}

#[test]
fn pings_whose_answers_are_never_read_take_bounded_memory() {
    alone("pings_whose_answers_are_never_read_take_bounded_memory", || {
        let echo = Echo::new();
        let mut honest = req(&echo.endpoint);
        let pings = wire::ping(&[9; 16]).repeat(200_000);
        assert_echo(&mut honest, b"before");
        let before = resident();
        let mut peers: Vec<_> = (0..4).map(|_| RawPeer::ready(&echo.endpoint, "REQ")).collect();
        for peer in &mut peers {
            peer.send_some(&pings);
            assert_echo(&mut honest, b"meanwhile");
        }
        let grown = resident().saturating_sub(before);
        assert!(grown < 4 * MIB, "grew by {grown} octets");
    });
}

/// What it had sent and we had not read cannot be answered any more: it must not hold the
/// connection.
#[test]
fn a_pinger_that_never_read_and_vanishes_is_closed() {
    for is_reset in [false, true] {
        let mut rep = common::builder::<Rep>().bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = endpoint_of(&rep);
        let flood = thread::spawn(move || {
            let mut peer = RawPeer::ready(&endpoint, "REQ");
            // Far more than the buffers of both kernels hold in answers.
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
fn a_pinger_on_ipc_that_never_read_and_vanishes_is_closed() {
    let mut rep = common::builder::<Rep>().bind(&common::ipc()).unwrap();
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
fn a_pinger_that_is_held_up_costs_no_cpu() {
    let mut rep = common::builder::<Rep>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = endpoint_of(&rep);
    let flood = thread::spawn(move || {
        let mut peer = RawPeer::ready(&endpoint, "REQ");
        peer.send_some(&wire::ping(&[9; 16]).repeat(1_000_000));
        peer
    });
    drive_until!(rep, flood.is_finished());
    let before = cpu_time();
    assert_eq!(rep.recv_timeout(Duration::from_secs(1)).unwrap(), None);
    let spent = cpu_time() - before;
    assert!(spent < Duration::from_millis(300), "{spent:?}");
    drop(flood.join().unwrap());
}

#[test]
fn large_replies_that_are_never_read_are_dropped_at_the_mark_and_counted() {
    alone("large_replies_that_are_never_read_are_dropped_at_the_mark_and_counted", || {
        let mut rep = rep_with(|options| {
            options.send_mark = HighWaterMark { messages: 1_000, octets: MIB };
            options.receive_mark = options.send_mark;
        });
        let endpoint = endpoint_of(&rep);
        let before = resident();
        let flood = thread::spawn({
            let endpoint = endpoint.clone();
            move || {
                let mut peer = RawPeer::ready(&endpoint, "REQ");
                (0..3_000).for_each(|_| peer.send(&wire::plain(&[7; 20_000])));
                peer
            }
        });
        let honest = thread::spawn(move || {
            let mut honest = req(&endpoint);
            (0..30).for_each(|_| assert_echo(&mut honest, b"meanwhile"));
            honest
        });
        let (mut large, mut small) = (0, 0);
        while large < 3_000 || small < 30 {
            let request = rep.recv_timeout(LIMIT).unwrap().expect("more was due");
            match request.len() {
                20_000 => large += 1,
                _ => small += 1,
            }
            rep.send(request).unwrap();
        }
        let grown = resident().saturating_sub(before);
        assert!(grown < 8 * MIB, "grew by {grown} octets");
        let dropped = rep.counters().dropped.high_water_mark;
        assert!(dropped > 1_000, "{dropped}");
        assert_eq!(closes(&events!(rep)), []);
        let (mut peer, honest) = (flood.join().unwrap(), honest.join().unwrap());
        // Whatever was not dropped comes whole.
        let reading = thread::spawn(move || {
            (dropped..3_000).for_each(|_| assert_eq!(peer.read_message()[1].len(), 20_000));
        });
        drop(rep);
        reading.join().unwrap();
        drop(honest);
    });
}

#[test]
fn whole_requests_of_many_peers_keep_to_the_memory_cap() {
    alone("whole_requests_of_many_peers_keep_to_the_memory_cap", || {
        const PEERS: usize = 64;
        let mut rep = rep_with(|options| options.max_octets = 4 * MIB);
        let endpoint = endpoint_of(&rep);
        let request = wire::plain(&vec![7; 900_000]);
        let senders: Vec<_> = (0..PEERS)
            .map(|_| {
                let (endpoint, request) = (endpoint.clone(), request.clone());
                thread::spawn(move || {
                    let mut peer = RawPeer::connect(&endpoint);
                    // Closed over the limit, or taken when there is room.
                    let _ = peer.try_send(&[&wire::burst("REQ", &[])[..], &request].concat());
                    peer
                })
            })
            .collect();
        let before = resident();
        common::drive_for!(rep, Duration::from_millis(1_500));
        let grown = resident().saturating_sub(before);
        let came = rep.counters().messages_received;
        assert!(grown < 24 * MIB, "grew by {} KiB with {came} requests", grown >> 10);
        // Nobody is forgotten: each was closed with a reason, or is answered now.
        let mut answered = 0;
        let mut ends = Vec::new();
        while answered + ends.len() < PEERS {
            match rep.recv_timeout(LIMIT).unwrap() {
                Some(request) => {
                    assert_eq!(request.len(), 900_000);
                    rep.send("taken").unwrap();
                    answered += 1;
                }
                None => panic!("{answered} answered, {} closed", ends.len()),
            }
            ends.extend(closes(&events!(rep)));
        }
        assert!(ends.iter().all(|end| *end == CloseReason::MemoryLimit), "{ends:?}");
        for sender in senders {
            drop(sender.join().unwrap());
        }
    });
}
