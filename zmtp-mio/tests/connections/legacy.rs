//! Raw peers with the openings and framings of ZMTP 2.0 and 1.0.
#![cfg(unix)]

use std::time::Duration;

use crate::harness::{Echo, LIMIT, RawPeer, builder, transports};
use zmtp_core::wire::{SocketType, Version};
use zmtp_mio::{Pub, Pull, Rep};

const SIGNATURE: &[u8] = b"\xff\0\0\0\0\0\0\0\x01\x7f";

/// A peer of ZMTP 2.0 that has sent its opening: signature, version, type and an empty identity.
fn version_2(endpoint: &str, ours: SocketType, theirs: SocketType) -> RawPeer {
    let mut peer = RawPeer::connect(endpoint);
    peer.send(&[SIGNATURE, &[1, ours.code(), 0, 0]].concat());
    assert_eq!(peer.read_exact(14), [SIGNATURE, &[3, theirs.code(), 0, 0]].concat());
    peer
}

/// A peer of ZMTP 1.0 that has sent its empty identity. The signature is the header of ours.
fn version_1(endpoint: &str) -> RawPeer {
    let mut peer = RawPeer::connect(endpoint);
    peer.send(&[1, 0]);
    assert_eq!(peer.read_exact(10), SIGNATURE);
    peer
}

#[test]
fn requests_are_answered_in_the_peers_framing() {
    for place in transports() {
        let echo = Echo::on(&place);
        let body = vec![b'x'; 300];

        let mut peer = version_2(&echo.endpoint, SocketType::Req, SocketType::Rep);
        let request = [b"\x01\0\x01\x02hi\x02\0\0\0\0\0\0\x01\x2c", &body[..]].concat();
        peer.send(&request);
        assert_eq!(peer.read_exact(request.len()), request);

        let mut peer = version_1(&echo.endpoint);
        let request = [b"\x01\x01\x03\x01hi\xff\0\0\0\0\0\0\x01\x2d\0", &body[..]].concat();
        peer.send(&request);
        assert_eq!(peer.read_exact(request.len()), request);
    }
}

#[test]
fn messages_of_any_size_arrive() {
    let mut pull = Pull::new().unwrap();
    let endpoint = pull.bind("tcp://127.0.0.1:*").unwrap().to_string();
    let thread = std::thread::spawn(move || {
        let mut old = version_2(&endpoint, SocketType::Push, SocketType::Pull);
        let mut older = version_1(&endpoint);
        for len in [0_usize, 253, 254, 255, 256, 100_000] {
            let body = vec![7; len];
            let long = [&[2], &(len as u64).to_be_bytes()[..], &body].concat();
            old.send(&if len > 255 { long } else { [&[0, len as u8], &body[..]].concat() });
            let long = [&[0xff], &(len as u64 + 1).to_be_bytes()[..], &[0], &body].concat();
            older.send(&if len > 253 { long } else { [&[len as u8 + 1, 0], &body[..]].concat() });
        }
        (old, older)
    });
    let mut lengths: Vec<usize> = (0..12)
        .map(|_| pull.recv_timeout(LIMIT).unwrap().expect("a message").part(0).unwrap().len())
        .collect();
    lengths.sort_unstable();
    assert_eq!(lengths, [0, 0, 253, 253, 254, 254, 255, 255, 256, 256, 100_000, 100_000]);
    drop(thread.join().unwrap());
}

#[test]
fn a_1_0_subscriber_gets_everything_and_a_2_0_subscriber_its_topics() {
    let mut publisher = Pub::new().unwrap();
    let endpoint = publisher.bind("tcp://127.0.0.1:*").unwrap().to_string();
    let thread = std::thread::spawn(move || {
        let mut older = version_1(&endpoint);
        let mut old = version_2(&endpoint, SocketType::Sub, SocketType::Pub);
        old.send(b"\0\x02\x01b");
        assert_eq!(old.read_exact(5), b"\0\x03b-2");
        assert_eq!(older.read_exact(10), b"\x04\0a-1\x04\0b-2");
    });
    assert!(publisher.wait_for_subscribers(2, LIMIT).unwrap());
    publisher.send("a-1").unwrap();
    publisher.send("b-2").unwrap();
    while !thread.is_finished() {
        publisher.wait(Duration::from_millis(5)).unwrap();
    }
    thread.join().unwrap();
}

#[test]
fn a_minimum_version_refuses_older_peers() {
    for (least, opening) in [
        (Version::V3_0, [SIGNATURE, &[1, SocketType::Req.code(), 0, 0]].concat()),
        (Version::V3_0, [SIGNATURE, &[0]].concat()),
        (Version::V2_0, vec![1, 0]),
        (Version::V2_0, b"\x06\0hello".to_vec()),
        (Version::V2_0, b"\xff\0\0\0\0\0\0\0\x01\0".to_vec()),
    ] {
        let echo =
            Echo::with(builder::<Rep>().min_version(least).bind("tcp://127.0.0.1:*").unwrap());
        let mut peer = RawPeer::connect(&echo.endpoint);
        peer.send(&opening);
        peer.assert_closed();
    }
}
