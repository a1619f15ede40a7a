//! The memory of messages that an application or a queue keeps is bounded by the marks, whatever was
//! received before.
#![cfg(unix)]

use crate::harness::processes::{KIB, alone, this_test};
use crate::harness::{LIMIT, RawPeer, drive_until};
use zmtp_mio::{Message, Pull, Push};

const KEPT: usize = 200;

#[test]
fn small_messages_among_large_ones_keep_no_large_buffers() {
    alone(this_test!(), || {
        let mut pull = crate::harness::builder::<Pull>().bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = pull.endpoints().next().unwrap().to_string();
        let mut peer = RawPeer::connect(&endpoint);
        peer.send(&wire::burst("PUSH", &[]));
        drive_until!(pull, pull.counters().handshakes == 1);
        let (large, small) = (wire::message(&[&[1; 100 * KIB]]), wire::message(&[&[2; 5 * KIB]]));
        let sending = std::thread::spawn(move || {
            for _ in 0..KEPT {
                peer.send(&large);
                peer.send(&small);
            }
            peer
        });
        let mut kept = Vec::with_capacity(KEPT);
        let before = crate::heap::in_use();
        while kept.len() < KEPT {
            let message = pull.recv_timeout(LIMIT).unwrap().expect("they come");
            // A large one is dropped, and its buffer can be used again.
            if message.byte_len() == 5 * KIB {
                kept.push(message);
            }
        }
        sending.join().unwrap();
        let grown = crate::heap::in_use().saturating_sub(before);
        // Twice their bytes, and the buffers that a thread keeps.
        let bound = KEPT * 10 * KIB + 9 * 256 * KIB;
        assert!(grown < bound, "{} KiB of {} KiB", grown / KIB, bound / KIB);
    });
}

#[test]
fn queued_messages_keep_no_large_buffers() {
    alone(this_test!(), || {
        let mut push = crate::harness::builder::<Push>().build().unwrap();
        // Messages queue for the endpoint, whose port is closed.
        push.connect(crate::harness::listeners::free_endpoint()).unwrap();
        let before = crate::heap::in_use();
        for _ in 0..KEPT {
            drop(Message::from(vec![1; 100 * KIB]));
            push.send(&[2; 5 * KIB]).unwrap();
        }
        let grown = crate::heap::in_use().saturating_sub(before);
        let bound = KEPT * 10 * KIB + 9 * 256 * KIB;
        assert!(grown > KEPT * 5 * KIB, "they do not wait: {} KiB", grown / KIB);
        assert!(grown < bound, "{} KiB of {} KiB", grown / KIB, bound / KIB);
    });
}
