//! PAIR (RFC 31).

use std::time::Duration;

use crate::harness::{LIMIT, closes, drive_until, events, transports};
use zmtp_mio::{CloseReason, Error, Pair};

fn bound(endpoint: &str) -> (Pair, String) {
    let mut pair = crate::harness::builder::<Pair>().build().unwrap();
    let endpoint = pair.bind(endpoint).unwrap().to_string();
    (pair, endpoint)
}

#[test]
fn both_sides_send_and_receive_in_any_order() {
    for place in transports() {
        let (mut one, endpoint) = bound(&place);
        let mut other = crate::harness::builder::<Pair>().connect(&endpoint).unwrap();
        for n in 0..3 {
            other.send(format!("there {n}")).unwrap();
        }
        drive_until!(one, {
            other.step().unwrap();
            one.counters().messages_received == 3
        });
        for n in 0..3 {
            one.send(format!("back {n}")).unwrap();
        }
        for n in 0..3 {
            let there = one.recv_timeout(LIMIT).unwrap().unwrap();
            assert_eq!(there.text().unwrap(), format!("there {n}"));
            let back = other.recv_timeout(LIMIT).unwrap().unwrap();
            assert_eq!(back.text().unwrap(), format!("back {n}"));
        }
    }
}

#[test]
fn sending_waits_for_a_peer() {
    let (mut pair, _) = bound("tcp://127.0.0.1:*");
    let failed = pair.send_timeout("?", Duration::from_millis(10)).unwrap_err();
    assert!(matches!(failed.error, Error::WouldBlock));
}

#[test]
fn a_second_peer_is_closed_until_the_first_is_gone() {
    let (mut pair, endpoint) = bound("tcp://127.0.0.1:*");
    let mut first = crate::harness::builder::<Pair>().connect(&endpoint).unwrap();
    drive_until!(pair, {
        first.step().unwrap();
        pair.counters().handshakes == 1
    });
    let mut second = crate::harness::builder::<Pair>().immediate(true).connect(&endpoint).unwrap();
    drive_until!(pair, {
        second.step().unwrap();
        closes(&events!(pair)).contains(&CloseReason::PairTaken)
    });
    pair.send("for the first").unwrap();
    assert_eq!(first.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("for the first"));
    drop(first);
    drive_until!(pair, {
        let _ = second.try_send("2");
        pair.counters().messages_received > 0
    });
    pair.send("for the second").unwrap();
    assert_eq!(second.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("for the second"));
}

#[test]
fn messages_received_before_the_peer_closed_are_delivered() {
    let (mut pair, endpoint) = bound("tcp://127.0.0.1:*");
    let mut peer = crate::harness::builder::<Pair>().connect(&endpoint).unwrap();
    peer.send("last words").unwrap();
    drive_until!(pair, {
        peer.step().unwrap();
        pair.counters().messages_received == 1
    });
    drop(peer);
    drive_until!(pair, pair.counters().disconnects == 1);
    assert!(matches!(pair.try_send("too late").unwrap_err().error, Error::WouldBlock));
    assert_eq!(pair.try_recv().unwrap().unwrap().text(), Ok("last words"));
}
