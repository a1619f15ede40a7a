//! A socket that closes sends everything to a slow peer.

use std::thread;
use std::time::Duration;

use crate::harness::LIMIT;
use crate::harness::builder;
use crate::harness::relay::{Lane, Link, Relay};
use zmtp_mio::{Linger, Pull, Push};

const KB: usize = 1_000;

#[test]
fn everything_queued_reaches_a_slow_reader_after_the_drop() {
    let _lane = Lane::take();
    let mut pull = builder::<Pull>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.endpoints().next().unwrap().to_string();
    let link = Link { rate: 800_000, delay: Duration::from_millis(50) };
    let relay = Relay::new(&endpoint, link);
    let mut push = builder::<Push>().connect(&relay.endpoint).unwrap();
    let sending = thread::spawn(move || {
        for n in 0..80_u8 {
            push.send(vec![n; 100 * KB]).unwrap();
        }
        // With the default linger.
        drop(push);
    });
    for n in 0..80 {
        let message = pull.recv_timeout(LIMIT).unwrap().unwrap_or_else(|| panic!("{n} arrived"));
        assert!(message.bytes().unwrap() == vec![n; 100 * KB], "message {n}");
    }
    sending.join().unwrap();
}

#[test]
fn linger_continues_while_the_peer_acknowledges_bytes() {
    let _lane = Lane::take();
    let mut pull = builder::<Pull>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.endpoints().next().unwrap().to_string();
    // The message takes three times as long as linger waits without progress.
    let link = Link { rate: 200_000, delay: Duration::ZERO };
    let relay = Relay::new(&endpoint, link);
    let linger = Linger::new(Duration::from_secs(1), 2 * LIMIT);
    let mut push = builder::<Push>().linger(linger).connect(&relay.endpoint).unwrap();
    let sending = thread::spawn(move || {
        push.send(vec![1; 600 * KB]).unwrap();
        push.close(linger)
    });
    assert!(pull.recv_timeout(LIMIT).unwrap().is_some());
    let unsent = sending.join().unwrap();
    assert!(unsent.is_empty() && unsent.in_doubt == 0, "{unsent:?}");
}
