//! Large bodies, which are written from the memory of the caller if nothing waits.

use std::thread;

use crate::harness::{LIMIT, builder, drive_until, ipc, pattern};
use zmtp_mio::{AnySocket, Dealer, HighWaterMark, Pair, Pull, Push, Rep, Req};

/// Below and above the length from which bodies are not copied, and more than a system accepts at once.
const SIZES: [usize; 5] = [1_000, 8_193, 32_768, 100_000, 3_000_000];

/// A free place, over TCP or IPC.
fn place(tcp: bool) -> String {
    if tcp { "tcp://127.0.0.1:*".into() } else { ipc() }
}

/// A bound and a connected socket.
fn ends(bound: AnySocket, connected: AnySocket, tcp: bool) -> (AnySocket, AnySocket) {
    let (mut bound, mut connected) = (bound, connected);
    let endpoint = bound.bind(place(tcp).as_str()).unwrap();
    connected.connect(endpoint).unwrap();
    drive_until!(bound, {
        connected.step().unwrap();
        bound.counters().handshakes == 1 && connected.counters().handshakes == 1
    });
    (bound, connected)
}

/// Receivers and senders of the types whose messages go to the next peer.
fn pairs(tcp: bool) -> [(AnySocket, AnySocket); 3] {
    let mark = HighWaterMark::new(1_000, 200_000_000);
    let pull = builder::<Pull>().build().unwrap().into();
    let push = builder::<Push>().send_mark(mark).build().unwrap().into();
    let pair = || builder::<Pair>().send_mark(mark).build().unwrap().into();
    let dealer = || builder::<Dealer>().send_mark(mark).build().unwrap().into();
    [ends(pull, push, tcp), ends(pair(), pair(), tcp), ends(dealer(), dealer(), tcp)]
}

#[test]
fn large_slices_and_vectors_arrive_whole_and_in_order() {
    for (mut receiver, mut sender) in [true, false].into_iter().flat_map(pairs) {
        for size in SIZES {
            let body = pattern(size);
            sender.send(&body).unwrap();
            sender.send("behind it").unwrap();
            sender.send(body).unwrap();
        }
        let sending = thread::spawn(move || {
            assert!(sender.flush(LIMIT).unwrap());
            sender
        });
        for size in SIZES {
            let body = pattern(size);
            for expected in [&body[..], b"behind it", &body] {
                let message = receiver.recv_timeout(LIMIT).unwrap().expect("a message");
                assert!(message.bytes() == Some(expected), "{} bytes", expected.len());
            }
        }
        let counters = sending.join().unwrap().counters();
        assert_eq!(counters.messages_sent, 3 * SIZES.len() as u64);
        assert_eq!(counters.bytes_sent, receiver.counters().bytes_received);
    }
}

#[test]
fn large_requests_and_replies_arrive_whole() {
    for tcp in [true, false] {
        let rep = builder::<Rep>().build().unwrap().into();
        let (mut rep, mut req) = ends(rep, builder::<Req>().build().unwrap().into(), tcp);
        let serving = thread::spawn(move || {
            for _ in SIZES {
                let request = rep.recv_timeout(LIMIT).unwrap().expect("a request");
                rep.send(request.bytes().unwrap()).unwrap();
            }
            assert!(rep.flush(LIMIT).unwrap());
        });
        for size in SIZES {
            let body = pattern(size);
            req.send(&body).unwrap();
            let reply = req.recv_timeout(LIMIT).unwrap().expect("a reply");
            assert!(reply.bytes() == Some(&body[..]), "{size} bytes");
        }
        serving.join().unwrap();
    }
}

#[test]
fn a_slice_that_is_refused_is_in_the_error() {
    let mut push = builder::<Push>().build().unwrap();
    for body in [pattern(10), pattern(100_000)] {
        let error = push.try_send(&body).unwrap_err();
        assert!(error.message.bytes() == Some(&body[..]));
    }
}
