//! Peers that ask and do not read, or leave in the middle: what they cost is bounded, and they are
//! held back rather than stored.
#![cfg(unix)]

mod common;

use std::thread;
use std::time::Duration;

use common::attack::Arena;
use common::processes::{MIB, alone_with};
use common::{RawPeer, assert_echo, req, wire};

#[test]
fn three_thousand_large_requests_whose_answers_are_never_read_are_held_back() {
    let test = "three_thousand_large_requests_whose_answers_are_never_read_are_held_back";
    alone_with(test, 256, || {
        let arena = Arena::new();
        let request = wire::plain(&vec![7; 256 << 10]);
        let mut peer = RawPeer::ready(&arena.endpoint, "REQ");
        let mut whole = 0;
        while whole < 3_000 && peer.send_some(&request) == request.len() {
            whole += 1;
        }
        println!("{whole} requests were taken");
        drop(peer);
        // Two queues of 16 MiB, one message over each, and what sockets were read into.
        let (counters, _) = arena.end(48 * MIB);
        let dropped = counters.dropped;
        let accounted = dropped.high_water_mark + dropped.peer_gone + dropped.half_sent;
        assert!(accounted > 0, "no answer went missing unseen: {dropped:?}");
    });
}

/// The end of what a peer says is the end of the peer, as with libzmq: what it asked is delivered,
/// and the answer arrives or is counted.
#[test]
fn a_fin_right_behind_the_request_leaves_no_connection_and_no_uncounted_answer() {
    let test = "a_fin_right_behind_the_request_leaves_no_connection_and_no_uncounted_answer";
    alone_with(test, 512, fins);
}

fn fins() {
    let arena = Arena::new();
    let mut answered = 0;
    for _ in 0..200 {
        let mut peer = RawPeer::connect(&arena.endpoint);
        peer.send(&wire::burst("REQ", &[b"and bye"]));
        peer.finish();
        let got = peer.read_for(1_000, Duration::from_millis(200));
        answered += u64::from(got.ends_with(b"and bye"));
        peer.assert_closed();
    }
    let (counters, _) = arena.end(4 * MIB);
    println!("{answered} of 200 were answered");
    let gone = counters.dropped.peer_gone + counters.dropped.half_sent;
    assert!(answered + gone >= 200, "{answered} answered, {:?}", counters.dropped);
}

/// libzmq 4.3.5 gives the next honest client of the REP no reply after this.
#[test]
fn requests_without_delimiter_of_peers_that_vanish_cost_no_honest_client_its_reply() {
    let test = "requests_without_delimiter_of_peers_that_vanish_cost_no_honest_client_its_reply";
    alone_with(test, 512, || {
        let arena = Arena::new();
        for round in 0..200 {
            let mut peer = RawPeer::ready(&arena.endpoint, "REQ");
            let bad =
                [wire::message(&[b"bare"]), wire::message(&[b"a", b"b"]), wire::frame(1, b"")];
            peer.send(&bad[round % 3]);
            if round % 2 == 0 {
                peer.reset();
            } else {
                drop(peer);
            }
            assert_echo(&mut req(&arena.endpoint), b"next");
        }
        let (counters, _) = arena.end(4 * MIB);
        let dropped = counters.dropped;
        assert!(dropped.bad_envelope + dropped.incomplete > 0, "{dropped:?}");
        assert_eq!((dropped.peer_gone, dropped.half_sent), (0, 0));
    });
}

#[test]
fn a_crowd_that_never_reads_is_served_within_the_memory_cap() {
    alone_with("a_crowd_that_never_reads_is_served_within_the_memory_cap", 512, || {
        let arena = Arena::with(|options| options.max_octets = 32 * MIB);
        let crowd: Vec<_> = (0..60)
            .map(|_| {
                let endpoint = arena.endpoint.clone();
                thread::spawn(move || {
                    let mut peer = RawPeer::ready(&endpoint, "REQ");
                    let requests = wire::plain(&[7; 60_000]).repeat(50);
                    peer.send_some(&requests);
                    peer
                })
            })
            .collect();
        let crowd: Vec<RawPeer> = crowd.into_iter().map(|one| one.join().unwrap()).collect();
        drop(crowd);
        // The requests of the crowd, one buffer for each of its threads, are 3 MB each.
        arena.end(60 * 3 * MIB + 48 * MIB);
    });
}
