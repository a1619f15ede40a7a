//! Caps of a whole socket: handshakes, connections, bytes, descriptors. Excess is closed or waits, and
//! honest clients are served.
#![cfg(unix)]

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::echo::{echo_with, endpoint_of, outcome, rep_with};
use crate::harness::processes::{
    alone, assert_child_is_idle, assert_rests, finish, part, start, this_test,
};
use crate::harness::{
    Echo, LIMIT, RawPeer, assert_echo, builder, closes, drive_until, drive_until_still, events,
    eventually, is_open, mutes, req,
};
use zmtp_mio::{CloseReason, EventKind, HighWaterMark, Reconnect, Rep, Req};

const MIB: usize = 1 << 20;

fn is_paused(kind: &EventKind) -> bool {
    matches!(kind, EventKind::AcceptPaused(_))
}

#[test]
fn the_oldest_unfinished_handshake_is_closed_at_the_cap() {
    let echo = echo_with(|options| options.max_handshakes = Some(8));
    let mut peers = mutes(&echo.endpoint, 20);
    for peer in &mut peers[..12] {
        peer.assert_closed();
    }
    let mut honest = req(&echo.endpoint);
    assert_echo(&mut honest, b"meanwhile");
    peers[12].assert_closed();
    assert!(peers[13..].iter_mut().all(is_open), "the youngest stay");
    let (counters, closes) = outcome(echo);
    assert_eq!(closes, [CloseReason::TooManyHandshakes; 13]);
    assert_eq!(counters.refused, 13);
}

#[test]
fn finished_handshakes_do_not_count_towards_the_cap() {
    let echo = echo_with(|options| options.max_handshakes = Some(2));
    let mut peers: Vec<_> = (0..20).map(|_| RawPeer::ready(&echo.endpoint, "REQ")).collect();
    for peer in &mut peers {
        peer.send(&wire::delimited(b"all of us"));
        assert_eq!(peer.read_message()[1], b"all of us");
    }
    assert_eq!(outcome(echo).1, []);
}

#[test]
fn honest_clients_are_served_during_a_storm_of_silent_connections() {
    let echo = echo_with(|options| options.max_handshakes = Some(8));
    let over = Arc::new(AtomicBool::new(false));
    let opened = Arc::new(AtomicUsize::new(0));
    let storm = thread::spawn({
        let (over, opened) = (Arc::clone(&over), Arc::clone(&opened));
        let endpoint = echo.endpoint.clone();
        move || {
            let mut held = std::collections::VecDeque::new();
            while !over.load(Ordering::Relaxed) {
                held.push_back(RawPeer::connect(&endpoint));
                opened.fetch_add(1, Ordering::Relaxed);
                if held.len() > 500 {
                    held.pop_front();
                }
                thread::yield_now();
            }
        }
    });
    let mut served = 0;
    while served < 20 || opened.load(Ordering::Relaxed) < 1_000 {
        // The cap may close this handshake too, and the client reconnects: soon, so that the number of its
        // attempts is large.
        let soon = Duration::from_millis(10);
        let reconnect = Reconnect::new(soon, soon);
        let mut honest = builder::<Req>().reconnect(reconnect).connect(&echo.endpoint).unwrap();
        let start = Instant::now();
        while !matches!(honest.request("I am new here", LIMIT), Ok(Some(_))) {
            assert!(start.elapsed() < LIMIT, "never served");
        }
        served += 1;
    }
    over.store(true, Ordering::Relaxed);
    storm.join().unwrap();
    assert!(outcome(echo).1.contains(&CloseReason::TooManyHandshakes));
}

/// A queued whole request is no unfinished message.
#[test]
fn the_memory_cap_closes_no_connection_for_queued_whole_requests() {
    const REQUESTS: usize = 2_000;
    let mut rep = rep_with(|options| {
        options.max_bytes = Some(MIB / 4);
        options.receive_mark = HighWaterMark::new(10, MIB);
    });
    let endpoint = endpoint_of(&rep);
    let senders: Vec<_> = (0..8)
        .map(|_| {
            let endpoint = endpoint.clone();
            thread::spawn(move || {
                let mut peer = RawPeer::ready(&endpoint, "REQ");
                peer.send(&wire::delimited(&[7; 40]).repeat(REQUESTS));
                peer
            })
        })
        .collect();
    drive_until_still!(rep);
    let ends = closes(&events!(rep));
    assert_eq!(ends, [], "{} whole requests came", rep.counters().messages_received);
    for n in 0..8 * REQUESTS {
        assert!(rep.recv_timeout(LIMIT).unwrap().is_some(), "{n}");
        rep.send("").unwrap();
    }
    for sender in senders {
        drop(sender.join().unwrap());
    }
}

#[test]
fn accepting_pauses_at_the_connection_cap_without_spinning_and_resumes() {
    let test = this_test!();
    alone(test, accepting_pauses_and_resumes);
}

fn accepting_pauses_and_resumes() {
    let mut rep = rep_with(|options| options.max_connections = Some(4));
    let endpoint = endpoint_of(&rep);
    let arriving = thread::spawn({
        let endpoint = endpoint.clone();
        move || (0..4).map(|_| RawPeer::ready(&endpoint, "REQ")).collect::<Vec<_>>()
    });
    drive_until!(rep, arriving.is_finished());
    let mut inside = arriving.join().unwrap();
    let mut outside = mutes(&endpoint, 3);
    assert_rests(&mut rep);
    let paused = std::iter::from_fn(|| rep.next_event()).filter(|event| is_paused(&event.kind));
    let at: Vec<_> =
        paused.map(|event| event.local.map(|local| format!("tcp://{local}"))).collect();
    assert_eq!(at, [Some(endpoint)]);
    assert_eq!(rep.counters().accepted, 4);
    let echo = Echo::with(rep);
    inside[3].send(&wire::delimited(b"inside"));
    assert_eq!(inside[3].read_message()[1], b"inside");
    inside.truncate(1);
    for peer in &mut outside {
        peer.send(&wire::burst("REQ", &[b"in at last"]));
        peer.read_exact(64);
        assert_eq!(peer.read_message()[1], b"in at last");
    }
    assert_eq!(outcome(echo).0.accepted, 7);
}

/// Where the child of a test connects to its parent.
fn listener() -> (String, UnixListener) {
    let path = crate::harness::ipc().strip_prefix("ipc://").unwrap().to_string();
    (path.clone(), UnixListener::bind(&path).unwrap())
}

/// Waits for the child to connect.
fn accept(listener: &UnixListener, path: &str) -> UnixStream {
    listener.set_nonblocking(true).unwrap();
    let mut stream = None;
    eventually("the child connects", || {
        stream = listener.accept().ok();
        stream.is_some()
    });
    std::fs::remove_file(path).unwrap();
    let (stream, _) = stream.unwrap();
    stream.set_nonblocking(false).unwrap();
    stream
}

fn process_of(child: &Child) -> PathBuf {
    format!("/proc/{}", child.id()).into()
}

#[test]
fn a_server_with_48_descriptors_survives_two_hundred_connections() {
    let test = this_test!();
    if let Some(endpoint) = part(test) {
        let (endpoint, parent) = endpoint.split_once(' ').unwrap();
        let mut rep = builder::<Rep>().bind(endpoint).unwrap();
        let mut parent = UnixStream::connect(parent).unwrap();
        let mut paused = 0;
        loop {
            let request = rep.recv_timeout(24 * LIMIT).unwrap().expect("the end never came");
            let is_over = request.bytes().unwrap() == b"over";
            let is_rest = request.bytes().unwrap() == b"rest";
            rep.send(request).unwrap();
            if is_rest {
                // The application is away: the socket is the driver's, if there is one.
                parent.read_exact(&mut [0]).unwrap();
            }
            paused += events!(rep).iter().filter(|kind| is_paused(kind)).count();
            if is_over {
                break;
            }
        }
        assert!(paused > 0, "there was no lack of descriptors");
        rep.step().unwrap();
        return;
    }
    let endpoint = crate::harness::ipc();
    let (path, listener) = listener();
    let child = start(test, Some(48), &format!("{endpoint} {path}"));
    let mut child_end = accept(&listener, &path);
    let mut honest = req(&endpoint);
    assert_echo(&mut honest, b"before");
    let crowd = mutes(&endpoint, 200);
    for _ in 0..20 {
        assert_echo(&mut honest, b"meanwhile");
    }
    // It does nothing while it lacks descriptors: in a call that waits, and while its application
    // is away.
    let process = process_of(&child);
    assert_child_is_idle(&process);
    assert_echo(&mut honest, b"rest");
    assert_child_is_idle(&process);
    child_end.write_all(b".").unwrap();
    drop(crowd);
    assert_echo(&mut req(&endpoint), b"new, afterwards");
    assert_echo(&mut honest, b"over");
    finish(child);
}

#[test]
fn a_client_with_48_descriptors_survives_two_hundred_connects() {
    let test = this_test!();
    if let Some(endpoint) = part(test) {
        let (endpoint, parent) = endpoint.split_once(' ').unwrap();
        let mut parent = UnixStream::connect(parent).unwrap();
        let mut req = builder::<Req>().build().unwrap();
        for _ in 0..200 {
            req.connect(endpoint).unwrap();
        }
        let mut refused = 0;
        drive_until!(req, {
            refused += closes(&events!(req)).len();
            refused >= 150
        });
        // In a call that waits, until the parent has seen that it rests.
        parent.write_all(b".").unwrap();
        parent.set_nonblocking(true).unwrap();
        while parent.read(&mut [0]).is_err() {
            while req.next_event().is_some() {}
            req.wait(Duration::from_millis(100)).unwrap();
        }
        // The application is away: the socket is the driver's, if there is one.
        parent.set_nonblocking(false).unwrap();
        parent.read_exact(&mut [0]).unwrap();
        for _ in 0..190 {
            req.disconnect(endpoint).unwrap();
        }
        for _ in 0..20 {
            // Some connections may have to be made first, after a wait of up to 3 s.
            assert_echo(&mut req, b"afterwards");
        }
        return;
    }
    let echo = Echo::new();
    let (path, listener) = listener();
    let child = start(test, Some(48), &format!("{} {path}", echo.endpoint));
    let mut child_end = accept(&listener, &path);
    child_end.read_exact(&mut [0]).unwrap();
    for _ in 0..2 {
        assert_child_is_idle(&process_of(&child));
        child_end.write_all(b".").unwrap();
    }
    finish(child);
}
