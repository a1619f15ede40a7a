//! The memory of the process ends while a peer sends: its connection is closed, and the others are served.
#![cfg(target_os = "linux")]

use std::fs;
use std::net::TcpStream;

use crate::harness::listeners::free_endpoint;
use crate::harness::processes::{KIB, MIB, finish, part, start_with_memory, this_test};
use crate::harness::{LIMIT, OfKind, RawPeer, builder, closes, drive_until, events, eventually};
use zmtp_mio::kind::{CanReceive, Kind};
use zmtp_mio::{
    Builder, CloseReason, HighWaterMark, KeyPair, Limits, Message, Pull, Push, Rep, SecretKey,
    Socket, Xpub,
};

/// The memory that the process of a test may map.
const MAPPED: usize = 1_024 * MIB;
/// The part of it that is left for messages.
const LEFT: usize = 3 * MIB;

/// A socket without limits of what it receives.
fn unlimited<S: OfKind>() -> Builder<S::Kind, S>
where
    S::Kind: CanReceive,
{
    let limits = Limits::default().max_frame(None).max_message(None).max_parts(None);
    builder::<S>().limits(limits).max_bytes(None).receive_mark(HighWaterMark::UNLIMITED)
}

/// Binds a socket and takes memory until only [`LEFT`] can be mapped. Then waits until a peer is closed, for the one reason
/// that there is no memory. Returns the memory if `keeps`, and otherwise frees it before it allocates again.
fn exhausted<K: Kind>(socket: &mut Socket<K>, endpoint: &str, keeps: bool) -> Option<Vec<u8>> {
    socket.bind(endpoint).unwrap();
    drive_until!(socket, socket.counters().handshakes == 1);
    let text = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = text.split(' ').next().unwrap().parse().unwrap();
    let ballast = Vec::with_capacity(MAPPED - LEFT - pages * 4 * KIB);
    drive_until!(socket, socket.counters().disconnects == 1);
    let kept = keeps.then_some(ballast);
    assert_eq!(closes(&events!(socket)), [CloseReason::OutOfMemory]);
    kept
}

/// [`exhausted`] by a peer at the first endpoint of `part`. Serves another one at the second.
fn attacked<K: Kind>(
    mut socket: Socket<K>,
    part: &str,
    keeps: bool,
) -> (Socket<K>, Option<Vec<u8>>) {
    let (hostile, honest) = part.split_once(' ').unwrap();
    let kept = exhausted(&mut socket, hostile, keeps);
    socket.bind(honest).unwrap();
    (socket, kept)
}

/// Starts the process of a test, and connects a peer that then sends `bytes`, first those of `start`, until its connection
/// is closed. Another peer sends one message afterwards.
fn attack(test: &str, kind: &str, start: &[u8], bytes: &[u8]) {
    let [first, second] = [free_endpoint(), free_endpoint()];
    let child = start_with_memory(test, MAPPED, &format!("{first} {second}"));
    let mut hostile = peer(&first, kind);
    hostile.send(start);
    eventually("it is closed", || hostile.try_send(bytes).is_err());
    let mut honest = peer(&second, kind);
    honest.send_frames(&[b"", b"honest"]);
    finish(child);
}

/// A peer of the process that will be bound at `endpoint`.
fn peer(endpoint: &str, kind: &str) -> RawPeer {
    let address = endpoint.strip_prefix("tcp://").unwrap();
    let mut stream = None;
    eventually("it is bound", || {
        stream = TcpStream::connect(address).ok();
        stream.is_some()
    });
    let mut peer = RawPeer::Tcp(stream.unwrap());
    peer.handshake_as(kind);
    peer
}

/// Receives messages until the one of the honest peer.
fn receive_honest<K: CanReceive>(socket: &mut Socket<K>) {
    loop {
        let message = socket.recv_timeout(LIMIT).unwrap().expect("a message in time");
        if message.parts().next_back() == Some(b"honest") {
            return;
        }
    }
}

#[test]
fn a_message_or_parts_without_end_for_which_there_is_no_memory_end_their_connection() {
    let test = this_test!();
    if let Some(part) = part(test) {
        let (mut pull, _ballast) = attacked(unlimited::<Pull>().build().unwrap(), &part, true);
        let message = pull.recv_timeout(LIMIT).unwrap().expect("a message in time");
        assert_eq!(message.part(1), Some(&b"honest"[..]));
        return;
    }
    attack(test, "PUSH", &wire::long_header(0, 1 << 40), &vec![7; MIB]);
    attack(test, "PUSH", b"", &wire::frame(1, b"").repeat(MIB / 8));
}

#[test]
fn an_envelope_without_end_for_which_there_is_no_memory_ends_its_connection() {
    let test = this_test!();
    if let Some(part) = part(test) {
        let (mut rep, _ballast) = attacked(unlimited::<Rep>().build().unwrap(), &part, true);
        let message = rep.recv_timeout(LIMIT).unwrap().expect("a message in time");
        assert_eq!(message.text(), Ok("honest"));
        return;
    }
    attack(test, "REQ", b"", &wire::frame(1, &[7; 1_000]).repeat(1_000));
}

#[test]
fn messages_without_end_for_which_there_is_no_memory_end_their_connection() {
    for (len, times) in [(1, 100_000), (200, 5_000), (10_000, 100)] {
        let test = this_test!();
        if let Some(part) = part(test) {
            let (mut pull, _) = attacked(unlimited::<Pull>().build().unwrap(), &part, false);
            return receive_honest(&mut pull);
        }
        attack(test, "PUSH", b"", &wire::frame(0, &vec![7; len]).repeat(times));
    }
}

#[test]
fn subscriptions_without_end_for_which_there_is_no_memory_end_their_connection() {
    let test = this_test!();
    if let Some(part) = part(test) {
        let unlimited = unlimited::<Xpub>().max_subscriptions(None, None);
        let (mut xpub, _) = attacked(unlimited.build().unwrap(), &part, false);
        return receive_honest(&mut xpub);
    }
    let topics: Vec<u8> =
        (0..1_u32 << 20).flat_map(|n| wire::command("SUBSCRIBE", &n.to_le_bytes())).collect();
    attack(test, "SUB", b"", &topics);
}

#[test]
fn sealed_messages_for_which_there_is_no_memory_end_their_connection() {
    let test = this_test!();
    let [server, client] = [7, 8].map(|byte| KeyPair::new(SecretKey::new([byte; 32])));
    if let Some(endpoint) = part(test) {
        let mut pull = unlimited::<Pull>().curve_server(server).build().unwrap();
        exhausted(&mut pull, &endpoint, true);
        return;
    }
    let endpoint = free_endpoint();
    let child = start_with_memory(test, MAPPED, &endpoint);
    let mut push =
        builder::<Push>().curve_client(*server.public(), client).connect(&endpoint).unwrap();
    push.send(vec![7; 2 * LEFT]).unwrap();
    drive_until!(push, push.counters().disconnects == 1);
    finish(child);
}

#[test]
fn messages_are_dropped_without_memory() {
    let test = this_test!();
    if part(test).is_none() {
        return finish(start_with_memory(test, MAPPED, ""));
    }
    let messages = [0; 8].map(|byte| Message::from(vec![byte; 200].as_slice()));
    let mut taken: Vec<Vec<u8>> = Vec::with_capacity(64 * KIB);
    for len in (3..30).rev().map(|bits| 1 << bits) {
        let mut memory = Vec::new();
        while memory.try_reserve_exact(len).is_ok() {
            assert!(taken.len() < taken.capacity(), "it is not all memory");
            taken.push(core::mem::take(&mut memory));
        }
    }
    drop(messages);
}
