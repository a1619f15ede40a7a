//! The values of events that are descriptors.

use std::sync::Arc;

use libc::c_int;
use zmtp_mio::SocketKind::{self, Pair, Pull, Push};

use super::{Format, event};
use crate::context::Context;
use crate::errno::Errno;
use crate::socket::{PAIR, Socket};
use crate::testing::{bind, socket};

/// A socket, and a PAIR that receives its events.
fn monitored(context: &Arc<Context>, kind: SocketKind) -> (Arc<Socket>, Arc<Socket>) {
    let (socket, pair) = (socket(context, kind), socket(context, Pair));
    let endpoint = format!("inproc://monitor-{kind:?}");
    socket.monitor(Some(&endpoint), 0xffff, Format::V1, PAIR).unwrap();
    pair.connect(&endpoint).unwrap();
    (socket, pair)
}

/// The value and the address of the next event of this number.
fn next(pair: &Socket, number: u64) -> (c_int, String) {
    loop {
        let (head, address) = (pair.receive(0).unwrap(), pair.receive(0).unwrap());
        let (event, value) = head.bytes().split_at(2);
        if u64::from(u16::from_ne_bytes(event.try_into().unwrap())) == number {
            let address = String::from_utf8(address.bytes().to_vec()).unwrap();
            return (c_int::from_ne_bytes(value.try_into().unwrap()), address);
        }
    }
}

#[test]
fn a_monitor_that_another_one_replaces_ends_and_the_other_one_has_the_later_events() {
    let context = Arc::new(Context::new());
    let (pull, before) = monitored(&context, Pull);
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let after = socket(&context, Pair);
    let refused = pull.monitor(Some("tcp://127.0.0.1:*"), 0xffff, Format::V1, PAIR);
    assert_eq!(refused, Err(Errno(libc::EPROTONOSUPPORT)));
    pull.monitor(Some("inproc://after"), 0xffff, Format::V1, PAIR).unwrap();
    after.connect("inproc://after").unwrap();
    let listening = next(&before, event::LISTENING);
    assert_eq!(next(&before, event::STOPPED), (0, String::new()));
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let other = next(&after, event::LISTENING);
    assert_ne!(other, listening);
    pull.monitor(None, 0, Format::V1, PAIR).unwrap();
    assert_eq!(next(&after, event::STOPPED), (0, String::new()));
    [pull, before, after].iter().for_each(|socket| socket.close().unwrap());
}

#[test]
fn events_have_the_descriptors_of_connections_and_listeners() {
    let context = Arc::new(Context::new());
    let (pull, of_pull) = monitored(&context, Pull);
    let (push, of_push) = monitored(&context, Push);
    let bound = bind(&pull, "tcp://*:*");
    let (listener, address) = next(&of_pull, event::LISTENING);
    assert!(listener > 2, "{listener}");
    assert_eq!(address, bound);
    push.connect(&bound.replace("0.0.0.0", "127.0.0.1")).unwrap();
    push.send(crate::socket::Given::Bytes(b"hello"), 0).unwrap();
    let source = pull.receive(0).unwrap().metadata.unwrap().descriptor().unwrap();
    assert_eq!(next(&of_pull, event::ACCEPTED).0, source);
    let (connection, _) = next(&of_push, event::CONNECTED);
    assert!(connection > 2 && connection != source, "{connection}");
    pull.end_endpoint(&bound).unwrap();
    assert_eq!(next(&of_pull, event::CLOSED), (listener, address));
    assert_eq!(next(&of_pull, event::DISCONNECTED).0, source);
    assert_eq!(next(&of_push, event::DISCONNECTED).0, connection);
    assert!(next(&of_push, event::CLOSED).0 > 2, "nothing listens there any more");
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let listener = next(&of_pull, event::LISTENING);
    pull.close().unwrap();
    assert_eq!(next(&of_pull, event::CLOSED), listener);
    [push, of_pull, of_push].iter().for_each(|socket| socket.close().unwrap());
}
