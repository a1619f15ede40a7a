//! Calls of the C API that the Rust API does not have.

use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use zmtp_mio::libzmq::{self, KindOptions};
use zmtp_mio::{Context, Error, EventKind, Linger, SocketKind};

use super::harness::listeners::free_endpoint;
use super::harness::processes::{alone, this_test};
use super::harness::{LIMIT, eventually};
use super::{inproc, marked, options, plain, recv, socket};

#[test]
fn a_socket_that_is_closed_later_sends_when_its_peer_appears() {
    for endpoint in [free_endpoint(), inproc("closed-later")] {
        let mut push = plain(SocketKind::Push);
        push.connect(endpoint.as_str()).unwrap();
        push.send("late").unwrap();
        let (ended, end) = channel();
        libzmq::close_later(push, Linger::UNLIMITED, move || ended.send(()).unwrap());
        assert!(end.try_recv().is_err(), "nothing listens");
        let mut pull = plain(SocketKind::Pull);
        pull.bind(endpoint.as_str()).unwrap();
        assert_eq!(recv(&mut pull), [b"late"]);
        end.recv_timeout(LIMIT).unwrap();
    }
}

#[test]
fn a_socket_without_messages_is_closed_at_once() {
    let mut push = plain(SocketKind::Push);
    push.connect(inproc("nothing-to-send").as_str()).unwrap();
    let (ended, end) = channel();
    libzmq::close_later(push, Linger::UNLIMITED, move || ended.send(()).unwrap());
    assert_eq!(end.try_recv(), Ok(()));
}

#[test]
fn a_stop_ends_calls_but_not_the_linger_of_closed_sockets() {
    let context = Context::builder().build();
    let mut options = options();
    options.context = context.clone();
    let own = KindOptions::default();
    let endpoint = free_endpoint();
    let mut push = socket(SocketKind::Push, &options, &own);
    push.connect(endpoint.as_str()).unwrap();
    push.send("late").unwrap();
    let (ended, end) = channel();
    libzmq::close_later(push, Linger::UNLIMITED, move || ended.send(()).unwrap());
    let mut other = socket(SocketKind::Pull, &options, &own);
    let waiting = thread::spawn(move || other.recv());
    libzmq::stop(&context);
    assert!(matches!(waiting.join().unwrap(), Err(Error::Stopped)));
    assert!(matches!(libzmq::build(SocketKind::Pull, options, own), Err(Error::Stopped)));
    assert!(end.try_recv().is_err(), "nothing listens");
    let mut pull = plain(SocketKind::Pull);
    pull.bind(endpoint.as_str()).unwrap();
    assert_eq!(recv(&mut pull), [b"late"]);
    end.recv_timeout(LIMIT).unwrap();
}

#[test]
fn after_a_stop_no_message_waits_for_a_name_that_is_not_bound() {
    for stop_first in [false, true] {
        let context = Context::builder().build();
        let mut options = options();
        options.context = context.clone();
        let mut push = socket(SocketKind::Push, &options, &KindOptions::default());
        push.connect(inproc("never-bound").as_str()).unwrap();
        push.send("lost").unwrap();
        let (ended, end) = channel();
        if stop_first {
            libzmq::stop(&context);
        }
        libzmq::close_later(push, Linger::UNLIMITED, move || ended.send(()).unwrap());
        libzmq::stop(&context);
        end.recv_timeout(LIMIT).unwrap();
    }
}

fn thread_count() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

#[test]
fn the_thread_of_a_driver_ends() {
    alone(this_test!(), || {
        let before = thread_count();
        let context = Context::builder().build();
        let mut options = options();
        options.context = context.clone();
        let push = socket(SocketKind::Push, &options, &KindOptions::default());
        drop(options);
        assert_eq!(thread_count(), before + 1);
        libzmq::close_later(push, Linger::UNLIMITED, || {});
        libzmq::end_driver(&context);
        // The system lists a thread for a moment longer than others can wait for it.
        eventually("the end of the thread", || thread_count() == before);
    });
}

#[test]
fn a_first_part_has_room_or_fails_as_the_message_would() {
    let endpoint = inproc("room");
    let (own, one) = (KindOptions::default(), marked(1, 1));
    let soon = Some(Duration::ZERO);
    let mut push = socket(SocketKind::Push, &one, &own);
    assert!(matches!(libzmq::wait_for_room(&push, b"x", soon), Err(Error::WouldBlock)));
    push.connect(endpoint.as_str()).unwrap();
    libzmq::wait_for_room(&push, b"x", None).unwrap();
    push.send("x").unwrap();
    assert!(matches!(libzmq::wait_for_room(&push, b"x", soon), Err(Error::WouldBlock)));
    let mut pull = socket(SocketKind::Pull, &one, &own);
    assert!(matches!(libzmq::wait_for_room(&pull, b"x", soon), Err(Error::NotSupported)));
    pull.bind(endpoint.as_str()).unwrap();
    libzmq::wait_for_room(&push, b"x", Some(LIMIT)).unwrap();

    let router = plain(SocketKind::Router);
    libzmq::wait_for_room(&router, b"unknown", soon).unwrap();
    let mut own = KindOptions::default();
    own.router.mandatory = true;
    let router = socket(SocketKind::Router, &options(), &own);
    let unknown = libzmq::wait_for_room(&router, b"unknown", soon);
    assert!(matches!(unknown, Err(Error::Unroutable)));
    for kind in [SocketKind::Rep, SocketKind::Sub] {
        assert!(libzmq::wait_for_room(&plain(kind), b"x", soon).is_err(), "{kind:?}");
    }
}

#[test]
fn a_driver_reports_readiness_while_the_application_makes_no_calls() {
    let (mut push, mut pull) = (plain(SocketKind::Push), plain(SocketKind::Pull));
    let endpoint = pull.bind("tcp://127.0.0.1:*").unwrap();
    let (report, reports) = channel();
    libzmq::watch(&pull, move |readable, _| {
        if readable {
            let _ = report.send(());
        }
    });
    push.connect(endpoint).unwrap();
    push.send("x").unwrap();
    reports.recv_timeout(LIMIT).unwrap();
    assert_eq!(recv(&mut pull), [b"x"]);
}

#[test]
fn the_descriptor_of_a_socket_that_the_driver_serves_can_be_waited_for() {
    let mut pull = plain(SocketKind::Pull);
    libzmq::hold(&pull);
    assert!(libzmq::descriptor(&pull).unwrap() >= 0);
    libzmq::borrow_descriptor(&pull).unwrap();
    assert!(!libzmq::readiness(&pull).0);
    libzmq::release(&pull);
    let (mut push, begun) = (plain(SocketKind::Push), Instant::now());
    push.connect(pull.bind("tcp://127.0.0.1:*").unwrap()).unwrap();
    push.send("x").unwrap();
    // Without a call, only the driver can receive it.
    while !libzmq::readiness(&pull).0 {
        assert!(begun.elapsed() < LIMIT);
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn the_waits_for_events_end_and_begin_again() {
    let mut pull = plain(SocketKind::Pull);
    pull.bind("tcp://127.0.0.1:*").unwrap();
    for _ in 0..2 {
        let events = libzmq::begin_events(&pull).unwrap();
        assert!(events.try_next().is_none(), "earlier events are discarded");
        pull.bind("tcp://127.0.0.1:*").unwrap();
        let waiting = thread::spawn(move || {
            let first = events.next_timeout(LIMIT).map(|event| event.kind);
            (first, events.next_timeout(Duration::MAX).map(|event| event.kind))
        });
        libzmq::end_events(&pull);
        assert_eq!(waiting.join().unwrap(), (Some(EventKind::Listening), None));
    }
}

#[test]
fn sockets_that_connect_and_close_while_their_name_is_bound_lose_nothing() {
    const SENDERS: usize = 30;
    for round in 0..20 {
        let endpoint = inproc(&format!("storm-{round}"));
        let mut options = options();
        options.signals_end_waits = true;
        let senders: Vec<_> = (0..SENDERS)
            .map(|_| {
                let (endpoint, options) = (endpoint.clone(), options.clone());
                thread::spawn(move || {
                    let mut push = socket(SocketKind::Push, &options, &KindOptions::default());
                    push.connect(endpoint.as_str()).unwrap();
                    push.send("x").unwrap();
                    libzmq::close_later(push, Linger::UNLIMITED, || {});
                })
            })
            .collect();
        let mut pull = socket(SocketKind::Pull, &options, &KindOptions::default());
        pull.bind(endpoint.as_str()).unwrap();
        for _ in 0..SENDERS {
            assert_eq!(recv(&mut pull), [b"x"]);
        }
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    }
}

#[test]
fn a_stream_reports_the_id_and_the_address_of_a_new_connection() {
    let (mut server, mut client) = (plain(SocketKind::Stream), plain(SocketKind::Stream));
    let endpoint = server.bind("tcp://127.0.0.1:*").unwrap();
    let id = libzmq::connect_for_id(&client, endpoint).unwrap();
    assert_eq!(recv(&mut client), [id.bytes(), b""]);
    let notice = server.recv_timeout(LIMIT).unwrap().unwrap();
    assert!(notice.properties().unwrap().peer_address.unwrap().ip().is_loopback());
}

#[test]
fn types_that_do_not_match_are_connected_within_the_process_by_the_rules_of_libzmq() {
    let mut options = options();
    options.rules.inproc_accepts_all = true;
    let own = KindOptions::default();
    let endpoint = inproc("any-type");
    let mut pull = socket(SocketKind::Pull, &options, &own);
    pull.bind(endpoint.as_str()).unwrap();
    let mut pair = socket(SocketKind::Pair, &options, &own);
    pair.connect(endpoint.as_str()).unwrap();
    pair.send("x").unwrap();
    assert_eq!(recv(&mut pull), [b"x"]);
}

#[test]
fn without_a_handler_of_zap_a_domain_refuses_clients_unless_it_is_optional() {
    for optional in [false, true] {
        let mut options = options();
        (options.rules.zap_is_optional, options.zap_domain) = (optional, "domain".into());
        let mut pull = socket(SocketKind::Pull, &options, &KindOptions::default());
        let mut push = plain(SocketKind::Push);
        push.connect(pull.bind("tcp://127.0.0.1:*").unwrap()).unwrap();
        push.send("x").unwrap();
        match optional {
            true => assert_eq!(recv(&mut pull), [b"x"]),
            false => {
                let begun = Instant::now();
                while pull.counters().refused == 0 {
                    assert!(begun.elapsed() < LIMIT);
                    assert!(pull.recv_timeout(Duration::from_millis(10)).unwrap().is_none());
                }
            }
        }
    }
}

#[test]
fn every_socket_that_is_closed_later_ends_soon_after_its_last_message_has_arrived() {
    let mut pull = plain(SocketKind::Pull);
    let endpoint = pull.bind("tcp://127.0.0.1:0").unwrap();
    for _ in 0..20 {
        let (ended, end) = channel();
        for _ in 0..50 {
            let mut push = plain(SocketKind::Push);
            push.connect(endpoint.clone()).unwrap();
            push.send("last").unwrap();
            let ended = ended.clone();
            libzmq::close_later(push, Linger::UNLIMITED, move || ended.send(()).unwrap());
        }
        for _ in 0..50 {
            assert_eq!(recv(&mut pull), [b"last"]);
        }
        // The system reports no event for an acknowledgement: each socket looks for it again.
        for _ in 0..50 {
            end.recv_timeout(LIMIT).unwrap();
        }
    }
}
