//! Calls after `zmq_ctx_shutdown`, which `zmq_ctx_term` begins with.

use std::sync::{Arc, mpsc};
use std::thread;

use libc::c_int;

use super::{Context, PAIR, PUSH, SUB};
use crate::errno::Errno;
use crate::monitor::Format;
use crate::options::Value;
use crate::socket::{DONTWAIT, Given, Socket};
use crate::testing::{FD, LAST_ENDPOINT, LIMIT, LINGER};

const SUBSCRIBE: c_int = 6;
const RCVMORE: c_int = 13;
const EVENTS: c_int = 15;

/// Nothing listens there.
const NOT_BOUND: &str = "tcp://127.0.0.1:1";

#[test]
fn a_linger_that_is_set_after_a_shutdown_counts_for_the_close() {
    for fails in [false, true] {
        let context = Arc::new(Context::new());
        let push = Socket::open(&context, PUSH).unwrap();
        push.connect(NOT_BOUND).unwrap();
        push.send(Given::Bytes(b"x"), 0).unwrap();
        context.shut_down();
        if fails {
            assert_eq!(push.send(Given::Bytes(b"y"), DONTWAIT), Err(Errno::ETERM));
        }
        let set = push.set(LINGER, Value(Some(&0_i32.to_ne_bytes())));
        let linger = push.get(LINGER);
        push.close().unwrap();
        assert_eq!((set, linger), (Ok(()), Ok(0_i32.to_ne_bytes().to_vec())));
        let (sender, ended) = mpsc::channel();
        let ending = Arc::clone(&context);
        thread::spawn(move || sender.send(ending.end()));
        assert_eq!(ended.recv_timeout(LIMIT), Ok(Ok(())), "the end waits for the socket");
    }
}

#[test]
fn after_a_shutdown_options_can_be_set_and_read_and_other_calls_fail() {
    let context = Arc::new(Context::new());
    let sub = Socket::open(&context, SUB).unwrap();
    sub.connect(NOT_BOUND).unwrap();
    sub.monitor(Some("inproc://before"), 0xffff, Format::V1, PAIR).unwrap();
    context.shut_down();
    assert_eq!(sub.set(SUBSCRIBE, Value(Some(b"topic"))), Ok(()));
    assert_eq!(sub.get(RCVMORE), Ok(0_i32.to_ne_bytes().to_vec()));
    assert_eq!(sub.get(LAST_ENDPOINT), Ok(format!("{NOT_BOUND}\0").into_bytes()));
    assert!(sub.get(FD).is_ok());
    assert_eq!(sub.monitor(None, 0, Format::V1, PAIR), Ok(()));
    let failed = Err(Errno::ETERM);
    assert_eq!(sub.monitor(Some("inproc://after"), 0xffff, Format::V1, PAIR), failed);
    assert_eq!(sub.get(EVENTS).map(drop), failed);
    assert_eq!(sub.bind("tcp://127.0.0.1:*"), failed);
    assert_eq!(sub.connect("tcp://127.0.0.1:2"), failed);
    assert_eq!(sub.end_endpoint(NOT_BOUND), failed);
    assert_eq!(sub.receive(DONTWAIT).map(drop), failed);
    sub.close().unwrap();
}
