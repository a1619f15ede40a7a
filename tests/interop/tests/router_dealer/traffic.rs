//! Messages in turns, echoes of many messages, and peers that come back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use zmtp_interop::libzmq::{Context, Kind, Monitor};
use zmtp_mio::{Dealer, Message};

use crate::common::any::{until, until_joined};
use crate::common::server::Server;
use crate::common::{self, Check, LONG, Place, numbered, parts, slices};
use crate::{MANY, SHORT, called, libzmq, our_router, receive};

#[test]
fn three_libzmq_dealers_with_100_requests_each_are_served_in_turn() {
    let (mut router, endpoint) = our_router("tcp://127.0.0.1:*");
    let context = Context::new().unwrap();
    // The first floods.
    let dealers: Vec<_> = [(b"a", 900_u32), (b"b", 100), (b"c", 100)]
        .into_iter()
        .map(|(name, count)| {
            let dealer = called(&context, name, &endpoint);
            (0..count).for_each(|number| dealer.send(&[&number.to_be_bytes()]).unwrap());
            dealer
        })
        .collect();
    until("all to come", || {
        router.step().unwrap();
        (router.counters().messages_received == 1_100).then_some(())
    });
    let mut served = [0; 3];
    for _ in 0..300 {
        let request = router.try_recv().unwrap().unwrap();
        served[usize::from(request.part(0).unwrap()[0] - b'a')] += 1;
        router.send(request).unwrap();
    }
    assert_eq!(served, [100; 3]);
    for dealer in &dealers {
        for number in 0..100_u32 {
            until("an answer", || {
                router.step().unwrap();
                dealer.readable(Duration::from_millis(1)).unwrap().then_some(())
            });
            assert_eq!(dealer.recv().unwrap(), [number.to_be_bytes()]);
        }
    }
}

#[test]
fn our_dealer_sends_to_three_libzmq_reps_in_exact_turns() {
    let context = Context::new().unwrap();
    let reps: Vec<_> = (0..3)
        .map(|_| {
            let rep = libzmq(&context, Kind::Rep);
            rep.bind("tcp://127.0.0.1:*").unwrap();
            rep
        })
        .collect();
    let mut dealer = common::builder::<Dealer>().build().unwrap();
    reps.iter().for_each(|rep| dealer.connect(rep.last_endpoint()).unwrap());
    until("three handshakes", || {
        dealer.wait(SHORT).unwrap();
        (dealer.counters().handshakes == 3).then_some(())
    });
    for number in 0..300 {
        // The application adds the delimiter.
        dealer.send(Message::from_parts(["", &number.to_string()])).unwrap();
    }
    // The turns are in the order of the handshakes.
    let mut first: Vec<usize> = reps
        .iter()
        .map(|rep| {
            let answered = (0..100).map(|_| {
                let request = rep.recv().unwrap();
                rep.send(&[&request[0]]).unwrap();
                String::from_utf8_lossy(&request[0]).parse().unwrap()
            });
            let numbers: Vec<usize> = answered.collect();
            assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 3), "{numbers:?}");
            numbers[0]
        })
        .collect();
    first.sort_unstable();
    assert_eq!(first, [0, 1, 2]);
    let mut answers: Vec<usize> = (0..300)
        .map(|_| {
            let answer = parts(&dealer.recv_timeout(LONG).unwrap().unwrap());
            assert_eq!(answer[0], b"");
            String::from_utf8_lossy(&answer[1]).parse().unwrap()
        })
        .collect();
    answers.sort_unstable();
    assert!(answers.into_iter().eq(0..300));
}

#[test]
fn an_echo_of_50_000_messages_by_libzmqs_router_is_whole_and_in_order() {
    for place in Place::both() {
        let router = libzmq(&Context::new().unwrap(), Kind::Router);
        router.bind(&place.endpoint).unwrap();
        let mut dealer = common::builder::<Dealer>().connect(router.last_endpoint()).unwrap();
        let echo = thread::spawn(move || {
            (0..MANY).for_each(|_| router.send(&slices(&router.recv().unwrap())).unwrap());
            router
        });
        let mut check = Check::new();
        let mut came = 0;
        for number in 0..MANY {
            dealer.send_timeout(Message::from_parts(numbered(number)), LONG).unwrap();
            // No more than a ROUTER queues: it drops messages to a full peer.
            while came + 500 < number || (number + 1 == MANY && came < MANY) {
                check.add(dealer.recv_timeout(LONG).unwrap().expect("an answer").parts());
                came += 1;
            }
        }
        check.finish(MANY);
        echo.join().unwrap();
    }
}

#[test]
fn an_echo_of_50_000_messages_by_our_router_is_whole_and_in_order() {
    for place in Place::both() {
        let (mut router, endpoint) = our_router(&place.endpoint);
        let client = thread::spawn(move || {
            let dealer = libzmq(&Context::new().unwrap(), Kind::Dealer);
            dealer.connect(&endpoint).unwrap();
            let mut check = Check::new();
            let mut came = 0;
            for number in 0..MANY {
                dealer.send(&slices(&numbered(number))).unwrap();
                while came + 500 < number || (number + 1 == MANY && came < MANY) {
                    check.add(dealer.recv().unwrap());
                    came += 1;
                }
            }
            check.finish(MANY);
        });
        for _ in 0..MANY {
            let message = router.recv_timeout(LONG).unwrap().expect("a message");
            router.send(message).unwrap();
        }
        until_joined("the client to be done", client, || router.wait(SHORT));
        let dropped = router.counters().dropped;
        assert_eq!((dropped.high_water_mark, dropped.unroutable, dropped.peer_gone), (0, 0, 0));
    }
}

#[test]
fn a_hundred_libzmq_dealers_are_killed_and_restarted_twice() {
    for place in Place::both() {
        let (mut router, endpoint) = our_router(&place.endpoint);
        let over = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&over);
        let echo = thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                match router.recv_timeout(SHORT).unwrap() {
                    Some(message) if message.part(1) == Some(b"unanswered") => {}
                    Some(message) => router.send(message).unwrap(),
                    None => {}
                }
            }
            router
        });
        for _ in 0..3 {
            let args = ["dealers", &endpoint, "--count", "100", "--rounds", "10"];
            let (dealers, said) = Server::start(&args);
            assert_eq!(said, "all answered");
            // Killed at once, between messages.
            drop(dealers);
        }
        over.store(true, Ordering::Relaxed);
        let mut router = echo.join().unwrap();
        assert_eq!(router.counters().handshakes, 300);
        until("all to be gone", || {
            while router.recv_timeout(SHORT).unwrap().is_some() {}
            (router.counters().disconnects == 300).then_some(())
        });
        assert!(router.counters().dropped.high_water_mark == 0);
    }
}

#[test]
fn a_libzmq_dealer_reconnects_after_our_router_is_replaced() {
    for place in [Place::free_port(), Place::ipc()] {
        let (mut router, endpoint) = our_router(&place.endpoint);
        let dealer = libzmq(&Context::new().unwrap(), Kind::Dealer);
        let monitor = dealer.monitor().unwrap();
        dealer.connect(&endpoint).unwrap();
        dealer.send(&[b"1"]).unwrap();
        assert_eq!(receive(&mut router)[1], b"1");
        drop(router);
        monitor.wait_for(Monitor::DISCONNECTED).unwrap();
        let (mut router, _) = our_router(&endpoint);
        dealer.send(&[b"2"]).unwrap();
        assert_eq!(receive(&mut router)[1], b"2");
    }
}
