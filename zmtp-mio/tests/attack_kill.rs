//! Processes that are killed in the middle of large messages: whatever arrives is whole.
#![cfg(unix)]

mod common;

use std::thread;
use std::time::{Duration, Instant};

use common::echo::endpoint_of;
use common::listeners::free_endpoint;
use common::processes::{MIB, part, start};
use common::{LIMIT, pattern};
use zmtp_mio::{Error, Rep, Req};

const LEN: usize = 16 * MIB;
const KILLS: usize = 6;

/// A message of 16 MiB that says in its first octets which one it is.
fn numbered(number: u32, rest: &[u8]) -> Vec<u8> {
    let mut octets = rest.to_vec();
    octets[..4].copy_from_slice(&number.to_be_bytes());
    octets
}

fn assert_whole(octets: &[u8], rest: &[u8]) {
    assert_eq!(octets.len(), LEN, "part of a message");
    assert!(octets[4..] == rest[4..], "not the octets that were sent");
}

/// The moment of a kill: anywhere in the transfer.
fn moment(round: usize) -> Duration {
    Duration::from_millis([3, 11, 23, 37, 5, 17, 29, 51][round % 8])
}

#[test]
fn a_server_that_is_killed_costs_whole_messages_and_its_successor_serves() {
    let test = "a_server_that_is_killed_costs_whole_messages_and_its_successor_serves";
    if let Some(endpoint) = part(test) {
        let mut rep = Rep::builder().bind(&endpoint).unwrap();
        loop {
            let request = rep.recv().unwrap();
            rep.send(request).unwrap();
        }
    }
    let endpoint = free_endpoint();
    let mut req = Req::builder().connect(&endpoint).unwrap();
    let rest = pattern(LEN);
    let (mut replies, mut lost) = (0, 0);
    for round in 0..KILLS {
        let mut child = start(test, Some(256), &endpoint);
        // It serves.
        let end = Instant::now() + 4 * LIMIT;
        let mut number = 0;
        let mut ask = |number: u32, within| match req.request(numbered(number, &rest), within) {
            Ok(Some(reply)) => {
                assert_whole(reply.bytes(), &rest);
                assert_eq!(
                    reply.bytes()[..4],
                    number.to_be_bytes(),
                    "the reply to another request"
                );
                Some(true)
            }
            Ok(None) => None,
            Err(Error::PeerLost) => Some(false),
            Err(error) => panic!("{error}"),
        };
        while ask(number, LIMIT) != Some(true) {
            assert!(Instant::now() < end, "the successor never served");
            number += 1;
        }
        let killer = thread::spawn(move || {
            thread::sleep(moment(round));
            child.kill().unwrap();
            child.wait().unwrap();
        });
        loop {
            number += 1;
            match ask(number, LIMIT) {
                Some(true) => replies += 1,
                Some(false) | None => break,
            }
        }
        lost += 1;
        killer.join().unwrap();
    }
    println!("{replies} whole replies, {lost} requests lost with their server");
}

#[test]
fn a_client_that_is_killed_leaves_whole_requests_alone() {
    let test = "a_client_that_is_killed_leaves_whole_requests_alone";
    if let Some(endpoint) = part(test) {
        let mut req = Req::builder().connect(&endpoint).unwrap();
        let rest = pattern(LEN);
        for number in 0.. {
            req.request(numbered(number, &rest), 4 * LIMIT).unwrap();
        }
    }
    let mut rep = Rep::builder().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = endpoint_of(&rep);
    let rest = pattern(LEN);
    let mut requests = 0;
    for round in 0..KILLS {
        let mut child = start(test, Some(256), &endpoint);
        let first = rep.recv_timeout(4 * LIMIT).unwrap().expect("the client asks");
        assert_whole(first.bytes(), &rest);
        rep.send("ok").unwrap();
        let killer = thread::spawn(move || {
            thread::sleep(moment(round));
            child.kill().unwrap();
            child.wait().unwrap();
        });
        let over = rep.counters().disconnects + 1;
        let end = Instant::now() + 4 * LIMIT;
        loop {
            assert!(Instant::now() < end, "the end of the client was not noticed");
            match rep.recv_timeout(Duration::from_millis(10)).unwrap() {
                Some(request) => {
                    assert_whole(request.bytes(), &rest);
                    requests += 1;
                    rep.send("ok").unwrap();
                }
                None if rep.counters().disconnects == over => break,
                None => {}
            }
        }
        killer.join().unwrap();
    }
    let counters = rep.counters();
    println!("{requests} whole requests; {} were cut off", counters.dropped.incomplete);
    assert_eq!(counters.disconnects, KILLS as u64);
}
