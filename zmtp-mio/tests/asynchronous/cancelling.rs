//! Futures that are dropped before they complete.

use std::time::Duration;

use futures_util::future::{Either, join, select};
use futures_util::{FutureExt as _, pin_mut};
use zmtp_mio::{Pull, Push, Rep, Req};

use super::with_each;
use crate::harness::{LIMIT, RawPeer, bound, builder};

#[test]
fn a_cancelled_receive_loses_no_message() {
    with_each(async |reactor| {
        let (one, first) = bound(builder::<Pull>().build().unwrap());
        let (other, second) = bound(builder::<Pull>().build().unwrap());
        let (mut one, mut other) = (reactor.socket(one), reactor.socket(other));
        let senders = [first, second].map(|endpoint| {
            std::thread::spawn(move || {
                let mut push = builder::<Push>().connect(endpoint.as_str()).unwrap();
                for n in 0..500_u32 {
                    push.send(n.to_be_bytes().as_slice()).unwrap();
                    if n % 50 == 0 {
                        push.wait(Duration::from_millis(1)).unwrap();
                    }
                }
                assert!(push.flush(LIMIT).unwrap());
                push
            })
        });
        // Each round cancels the receive of the socket that is later.
        let mut next = [0_u32; 2];
        while next != [500; 2] {
            let (which, message) = {
                let (a, b) = (one.recv(), other.recv());
                pin_mut!(a, b);
                match select(a, b).await {
                    Either::Left((message, _)) => (0, message),
                    Either::Right((message, _)) => (1, message),
                }
            };
            assert_eq!(message.unwrap().bytes().unwrap(), next[which].to_be_bytes());
            next[which] += 1;
        }
        senders.into_iter().for_each(|sender| drop(sender.join().unwrap()));
    });
}

#[test]
fn a_cancelled_send_does_not_send() {
    with_each(async |reactor| {
        let mut push = reactor.socket(builder::<Push>().build().unwrap());
        assert!(push.send("cancelled").now_or_never().is_none());
        let (pull, endpoint) = bound(builder::<Pull>().build().unwrap());
        push.get_mut().connect(endpoint.as_str()).unwrap();
        let mut pull = reactor.socket(pull);
        push.send("sent").await.unwrap();
        let (sent, message) = join(push.flush(LIMIT), pull.recv()).await;
        assert!(sent.unwrap());
        assert_eq!(message.unwrap().text(), Ok("sent"));
    });
}

#[test]
fn a_cancelled_request_does_not_take_the_reply_of_the_next() {
    with_each(async |reactor| {
        let (rep, endpoint) = bound(builder::<Rep>().build().unwrap());
        let mut rep = reactor.socket(rep);
        let mut req = reactor.socket(builder::<Req>().connect(endpoint.as_str()).unwrap());
        {
            let (request, received) = (req.request("first", LIMIT), rep.recv());
            pin_mut!(request, received);
            let Either::Right((received, _)) = select(request, received).await else {
                panic!("a reply without an answer")
            };
            assert_eq!(received.unwrap().text(), Ok("first"));
        }
        rep.send("to the first").await.unwrap();
        let server = async {
            let request = rep.recv().await.unwrap();
            rep.send(request).await.unwrap();
            assert!(rep.flush(LIMIT).await.unwrap());
        };
        let client = async {
            let reply = req.request("second", LIMIT).await.unwrap().unwrap();
            assert_eq!(reply.text(), Ok("second"));
        };
        join(server, client).await;
    });
}

#[test]
fn a_socket_works_after_its_future_was_cancelled() {
    with_each(async |reactor| {
        let (pull, endpoint) = bound(builder::<Pull>().build().unwrap());
        let mut pull = reactor.socket(pull);
        assert!(pull.recv().now_or_never().is_none());
        let mut pull = pull.into_inner();
        let peer = std::thread::spawn(move || {
            let mut peer = RawPeer::ready(&endpoint, "PUSH");
            peer.send(&wire::message(&[b"to the socket"]));
            peer
        });
        let message = pull.recv_timeout(LIMIT).unwrap().unwrap();
        assert_eq!(message.text(), Ok("to the socket"));
        drop(peer.join().unwrap());
    });
}
