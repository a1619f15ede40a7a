//! Several threads use one engine.

use core::net::Ipv4Addr;
use core::time::Duration;
use std::sync::mpsc::channel;
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use std::{io, thread};

use super::{recv, send, subscribe, unsubscribe, wait_for_peers};
use crate::context::Context;
use crate::engine::SharedEngine;
use crate::message::Message;
use crate::monitor::EventKind;
use crate::options::{Limits, Options};
use crate::pattern::{KindOptions, SubscribeOptions};
use crate::socket_kind::SocketKind;

/// Longer than any of it takes.
const LONG: Duration = Duration::from_secs(20);

/// A socket of this kind.
fn open(kind: SocketKind, options: Options) -> SharedEngine {
    SharedEngine::new(kind, KindOptions::default(), options).unwrap()
}

/// Two connected PAIRs.
fn pairs(driver: bool) -> (SharedEngine, SharedEngine) {
    let context = Context::builder().driver(driver).build();
    let options = Options { context, ..Options::default() };
    let bound = open(SocketKind::Pair, options.clone());
    let dialled = open(SocketKind::Pair, options);
    let endpoint = bound.bind(&"tcp://127.0.0.1:*".parse().unwrap()).unwrap();
    dialled.enter().unwrap().connect(endpoint);
    thread::scope(|scope| {
        scope.spawn(|| assert!(wait_for_peers(&bound, 1, Some(LONG)).unwrap()));
        assert!(wait_for_peers(&dialled, 1, Some(LONG)).unwrap());
    });
    (bound, dialled)
}

#[test]
fn a_send_goes_on_while_another_thread_receives() {
    for driver in [false, true] {
        let (one, other) = pairs(driver);
        thread::scope(|scope| {
            let receiver = scope.spawn(|| recv(&one, Some(LONG)).unwrap());
            let begun = Instant::now();
            for _ in 0..100 {
                send(&one, &mut Message::from("request"), Some(LONG)).unwrap();
                assert_eq!(recv(&other, Some(LONG)).unwrap().unwrap().text(), Ok("request"));
            }
            assert!(begun.elapsed() < LONG / 2);
            assert!(!receiver.is_finished());
            send(&other, &mut Message::from("reply"), Some(LONG)).unwrap();
            assert_eq!(receiver.join().unwrap().unwrap().text(), Ok("reply"));
        });
        one.close(None);
        other.close(None);
    }
}

#[test]
fn other_threads_use_the_socket_while_a_bind_looks_a_name_up() {
    let engine: Arc<OnceLock<SharedEngine>> = Arc::default();
    let used = Arc::clone(&engine);
    let resolver = move |_: &str, port| {
        let used = Arc::clone(&used);
        let (sender, receiver) = channel();
        thread::spawn(move || sender.send(used.get().unwrap().enter().map(drop)));
        receiver.recv_timeout(LONG).map_err(io::Error::other)?.map_err(io::Error::other)?;
        Ok(vec![(Ipv4Addr::LOCALHOST, port).into()])
    };
    let options = Options { resolver: Some(Arc::new(resolver)), ..Options::default() };
    let engine = engine.get_or_init(|| open(SocketKind::Pair, options));
    engine.bind(&"tcp://a.name:*".parse().unwrap()).unwrap();
    engine.close(None);
}

#[test]
fn each_of_several_receivers_gets_a_message() {
    const RECEIVERS: usize = 4;
    for driver in [false, true] {
        let (one, other) = pairs(driver);
        thread::scope(|scope| {
            let receivers: Vec<_> = (0..RECEIVERS)
                .map(|_| scope.spawn(|| recv(&one, Some(LONG)).unwrap().unwrap()))
                .collect();
            for _ in 0..RECEIVERS {
                send(&other, &mut Message::from("one each"), Some(LONG)).unwrap();
            }
            for receiver in receivers {
                assert_eq!(receiver.join().unwrap().text(), Ok("one each"));
            }
        });
        one.close(None);
        other.close(None);
    }
}

#[test]
fn a_sender_waits_for_room_while_another_thread_polls() {
    const MESSAGES: usize = 20_000;
    let (one, other) = pairs(false);
    thread::scope(|scope| {
        let receiver = scope.spawn(|| recv(&one, Some(LONG)).unwrap().unwrap());
        let sender = scope.spawn(|| {
            for _ in 0..MESSAGES {
                send(&one, &mut Message::from(&[7; 100][..]), Some(LONG)).unwrap();
            }
        });
        for _ in 0..MESSAGES {
            assert!(recv(&other, Some(LONG)).unwrap().is_some());
        }
        sender.join().unwrap();
        send(&other, &mut Message::from("end"), Some(LONG)).unwrap();
        assert_eq!(receiver.join().unwrap().text(), Ok("end"));
    });
    one.close(None);
    other.close(None);
}

#[test]
fn a_send_that_waits_goes_on_when_another_thread_connects() {
    let engine = open(SocketKind::Push, Options::default());
    thread::scope(|scope| {
        let sender = scope.spawn(|| send(&engine, &mut Message::from("queued"), Some(LONG)));
        while !engine.look().unwrap().is_polled() {
            thread::yield_now();
        }
        // Nothing is bound to the name: there is no event.
        let endpoint = "inproc://a-send-that-waits".parse().unwrap();
        let begun = Instant::now();
        engine.enter().unwrap().connect(endpoint);
        sender.join().unwrap().unwrap();
        assert!(begun.elapsed() < LONG / 2);
    });
    engine.close(Some(Duration::ZERO.into()));
}

#[test]
fn a_receive_that_waits_gets_a_message_that_a_call_of_another_thread_read() {
    const ROUNDS: usize = 3_000;
    let context = Context::builder().driver(false).build();
    // The wait looks at the mailbox for long, and sleeps then.
    let spin = Some(Duration::from_micros(20));
    let options = Options { context, spin, ..Options::default() };
    let (one, other) = {
        let new = || open(SocketKind::Pair, options.clone());
        (new(), new())
    };
    let endpoint = one.bind(&"inproc://read-by-another".parse().unwrap()).unwrap();
    other.enter().unwrap().connect(endpoint);
    assert!(wait_for_peers(&one, 1, Some(LONG)).unwrap());
    for _ in 0..ROUNDS {
        thread::scope(|scope| {
            let waiting = scope.spawn(|| recv(&one, Some(LONG)).unwrap());
            let trying = scope.spawn(|| {
                let end = Instant::now() + LONG;
                loop {
                    let message = recv(&one, Some(Duration::ZERO)).unwrap();
                    if message.is_some() || Instant::now() > end {
                        return message;
                    }
                }
            });
            let begun = Instant::now();
            // Both arrive at the same time.
            other.enter().unwrap().cork();
            for _ in 0..2 {
                send(&other, &mut Message::from("one each"), Some(LONG)).unwrap();
            }
            other.enter().unwrap().uncork();
            for thread in [waiting, trying] {
                assert!(thread.join().unwrap().is_some());
            }
            assert!(begun.elapsed() < LONG / 2);
        });
    }
    one.close(None);
    other.close(None);
}

#[test]
fn a_thread_that_polls_serves_the_deadlines_of_later_calls() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let limits = Limits::default().handshake_timeout(Duration::from_millis(50));
    let options = Options { limits, ..Options::default() };
    let engine = open(SocketKind::Pair, options);
    thread::scope(|scope| {
        let receiver = scope.spawn(|| recv(&engine, Some(LONG)));
        let handle = engine.enter().unwrap().handle().unwrap();
        let endpoint = format!("tcp://{}", silent.local_addr().unwrap());
        engine.enter().unwrap().connect(endpoint.parse().unwrap());
        let begun = Instant::now();
        // The handshake times out, which only the thread that polls can notice.
        while !matches!(
            engine.events().try_next().map(|event| event.kind),
            Some(EventKind::Closed(_))
        ) {
            assert!(begun.elapsed() < LONG / 2);
            thread::yield_now();
        }
        handle.stop().unwrap();
        assert!(receiver.join().unwrap().is_err());
    });
    engine.close(None);
}

#[test]
fn messages_of_a_burst_are_held_and_the_first_after_quiet_is_not() {
    let (one, other) = pairs(true);
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..1_001 {
                assert!(recv(&other, Some(LONG)).unwrap().is_some());
            }
        });
        thread::sleep(Duration::from_millis(20));
        send(&one, &mut Message::from("first"), Some(LONG)).unwrap();
        assert!(!one.look().unwrap().holds_messages());
        let held = (0..1_000)
            .filter(|_| {
                send(&one, &mut Message::from("burst"), Some(LONG)).unwrap();
                one.look().unwrap().holds_messages()
            })
            .count();
        assert!(held > 0);
    });
    one.close(None);
    other.close(None);
}

#[test]
fn only_a_change_that_excludes_messages_checks_those_in_the_queue() {
    for invert in [false, true] {
        let inverted = SubscribeOptions { invert, ..Default::default() };
        let own = KindOptions { subscribe: inverted, ..Default::default() };
        let sub = SharedEngine::new(SocketKind::Sub, own, Options::default()).unwrap();
        let checks = || core::mem::take(&mut sub.enter().unwrap().refilter);
        for topic in ["a", "b"] {
            subscribe(&sub, topic.as_bytes()).unwrap();
            assert_eq!(checks(), invert, "{topic}");
        }
        unsubscribe(&sub, b"absent").unwrap();
        assert!(!checks());
        unsubscribe(&sub, b"a").unwrap();
        assert_eq!(checks(), !invert);
        subscribe(&sub, b"before").unwrap();
        assert_eq!(checks(), invert);
        unsubscribe(&sub, b"before").unwrap();
        assert!(invert || !checks(), "a shorter topic is left");
        sub.close(None);
    }
}
