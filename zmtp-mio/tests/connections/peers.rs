//! The list of connected peers, and the sender of each message.

use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{LIMIT, QUIET, drive_until};
use zmtp_core::wire::{RoutingId, SocketType};
use zmtp_mio::{Dealer, EventKind, Message, Pull, Push, Router};

fn router() -> (Router, String) {
    let router = crate::harness::builder::<Router>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = router.endpoints().next().unwrap().to_string();
    (router, endpoint)
}

#[test]
fn connected_peers_are_listed_with_addresses_types_and_ids() {
    let (mut router, endpoint) = router();
    assert_eq!(router.peers().len(), 0);
    assert!(!router.wait_for_peers(1, Duration::from_millis(20)).unwrap());
    let before = Instant::now();
    let dealer = thread::spawn({
        let endpoint = endpoint.clone();
        move || {
            let id = RoutingId::new(b"ann").unwrap();
            let mut dealer =
                crate::harness::builder::<Dealer>().routing_id(id).connect(&endpoint).unwrap();
            assert!(dealer.wait_for_peers(1, LIMIT).unwrap());
            dealer
        }
    });
    assert!(router.wait_for_peers(1, LIMIT).unwrap());
    let mut dealer = dealer.join().unwrap();
    let ours = dealer.peers().next().unwrap();
    assert_eq!(ours.socket_type, Some(SocketType::Router));
    assert!(!ours.accepted && ours.routing_id.is_empty());
    let theirs: Vec<_> = router.peers().collect();
    assert_eq!(theirs.len(), 1);
    assert_eq!(theirs[0].endpoint.to_string(), endpoint);
    assert_eq!((theirs[0].remote, theirs[0].local), (ours.local, ours.remote));
    assert_eq!(format!("tcp://{}", theirs[0].local.unwrap()), endpoint);
    assert_eq!(theirs[0].socket_type, Some(SocketType::Dealer));
    assert!(theirs[0].accepted && theirs[0].version.is_some_and(|version| version.major == 3));
    assert_eq!(theirs[0].routing_id, b"ann");
    assert!(theirs[0].since >= before);
    // The event has the same address.
    let ready = std::iter::from_fn(|| router.next_event())
        .find(|event| matches!(event.kind, EventKind::Ready(_)))
        .unwrap();
    assert_eq!((ready.remote, ready.local), (theirs[0].remote, theirs[0].local));
    for _ in 0..3 {
        dealer.send("waits").unwrap();
    }
    drive_until!(router, router.peers().next().unwrap().to_receive == 3);
    drop(dealer);
    drive_until!(router, router.peers().len() == 0);
    // Its messages still differ from those of others.
    assert!(router.last_peer().is_none());
    for _ in 0..3 {
        assert_eq!(router.recv_timeout(LIMIT).unwrap().unwrap().part(0), Some(&b"ann"[..]));
        let last = router.last_peer().unwrap();
        assert_eq!(last.routing_id, b"ann");
        assert_eq!(last.remote, theirs[0].remote);
    }
    router.wait(Duration::from_millis(1)).unwrap();
    assert_eq!(router.last_peer().unwrap().remote, theirs[0].remote, "its place is free by now");
}

#[test]
fn the_sender_of_each_message_is_known() {
    let mut pull = crate::harness::builder::<Pull>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.endpoints().next().unwrap().to_string();
    let senders: Vec<_> = (0..3)
        .map(|_| {
            let endpoint = endpoint.clone();
            thread::spawn(move || {
                let mut push = crate::harness::builder::<Push>().connect(&endpoint).unwrap();
                assert!(push.wait_for_peers(1, LIMIT).unwrap());
                let local = push.peers().next().unwrap().local.unwrap();
                for _ in 0..20 {
                    push.send(Message::from(local.to_string())).unwrap();
                }
            })
        })
        .collect();
    for _ in 0..60 {
        let message = pull.recv_timeout(LIMIT).unwrap().expect("a message");
        let sender = pull.last_peer().unwrap();
        assert_eq!(message.text(), Ok(sender.remote.unwrap().to_string().as_str()));
        assert_eq!(sender.socket_type, Some(SocketType::Push));
    }
    senders.into_iter().for_each(|sender| sender.join().unwrap());
    assert_eq!(pull.recv_timeout(QUIET).unwrap(), None);
}
