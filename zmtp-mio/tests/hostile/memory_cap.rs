//! The limit on the memory of a socket, reached by peers that send parts of messages and then nothing.
#![cfg(unix)]

use std::io::Write;
use std::time::Duration;

use crate::harness::arena::Arena;
use crate::harness::echo::endpoint_of;
use crate::harness::processes::{MIB, alone_with, this_test};
use crate::harness::simulated::{simulated, simulated_peer, turns_until};
use crate::harness::{LIMIT, RawPeer, closes, events, req};
use zmtp_mio::testing::{RawPeer as SimulatedPeer, Simulation};
use zmtp_mio::{CloseReason, HighWaterMark, Pull, Rep};

/// The header of a request of `total` bytes.
fn header(total: usize) -> Vec<u8> {
    [wire::frame(1, b""), wire::long_header(0, total as u64)].concat()
}

/// A REP in a simulation.
struct Server {
    simulation: Simulation,
    rep: Rep,
    endpoint: String,
}

impl Server {
    fn new(max_bytes: usize) -> Self {
        let simulation = Simulation::new();
        let rep = simulated::<Rep>(&simulation).max_bytes(max_bytes);
        let rep = rep.bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = endpoint_of(&rep);
        Self { simulation, rep, endpoint }
    }

    /// A peer that starts a request of `total` bytes and sends `part` of them.
    fn begin(&mut self, total: usize, part: usize) -> SimulatedPeer {
        let mut peer = simulated_peer(&self.simulation, &self.endpoint, "REQ");
        peer.write_all(&header(total)).unwrap();
        self.send(&mut peer, part);
        peer
    }

    /// Sends more of it.
    fn send(&mut self, peer: &mut SimulatedPeer, mut len: usize) {
        turns_until(&self.simulation, "the peer sends", || {
            len -= peer.write(&vec![7; len]).unwrap_or(0);
            self.rep.step().unwrap();
            len == 0
        });
    }

    fn receive(&mut self) -> usize {
        let request = self.rep.recv_timeout(LIMIT).unwrap().expect("the request is complete");
        self.rep.send("").unwrap();
        request.byte_len()
    }
}

#[test]
fn the_memory_cap_closes_only_the_unfinished_message_that_arrives_most_slowly() {
    let mut server = Server::new(MIB);
    let mut largest = server.begin(4_000_000, 500_000);
    server.simulation.clock().advance(Duration::from_secs(10));
    let mut one = server.begin(200_000, 100_000);
    let mut two = server.begin(100_000, 50_000);
    server.send(&mut one, 50_000);
    let mut three = server.begin(400_000, 200_000);
    server.send(&mut three, 100_000);
    assert_eq!(closes(&events!(server.rep)), [CloseReason::MemoryLimit]);
    while largest.read_all().is_some() {}
    server.send(&mut one, 50_000);
    server.send(&mut two, 50_000);
    server.send(&mut three, 100_000);
    let mut received = [(); 3].map(|()| server.receive());
    received.sort_unstable();
    assert_eq!(received, [100_000, 200_000, 400_000]);
    let counters = server.rep.counters();
    assert_eq!((counters.disconnects, counters.dropped.incomplete), (1, 1));
}

#[test]
fn an_unfinished_request_is_not_discarded_because_replies_reach_the_memory_cap() {
    let mut server = Server::new(MIB);
    let mut honest = server.begin(200_000, 100_000);
    // They read nothing. The first reply to each is queued, also beyond the limit.
    let deaf: Vec<_> = (0..50)
        .map(|_| {
            let peer = server.begin(10, 10);
            assert!(server.rep.recv_timeout(LIMIT).unwrap().is_some());
            server.rep.send(vec![7; 100_000]).unwrap();
            peer
        })
        .collect();
    server.send(&mut honest, 100_000);
    assert_eq!(server.receive(), 200_000);
    assert_eq!(closes(&events!(server.rep)), []);
    drop(deaf);
}

#[test]
fn a_large_request_is_served_among_many_that_stand_still() {
    let mut server = Server::new(8 * MIB);
    // Each adds to its request now and then.
    let mut stalled: Vec<_> = (0..60).map(|_| server.begin(1_000_000, 200_000)).collect();
    let mut served = Vec::new();
    for _ in 0..3 {
        let mut honest = server.begin(2 * MIB, 0);
        for _ in 0..2 * MIB / (64 << 10) {
            server.send(&mut honest, 64 << 10);
            server.simulation.clock().advance(Duration::from_millis(100));
            for peer in &mut stalled {
                let _ = peer.write(&[7]);
            }
        }
        assert_eq!(server.receive(), 2 * MIB);
        served.push(honest);
    }
    let ends = closes(&events!(server.rep));
    assert!(!ends.is_empty(), "the cap was not met");
    assert!(ends.iter().all(|end| *end == CloseReason::MemoryLimit), "{ends:?}");
    assert!(served.iter_mut().all(|peer| peer.read_all().is_some()));
    assert_eq!(server.rep.counters().messages_received, 3);
}

/// Buffers of unfinished messages count with their capacity.
#[test]
fn unfinished_messages_cost_no_more_memory_than_the_limit_and_a_tenth() {
    const LIMIT_BYTES: usize = 64 * MIB;
    alone_with(this_test!(), 1_100, || {
        let arena = Arena::with(|options| options.max_bytes = Some(LIMIT_BYTES));
        let peers: Vec<_> = (0..500)
            .map(|_| {
                let mut peer = RawPeer::ready(&arena.endpoint, "REQ");
                let _ = peer.try_send(&header(1_000_000));
                let _ = peer.try_send(&vec![7; 100_000]);
                peer
            })
            .collect();
        let mut honest = req(&arena.endpoint);
        for _ in 0..5 {
            let reply = honest.request(vec![1; 2 * MIB], LIMIT).unwrap().expect("it is served");
            assert_eq!(reply.byte_len(), 2 * MIB);
        }
        drop(peers);
        let (_, ends) = arena.end(LIMIT_BYTES * 11 / 10 + 32 * MIB);
        assert!(ends.contains(&CloseReason::MemoryLimit), "{ends:?}");
    });
}

#[test]
fn a_message_whose_rest_does_not_arrive_ends_its_connection_after_the_time_limit() {
    let mut server = Server::new(64 * MIB);
    let second = Duration::from_secs(1);
    // One sends nothing more, one only a header, and one adds a byte every 50 s.
    let mut silent = server.begin(1_000_000, 1_000);
    let mut header_only = server.begin(1_000_000, 0);
    let mut slow = server.begin(1_000_000, 1_000);
    let mut idle = simulated_peer(&server.simulation, &server.endpoint, "REQ");
    for _ in 0..59 {
        server.simulation.clock().advance(second);
        server.rep.step().unwrap();
    }
    server.send(&mut slow, 1);
    assert_eq!(closes(&events!(server.rep)), []);
    for _ in 0..2 {
        server.simulation.clock().advance(second);
        server.rep.step().unwrap();
    }
    assert_eq!(closes(&events!(server.rep)), [CloseReason::MessageTimeout; 2]);
    for peer in [&mut silent, &mut header_only] {
        while peer.read_all().is_some() {}
    }
    for _ in 0..4 {
        server.simulation.clock().advance(50 * second);
        server.rep.step().unwrap();
        server.send(&mut slow, 1);
    }
    assert_eq!(closes(&events!(server.rep)), []);
    // Between messages there is no limit.
    idle.write_all(&header(3)).unwrap();
    idle.write_all(b"abc").unwrap();
    turns_until(&server.simulation, "the request", || {
        server.rep.step().unwrap();
        server.rep.counters().messages_received == 1
    });
    let counters = server.rep.counters();
    assert_eq!((counters.disconnects, counters.dropped.incomplete), (2, 2));
    for _ in 0..70 {
        server.simulation.clock().advance(second);
        server.rep.step().unwrap();
    }
    assert_eq!(closes(&events!(server.rep)), [CloseReason::MessageTimeout], "of the slow one");
    assert_eq!(server.receive(), 3);
}

#[test]
fn the_time_limit_holds_for_a_message_that_is_discarded() {
    let mut server = Server::new(64 * MIB);
    let second = Duration::from_secs(1);
    let header = wire::long_header(0, 1_000);
    // Requests without a delimiter. One peer sends a half and nothing more, the other one again and again the second half
    // of one and the first half of the next.
    let mut peers = [(); 2].map(|()| simulated_peer(&server.simulation, &server.endpoint, "REQ"));
    for peer in &mut peers {
        peer.write_all(&header).unwrap();
        server.send(peer, 500);
    }
    let [silent, busy] = &mut peers;
    for _ in 0..59 {
        server.simulation.clock().advance(second);
        server.rep.step().unwrap();
    }
    assert_eq!(closes(&events!(server.rep)), []);
    for n in 2..=5 {
        busy.write_all(&[7; 500]).unwrap();
        busy.write_all(&header).unwrap();
        server.send(busy, 500);
        turns_until(&server.simulation, "the next request", || {
            server.rep.step().unwrap();
            server.rep.counters().dropped.bad_envelope == 1 + n
        });
        for _ in 0..50 {
            server.simulation.clock().advance(second);
            server.rep.step().unwrap();
        }
    }
    assert_eq!(closes(&events!(server.rep)), [CloseReason::MessageTimeout], "of the silent one");
    while silent.read_all().is_some() {}
    for _ in 0..70 {
        server.simulation.clock().advance(second);
        server.rep.step().unwrap();
    }
    assert_eq!(closes(&events!(server.rep)), [CloseReason::MessageTimeout], "of the other one");
}

#[test]
fn the_time_limit_of_a_message_does_not_run_while_the_socket_does_not_read() {
    let simulation = Simulation::new();
    let few = HighWaterMark::new(1, MIB);
    let mut pull =
        simulated::<Pull>(&simulation).receive_mark(few).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.endpoints().next().unwrap().to_string();
    let mut peer = simulated_peer(&simulation, &endpoint, "PUSH");
    // Two whole messages, and half of one. The queue has room for one.
    for part in
        [wire::message(&[&[1; 1_000]]), wire::message(&[&[2; 1_000]]), wire::long_header(0, 1_000)]
    {
        peer.write_all(&part).unwrap();
    }
    peer.write_all(&[3; 500]).unwrap();
    for _ in 0..300 {
        simulation.clock().advance(Duration::from_secs(1));
        pull.step().unwrap();
    }
    assert_eq!(closes(&events!(pull)), []);
    for n in 1..=2 {
        let message = pull.recv_timeout(LIMIT).unwrap().expect("it is complete");
        assert_eq!(message.bytes().unwrap(), [n; 1_000]);
    }
    pull.step().unwrap();
    simulation.clock().advance(Duration::from_secs(30));
    pull.step().unwrap();
    assert_eq!(closes(&events!(pull)), []);
    peer.write_all(&[3; 500]).unwrap();
    let message = pull.recv_timeout(LIMIT).unwrap().expect("the rest arrived in time");
    assert_eq!(message.byte_len(), 1_000);
}
