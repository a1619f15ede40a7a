//! Sockets that several threads use at the same time.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use zmtp_mio::SocketKind;

use super::{Given, POLLIN, POLLOUT, Socket};
use crate::context::Context;
use crate::errno::Errno;
use crate::poll::{Polled, Source, wait};
use crate::poller::{Passed, Poller};
use crate::testing::{LIMIT, RCVHWM, SNDHWM, bind, set, socket};

const PASSED: Passed = Passed { handle: 7, user_data: 8 };

/// Two sockets that are connected, the first of which is bound.
fn pair(context: &Arc<Context>, kinds: [SocketKind; 2], endpoint: &str) -> [Arc<Socket>; 2] {
    let [one, other] = kinds.map(|kind| socket(context, kind));
    other.connect(&bind(&one, endpoint)).unwrap();
    [one, other]
}

const CHANNELS: [SocketKind; 2] = [SocketKind::Channel; 2];
const PLACES: [&str; 2] = ["tcp://127.0.0.1:*", "inproc://threads"];

#[test]
fn other_threads_send_while_a_receive_waits() {
    for place in PLACES {
        let context = Arc::new(Context::new());
        let [one, other] = pair(&context, CHANNELS, place);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| one.receive(0).unwrap());
            for n in 0..100_u8 {
                one.send(Given::Bytes(&[n]), 0).unwrap();
                assert_eq!(other.receive(0).unwrap().bytes(), [n]);
            }
            assert!(!waiting.is_finished());
            other.send(Given::Bytes(b"end"), 0).unwrap();
            assert_eq!(waiting.join().unwrap().bytes(), b"end");
        });
        one.close().unwrap();
        other.close().unwrap();
    }
}

#[test]
fn a_close_or_a_shutdown_ends_the_waits_of_other_threads() {
    for (closes, error) in [(true, Errno::ENOTSOCK), (false, Errno::ETERM)] {
        let context = Arc::new(Context::new());
        let [one, other] = pair(&context, CHANNELS, "tcp://127.0.0.1:*");
        let poller = Poller::new();
        poller.add(Source::Socket(Arc::clone(&one)), POLLIN, PASSED).unwrap();
        thread::scope(|scope| {
            let waiting = [
                scope.spawn(|| one.receive(0).map(drop)),
                scope.spawn(|| one.receive(0).map(drop)),
                scope.spawn(|| poller.wait(1, None).map(drop)),
                scope.spawn(|| wait(&mut [Polled::socket(&one, POLLIN)], None, None).map(drop)),
            ];
            other.send(Given::Bytes(b"one wait ends with it, the others begin"), 0).unwrap();
            let begun = Instant::now();
            while !waiting.iter().any(thread::ScopedJoinHandle::is_finished) {
                assert!(begun.elapsed() < LIMIT);
                thread::yield_now();
            }
            if closes {
                one.close().unwrap();
            } else {
                context.shut_down();
            }
            let ended = waiting.map(|thread| thread.join().unwrap());
            assert!(ended.contains(&Err(error)), "{ended:?}");
            assert!(ended.iter().all(|ended| matches!(ended, Ok(()) | Err(_))));
            let others = ended.iter().filter(|ended| ended.is_err());
            assert!(others.clone().all(|ended| *ended == Err(error)), "{ended:?}");
        });
        let _ = one.close();
        other.close().unwrap();
        context.end().unwrap();
    }
}

#[test]
fn a_poller_finds_what_another_thread_has_not_received() {
    for place in PLACES {
        let context = Arc::new(Context::new());
        let [gather, scatter] = pair(&context, [SocketKind::Gather, SocketKind::Scatter], place);
        let poller = Poller::new();
        poller.add(Source::Socket(Arc::clone(&gather)), POLLIN, PASSED).unwrap();
        for _ in 0..200 {
            thread::scope(|scope| {
                // It handles the events of both messages.
                let one = scope.spawn(|| gather.receive(0).unwrap());
                let other = scope.spawn(|| {
                    loop {
                        let found = poller.wait(1, Some(LIMIT)).unwrap();
                        assert_eq!((found.len(), found[0].events), (1, POLLIN));
                        assert_eq!((found[0].passed.handle, found[0].passed.user_data), (7, 8));
                        if let Ok(part) = gather.receive(super::DONTWAIT) {
                            return part;
                        }
                    }
                });
                scatter.send(Given::Bytes(b"x"), 0).unwrap();
                scatter.send(Given::Bytes(b"x"), 0).unwrap();
                assert_eq!(one.join().unwrap().bytes(), b"x");
                assert_eq!(other.join().unwrap().bytes(), b"x");
            });
        }
        gather.close().unwrap();
        scatter.close().unwrap();
    }
}

#[test]
fn a_poller_finds_the_room_that_the_wait_of_another_thread_makes() {
    for place in PLACES {
        let context = Arc::new(Context::new());
        let [one, other] = CHANNELS.map(|kind| socket(&context, kind));
        for option in [SNDHWM, RCVHWM] {
            [&one, &other].iter().for_each(|socket| set(socket, option, 1));
        }
        other.connect(&bind(&one, place)).unwrap();
        let poller = Poller::new();
        let source = Source::Socket(Arc::clone(&one));
        poller.add(source.clone(), POLLOUT, PASSED).unwrap();
        thread::scope(|scope| {
            // From now on, this thread handles the events of the socket.
            let waiting = scope.spawn(|| one.receive(0).unwrap());
            for _ in 0..20 {
                assert_eq!(poller.wait(1, Some(LIMIT)).unwrap()[0].events, POLLOUT);
                let mut sent = 0;
                while one.send(Given::Bytes(&[0; 100_000]), super::DONTWAIT).is_ok() {
                    sent += 1;
                }
                (0..sent).for_each(|_| drop(other.receive(0).unwrap()));
            }
            assert!(!waiting.is_finished());
            other.send(Given::Bytes(b"end"), 0).unwrap();
            waiting.join().unwrap();
        });
        poller.modify(&source, 0).unwrap();
        assert_eq!(poller.wait(1, None).unwrap_err(), Errno::EFAULT);
        poller.remove(&source).unwrap();
        assert_eq!(poller.remove(&source), Err(Errno::EINVAL));
        one.close().unwrap();
        other.close().unwrap();
    }
}
