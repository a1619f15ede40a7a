//! Timeouts, events, and what happens while no future waits.

use std::time::{Duration, Instant};

use futures_util::future::{join, poll_fn};
use zmtp_mio::{Context, Error, EventKind, Heartbeat, Pub, Pull, Push, Rep, Req};

use super::with_each;
use crate::harness::{LIMIT, QUIET, RawPeer, bound, builder};

#[test]
fn a_receive_ends_at_its_timeout() {
    with_each(async |reactor| {
        let (pull, _) = bound(builder::<Pull>().build().unwrap());
        let mut pull = reactor.socket(pull);
        let start = Instant::now();
        assert!(pull.recv_timeout(QUIET).await.unwrap().is_none());
        assert!(start.elapsed() >= QUIET);
        assert!(pull.recv_timeout(Duration::ZERO).await.unwrap().is_none());
    });
}

#[test]
fn a_send_without_a_peer_returns_its_message_at_the_timeout() {
    with_each(async |reactor| {
        let push = builder::<Push>().build().unwrap();
        let mut push = reactor.socket(push);
        let error = push.send_timeout("kept", QUIET).await.unwrap_err();
        assert!(matches!(error.error, Error::WouldBlock));
        assert_eq!(error.message.text(), Ok("kept"));
    });
}

#[test]
fn a_request_without_a_server_ends_at_its_timeout_and_the_next_is_answered() {
    with_each(async |reactor| {
        let (rep, endpoint) = bound(builder::<Rep>().build().unwrap());
        let mut req = reactor.socket(builder::<Req>().connect(endpoint.as_str()).unwrap());
        assert!(req.request("lost", QUIET).await.unwrap().is_none());
        let mut rep = reactor.socket(rep);
        let server = async {
            loop {
                let request = rep.recv().await.unwrap();
                let last = request.text() == Ok("kept");
                rep.send(request).await.unwrap();
                if last {
                    assert!(rep.flush(LIMIT).await.unwrap());
                    return;
                }
            }
        };
        let client = async {
            let reply = req.request("kept", LIMIT).await.unwrap().unwrap();
            assert_eq!(reply.text(), Ok("kept"));
        };
        join(server, client).await;
    });
}

/// The deadline of a PING is that of the socket's next turn.
#[test]
fn heartbeats_are_sent_while_a_future_waits() {
    with_each(async |reactor| {
        let often = Heartbeat::every(Duration::from_millis(20)).timeout(LIMIT);
        let (pull, endpoint) = bound(builder::<Pull>().heartbeat(often).build().unwrap());
        let mut pull = reactor.socket(pull);
        let peer = std::thread::spawn(move || {
            let mut peer = RawPeer::ready(&endpoint, "PUSH");
            for _ in 0..3 {
                let (flags, body) = peer.read_frame();
                assert_eq!((flags, &body[..5]), (4, &b"\x04PING"[..]));
                let pong = [b"\x04PONG".as_slice(), &body[7..]].concat();
                peer.send(&wire::frame(4, &pong));
            }
            peer.send(&wire::message(&[b"after three PINGs"]));
            peer
        });
        let message = pull.recv().await.unwrap();
        assert_eq!(message.text(), Ok("after three PINGs"));
        drop(peer.join().unwrap());
    });
}

#[test]
fn events_wake_a_task() {
    with_each(async |reactor| {
        let (pull, endpoint) = bound(builder::<Pull>().build().unwrap());
        let mut pull = reactor.socket(pull);
        let peer = std::thread::spawn(move || RawPeer::ready(&endpoint, "PUSH"));
        loop {
            if let EventKind::Ready(_) = pull.event().await.unwrap().kind {
                break;
            }
        }
        assert_eq!(pull.get_ref().peers().count(), 1);
        drop(peer.join().unwrap());
    });
}

#[test]
fn a_handle_ends_a_future() {
    with_each(async |reactor| {
        let (mut pull, _) = bound(builder::<Pull>().build().unwrap());
        let handle = pull.handle().unwrap();
        let mut pull = reactor.socket(pull);
        let waker = std::thread::spawn(move || {
            std::thread::sleep(QUIET / 4);
            handle.wake().unwrap();
        });
        assert!(matches!(pull.recv().await, Err(Error::Woken)));
        waker.join().unwrap();
    });
}

/// A loop that always finds messages yields.
#[test]
fn a_task_with_many_messages_lets_others_run() {
    with_each(async |reactor| {
        let endpoint = format!("inproc://{:?}-yield", std::thread::current().id());
        let mut pull = builder::<Pull>().bind(endpoint.as_str()).unwrap();
        let mut push = builder::<Push>().connect(endpoint.as_str()).unwrap();
        for _ in 0..900 {
            push.send("queued").unwrap();
        }
        assert!(pull.recv_timeout(LIMIT).unwrap().is_some());
        let mut pull = reactor.socket(pull);
        let turns = turns(async {
            for _ in 0..899 {
                pull.recv().await.unwrap();
            }
        });
        assert!(turns.await >= 5);
    });
}

/// As a loop whose messages are always taken at once.
#[test]
fn a_task_that_sends_many_messages_lets_others_run() {
    with_each(async |reactor| {
        let mut publisher = reactor.socket(builder::<Pub>().build().unwrap());
        let turns = turns(async {
            for _ in 0..900 {
                publisher.send("to no subscriber").await.unwrap();
            }
        });
        assert!(turns.await >= 5);
    });
}

/// How often a future is polled until it completes.
async fn turns(future: impl Future<Output = ()>) -> u32 {
    let mut future = Box::pin(future);
    let mut turns = 0;
    poll_fn(|task| {
        turns += 1;
        assert!(turns < 100, "it does not end");
        future.as_mut().poll(task)
    })
    .await;
    turns
}

#[test]
fn the_driver_serves_the_socket_between_two_operations() {
    with_each(async |reactor| {
        let context = Context::builder().build();
        let (rep, endpoint) = bound(Rep::builder().context(&context).build().unwrap());
        let mut rep = reactor.socket(rep);
        assert!(rep.recv_timeout(Duration::ZERO).await.unwrap().is_none());
        // The handshake needs the server, whose task does something else.
        let peer = RawPeer::ready(&endpoint, "REQ");
        drop(peer);
    });
}
