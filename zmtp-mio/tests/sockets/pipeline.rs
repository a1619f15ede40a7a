//! PUSH and PULL (RFC 30).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{LIMIT, drive_until, transports};
use zmtp_mio::{Error, HighWaterMark, Pull, Push};

fn pull(endpoint: &str) -> (Pull, String) {
    let mut pull = crate::harness::builder::<Pull>().build().unwrap();
    let endpoint = pull.bind(endpoint).unwrap().to_string();
    (pull, endpoint)
}

fn texts(pull: &mut Pull, n: usize) -> Vec<String> {
    let next = |_| pull.recv_timeout(LIMIT).unwrap().expect("a message").text().unwrap().into();
    (0..n).map(next).collect()
}

#[test]
fn messages_arrive_whole_and_in_order() {
    for place in transports() {
        let (mut pull, endpoint) = pull(&place);
        let sender = thread::spawn(move || {
            let mut push = crate::harness::builder::<Push>().connect(&endpoint).unwrap();
            for n in 0..5_000_u32 {
                push.send(
                    [&n.to_be_bytes()[..], &vec![n as u8; n as usize % 3_000]]
                        .into_iter()
                        .collect::<zmtp_mio::Message>(),
                )
                .unwrap();
            }
        });
        for n in 0..5_000_u32 {
            let message = pull.recv_timeout(LIMIT).unwrap().expect("a message");
            assert_eq!(message.part(0), Some(&n.to_be_bytes()[..]));
            assert!(message.part(1) == Some(&vec![n as u8; n as usize % 3_000]));
        }
        sender.join().unwrap();
    }
}

#[test]
fn three_peers_get_exact_thirds() {
    let mut push = crate::harness::builder::<Push>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = push.endpoints().next().unwrap().to_string();
    let mut pulls: Vec<_> =
        (0..3).map(|_| crate::harness::builder::<Pull>().connect(&endpoint).unwrap()).collect();
    drive_until!(push, {
        pulls.iter_mut().for_each(|pull| drop(pull.step()));
        push.counters().handshakes == 3
    });
    for n in 0..300 {
        push.send(n.to_string()).unwrap();
    }
    for (first, pull) in pulls.iter_mut().enumerate() {
        let numbers: Vec<u32> = texts(pull, 100).iter().map(|n| n.parse().unwrap()).collect();
        let step = |pair: &[u32]| pair[1] == pair[0] + 3;
        assert!(numbers.windows(2).all(step), "peer {first}: {numbers:?}");
        assert_eq!(pull.try_recv().unwrap(), None);
    }
}

#[test]
fn a_flooding_peer_gets_no_more_turns_than_others() {
    let (mut pull, endpoint) = pull("tcp://127.0.0.1:*");
    let mut pushes: Vec<_> =
        (0..3).map(|_| crate::harness::builder::<Push>().connect(&endpoint).unwrap()).collect();
    for (peer, push) in pushes.iter_mut().enumerate() {
        for _ in 0..if peer == 0 { 900 } else { 100 } {
            push.send(peer.to_string()).unwrap();
        }
    }
    drive_until!(pull, {
        pushes.iter_mut().for_each(|push| drop(push.step()));
        pull.counters().messages_received == 1_100
    });
    let first = texts(&mut pull, 300);
    for peer in 0..3 {
        assert_eq!(first.iter().filter(|text| **text == peer.to_string()).count(), 100);
    }
}

#[test]
fn a_push_without_a_peer_waits_and_returns_the_message() {
    let mut push = crate::harness::builder::<Push>().bind("tcp://127.0.0.1:*").unwrap();
    let failed = push.send_timeout("lost?", Duration::from_millis(20)).unwrap_err();
    assert!(matches!(failed.error, Error::WouldBlock));
    assert_eq!(failed.message.text(), Ok("lost?"));
}

#[test]
fn messages_queue_for_an_endpoint_that_is_not_reached_yet() {
    let (mut pull, endpoint) = pull("tcp://127.0.0.1:*");
    pull.unbind(&endpoint).unwrap();
    let mark = HighWaterMark::default().messages(5);
    let mut push = crate::harness::builder::<Push>().send_mark(mark).connect(&endpoint).unwrap();
    for n in 0..5 {
        push.try_send(n.to_string()).unwrap();
    }
    assert!(matches!(push.try_send("6th").unwrap_err().error, Error::WouldBlock));
    pull.bind(&endpoint).unwrap();
    let pusher = thread::spawn(move || push.send_timeout("6th", LIMIT).map(|()| push));
    assert_eq!(texts(&mut pull, 6), ["0", "1", "2", "3", "4", "6th"]);
    pusher.join().unwrap().unwrap();
}

#[test]
fn with_immediate_nothing_queues_before_a_connection() {
    let (mut pull, endpoint) = pull("tcp://127.0.0.1:*");
    let mut push = crate::harness::builder::<Push>().immediate(true).connect(&endpoint).unwrap();
    assert!(matches!(push.try_send("early").unwrap_err().error, Error::WouldBlock));
    let pusher = thread::spawn(move || push.send_timeout("now", LIMIT).map(|()| push));
    assert_eq!(texts(&mut pull, 1), ["now"]);
    pusher.join().unwrap().unwrap();
}

#[test]
fn a_peer_whose_queue_is_full_is_skipped_until_it_has_room() {
    let mark = HighWaterMark::new(1, 1);
    let mut push =
        crate::harness::builder::<Push>().send_mark(mark).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = push.endpoints().next().unwrap().to_string();
    let connect =
        || crate::harness::builder::<Pull>().receive_mark(mark).connect(&endpoint).unwrap();
    let (mut lazy, mut keen) = (connect(), connect());
    drive_until!(push, {
        let _ = (lazy.step(), keen.step());
        push.counters().handshakes == 2
    });
    // Large, so that few fit into the kernel's buffers.
    let body = vec![0; 4 << 20];
    let mut taken = 0;
    let mut sent = 0;
    while sent < 20 {
        match push.try_send(body.as_slice()) {
            Ok(()) => sent += 1,
            Err(failed) => assert!(matches!(failed.error, Error::WouldBlock)),
        }
        taken += usize::from(keen.recv_timeout(Duration::from_millis(1)).unwrap().is_some());
    }
    assert!(taken >= 10, "{taken} of {sent}");
    // Messages queued for the lazy one are not lost.
    let received = AtomicUsize::new(taken);
    let receive = |pull: &mut Pull| {
        let end = Instant::now() + LIMIT;
        while received.load(Ordering::Relaxed) < sent {
            assert!(Instant::now() < end, "{received:?} of {sent}");
            if pull.recv_timeout(Duration::from_millis(10)).unwrap().is_some() {
                received.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| receive(&mut keen));
        scope.spawn(|| receive(&mut lazy));
        drop(push);
    });
    assert_eq!(received.into_inner(), sent);
}

#[test]
fn messages_from_a_pull_are_counted_and_dropped() {
    let mut push = crate::harness::builder::<Push>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = push.endpoints().next().unwrap().to_string();
    let mut peer = crate::harness::half_ready(&endpoint, "PULL");
    peer.send(&wire::message(&[b"what?"]));
    drive_until!(push, push.counters().dropped.not_received == 1);
    push.send("work").unwrap();
    peer.read_exact(64);
    peer.read_frame();
    assert_eq!(peer.read_message(), [b"work"]);
}

#[test]
fn conflation_keeps_the_newest_message_whole() {
    let (mut pull, endpoint) = pull("tcp://127.0.0.1:*");
    let mut push = crate::harness::builder::<Push>().conflate(true).connect(&endpoint).unwrap();
    for n in 0..10_u8 {
        push.send([[n], [n]].into_iter().collect::<zmtp_mio::Message>()).unwrap();
    }
    assert_eq!(push.counters().dropped.conflated, 9);
    let pusher = thread::spawn(move || drop(push));
    let newest = pull.recv_timeout(LIMIT).unwrap().unwrap();
    assert_eq!(newest.parts().collect::<Vec<_>>(), [[9], [9]]);
    assert_eq!(pull.recv_timeout(Duration::from_millis(50)).unwrap(), None);
    pusher.join().unwrap();

    let mut pull =
        crate::harness::builder::<Pull>().conflate(true).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.endpoints().next().unwrap().to_string();
    let mut push = crate::harness::builder::<Push>().connect(&endpoint).unwrap();
    for n in 0..10_u8 {
        push.send(&[n]).unwrap();
    }
    drive_until!(pull, {
        push.step().unwrap();
        pull.counters().messages_received == 10
    });
    assert_eq!(pull.try_recv().unwrap().unwrap().bytes().unwrap(), [9]);
    assert_eq!(pull.try_recv().unwrap(), None);
    assert_eq!(pull.counters().dropped.conflated, 9);
}

#[test]
fn corked_messages_go_out_together_when_the_socket_waits() {
    let (mut pull, endpoint) = pull("tcp://127.0.0.1:*");
    let mut push = crate::harness::builder::<Push>().connect(&endpoint).unwrap();
    drive_until!(push, {
        pull.step().unwrap();
        push.counters().handshakes == 1
    });
    push.cork();
    for n in 0..100 {
        push.send(n.to_string()).unwrap();
    }
    assert_eq!(push.counters().messages_sent, 0);
    push.uncork();
    assert_eq!(push.counters().messages_sent, 100);
    push.cork();
    push.send("waited").unwrap();
    push.step().unwrap();
    assert_eq!(push.counters().messages_sent, 101);
    assert_eq!(texts(&mut pull, 101).last().unwrap(), "waited");
}
