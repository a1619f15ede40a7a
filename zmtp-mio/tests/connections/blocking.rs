//! Blocking calls: handles of other threads end them, once or for good; signals do not. Sockets move
//! between threads.
#![cfg(unix)]

use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::harness::processes::{alone, blocked, finish, part, start, state, this_test};
use crate::harness::{Echo, LIMIT, RawPeer, assert_echo, eventually, req};
use zmtp_mio::{Error, Handle, Interest, Item, Poller, Rep, Req};

const SHORT: Duration = Duration::from_millis(200);

/// Blocks a call on a thread, uses its handle, and expects the call to end.
fn while_blocked<T: Send + 'static>(
    handle: Handle,
    reach: impl FnOnce(&Handle),
    call: impl FnOnce() -> T + Send + 'static,
) -> T {
    let blocked = blocked(call);
    reach(&handle);
    eventually("the call ends", || blocked.is_finished());
    blocked.join().unwrap()
}

#[test]
fn a_wake_ends_a_blocked_receive_and_the_next_call_works() {
    let (mut rep, endpoint) = crate::harness::rep();
    let handle = rep.handle().unwrap();
    let mut rep = while_blocked(
        handle,
        |handle| handle.wake().unwrap(),
        move || {
            assert!(matches!(rep.recv(), Err(Error::Woken)));
            rep
        },
    );
    assert_eq!(rep.recv_timeout(SHORT).unwrap(), None, "woken once");
    let echo = Echo::with(rep);
    assert_echo(&mut req(&endpoint), b"afterwards");
    drop(echo);
}

#[test]
fn a_wake_ends_a_waiting_request_and_the_next_one_works() {
    let server = crate::harness::RawServer::tcp();
    let mut req = req(&server.endpoint());
    let handle = req.handle().unwrap();
    let asking = thread::spawn(move || {
        assert!(matches!(req.request("first", 2 * LIMIT), Err(Error::Woken)));
        req.request("second", 2 * LIMIT).unwrap().expect("a reply was due")
    });
    let mut old = server.accept_as("REP");
    let first = old.read_message();
    assert_eq!(first[1], b"first");
    handle.wake().unwrap();
    let mut new = server.accept_as("REP");
    let second = new.read_message();
    // The old connection is probably closed.
    let _ = old.try_send(&wire::reply_to(&first, b"late"));
    new.send(&wire::reply_to(&second, b"good"));
    assert_eq!(asking.join().unwrap().text(), Ok("good"));
}

#[test]
fn a_wake_before_a_call_ends_the_next_one_that_would_block() {
    let (mut rep, _) = crate::harness::rep();
    let handle = rep.handle().unwrap();
    handle.wake().unwrap();
    handle.wake().unwrap();
    assert!(matches!(rep.recv(), Err(Error::Woken)));
    assert_eq!(rep.recv_timeout(SHORT).unwrap(), None, "many wakes before a call are one");
}

#[test]
fn a_wake_ends_the_wait_of_a_poller() {
    let (mut rep, _) = crate::harness::rep();
    let handle = rep.handle().unwrap();
    while_blocked(
        handle,
        |handle| handle.wake().unwrap(),
        move || {
            let mut poller = Poller::new().unwrap();
            let mut items = [Item::socket(&mut rep, Interest::READABLE)];
            assert!(matches!(poller.wait(&mut items, None), Err(Error::Woken)));
            assert_eq!(poller.wait(&mut items, Some(SHORT)).unwrap(), 0);
        },
    );
}

#[test]
fn a_stop_ends_every_blocking_call() {
    let (mut rep, _) = crate::harness::rep();
    let handle = rep.handle().unwrap();
    let mut rep = while_blocked(
        handle.clone(),
        |handle| handle.stop().unwrap(),
        move || {
            assert!(matches!(rep.recv(), Err(Error::Stopped)));
            rep
        },
    );
    handle.wake().unwrap();
    assert!(matches!(rep.recv_timeout(SHORT), Err(Error::Stopped)));
    assert!(matches!(rep.step(), Err(Error::Stopped)));
    let mut req = crate::harness::builder::<Req>().build().unwrap();
    req.handle().unwrap().stop().unwrap();
    let error = req.send("no peer to send to").unwrap_err();
    assert!(matches!(error.error, Error::Stopped));
    assert_eq!(error.message.text(), Ok("no peer to send to"));
}

#[test]
fn sockets_move_between_threads_between_calls() {
    fn assert_send<T: Send>() {}
    assert_send::<(Rep, Req, Poller)>();
    let (mut rep, endpoint) = crate::harness::rep();
    let mut req = req(&endpoint);
    for _ in 0..20 {
        let asking = thread::spawn(move || {
            assert_echo(&mut req, b"question");
            req
        });
        let answering = thread::spawn(move || {
            let request = rep.recv_timeout(LIMIT).unwrap().unwrap();
            rep.send(request).unwrap();
            rep
        });
        (req, rep) = (asking.join().unwrap(), answering.join().unwrap());
    }
}

/// Stopping and continuing a process ends its system calls with EINTR, without a handler. The child
/// must wait on until a request arrives.
fn interrupt(test: &str, endpoint: &str) {
    let child = start(test, None, endpoint);
    let path = std::path::Path::new(endpoint.strip_prefix("ipc://").unwrap());
    // The path exists before the child listens.
    eventually("the child listens", || std::os::unix::net::UnixStream::connect(path).is_ok());
    let mut peer = RawPeer::ready(endpoint, "REQ");
    let pid = child.id().to_string();
    let stat = std::path::PathBuf::from(format!("/proc/{pid}/stat"));
    for _ in 0..20 {
        eventually("the child waits", || state(&stat) == 'S');
        for (signal, expected) in [("-STOP", 'T'), ("-CONT", 'S')] {
            assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
            eventually(signal, || state(&stat) == expected);
        }
    }
    peer.send(&wire::delimited(b"the end"));
    finish(child);
}

#[test]
fn a_signal_does_not_end_a_blocked_receive() {
    let test = this_test!();
    if let Some(endpoint) = part(test) {
        let mut rep = crate::harness::builder::<Rep>().bind(&endpoint).unwrap();
        let request = rep.recv_timeout(4 * LIMIT).unwrap();
        assert_eq!(request.expect("the end").text(), Ok("the end"));
        return;
    }
    interrupt(test, &crate::harness::ipc());
}

#[test]
fn a_signal_does_not_end_the_wait_of_a_poller() {
    let test = this_test!();
    if let Some(endpoint) = part(test) {
        let mut rep = crate::harness::builder::<Rep>().bind(&endpoint).unwrap();
        let mut items = [Item::socket(&mut rep, Interest::READABLE)];
        assert_eq!(Poller::new().unwrap().wait(&mut items, Some(4 * LIMIT)).unwrap(), 1);
        return;
    }
    interrupt(test, &crate::harness::ipc());
}

/// After a lost wake-up the call would never return.
#[test]
fn no_wake_from_another_thread_is_lost() {
    alone(this_test!(), || {
        let (mut rep, _) = crate::harness::rep();
        let handle = rep.handle().unwrap();
        for _ in 0..500 {
            let wakers: Vec<_> = (0..2)
                .map(|_| {
                    let handle = handle.clone();
                    thread::spawn(move || handle.wake().unwrap())
                })
                .collect();
            assert!(matches!(rep.recv_timeout(LIMIT), Err(Error::Woken)));
            wakers.into_iter().for_each(|waker| waker.join().unwrap());
            while matches!(rep.try_recv(), Err(Error::Woken)) {}
        }
    });
}
