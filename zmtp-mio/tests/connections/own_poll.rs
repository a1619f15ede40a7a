//! A socket in a poll of the application: each event that the application has not seen makes it readable, also one that
//! a call of the socket has handled, and work that a call has left.
#![cfg(unix)]

use crate::harness::{LIMIT, builder, transports};
use zmtp_mio::kind::Kind;
use zmtp_mio::{Error, HighWaterMark, Interest, Pull, Push, Socket};

/// A poll with one socket.
struct Own {
    poll: mio::Poll,
    events: mio::Events,
}

impl Own {
    fn of<K: Kind>(socket: &mut Socket<K>) -> Self {
        let poll = mio::Poll::new().unwrap();
        poll.registry().register(socket, mio::Token(0), Interest::READABLE).unwrap();
        Self { poll, events: mio::Events::with_capacity(4) }
    }

    /// Waits until the socket is readable.
    fn wait(&mut self, what: &str) {
        self.poll.poll(&mut self.events, Some(LIMIT)).unwrap();
        assert!(!self.events.is_empty(), "not readable: {what}");
    }
}

fn one() -> HighWaterMark {
    HighWaterMark::new(1, 1 << 20)
}

/// A PULL in a poll that has received one message, and found no other. It has room for one.
fn connected(endpoint: &str) -> (Pull, Push, Own) {
    let mut pull = builder::<Pull>().receive_mark(one()).bind(endpoint).unwrap();
    let endpoint = pull.endpoints().next().unwrap().clone();
    let mut own = Own::of(&mut pull);
    let mut push = builder::<Push>().connect(endpoint).unwrap();
    push.send("first").unwrap();
    let mut first = None;
    while first.is_none() {
        push.step().unwrap();
        own.wait(endpoint_name(&pull));
        first = pull.try_recv().unwrap();
    }
    assert_eq!(pull.try_recv().unwrap(), None);
    (pull, push, own)
}

fn endpoint_name(pull: &Pull) -> &'static str {
    match pull.endpoints().next().unwrap() {
        zmtp_mio::Endpoint::Inproc(_) => "inproc",
        zmtp_mio::Endpoint::Tcp { .. } => "tcp",
        _ => "ipc",
    }
}

/// With a name of inproc, which no other test binds.
fn all_transports(inproc: &str) -> Vec<String> {
    let mut all = transports().to_vec();
    all.push(inproc.into());
    all
}

#[test]
fn a_message_after_a_receive_that_found_none_makes_the_socket_readable() {
    for endpoint in all_transports("inproc://found none") {
        let (mut pull, mut push, mut own) = connected(&endpoint);
        for n in 0..10_u8 {
            push.send(vec![n]).unwrap();
            push.flush(LIMIT).unwrap();
            own.wait(&endpoint);
            while pull.try_recv().unwrap().is_none() {
                own.wait(&endpoint);
            }
            assert_eq!(pull.try_recv().unwrap(), None);
        }
    }
}

#[test]
fn messages_that_waited_for_room_make_the_socket_readable() {
    for endpoint in all_transports("inproc://waited for room") {
        let (mut pull, mut push, mut own) = connected(&endpoint);
        for n in 0..10_u8 {
            push.send(vec![n]).unwrap();
            push.step().unwrap();
        }
        for n in 0..10_u8 {
            let mut message = pull.try_recv().unwrap();
            while message.is_none() {
                push.step().unwrap();
                own.wait(&endpoint);
                message = pull.try_recv().unwrap();
            }
            assert_eq!(message.unwrap().bytes().unwrap(), [n]);
        }
    }
}

#[test]
fn room_for_a_message_makes_the_sender_readable() {
    let mut pull = builder::<Pull>().receive_mark(one()).bind("inproc://room").unwrap();
    let mut push = builder::<Push>().send_mark(one()).connect("inproc://room").unwrap();
    let mut own = Own::of(&mut push);
    while push.try_send("x").is_ok() {}
    for _ in 0..10 {
        // The queues at both ends are full.
        assert!(matches!(push.try_send("x").unwrap_err().error, Error::WouldBlock));
        while push.try_send("x").is_err() {
            assert!(pull.recv_timeout(LIMIT).unwrap().is_some());
            own.wait("room");
        }
        while push.try_send("x").is_ok() {}
    }
}
