//! Listeners that keep a dialling REQ busy with anything but its reply: it believes nothing, does
//! not dial in vain, and is answered as soon as the listener behaves.
#![cfg(unix)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use common::listeners::free_endpoint;
use common::processes::{MIB, alone_with, assert_idle, peak_of_memory};
use common::{LIMIT, RawServer, wire};
use zmtp_mio::{Counters, Req};

/// Asks a server that goes through the handshake and then says `octets` again and again, until it
/// begins to behave; insists on the reply then.
fn pestered(octets: &[u8]) -> Counters {
    let endpoint = free_endpoint();
    let server = RawServer::on(&endpoint);
    let behaves = Arc::new(AtomicBool::new(false));
    let serving = thread::spawn({
        let (behaves, octets) = (Arc::clone(&behaves), octets.to_vec());
        move || {
            let mut peer = server.accept_as("REP");
            while !behaves.load(Ordering::Relaxed) {
                peer.send_some(&octets);
                thread::sleep(Duration::from_millis(5));
            }
            // Requests that were given up come on connections that are over.
            let mut peer = server.accept_within(LIMIT).map_or(peer, |mut newer| {
                newer.handshake_as("REP");
                newer
            });
            let request = peer.read_message();
            peer.send(&wire::reply_to(&request, b"good"));
            peer
        }
    });
    let before = peak_of_memory();
    let mut req = Req::builder().connect(&endpoint).unwrap();
    let reply = req.request("question", Duration::from_secs(2)).unwrap();
    assert!(reply.is_none(), "{reply:?} is no reply");
    behaves.store(true, Ordering::Relaxed);
    let reply = req.request("again", 2 * LIMIT).unwrap().expect("it is not dead for good");
    assert_eq!(reply.bytes(), b"good");
    let grown = peak_of_memory() - before;
    assert!(grown < 8 * MIB, "memory grew by {grown} octets");
    let counters = req.counters();
    assert!(counters.dials <= 25, "{} dials", counters.dials);
    drop(serving.join().unwrap());
    assert_idle();
    counters
}

#[test]
fn heartbeats_alone_are_no_reply() {
    alone_with("heartbeats_alone_are_no_reply", 256, || {
        pestered(&wire::ping(&[9; 16]).repeat(50));
        pestered(&wire::command("PONG", b"unasked").repeat(50));
    });
}

#[test]
fn replies_that_nobody_asked_for_are_counted_and_not_believed() {
    alone_with("replies_that_nobody_asked_for_are_counted_and_not_believed", 256, || {
        // Without a delimiter, and without a body.
        let counters = pestered(&[wire::frame(0, b"bare"), wire::message(&[b""])].concat());
        assert!(counters.dropped.bad_envelope > 0, "{:?}", counters.dropped);
        // Well-formed in everything but that it never ends.
        pestered(&wire::frame(1, b""));
    });
}

#[test]
fn unknown_commands_without_end_are_counted_and_no_reply() {
    alone_with("unknown_commands_without_end_are_counted_and_no_reply", 256, || {
        let counters = pestered(&wire::command("WHAT", &[7; 200]).repeat(20));
        assert!(counters.ignored_commands > 1_000, "{counters:?}");
    });
}
