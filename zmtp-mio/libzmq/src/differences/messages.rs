//! Messages and their parts.

use std::sync::Arc;

use super::{
    CONFLATE, Context, DONTWAIT, Given, Open, PULL, PUSH, ROUTER, ROUTER_MANDATORY, SNDMORE, XPUB,
    XSUB,
};
use crate::errno::Errno;
use crate::message::Part;

#[test]
fn a_subscription_of_an_xsub_is_a_message_of_its_own() {
    let context = Arc::new(Context::new());
    let (xpub, xsub) = (Open::new(&context, XPUB), Open::new(&context, XSUB));
    xpub.bind("inproc://upstream");
    xsub.connect("inproc://upstream").unwrap();
    assert_eq!(xsub.send(b"\x01a", SNDMORE), Ok(2));
    assert_eq!(xsub.send(b"\x01b", 0), Ok(2));
    assert_eq!((xpub.recv(), xpub.recv()), (vec![b"\x01a".to_vec()], vec![b"\x01b".to_vec()]));
    xpub.send(b"a topic", DONTWAIT).unwrap();
    assert_eq!(xsub.recv(), [b"a topic"]);
}

#[test]
fn a_message_without_room_fails_at_its_first_part_and_stays_with_the_program() {
    let context = Arc::new(Context::new());
    let push = Open::new(&context, PUSH);
    assert_eq!(push.send(b"first", SNDMORE | DONTWAIT), Err(libc::EAGAIN));
    let body = vec![7; 10_000];
    let mut part = Part::from(body.as_slice());
    let sent = push.0.send(Given::Part(&mut part), DONTWAIT);
    assert_eq!((sent, part.bytes()), (Err(Errno::EAGAIN), body.as_slice()));
}

#[test]
fn a_part_that_is_sent_is_empty_afterwards() {
    let context = Arc::new(Context::new());
    let (pull, push) = (Open::new(&context, PULL), Open::new(&context, PUSH));
    push.connect(&pull.bind("inproc://sent-parts")).unwrap();
    for flags in [SNDMORE, 0] {
        let mut part = Part::from(&[7; 10_000][..]);
        assert_eq!(push.0.send(Given::Part(&mut part), flags), Ok(10_000));
        assert_eq!(part.bytes(), b"");
    }
    assert_eq!(pull.recv(), [[7; 10_000], [7; 10_000]]);
}

#[test]
fn a_routing_id_without_a_message_is_accepted_and_dropped() {
    let context = Arc::new(Context::new());
    let router = Open::new(&context, ROUTER);
    assert_eq!(router.send(b"id", 0), Ok(2));
    router.set(ROUTER_MANDATORY, &1_i32.to_ne_bytes()).unwrap();
    assert_eq!(router.send(b"id", SNDMORE), Err(libc::EHOSTUNREACH));
}

/// libzmq delivers the last part alone.
#[test]
fn a_message_of_several_parts_stays_whole_with_conflate() {
    let context = Arc::new(Context::new());
    let (pull, push) = (Open::new(&context, PULL), Open::new(&context, PUSH));
    for socket in [&pull, &push] {
        socket.set(CONFLATE, &1_i32.to_ne_bytes()).unwrap();
    }
    push.connect(&pull.bind("tcp://127.0.0.1:*")).unwrap();
    push.send(b"1", SNDMORE).unwrap();
    push.send(b"2", 0).unwrap();
    assert_eq!(pull.recv(), [b"1", b"2"]);
}
