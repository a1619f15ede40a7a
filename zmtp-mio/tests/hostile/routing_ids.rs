//! Peers with the routing id of another peer: the new peer is refused, and the first keeps the id.
#![cfg(unix)]

use std::time::Duration;

use crate::harness::processes::{
    MIB, alone_with, assert_idle, descriptors, peak_of_memory, this_test,
};
use crate::harness::{LIMIT, RawPeer, builder, drive_until, events};
use zmtp_mio::{CloseReason, Pub, Router};

/// Bytes on the heap that 5,000 subscribers with 50,000 topics may leave behind when they are gone,
/// less than one for each: a thread keeps 64 buffers of messages, which fill up one by one here.
const LEFT: usize = 16 << 10;

/// Greeting and READY of a DEALER with this routing id.
fn called(name: &[u8]) -> Vec<u8> {
    let metadata =
        [wire::property("Socket-Type", b"DEALER"), wire::property("Identity", name)].concat();
    [&wire::greeting("NULL")[..], &wire::command("READY", &metadata)].concat()
}

#[test]
fn new_peers_with_a_routing_id_in_use_are_refused_and_its_owner_is_served() {
    let test = this_test!();
    alone_with(test, 512, || {
        let mut router = builder::<Router>().bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = router.endpoints().next().unwrap().to_string();
        let mut owner = RawPeer::connect(&endpoint);
        owner.send(&called(b"ann"));
        drive_until!(router, router.counters().handshakes == 1);
        let before = peak_of_memory();
        let thieves: Vec<RawPeer> = (0..200)
            .map(|_| {
                let mut thief = RawPeer::connect(&endpoint);
                thief.send(&[called(b"ann"), wire::message(&[b"from a thief"])].concat());
                thief
            })
            .collect();
        drive_until!(router, {
            // The owner is served meanwhile.
            owner.send(&wire::message(&[b"from ann"]));
            let message = router.recv_timeout(LIMIT).unwrap().expect("the owner's message");
            let parts: Vec<&[u8]> = message.parts().collect();
            assert_eq!(parts, [&b"ann"[..], b"from ann"], "a thief was let in");
            let counters = router.counters();
            counters.refused + counters.disconnects == 200
        });
        let kinds = events!(router);
        let refused = crate::harness::closes(&kinds);
        assert_eq!(refused, [CloseReason::RoutingIdInUse; 200]);
        router.send_to(b"ann", "to ann", Duration::ZERO).unwrap();
        owner.read_exact(64);
        assert!(owner.read_frame().1.starts_with(b"\x05READY"));
        assert_eq!(owner.read_message(), [b"to ann"]);
        for mut thief in thieves {
            thief.assert_closed();
        }
        assert!(peak_of_memory() - before < 4 * MIB);
        // The id is free once its owner is closed.
        drop(owner);
        drive_until!(router, router.counters().disconnects + router.counters().refused == 201);
        let mut heir = RawPeer::connect(&endpoint);
        heir.send(&[called(b"ann"), wire::message(&[b"heir"])].concat());
        let message = router.recv_timeout(LIMIT).unwrap().expect("the heir's message");
        assert_eq!(message.part(1), Some(&b"heir"[..]));
        assert_idle();
    });
}

/// A thousand subscribers with ten topics each, eight times.
#[test]
fn closed_subscribers_leave_no_memory_behind() {
    alone_with(this_test!(), 4_096, || {
        let mut publisher = builder::<Pub>().bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = publisher.endpoints().next().unwrap().to_string();
        let open = descriptors();
        let (mut heap, mut pages) = (Vec::new(), Vec::new());
        for round in 0..8 {
            let mut crowd: Vec<RawPeer> = (0..1_000)
                .map(|number| {
                    let mut peer = RawPeer::connect(&endpoint);
                    let topics: Vec<u8> = (0..10)
                        .flat_map(|topic| {
                            let topic = format!("{round}/{number}/{topic}/{}", "x".repeat(100));
                            wire::command("SUBSCRIBE", topic.as_bytes())
                        })
                        .collect();
                    peer.send(
                        &[&wire::greeting("NULL")[..], &wire::ready("SUB"), &topics].concat(),
                    );
                    publisher.step().unwrap();
                    peer
                })
                .collect();
            drive_until!(publisher, publisher.counters().handshakes == round * 1_001 + 1_000);
            drive_until!(publisher, publisher.topic_count() == 10_000);
            publisher.send(format!("{round}/7/3/{}", "x".repeat(100))).unwrap();
            crowd[7].read_exact(64);
            assert!(crowd[7].read_frame().1.starts_with(b"\x05READY"));
            drive_until!(publisher, publisher.counters().messages_sent == round + 1);
            assert!(crowd[7].read_message()[0].starts_with(format!("{round}/7/3/").as_bytes()));
            match round {
                0 => drop(crowd),
                // After a FIN the ports would be in use for a minute, which affects other tests.
                _ => crowd.into_iter().for_each(RawPeer::reset),
            }
            drive_until!(publisher, publisher.counters().disconnects == round * 1_001 + 1_000);
            // A new peer, because lists are tidied then.
            let newcomer = crate::harness::half_ready(&endpoint, "SUB");
            drive_until!(publisher, publisher.counters().handshakes == (round + 1) * 1_001);
            drop(newcomer);
            drive_until!(publisher, publisher.counters().disconnects == (round + 1) * 1_001);
            assert!(descriptors() <= open, "{} descriptors stay", descriptors() - open);
            heap.push(crate::heap::in_use());
            pages.push(crate::harness::resident() >> 10);
        }
        println!("bytes on the heap after each crowd: {heap:?}; resident, in KiB: {pages:?}");
        let left = heap[7].saturating_sub(heap[2]);
        assert!(left < LEFT, "{left} bytes were left behind by 50,000 topics: {heap:?}");
        // Allocators cannot return all pages.
        let grown = pages[7].saturating_sub(pages[2]);
        assert!(grown < 2_048, "{grown} KiB more are resident after 5,000 subscribers: {pages:?}");
        assert_idle();
    });
}
