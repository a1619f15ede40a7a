//! What sockets cost the process that has many of them.
#![cfg(target_os = "linux")]

use std::thread;
use std::time::Duration;

use crate::harness::builder;
use crate::harness::processes::{alone, blocked, descriptors, this_test};
use crate::harness::{LIMIT, eventually};
use zmtp_mio::{Dealer, Interest, Item, Pair, Poller, Pub, Pull, Push, Rep, Req, Router, Sub};

const PAIRS: usize = 50;
/// The bytes that a socket may have on the heap.
const BYTES: usize = 8 << 10;

/// Starts the driver, if there is one, and what else a process has once.
fn warm_up() {
    let pull = builder::<Pull>().bind("inproc://first").unwrap();
    thread::sleep(Duration::from_millis(20));
    drop(pull);
}

#[test]
fn an_inproc_socket_has_no_descriptor() {
    alone(this_test!(), || {
        warm_up();
        let before = descriptors();
        let mut kept = Vec::new();
        for n in 0..PAIRS {
            let name = format!("inproc://{n}");
            let mut pull = builder::<Pull>().bind(&name).unwrap();
            // It waits in a call.
            let waiting = blocked(move || (pull.recv_timeout(LIMIT).unwrap(), pull));
            let mut push = builder::<Push>().connect(&name).unwrap();
            push.send("wakes it").unwrap();
            let (message, mut pull) = waiting.join().unwrap();
            assert_eq!(message.unwrap().text(), Ok("wakes it"));
            push.send("is taken by the driver or by the next call").unwrap();
            assert!(pull.recv_timeout(LIMIT).unwrap().is_some());
            kept.push((pull, push));
        }
        // Long enough for the driver to begin to serve them.
        thread::sleep(Duration::from_millis(50));
        for (pull, push) in &mut kept {
            push.send("wakes the driver").unwrap();
            assert!(pull.recv_timeout(LIMIT).unwrap().is_some());
        }
        let mut rep = builder::<Rep>().bind("inproc://rep").unwrap();
        let served = thread::spawn(move || {
            let request = rep.recv_timeout(LIMIT).unwrap().unwrap();
            rep.send(request).unwrap();
            rep
        });
        let mut req = builder::<Req>().connect("inproc://rep").unwrap();
        assert!(req.request("a request", LIMIT).unwrap().is_some());
        let rep = served.join().unwrap();
        assert_eq!(descriptors(), before, "sockets: {}", kept.len());
        drop((kept, req, rep));
    });
}

#[test]
fn an_inproc_socket_has_descriptors_when_a_poll_or_a_handle_needs_them() {
    alone(this_test!(), || {
        warm_up();
        let before = descriptors();
        let mut pull = builder::<Pull>().bind("inproc://polled").unwrap();
        let mut push = builder::<Push>().connect("inproc://polled").unwrap();
        let handle = pull.handle().unwrap();
        assert!(descriptors() > before);
        let waiting = blocked(move || (pull.recv().map(drop), pull));
        handle.wake().unwrap();
        let (woken, mut pull) = waiting.join().unwrap();
        assert!(matches!(woken, Err(zmtp_mio::Error::Woken)), "{woken:?}");
        // A peer that was connected before still reaches it.
        let mut poller = Poller::new().unwrap();
        push.send("polled").unwrap();
        let mut items = [Item::socket(&mut pull, Interest::READABLE)];
        assert_eq!(poller.wait(&mut items, Some(LIMIT)).unwrap(), 1);
        assert!(pull.try_recv().unwrap().is_some());
        drop((pull, push, handle, poller));
        eventually("all are closed", || descriptors() <= before);
    });
}

#[test]
fn a_socket_takes_less_than_8_kib() {
    alone(this_test!(), || {
        warm_up();
        // All live to the end: memory of closed sockets that is freed later would reduce the measured cost of others.
        macro_rules! cost {
            ($($kind:ty),*) => {$(
                let before = crate::heap::in_use();
                let _sockets: Vec<_> =
                    (0..PAIRS).map(|_| builder::<$kind>().build().unwrap()).collect();
                let each = crate::heap::in_use().saturating_sub(before) / PAIRS;
                assert!((1..BYTES).contains(&each), "{}: {each} bytes", stringify!($kind));
            )*};
        }
        cost!(Push, Pull, Dealer, Router, Pair, Req, Rep, Pub, Sub);
        let before = crate::heap::in_use();
        let mut sockets = Vec::new();
        for n in 0..PAIRS {
            sockets.push(builder::<Pull>().bind(format!("inproc://{n}")).unwrap());
        }
        let each = crate::heap::in_use().saturating_sub(before) / PAIRS;
        assert!((1..BYTES).contains(&each), "a bound inproc socket: {each} bytes");
        let before = crate::heap::in_use();
        let mut bound = Vec::new();
        for _ in 0..PAIRS {
            let mut pull = builder::<Pull>().bind("tcp://127.0.0.1:*").unwrap();
            pull.step().unwrap();
            bound.push(pull);
        }
        let each = crate::heap::in_use().saturating_sub(before) / PAIRS;
        assert!((1..BYTES).contains(&each), "a bound TCP socket: {each} bytes");
    });
}
