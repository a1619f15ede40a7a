//! Peers that send requests and do not read, or close in the middle: their cost is bounded, and
//! reading from them pauses.
#![cfg(unix)]

use std::time::Duration;

use crate::harness::arena::Arena;
use crate::harness::processes::{MIB, alone_with, finish, part, start, this_test};
use crate::harness::{LIMIT, RawPeer, assert_echo, req};
use zmtp_mio::{CloseReason, Counters};

const REQUESTS: u64 = 3_000;
/// Bytes of a large request.
const LARGE: usize = 64 << 10;
/// Peers of a crowd, and the requests of each.
const CROWD: u64 = 60;
const EACH: u64 = 50;

/// A REP does not wait for a peer that does not read: it serves the others, and receives no further requests of this
/// one. Memory is bounded, no connection is closed, and no reply is dropped.
#[test]
fn a_peer_that_sends_large_requests_and_never_reads_costs_bounded_memory() {
    let test = this_test!();
    alone_with(test, 256, || {
        let arena = Arena::new();
        let request = wire::delimited(&vec![7; LARGE]);
        let mut peer = RawPeer::ready(&arena.endpoint, "REQ");
        // Until the server reads no more, because the replies have no room.
        let flood = request.repeat(4);
        let mut sent = 0;
        while peer.send_some(&flood) == flood.len() {
            sent += 4;
            assert!(sent < REQUESTS, "the server reads on");
        }
        // The process is idle while the peer is connected and does not read. Two queues of 16 MiB, in
        // buffers that may be twice as large as their bytes, and read buffers.
        let (counters, closes) = arena.end(72 * MIB);
        // The honest clients send small requests, which add up to less than one large request.
        let large = counters.bytes_received / LARGE as u64;
        let waiting = counters.messages_received - counters.messages_sent;
        println!("{large} of {sent} requests were received, {waiting} requests or replies waited");
        assert_eq!(counters.dropped.high_water_mark, 0, "{counters:?}");
        // In one queue each way.
        let mark = (16 * MIB / LARGE) as u64;
        assert!((1..=2 * mark).contains(&waiting), "{waiting} wait where the mark is {mark}");
        assert_ends_are_honest(&counters, &closes);
        // Each reply that was kept arrives whole.
        let mut whole = 0;
        loop {
            let answer = peer.read_for(request.len(), LIMIT);
            if answer.len() < request.len() {
                break;
            }
            assert!(answer == request, "not an answer");
            whole += 1;
        }
        assert!((1..=large).contains(&whole), "{whole} answers came");
    });
}

/// The honest clients close at the end of the attack, and no other connection was closed.
fn assert_ends_are_honest(counters: &Counters, closes: &[CloseReason]) {
    assert!(closes.iter().all(|close| *close == CloseReason::ByPeer), "{closes:?}");
    assert!(counters.disconnects <= 2 && counters.refused == 0, "{closes:?}");
}

/// A FIN closes the connection, as with libzmq: the request is delivered, and the reply arrives or is
/// counted.
#[test]
fn a_fin_right_after_the_request_leaves_no_connection_and_no_uncounted_reply() {
    let test = this_test!();
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

/// After this, the REP of libzmq 4.3.5 does not reply to the next honest client.
#[test]
fn malformed_requests_of_lost_peers_cost_no_honest_client_its_reply() {
    let test = this_test!();
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

/// 180 MB of replies with a memory cap of 32 MiB.
#[test]
fn a_crowd_that_never_reads_stays_within_the_memory_cap() {
    let test = this_test!();
    if let Some(endpoint) = part(test).filter(|part| part != "main") {
        return crowd(&endpoint);
    }
    alone_with(test, 512, || {
        let arena = Arena::with(|options| {
            options.max_bytes = Some(32 * MIB);
            // Otherwise the kernel would hold most of it.
            options.tcp.send_buffer = Some(64 << 10);
        });
        finish(start(test, Some(512), &arena.endpoint));
        // The cap, one reply and one unfinished request of each peer (7 MiB), and the overhead of the
        // allocator.
        let (counters, closes) = arena.end(56 * MIB);
        let honest = counters.messages_received - CROWD * EACH;
        let dropped = counters.dropped;
        println!("{honest} of honest clients; {dropped:?}");
        // Each reply was sent, or dropped and counted: none is queued any more.
        let lost = dropped.high_water_mark + dropped.peer_gone + dropped.half_sent;
        assert_eq!(counters.messages_received, counters.messages_sent + lost);
        // Without the cap all replies could be queued, far below the high-water marks.
        assert!(dropped.high_water_mark > CROWD * EACH / 2, "the cap was not met: {dropped:?}");
        assert_eq!(counters.handshakes - counters.disconnects, 0, "{counters:?}");
        assert!(!closes.contains(&CloseReason::MemoryLimit), "{closes:?}");
    });
}

/// The process of the crowd: all send requests, and close when all have.
fn crowd(endpoint: &str) {
    let requests = wire::delimited(&[7; 60_000]).repeat(EACH as usize);
    let peers: Vec<RawPeer> = (0..CROWD)
        .map(|_| {
            let mut peer = RawPeer::connect(endpoint);
            if let RawPeer::Tcp(stream) = &peer {
                socket2::SockRef::from(stream).set_recv_buffer_size(64 << 10).unwrap();
            }
            peer.handshake_as("REQ");
            peer.send(&requests);
            peer
        })
        .collect();
    // All their requests are served while they are connected: between two of these, one of each.
    let mut beside = req(endpoint);
    (0..2 * EACH).for_each(|_| assert_echo(&mut beside, b"beside the crowd"));
    drop(peers);
}
