//! Processes killed in the middle of large messages: every message that arrives is whole.
#![cfg(unix)]

use std::process::Child;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::harness::echo::endpoint_of;
use crate::harness::listeners::free_endpoint;
use crate::harness::processes::{MIB, part, start, this_test};
use crate::harness::{LIMIT, OfKind, builder, pattern};
use zmtp_mio::{Builder, Error, Rep, Req, Tcp};

const LEN: usize = 16 * MIB;
/// Messages to be cut in the middle, of each kind.
const CUT: u64 = 2;
/// The most kills for that.
const KILLS: u32 = 60;

/// A message of 16 MiB with its number in the first bytes.
fn numbered(number: u32, rest: &[u8]) -> Vec<u8> {
    let mut bytes = rest.to_vec();
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    bytes
}

fn assert_whole(bytes: &[u8], rest: &[u8]) {
    assert_eq!(bytes.len(), LEN, "part of a message");
    assert!(bytes[4..] == rest[4..], "not the bytes that were sent");
}

/// A socket whose kernel buffers hold a small part of a message. The rest is in the process that is
/// killed.
fn narrow<S: OfKind>() -> Builder<S::Kind, S> {
    let small = Some(512 << 10);
    builder::<S>().tcp(Tcp::default().send_buffer(small).receive_buffer(small))
}

/// Kills at another moment each time, within about `time`.
fn kill(mut child: Child, round: u32, time: Duration) -> JoinHandle<()> {
    let moment = time * ((60 + round * 37) % 100) / 100;
    thread::spawn(move || {
        thread::sleep(moment);
        child.kill().unwrap();
        child.wait().unwrap();
    })
}

#[test]
fn a_killed_server_leaves_only_whole_replies_and_its_successor_serves() {
    let test = this_test!();
    if let Some(endpoint) = part(test) {
        let mut rep = narrow::<Rep>().bind(&endpoint).unwrap();
        loop {
            let request = rep.recv().unwrap();
            rep.send(request).unwrap();
        }
    }
    let endpoint = free_endpoint();
    let mut req = narrow::<Req>().connect(&endpoint).unwrap();
    let rest = pattern(LEN);
    let (mut number, mut replies) = (0, 0);
    let mut ask = |req: &mut Req| {
        number += 1;
        match req.request(numbered(number, &rest), LIMIT) {
            Ok(Some(reply)) => {
                assert_whole(reply.bytes().unwrap(), &rest);
                let asked = number.to_be_bytes();
                assert_eq!(reply.bytes().unwrap()[..4], asked, "the reply to another request");
                true
            }
            Ok(None) | Err(Error::PeerLost) => false,
            Err(error) => panic!("{error}"),
        }
    };
    let mut kills = 0;
    loop {
        let dropped = req.counters().dropped;
        if dropped.incomplete >= CUT && dropped.half_sent >= CUT {
            break;
        }
        assert!(kills < KILLS, "hardly a message was under way: {dropped:?}");
        let child = start(test, Some(256), &endpoint);
        let end = Instant::now() + 4 * LIMIT;
        while !ask(&mut req) {
            assert!(Instant::now() < end, "the successor never served");
        }
        let start = Instant::now();
        assert!(ask(&mut req), "it serves no longer");
        let killer = kill(child, kills, start.elapsed());
        kills += 1;
        while ask(&mut req) {
            replies += 1;
        }
        killer.join().unwrap();
    }
    let dropped = req.counters().dropped;
    println!(
        "{kills} kills: {} requests and {} replies were cut, {replies} replies were whole",
        dropped.half_sent, dropped.incomplete
    );
}

#[test]
fn a_killed_client_leaves_only_whole_requests() {
    let test = this_test!();
    if let Some(endpoint) = part(test) {
        let mut req = narrow::<Req>().connect(&endpoint).unwrap();
        let rest = pattern(LEN);
        for number in 0.. {
            req.request(numbered(number, &rest), 4 * LIMIT).unwrap();
        }
    }
    let mut rep = narrow::<Rep>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = endpoint_of(&rep);
    let rest = pattern(LEN);
    let (mut requests, mut kills) = (0, 0);
    while rep.counters().dropped.incomplete < CUT {
        assert!(kills < KILLS, "hardly a message was under way: {:?}", rep.counters());
        let child = start(test, Some(256), &endpoint);
        let mut time = Duration::ZERO;
        for _ in 0..2 {
            let start = Instant::now();
            let request = rep.recv_timeout(4 * LIMIT).unwrap().expect("the client asks");
            assert_whole(request.bytes().unwrap(), &rest);
            rep.send("ok").unwrap();
            time = start.elapsed();
        }
        let killer = kill(child, kills, time);
        kills += 1;
        let end = Instant::now() + 4 * LIMIT;
        loop {
            assert!(Instant::now() < end, "the end of the client was not noticed");
            match rep.recv_timeout(Duration::from_millis(10)).unwrap() {
                Some(request) => {
                    assert_whole(request.bytes().unwrap(), &rest);
                    requests += 1;
                    rep.send("ok").unwrap();
                }
                None if rep.counters().disconnects == u64::from(kills) => break,
                None => {}
            }
        }
        killer.join().unwrap();
    }
    let cut = rep.counters().dropped.incomplete;
    println!("{kills} kills: {cut} requests were cut, {requests} were whole");
}
