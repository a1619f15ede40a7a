//! What the thread-safe types have in common: several threads use a socket at the same time, and messages have one part.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::harness::processes::blocked;
use crate::harness::threads::driven;
use crate::harness::{LIMIT, RawPeer, builder, context, eventually, transports};
use zmtp_mio::kind::Any;
use zmtp_mio::{
    AnySocket, Channel, Client, Error, EventKind, Gather, Pull, Scatter, Server, Socket,
    SocketKind, ThreadSafeSocket,
};

/// The endpoints of a test, one for each transport.
fn places(name: &str) -> Vec<String> {
    transports().into_iter().chain([format!("inproc://{name}")]).collect()
}

/// Each kind, as a socket whose kind is known at run time.
fn all() -> impl Iterator<Item = (SocketKind, ThreadSafeSocket<Any>)> {
    SocketKind::ALL.into_iter().filter(|kind| kind.is_thread_safe()).map(|kind| {
        let socket = AnySocket::builder(kind).context(&context()).build().unwrap();
        (kind, ThreadSafeSocket::try_from(socket).unwrap())
    })
}

const fn is_shared<S: Send + Sync>() {}

const _: () = {
    is_shared::<ThreadSafeSocket<Any>>();
    is_shared::<Server>();
};

#[test]
fn a_receive_that_waits_does_not_delay_the_sends_of_another_thread() {
    for place in places("does-not-delay") {
        let bound = builder::<Channel>().bind(&*place).unwrap();
        let other = builder::<Channel>().connect(bound.last_endpoint().unwrap()).unwrap();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| bound.recv());
            other.send("begin").unwrap();
            // The other end has no thread besides this one.
            assert!(other.flush(LIMIT).unwrap());
            assert_eq!(waiting.join().unwrap().unwrap().text(), Ok("begin"));
            let waiting = scope.spawn(|| bound.recv());
            for n in 0..100 {
                bound.send(n.to_string()).unwrap();
                assert_eq!(other.recv_string(LIMIT).unwrap(), Some(n.to_string()));
            }
            assert!(!waiting.is_finished());
            other.send("end").unwrap();
            assert_eq!(waiting.join().unwrap().unwrap().text(), Ok("end"));
        });
    }
}

#[test]
fn each_of_several_waiting_threads_receives_a_message() {
    const THREADS: usize = 8;
    for place in places("several-waiting") {
        let gather = builder::<Gather>().bind(&*place).unwrap();
        let scatter = builder::<Scatter>().connect(gather.last_endpoint().unwrap()).unwrap();
        driven(&[&scatter], || {
            thread::scope(|scope| {
                let waiting: Vec<_> =
                    (0..THREADS).map(|_| scope.spawn(|| gather.recv().unwrap())).collect();
                for n in 0..THREADS {
                    scatter.send(&[n as u8]).unwrap();
                }
                let got: HashSet<u8> = waiting
                    .into_iter()
                    .map(|thread| thread.join().unwrap().bytes().unwrap()[0])
                    .collect();
                assert_eq!(got.len(), THREADS);
            });
        });
    }
}

#[test]
fn the_messages_of_each_sending_thread_keep_their_order() {
    const THREADS: usize = 4;
    const MESSAGES: u32 = 2_000;
    for place in places("keep-their-order") {
        let gather = builder::<Gather>().bind(&*place).unwrap();
        let scatter = builder::<Scatter>().connect(gather.last_endpoint().unwrap()).unwrap();
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let scatter = &scatter;
                scope.spawn(move || {
                    for n in 0..MESSAGES {
                        let mut body = vec![thread as u8];
                        body.extend(n.to_be_bytes());
                        scatter.send(body).unwrap();
                    }
                    assert!(scatter.flush(LIMIT).unwrap());
                });
            }
            let mut next = [0; THREADS];
            for _ in 0..THREADS * MESSAGES as usize {
                let message = gather.recv_timeout(LIMIT).unwrap().expect("a message");
                let (thread, n) = message.bytes().unwrap().split_at(1);
                let next = &mut next[usize::from(thread[0])];
                assert_eq!(n, u32::to_be_bytes(*next));
                *next += 1;
            }
        });
    }
}

#[test]
fn a_close_ends_the_calls_of_other_threads() {
    for (kind, socket) in all() {
        socket.bind("tcp://127.0.0.1:*").unwrap();
        let socket = Arc::new(socket);
        let waiting = [(); 3].map(|()| {
            let socket = Arc::clone(&socket);
            blocked(move || match kind {
                // It does not wait for members.
                SocketKind::Radio => socket.wait_for_peers(1, LIMIT).map(drop),
                _ if kind.can_receive() => socket.recv().map(drop),
                _ => socket.send("without a peer").map_err(Error::from),
            })
        });
        assert!(socket.close(LIMIT).is_empty());
        for thread in waiting {
            let ended = thread.join().unwrap();
            assert!(matches!(ended, Err(Error::Stopped)), "{kind}: {ended:?}");
        }
        assert!(matches!(socket.bind("tcp://127.0.0.1:*"), Err(Error::Stopped)));
    }
}

#[test]
fn a_close_sends_what_is_queued_within_linger() {
    let gather = builder::<Gather>().bind("tcp://127.0.0.1:*").unwrap();
    let scatter = builder::<Scatter>().connect(gather.last_endpoint().unwrap()).unwrap();
    driven(&[&gather], || {
        for _ in 0..100 {
            scatter.send("queued").unwrap();
        }
        assert!(scatter.close(LIMIT).is_empty());
        for _ in 0..100 {
            assert!(gather.recv_timeout(LIMIT).unwrap().is_some());
        }
    });
}

#[test]
fn a_send_that_waits_for_a_peer_goes_on_when_another_thread_connects() {
    let client = Arc::new(builder::<Client>().build().unwrap());
    let sending = Arc::clone(&client);
    let sender = blocked(move || sending.send("queued"));
    client.connect("inproc://later").unwrap();
    sender.join().unwrap().unwrap();
    assert_eq!(client.close(Duration::ZERO).messages.len(), 1);
}

#[test]
fn a_message_of_several_parts_is_not_sent() {
    for (kind, socket) in all().filter(|(kind, _)| kind.can_send()) {
        let failed = socket.try_send(["one", "two"]).unwrap_err();
        assert!(matches!(failed.error, Error::PartCount(2)), "{kind}: {failed}");
        assert_eq!(failed.message.part_count(), 2);
        let failed = socket.try_send(zmtp_mio::Message::new()).unwrap_err();
        assert!(matches!(failed.error, Error::EmptyMessage), "{kind}: {failed}");
    }
}

#[test]
fn a_message_of_several_parts_from_a_peer_is_dropped_and_counted() {
    // In a message for a DISH, the first part is the group.
    let receives = |kind: SocketKind| kind.can_receive() && kind != SocketKind::Dish;
    for (kind, socket) in all().filter(|(kind, _)| receives(*kind)) {
        let peer = match kind {
            SocketKind::Client => "SERVER",
            SocketKind::Gather => "SCATTER",
            SocketKind::Server => "CLIENT",
            _ => &kind.to_string(),
        };
        let endpoint = socket.bind("tcp://127.0.0.1:*").unwrap().to_string();
        let mut raw = RawPeer::connect(&endpoint);
        driven(&[&socket], || {
            raw.handshake_as(peer);
            raw.send_frames(&[b"first"]);
            raw.send_frames(&[b"of", b"three", b"parts"]);
            raw.send_frames(&[b"", &[7; 100_000]]);
            raw.send_frames(&[b"last"]);
            for expected in ["first", "last"] {
                let text = socket.recv_string(LIMIT).unwrap();
                assert_eq!(text.as_deref(), Some(expected), "{kind}");
            }
            assert_eq!(socket.counters().dropped.multipart, 2, "{kind}");
        });
    }
}

#[test]
fn a_handle_ends_one_call_or_all() {
    let server = builder::<Server>().bind("tcp://127.0.0.1:*").unwrap();
    let handle = server.handle().unwrap();
    let ended = AtomicUsize::new(0);
    thread::scope(|scope| {
        let waiting = [(); 3].map(|()| {
            scope.spawn(|| {
                let result = server.recv();
                ended.fetch_add(1, Ordering::Relaxed);
                result.unwrap_err()
            })
        });
        handle.wake().unwrap();
        eventually("the end of a call", || ended.load(Ordering::Relaxed) == 1);
        handle.stop().unwrap();
        let errors = waiting.map(|thread| thread.join().unwrap());
        let woken = errors.iter().filter(|error| matches!(error, Error::Woken)).count();
        let stopped = errors.iter().filter(|error| matches!(error, Error::Stopped)).count();
        assert_eq!((woken, stopped), (1, 2), "{errors:?}");
    });
}

#[test]
fn endpoints_and_events_are_those_of_the_socket() {
    let gather = builder::<Gather>().build().unwrap();
    assert_eq!(gather.last_endpoint(), None);
    let bound = gather.bind("tcp://127.0.0.1:*").unwrap();
    assert_eq!(gather.last_endpoint().as_ref(), Some(&bound));
    assert!(gather.endpoints().eq([bound.clone()]));
    let event = gather.next_event().unwrap();
    assert_eq!((event.kind, &*event.endpoint), (EventKind::Listening, &bound));
    gather.unbind(&bound).unwrap();
    assert!(matches!(gather.unbind(&bound), Err(Error::UnknownEndpoint(_))));
    assert!(matches!(gather.disconnect(&bound), Err(Error::UnknownEndpoint(_))));
    gather.connect("inproc://somewhere").unwrap();
    assert_eq!(gather.last_endpoint().unwrap().to_string(), "inproc://somewhere");
    gather.disconnect("inproc://somewhere").unwrap();
}

#[test]
fn only_a_socket_of_a_thread_safe_kind_becomes_one_for_several_threads() {
    let channel = builder::<Channel>().build().unwrap();
    let any = AnySocket::from(channel);
    let shared = ThreadSafeSocket::<Any>::try_from(any).unwrap();
    assert_eq!(shared.kind(), SocketKind::Channel);
    let any = AnySocket::from(shared);
    let channel = Socket::<zmtp_mio::kind::Channel>::try_from(any).unwrap();
    assert_eq!(Channel::from(channel).kind(), SocketKind::Channel);
    let pull = AnySocket::from(builder::<Pull>().build().unwrap());
    assert_eq!(ThreadSafeSocket::<Any>::try_from(pull).unwrap_err().kind(), SocketKind::Pull);
}
