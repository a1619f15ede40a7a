//! ROUTER and DEALER against libzmq, in both directions.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use common::any::{id, until};
use common::server::Server;
use common::{Check, LONG, Place, body, numbered, parts, slices};
use zmtp_core::wire::RoutingId;
use zmtp_interop::libzmq::{Context, Kind, Monitor, Socket, option};
use zmtp_mio::{CloseReason, Dealer, Error, EventKind, HighWaterMark, Message, Router};

const SHORT: Duration = Duration::from_millis(20);
const MANY: u32 = 50_000;

fn libzmq(context: &Context, kind: Kind) -> Socket {
    let socket = context.socket(kind).unwrap();
    socket.set_timeout(Some(LONG)).unwrap();
    socket
}

/// A libzmq DEALER with this routing id.
fn called(context: &Context, name: &[u8], endpoint: &str) -> Socket {
    let dealer = libzmq(context, Kind::Dealer);
    dealer.set_bytes(option::ROUTING_ID, name).unwrap();
    dealer.connect(endpoint).unwrap();
    dealer
}

fn our_router(endpoint: &str) -> (Router, String) {
    let mut router = common::builder::<Router>().build().unwrap();
    let endpoint = router.bind(endpoint).unwrap().to_string();
    (router, endpoint)
}

fn receive(router: &mut Router) -> Vec<Vec<u8>> {
    parts(&router.recv_timeout(LONG).unwrap().expect("a message"))
}

fn closes(router: &mut Router, reason: CloseReason) -> bool {
    std::iter::from_fn(|| router.next_event()).any(|event| event.kind == EventKind::Closed(reason))
}

#[test]
fn our_router_uses_the_routing_ids_of_libzmqs_dealers_up_to_255_bytes() {
    for place in Place::both() {
        let (mut router, endpoint) = our_router(&place.endpoint);
        let context = Context::new().unwrap();
        for name in [b"x".to_vec(), body(255), vec![0; 5]] {
            // READY announces any bytes, including ids that RFC 28 reserves for ROUTER.
            let dealer = called(&context, &name, &endpoint);
            dealer.send(&[b"", b"hello"]).unwrap();
            assert_eq!(receive(&mut router), [name.clone(), vec![], b"hello".to_vec()]);
            router.send_to(&name, "welcome", LONG).unwrap();
            assert_eq!(dealer.recv().unwrap(), [b"welcome"]);
        }
    }
}

#[test]
fn libzmqs_dealers_without_a_routing_id_get_five_bytes_that_begin_with_0() {
    let (mut router, endpoint) = our_router("tcp://127.0.0.1:*");
    let context = Context::new().unwrap();
    let mut names = Vec::new();
    for _ in 0..10 {
        let dealer = libzmq(&context, Kind::Dealer);
        dealer.connect(&endpoint).unwrap();
        dealer.send(&[b"hello"]).unwrap();
        let name = receive(&mut router).swap_remove(0);
        assert_eq!((name.len(), name[0]), (5, 0));
        router.send_to(&name, "welcome", LONG).unwrap();
        assert_eq!(dealer.recv().unwrap(), [b"welcome"]);
        names.push(name);
    }
    names.dedup();
    assert_eq!(names.len(), 10);
}

#[test]
fn libzmqs_router_uses_the_routing_id_of_our_dealer() {
    for place in Place::both() {
        let router = libzmq(&Context::new().unwrap(), Kind::Router);
        router.bind(&place.endpoint).unwrap();
        let endpoint = router.last_endpoint();
        let name = RoutingId::new(&body(255)[1..]).unwrap();
        let mut dealer = common::builder::<Dealer>().routing_id(name).connect(&endpoint).unwrap();
        dealer.send(Message::from_parts(["", "hello"])).unwrap();
        dealer.wait(SHORT).unwrap();
        let came = until("it to arrive", || {
            dealer.step().unwrap();
            router.readable(SHORT).unwrap().then(|| router.recv().unwrap())
        });
        assert_eq!(came, [name.bytes(), b"", b"hello"]);
        router.send(&[name.bytes(), b"welcome", b""]).unwrap();
        let came = dealer.recv_timeout(LONG).unwrap().unwrap();
        assert_eq!(parts(&came), [&b"welcome"[..], b""]);
    }
}

#[test]
fn a_second_libzmq_dealer_with_the_same_routing_id_is_refused() {
    let (mut router, endpoint) = our_router("tcp://127.0.0.1:*");
    let context = Context::new().unwrap();
    let first = called(&context, b"one", &endpoint);
    first.send(&[b"1"]).unwrap();
    assert_eq!(receive(&mut router), [b"one".to_vec(), b"1".to_vec()]);
    let second = called(&context, b"one", &endpoint);
    second.send(&[b"2"]).unwrap();
    until("the refusal", || {
        router.wait(SHORT).unwrap();
        closes(&mut router, CloseReason::RoutingIdInUse).then_some(())
    });
    assert_eq!(router.try_recv().unwrap(), None);
    router.send_to(b"one", "still you", LONG).unwrap();
    assert_eq!(first.recv().unwrap(), [b"still you"]);
    // libzmq reconnects, and is accepted when the first is gone.
    drop(first);
    until("the second", || {
        let _ = second.send(&[b"2 again"]);
        router.recv_timeout(SHORT).unwrap()
    });
    router.send_to(b"one", "now you", LONG).unwrap();
    assert_eq!(second.recv().unwrap(), [b"now you"]);
}

#[test]
fn a_routing_id_is_handed_over_to_a_second_libzmq_dealer_with_handover() {
    let mut router = common::builder::<Router>().handover(true).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = router.endpoints().next().unwrap().to_string();
    let context = Context::new().unwrap();
    let first = libzmq(&context, Kind::Dealer);
    first.set_bytes(option::ROUTING_ID, b"one").unwrap();
    // It would take the routing id back.
    first.set_i32(option::RECONNECT_IVL, -1).unwrap();
    first.connect(&endpoint).unwrap();
    first.send(&[b"1"]).unwrap();
    assert_eq!(receive(&mut router), [b"one".to_vec(), b"1".to_vec()]);
    let second = called(&context, b"one", &endpoint);
    second.send(&[b"2"]).unwrap();
    assert_eq!(receive(&mut router), [b"one".to_vec(), b"2".to_vec()]);
    until("the end of the first", || {
        router.wait(SHORT).unwrap();
        closes(&mut router, CloseReason::HandedOver).then_some(())
    });
    router.send_to(b"one", "new", LONG).unwrap();
    assert_eq!(second.recv().unwrap(), [b"new"]);
    assert!(!first.readable(SHORT).unwrap());
}

#[test]
fn a_router_with_mandatory_reports_that_libzmqs_dealer_is_unknown_or_full() {
    let mark = HighWaterMark::default().messages(10);
    let builder = common::builder::<Router>().mandatory(true).send_mark(mark);
    let mut router = builder.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = router.endpoints().next().unwrap().to_string();
    let unknown = router.send_to(b"d", "too early", Duration::ZERO).unwrap_err();
    assert!(matches!(unknown.error, Error::Unroutable));
    let dealer = libzmq(&Context::new().unwrap(), Kind::Dealer);
    dealer.set_i32(option::RCVHWM, 1).unwrap();
    dealer.set_bytes(option::ROUTING_ID, b"d").unwrap();
    dealer.connect(&endpoint).unwrap();
    let mut sent = 0_u32;
    until("the handshake", || {
        router.wait(SHORT).unwrap();
        (router.counters().handshakes == 1).then_some(())
    });
    let full = loop {
        let mut message = Message::from_parts([&b"d"[..], &sent.to_be_bytes()]);
        message.push(vec![0; 64 << 10]);
        match router.send_timeout(message, Duration::from_millis(300)) {
            Ok(()) => sent += 1,
            Err(error) => break error,
        }
        assert!(sent < 10_000, "it never waits");
    };
    assert!(matches!(full.error, Error::WouldBlock));
    assert!(!router.step().unwrap().writable);
    for number in 0..sent {
        until("it to arrive", || {
            router.step().unwrap();
            dealer.readable(Duration::from_millis(1)).unwrap().then_some(())
        });
        assert_eq!(dealer.recv().unwrap()[0], number.to_be_bytes());
    }
    assert!(router.step().unwrap().writable);
    drop(dealer);
    until("the dealer to be unknown", || {
        match router.send_to(b"d", "too late", SHORT).map_err(|error| error.error) {
            Err(Error::Unroutable) => Some(()),
            _ => None,
        }
    });
}

#[test]
fn probes_announce_routers_to_each_other() {
    let (mut router, endpoint) = our_router("tcp://127.0.0.1:*");
    let context = Context::new().unwrap();
    for kind in [Kind::Dealer, Kind::Router] {
        let probing = libzmq(&context, kind);
        probing.set_i32(option::PROBE_ROUTER, 1).unwrap();
        probing.set_bytes(option::ROUTING_ID, format!("{kind:?}").as_bytes()).unwrap();
        probing.connect(&endpoint).unwrap();
        // A ROUTER sends its probe during a call of its application.
        let came = until("the probe", || {
            let _ = probing.writable(Duration::ZERO).unwrap();
            router.recv_timeout(SHORT).unwrap()
        });
        assert_eq!(parts(&came), [format!("{kind:?}").into_bytes(), vec![]]);
    }

    let theirs = libzmq(&context, Kind::Router);
    theirs.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = theirs.last_endpoint();
    let mut dealer =
        common::builder::<Dealer>().probe_router(true).routing_id(id("d")).build().unwrap();
    dealer.connect(&endpoint).unwrap();
    let mut router =
        common::builder::<Router>().probe_router(true).routing_id(id("r")).build().unwrap();
    router.connect(&endpoint).unwrap();
    let mut came: Vec<_> = (0..2)
        .map(|_| {
            until("a probe", || {
                dealer.step().unwrap();
                router.step().unwrap();
                theirs.readable(Duration::from_millis(1)).unwrap().then(|| theirs.recv().unwrap())
            })
        })
        .collect();
    came.sort();
    assert_eq!(came, [[b"d".to_vec(), vec![]], [b"r".to_vec(), vec![]]]);
}

#[test]
fn our_router_reports_when_libzmqs_dealers_connect_and_disconnect() {
    let mut router =
        common::builder::<Router>().notify(true, true).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = router.endpoints().next().unwrap().to_string();
    let context = Context::new().unwrap();
    for name in [&b"ann"[..], b"bob"] {
        let dealer = called(&context, name, &endpoint);
        assert_eq!(receive(&mut router), [name, b""]);
        dealer.send(&[b"hello"]).unwrap();
        assert_eq!(receive(&mut router), [name, b"hello"]);
        drop(dealer);
        assert_eq!(receive(&mut router), [name, b""]);
    }
}

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
    for (at, rep) in reps.iter().enumerate() {
        for round in 0..100 {
            let number = (at + 3 * round).to_string().into_bytes();
            assert_eq!(rep.recv().unwrap(), std::slice::from_ref(&number));
            rep.send(&[&number]).unwrap();
        }
    }
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
        until("the client to be done", || {
            router.wait(SHORT).unwrap();
            client.is_finished().then_some(())
        });
        client.join().unwrap();
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
