//! The two halves of a socket in tasks of their own.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::mpsc;
use std::thread;

use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use futures_util::{SinkExt as _, StreamExt as _};
use zmtp_mio::{Dealer, Message, Pull};

use super::{Reactor, end_of, with_each};
use crate::harness::{LIMIT, RawPeer, bound, builder};

type Tasks<'a> = FuturesUnordered<Pin<Box<dyn Future<Output = ()> + 'a>>>;

/// Each task has a waker of its own.
async fn run(reactor: Reactor, tasks: Tasks<'_>) {
    let (idle, _) = bound(builder::<Pull>().build().unwrap());
    let mut idle = reactor.socket(idle);
    let limit = pin!(idle.recv_timeout(LIMIT));
    assert!(matches!(select(tasks.collect::<()>(), limit).await, Either::Left(_)), "a task waits");
}

#[test]
fn each_half_is_woken() {
    with_each(async |reactor| {
        let (dealer, endpoint) = bound(builder::<Dealer>().build().unwrap());
        let (mut sink, mut stream) = reactor.socket(dealer).split();
        let (received, proof) = mpsc::channel();
        let body = vec![7; 20_000_000];
        let len = body.len();
        let peer = thread::spawn(move || {
            let mut peer = RawPeer::ready(&endpoint, "DEALER");
            // The first bytes of the message; both halves wait now.
            peer.read_exact(100_000);
            peer.send(&wire::message(&[b"to the stream"]));
            proof.recv_timeout(LIMIT).expect("the stream is woken");
            // With the header of the frame.
            peer.read_exact(len + 9 - 100_000);
            peer
        });
        let tasks = Tasks::new();
        tasks.push(Box::pin(async move {
            let message = stream.next().await.unwrap().unwrap();
            assert_eq!(message.text(), Ok("to the stream"));
            received.send(()).unwrap();
        }));
        tasks.push(Box::pin(async move { sink.send(Message::from(body)).await.unwrap() }));
        run(reactor, tasks).await;
        drop(end_of(peer).await);
    });
}

#[test]
fn a_send_does_not_wake_the_half_that_receives() {
    with_each(async |reactor| {
        let endpoint = format!("inproc://{:?}-halves", thread::current().id());
        let mut peer = builder::<Dealer>().bind(endpoint.as_str()).unwrap();
        let mut dealer = builder::<Dealer>().connect(endpoint.as_str()).unwrap();
        assert!(dealer.wait_for_peers(1, LIMIT).unwrap() && peer.wait_for_peers(1, LIMIT).unwrap());
        let (mut sink, mut stream) = reactor.socket(dealer).split();
        let polls = Cell::new(0);
        let tasks = Tasks::new();
        tasks.push(Box::pin(async {
            let mut next = stream.next();
            let received = poll_fn(|task| {
                polls.set(polls.get() + 1);
                Pin::new(&mut next).poll(task)
            });
            assert_eq!(received.await.unwrap().unwrap().text(), Ok("the end"));
        }));
        tasks.push(Box::pin(async {
            for _ in 0..100 {
                sink.send(Message::from("message")).await.unwrap();
                // The other task runs if it is woken.
                yield_now().await;
            }
            assert!(polls.get() <= 5, "{} polls", polls.get());
            peer.send("the end").unwrap();
        }));
        run(reactor, tasks).await;
    });
}

/// Lets other tasks run.
async fn yield_now() {
    let mut again = true;
    poll_fn(|task| {
        if core::mem::take(&mut again) {
            task.waker().wake_by_ref();
            return core::task::Poll::Pending;
        }
        core::task::Poll::Ready(())
    })
    .await;
}
