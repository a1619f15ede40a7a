//! High-water marks: past them reading from a peer pauses. No request and no reply is lost, and
//! memory is bounded.
#![cfg(unix)]

use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::harness::echo::{echo_with, endpoint_of, outcome, rep_with};
use crate::harness::processes::{alone, this_test};
use crate::harness::{LIMIT, RawPeer, assert_echo, drive_until, drive_until_still, req, resident};
use zmtp_mio::{HighWaterMark, Rep};

const MIB: usize = 1 << 20;
const REQUESTS: usize = 3_000;

/// A request of `len` bytes that carries its number.
fn numbered(number: usize, len: usize) -> Vec<u8> {
    let mut body = (number as u32).to_be_bytes().to_vec();
    body.resize(len.max(4), 7);
    body
}

/// Sends `count` numbered requests, in pieces that do not end where requests do, and reads all replies.
fn flood(endpoint: &str, count: usize, len: usize) -> JoinHandle<RawPeer> {
    flood_and(endpoint, count, len, |mut peer| {
        thread::spawn(move || while !peer.read_for(1, LIMIT).is_empty() {});
    })
}

/// Sends `count` numbered requests. Another thread has the connection too.
fn flood_and(
    endpoint: &str,
    count: usize,
    len: usize,
    with: impl FnOnce(RawPeer) + Send + 'static,
) -> JoinHandle<RawPeer> {
    // First, because it takes long: the time for the handshake runs from the connection on.
    let bytes = (0..count).map(|n| wire::delimited(&numbered(n, len))).collect::<Vec<_>>().concat();
    let mut peer = RawPeer::connect(endpoint);
    thread::spawn(move || {
        peer.handshake_as("REQ");
        with(peer.again());
        bytes.chunks(10_007).for_each(|piece| peer.send(piece));
        peer
    })
}

/// Receives and answers all requests, and asserts their order.
fn take_all(rep: &mut Rep, count: usize, len: usize) {
    for n in 0..count {
        let request = rep.recv_timeout(LIMIT).unwrap().unwrap_or_else(|| panic!("{n} is lost"));
        assert!(request.bytes().unwrap() == numbered(n, len), "{n}: {request:?}");
        rep.send("").unwrap();
    }
    assert_eq!(rep.recv_timeout(Duration::from_millis(50)).unwrap(), None);
}

#[test]
fn reading_pauses_at_the_mark_and_every_request_is_delivered_in_order() {
    for endpoint in crate::harness::transports() {
        let mut rep = crate::harness::builder::<Rep>().bind(&endpoint).unwrap();
        let peer = flood(&endpoint_of(&rep), REQUESTS, 100);
        drive_until!(rep, rep.counters().messages_received >= 1_000);
        drive_until_still!(rep);
        assert_eq!(rep.counters().messages_received, 1_000, "the mark is exact");
        take_all(&mut rep, REQUESTS, 100);
        assert_eq!(rep.counters().messages_received, 3_000);
        drop(peer.join().unwrap());
    }
}

#[test]
fn a_mark_of_one_message_delivers_every_request_in_order() {
    let mut rep = rep_with(|options| {
        options.receive_mark = HighWaterMark::new(1, MIB);
    });
    let peer = flood(&endpoint_of(&rep), REQUESTS, 100);
    drive_until!(rep, rep.counters().messages_received >= 1);
    drive_until_still!(rep);
    assert_eq!(rep.counters().messages_received, 1);
    take_all(&mut rep, REQUESTS, 100);
    drop(peer.join().unwrap());
}

#[test]
fn reading_pauses_at_the_mark_on_bytes() {
    let mut rep = rep_with(|options| {
        options.receive_mark = HighWaterMark::new(1_000, 100_000);
    });
    let peer = flood(&endpoint_of(&rep), REQUESTS, 10_000);
    drive_until!(rep, rep.counters().messages_received >= 10);
    drive_until_still!(rep);
    assert_eq!(rep.counters().messages_received, 10);
    take_all(&mut rep, REQUESTS, 10_000);
    drop(peer.join().unwrap());
}

#[test]
fn one_message_larger_than_the_mark_fits_and_the_next_waits() {
    let mut rep = rep_with(|options| {
        options.receive_mark = HighWaterMark::new(1_000, 1_000);
    });
    let peer = flood(&endpoint_of(&rep), 5, 3_000_000);
    drive_until!(rep, rep.counters().messages_received >= 1);
    drive_until_still!(rep);
    assert_eq!(rep.counters().messages_received, 1);
    take_all(&mut rep, 5, 3_000_000);
    drop(peer.join().unwrap());
}

#[test]
fn unreceived_requests_cost_what_the_mark_allows() {
    alone(this_test!(), || {
        let mut rep = rep_with(|options| {
            options.receive_mark = HighWaterMark::new(1_000, MIB);
        });
        let mut peer = RawPeer::connect(&endpoint_of(&rep));
        let bytes = wire::delimited(&[7; 10_000]).repeat(REQUESTS);
        let before = resident();
        let sending = thread::spawn(move || {
            peer.handshake_as("REQ");
            peer.send_some(&bytes)
        });
        drive_until!(rep, sending.is_finished());
        let grown = resident().saturating_sub(before);
        assert!(grown < 8 * MIB, "grew by {grown} bytes");
        assert!(sending.join().unwrap() < 30_000_000, "nothing held it up");
    });
}

/// A mark counts the bytes of bodies. The limit of the socket counts memory, which is more for small messages.
#[test]
fn requests_of_one_byte_cost_what_the_socket_allows() {
    alone(this_test!(), || {
        let mut rep = rep_with(|options| {
            options.receive_mark = HighWaterMark::new(usize::MAX, MIB);
            options.max_bytes = Some(MIB);
        });
        let mut peer = RawPeer::connect(&endpoint_of(&rep));
        let bytes = wire::delimited(&[7; 1]).repeat(1_000_000);
        let before = resident();
        let sending = thread::spawn(move || {
            peer.handshake_as("REQ");
            peer.send_some(&bytes);
            peer
        });
        drive_until!(rep, sending.is_finished());
        let grown = resident().saturating_sub(before);
        let came = rep.counters().messages_received;
        assert!(grown < 8 * MIB, "grew by {} KiB for {came} requests", grown >> 10);
        drop(sending.join().unwrap());
    });
}

#[test]
fn a_paused_peer_does_not_delay_others() {
    let mut rep = rep_with(|options| {
        options.receive_mark = HighWaterMark::new(10, MIB);
    });
    let endpoint = endpoint_of(&rep);
    let peer = flood(&endpoint, REQUESTS, 1_000);
    drive_until!(rep, rep.counters().messages_received == 10);
    let client = thread::spawn(move || {
        let mut req = req(&endpoint);
        (0..20).for_each(|_| assert_echo(&mut req, b"in turn"));
    });
    while !client.is_finished() {
        if let Some(request) = rep.recv_timeout(Duration::from_millis(100)).unwrap() {
            rep.send(request).unwrap();
        }
    }
    client.join().unwrap();
    // The flood has ended, or failed when its server was dropped.
    drop(rep);
    let _ = peer.join();
}

#[test]
fn a_client_that_reads_no_replies_is_not_served_past_the_send_mark_and_later_gets_all_in_order() {
    const LEN: usize = 20_000;
    let mark = HighWaterMark::new(50, 16 * MIB);
    let mut rep = rep_with(|options| options.send_mark = mark);
    let (give, taken) = std::sync::mpsc::channel();
    let sending =
        flood_and(&endpoint_of(&rep), REQUESTS, LEN, move |peer| give.send(peer).unwrap());
    let mut served = 0;
    // The first request may take long, until the handshake is over.
    let mut time = LIMIT;
    while let Some(request) = rep.recv_timeout(time).unwrap() {
        rep.send(request).unwrap();
        served += 1;
        time = Duration::from_millis(300);
    }
    assert!((1..REQUESTS).contains(&served), "{served} requests were served");
    let mut peer = taken.recv_timeout(LIMIT).unwrap();
    let reading = thread::spawn(move || {
        for n in 0..REQUESTS {
            let body = peer.read_message().remove(1);
            assert!(body == numbered(n, LEN), "reply {n}");
        }
    });
    for n in served..REQUESTS {
        let request = rep.recv_timeout(LIMIT).unwrap().unwrap_or_else(|| panic!("{n} is lost"));
        rep.send(request).unwrap();
    }
    assert_eq!(rep.counters().dropped.total(), 0, "{}", rep.counters());
    drop(rep);
    reading.join().unwrap();
    drop(sending.join().unwrap());
}

#[test]
fn one_reply_larger_than_the_send_mark_is_sent() {
    let mark = HighWaterMark::new(1_000, 1_000);
    let echo = echo_with(|options| options.send_mark = mark);
    assert_echo(&mut req(&echo.endpoint), &vec![7; 5_000_000]);
    let (counters, _) = outcome(echo);
    assert_eq!(counters.dropped.high_water_mark, 0);
}

#[test]
fn an_emptied_queue_frees_its_memory() {
    alone(this_test!(), || {
        let mut rep = crate::harness::builder::<Rep>().bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = endpoint_of(&rep);
        let serve = |rep: &mut Rep, n: usize| {
            for _ in 0..n {
                rep.recv_timeout(LIMIT).unwrap().unwrap();
                rep.send("").unwrap();
            }
        };
        let before = resident();
        let peers: Vec<_> = (1..=100)
            .map(|number| {
                let mut peer = RawPeer::connect(&endpoint);
                let sending = thread::spawn(move || {
                    peer.handshake_as("REQ");
                    peer.send(&wire::delimited(b"x").repeat(1_000));
                    peer
                });
                drive_until!(rep, sending.is_finished());
                drive_until!(rep, rep.counters().messages_received == 1_000 * number);
                sending.join().unwrap()
            })
            .collect();
        drive_until!(rep, rep.counters().messages_received == 100_000);
        serve(&mut rep, 100_000);
        let grown = resident().saturating_sub(before);
        assert!(grown < 8 * MIB, "100 idle peers hold {} KiB", grown >> 10);
        drop(peers);
    });
}
