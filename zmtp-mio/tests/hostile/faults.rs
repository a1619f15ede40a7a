//! Peers of a REP that break the protocol or are slow in the handshake: each connection ends with the
//! right reason, and an honest client is served meanwhile.
#![cfg(unix)]

use std::io::Write;
use std::time::Duration;

use crate::harness::arena::Arena;
use crate::harness::echo::{echo_with, endpoint_of, outcome};
use crate::harness::processes::{MIB, alone, alone_with, this_test};
use crate::harness::simulated::{simulated, simulated_peer};
use crate::harness::{Echo, LIMIT, QUIET, RawPeer, assert_echo, closes, events, mutes, req};
use zmtp_core::wire::{Malformed, MechanismName, UnsupportedVersion, Version};
use zmtp_core::{Error, PeerError, Timeout};
use zmtp_mio::testing::Simulation;
use zmtp_mio::{CloseReason, Rep};

const LATE: CloseReason = CloseReason::Protocol(Error::TimedOut(Timeout::Handshake));

/// A server with a handshake timeout of one second.
fn hasty() -> Echo {
    echo_with(|options| options.limits = options.limits.handshake_timeout(Duration::from_secs(1)))
}

/// The bytes that a peer sends, at once or after its READY, and the error they cause.
struct Fault {
    is_ready: bool,
    bytes: Vec<u8>,
    error: Error,
}

/// The fault of a peer that has sent its greeting.
fn early(bytes: &[u8], error: impl Into<Error>) -> Fault {
    Fault { is_ready: false, bytes: greeted(bytes), error: error.into() }
}

/// The fault of a peer after its handshake.
fn late(bytes: &[u8], error: impl Into<Error>) -> Fault {
    Fault { is_ready: true, bytes: bytes.to_vec(), error: error.into() }
}

fn greeted(more: &[u8]) -> Vec<u8> {
    [&wire::greeting("NULL")[..], more].concat()
}

/// Asserts that each fault ends its connection with its error, 20 times.
fn assert_faults(test: &str, faults: &[Fault]) {
    alone_with(test, 256, || {
        const ROUNDS: usize = 20;
        let arena = Arena::new();
        for fault in (0..ROUNDS).flat_map(|_| faults) {
            let mut peer = match fault.is_ready {
                true => RawPeer::ready(&arena.endpoint, "REQ"),
                false => RawPeer::connect(&arena.endpoint),
            };
            let _ = peer.try_send(&fault.bytes);
            peer.assert_closed();
        }
        let (counters, mut closes) = arena.end(4 * MIB);
        // The honest clients close.
        let all = closes.len();
        closes.retain(|close| *close != CloseReason::ByPeer);
        let honest = (all - closes.len()) as u64;
        // The queue of events holds the last of them.
        let faults: Vec<&Fault> = (0..ROUNDS).flat_map(|_| faults).collect();
        let known = faults.len() - closes.len();
        assert!(known == 0 || counters.events_lost > 0, "{closes:?}");
        let causes = faults.iter().map(|fault| CloseReason::Protocol(fault.error));
        assert!(causes.skip(known).eq(closes.iter().copied()), "{closes:?}");
        let ready = faults.iter().filter(|fault| fault.is_ready).count();
        let early = (faults.len() - ready) as u64;
        assert_eq!((counters.refused, counters.disconnects), (early, ready as u64 + honest));
    });
}

#[test]
fn a_peer_that_sends_a_byte_every_200_ms_runs_out_of_time() {
    let simulation = Simulation::new();
    let mut rep = simulated::<Rep>(&simulation)
        .handshake_timeout(Duration::from_secs(1))
        .bind("tcp://127.0.0.1:*")
        .unwrap();
    let endpoint = endpoint_of(&rep);
    let mut honest = simulated_peer(&simulation, &endpoint, "REQ");
    let mut slow = simulation.connect(&endpoint.parse().unwrap()).unwrap();
    let mut sent = 0;
    while rep.counters().refused == 0 {
        let _ = slow.write(&wire::greeting("NULL")[sent..=sent]);
        sent += 1;
        honest.write_all(&wire::delimited(b"meanwhile")).unwrap();
        let request = rep.recv_timeout(LIMIT).unwrap().expect("the honest peer is served");
        rep.send(request).unwrap();
        assert_eq!(rep.recv_timeout(Duration::from_millis(200)).unwrap(), None);
    }
    assert!((5..=6).contains(&sent), "{sent} bytes");
    assert!(honest.read_all().unwrap().ends_with(b"meanwhile"));
    assert_eq!((closes(&events!(rep)), rep.counters().refused), (vec![LATE], 1));
    while slow.read_all().is_some() {}
}

#[test]
fn silence_anywhere_in_the_handshake_runs_out_of_time() {
    let echo = hasty();
    let mut honest = req(&echo.endpoint);
    let whole = wire::burst("REQ", &[]);
    let cuts = [0, 1, 9, 10, 11, 12, 63, 64, 65, 66, 80, whole.len() - 1];
    let mut peers: Vec<_> = cuts
        .iter()
        .map(|&cut| {
            let mut peer = RawPeer::connect(&echo.endpoint);
            peer.send(&whole[..cut]);
            peer
        })
        .collect();
    assert_echo(&mut honest, b"meanwhile");
    for peer in &mut peers {
        peer.assert_closed();
    }
    assert_echo(&mut honest, b"afterwards");
    let (counters, closes) = outcome(echo);
    assert_eq!(closes, [LATE; 12]);
    assert_eq!((counters.refused, counters.handshakes), (12, 1));
}

#[test]
fn two_hundred_silent_peers_run_out_of_time_and_delay_no_other() {
    let echo = hasty();
    let mut peers = mutes(&echo.endpoint, 200);
    for peer in &mut peers {
        peer.send(&wire::greeting("NULL"));
    }
    let mut honest = req(&echo.endpoint);
    for _ in 0..50 {
        assert_echo(&mut honest, b"meanwhile");
    }
    for peer in &mut peers {
        peer.assert_closed();
    }
    assert_echo(&mut honest, b"afterwards");
    let (counters, closes) = outcome(echo);
    assert_eq!(closes, [LATE; 200]);
    assert_eq!(counters.refused, 200);
}

#[test]
fn the_handshake_timeout_ends_with_the_handshake() {
    let simulation = Simulation::new();
    let mut rep = simulated::<Rep>(&simulation)
        .handshake_timeout(Duration::from_secs(1))
        .bind("tcp://127.0.0.1:*")
        .unwrap();
    let mut peer = simulated_peer(&simulation, &endpoint_of(&rep), "REQ");
    assert_eq!(rep.recv_timeout(Duration::from_secs(3_600)).unwrap(), None);
    peer.write_all(&wire::delimited(b"still here")).unwrap();
    let request = rep.recv_timeout(LIMIT).unwrap().expect("it is still connected");
    assert_eq!(request.text(), Ok("still here"));
}

#[test]
fn a_second_ready_is_refused() {
    let faults = [late(&wire::ready("REQ"), PeerError::SecondReady)];
    assert_faults(this_test!(), &faults);
}

#[test]
fn more_on_a_command_is_refused() {
    let more = |mut bytes: Vec<u8>| {
        bytes[0] |= 1;
        bytes
    };
    let faults = [
        early(&more(wire::ready("REQ")), Malformed::MoreOnCommand),
        late(&more(wire::ping(b"")), Malformed::MoreOnCommand),
    ];
    assert_faults(this_test!(), &faults);
}

#[test]
fn each_reserved_flag_bit_is_refused_before_and_after_ready() {
    let of = |bit: u8| {
        let flags = 1 << bit;
        let inside = [wire::frame(1, b""), vec![flags]].concat();
        [
            early(&[flags | 4, 0], Malformed::ReservedFlags(flags | 4)),
            late(&[flags, 0], Malformed::ReservedFlags(flags)),
            late(&inside, Malformed::ReservedFlags(flags)),
        ]
    };
    let faults: Vec<Fault> = (3..8).flat_map(of).collect();
    assert_faults(this_test!(), &faults);
}

#[test]
fn a_message_before_ready_is_refused() {
    // A READY in a message frame is a message.
    let mut disguised = wire::ready("REQ");
    disguised[0] = 0;
    let messages = [wire::delimited(b"eager"), disguised];
    let faults = messages.map(|bytes| early(&bytes, PeerError::MessageInHandshake));
    assert_faults(this_test!(), &faults);
}

#[test]
fn other_protocols_are_refused() {
    let openings = [
        (
            &b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"[..],
            UnsupportedVersion::NoSignature(b'G'),
        ),
        (
            &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
            UnsupportedVersion::NoSignature(0x16),
        ),
        (&b"SSH-2.0-OpenSSH_9.7\r\n"[..], UnsupportedVersion::NoSignature(b'S')),
        // Nearly ZMTP 1.0: a length of 0, unknown flags, and both in the long form.
        (&[0, 0][..], UnsupportedVersion::NoSignature(0)),
        (&[6, 2, b'h', b'e', b'l', b'l', b'o'][..], UnsupportedVersion::NoSignature(6)),
        (&[0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], UnsupportedVersion::NoSignature(0)),
        (&[0xff, 0, 0, 0, 0, 0, 0, 0, 1, 2][..], UnsupportedVersion::NoSignature(2)),
    ];
    let (lowest, mechanism) = (Version::V1_0, MechanismName::NULL);
    let faults = openings.map(|(bytes, peer)| Fault {
        is_ready: false,
        bytes: bytes.to_vec(),
        error: PeerError::UnsupportedVersion { peer, lowest, mechanism }.into(),
    });
    assert_faults(this_test!(), &faults);
}

#[test]
fn greeting_ready_and_request_in_one_burst_are_answered() {
    for endpoint in crate::harness::transports() {
        let echo = Echo::on(&endpoint);
        let mut peer = RawPeer::connect(&echo.endpoint);
        peer.send(&wire::burst("REQ", &[b"one", b"two", &[7; 100_000]]));
        peer.read_exact(64);
        assert_eq!(peer.read_message(), [&b""[..], b"one"]);
        assert_eq!(peer.read_message(), [&b""[..], b"two"]);
        assert_eq!(peer.read_message(), [&b""[..], &[7; 100_000]]);
    }
}

#[test]
fn the_greeting_goes_out_in_stages() {
    for endpoint in crate::harness::transports() {
        let echo = Echo::on(&endpoint);
        let mut peer = RawPeer::connect(&echo.endpoint);
        let theirs = wire::greeting("NULL");
        assert_eq!(peer.read_exact(10), [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f]);
        assert!(peer.read_for(1, QUIET).is_empty());
        peer.send(&theirs[..9]);
        assert!(peer.read_for(1, QUIET).is_empty());
        peer.send(&theirs[9..10]);
        assert_eq!(peer.read_exact(1), [3]);
        assert!(peer.read_for(1, QUIET).is_empty());
        peer.send(&theirs[10..11]);
        let rest = peer.read_exact(53);
        assert_eq!((rest[0], &rest[1..5]), (1, &b"NULL"[..]));
        assert!(peer.read_for(1, QUIET).is_empty());
        peer.send(&theirs[11..]);
        assert_eq!(&peer.read_frame().1[..6], b"\x05READY");
    }
}

#[test]
fn a_peer_that_resets_in_the_middle_of_a_frame_is_counted_each_time() {
    alone(this_test!(), || {
        let arena = Arena::new();
        for round in 0..200 {
            let mut peer = RawPeer::ready(&arena.endpoint, "REQ");
            peer.send(&wire::frame(1, b""));
            peer.send(&wire::long_header(0, 1_000_000));
            peer.send(&vec![1; [0, 1, 100, 70_000][round % 4]]);
            peer.reset();
        }
        let (counters, mut closes) = arena.end(4 * MIB);
        closes.retain(|close| *close != CloseReason::ByPeer);
        assert_eq!(closes, [CloseReason::Io(std::io::ErrorKind::ConnectionReset); 200]);
        assert_eq!(counters.dropped.incomplete, 200);
    });
}

#[test]
fn a_thousand_connections_closed_at_once_are_each_counted() {
    alone_with(this_test!(), 4_096, || {
        let arena = Arena::new();
        // The kernel drops SYNs when its backlog is full, and retries after a second.
        (0..1_000).for_each(|_| drop(RawPeer::connect(&arena.endpoint)));
        let (counters, closes) = arena.end(8 * MIB);
        // Two honest clients besides.
        assert_eq!((counters.accepted, counters.refused), (1_002, 1_000));
        // Each has two events, and the queue of events holds 1,024.
        assert!(counters.events_lost >= 2_000 - 1_024, "{counters:?}");
        assert!(closes.len() >= 500, "{} ends", closes.len());
        let is_of_the_peer =
            |end: &CloseReason| matches!(end, CloseReason::ByPeer | CloseReason::Io(_));
        assert!(closes.iter().all(is_of_the_peer), "{closes:?}");
    });
}

#[test]
fn a_peer_that_closes_in_the_middle_of_the_handshake_is_refused() {
    let echo = Echo::new();
    let mut honest = req(&echo.endpoint);
    let whole = wire::burst("REQ", &[]);
    for cut in 0..whole.len() {
        let mut peer = RawPeer::connect(&echo.endpoint);
        peer.send(&whole[..cut]);
        peer.finish();
        peer.assert_closed();
    }
    assert_echo(&mut honest, b"afterwards");
    let (counters, closes) = outcome(echo);
    assert_eq!(closes, vec![CloseReason::ByPeer; whole.len()]);
    assert_eq!(counters.refused, whole.len() as u64);
}
