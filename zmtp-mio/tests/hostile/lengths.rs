//! Announced lengths that exceed the limits or the bytes that follow: the limits refuse them, and
//! memory is allocated only for received bytes.
#![cfg(unix)]

use crate::harness::arena::Arena;
use crate::harness::echo::outcome;
use crate::harness::processes::{MIB, alone, this_test};
use crate::harness::{Echo, RawPeer};
use zmtp_core::wire::Malformed;
use zmtp_core::{Error, Limit, LimitExceeded, PeerError};
use zmtp_mio::{CloseReason, Counters};

/// Memory for allocators and stacks.
const SLACK: usize = 6 * MIB;
const HUGE: [u64; 5] = [1 << 31, 1 << 40, (1 << 63) - 1, 1 << 63, u64::MAX];

fn end_of(endpoint: &str, is_ready: bool, bytes: &[u8]) {
    let mut peer = match is_ready {
        true => RawPeer::ready(endpoint, "REQ"),
        false => {
            let mut peer = RawPeer::connect(endpoint);
            peer.send(&wire::greeting("NULL"));
            peer
        }
    };
    let _ = peer.try_send(bytes);
    let _ = peer.try_send(&[7; 1_000]);
    peer.assert_closed();
}

/// Ends the attack, and returns why its connections ended, without those of honest clients.
fn faults(arena: Arena, bound: usize) -> (Counters, Vec<CloseReason>) {
    let (mut counters, mut closes) = arena.end(bound);
    let all = closes.len();
    closes.retain(|close| *close != CloseReason::ByPeer);
    counters.disconnects -= (all - closes.len()) as u64;
    (counters, closes)
}

/// Sends each huge length with these flags, many times, and compares how the connections ended.
fn assert_ends(is_ready: bool, flags: u8, expected: impl Fn(u64) -> Error) {
    const ROUNDS: usize = 20;
    let arena = Arena::new();
    for len in (0..ROUNDS).flat_map(|_| HUGE) {
        end_of(&arena.endpoint, is_ready, &wire::long_header(flags, len));
    }
    let (counters, closes) = faults(arena, SLACK);
    let expected = HUGE.map(|len| CloseReason::Protocol(expected(len)));
    assert_eq!(closes, expected.repeat(ROUNDS));
    let ended = if is_ready { counters.disconnects } else { counters.refused };
    assert_eq!(ended, closes.len() as u64);
}

/// The error for a length: outside the grammar, or over the limit.
fn over(limit: Limit, allowed: u64) -> impl Fn(u64) -> Error {
    move |len| match len >> 63 {
        0 => Error::Limit(LimitExceeded { limit, allowed, got: len }),
        _ => Malformed::FrameSize(len).into(),
    }
}

#[test]
fn huge_frames_before_ready_are_refused() {
    alone(this_test!(), || {
        assert_ends(false, 0, |len| match len >> 63 {
            0 => PeerError::MessageInHandshake.into(),
            _ => Malformed::FrameSize(len).into(),
        });
    });
}

#[test]
fn huge_commands_before_ready_are_refused() {
    alone(this_test!(), || {
        assert_ends(false, 4, over(Limit::Command, 65_536));
    });
}

#[test]
fn huge_frames_after_ready_are_refused() {
    alone(this_test!(), || {
        for flags in [0, 1] {
            assert_ends(true, flags, over(Limit::Frame, 128 << 20));
        }
    });
}

#[test]
fn huge_commands_after_ready_are_refused() {
    alone(this_test!(), || {
        assert_ends(true, 4, over(Limit::Command, 65_536));
    });
}

/// With raised limits, only received bytes cost memory.
#[test]
fn an_allowed_length_costs_nothing_before_its_bytes_arrive() {
    alone(this_test!(), || {
        let arena = Arena::with(|options| {
            options.limits = options.limits.max_frame(u64::MAX).max_message(u64::MAX);
        });
        let peers: Vec<_> = [1 << 31, 1 << 40, (1 << 63) - 1]
            .iter()
            .cycle()
            .take(30)
            .map(|&len| {
                let mut peer = RawPeer::ready(&arena.endpoint, "REQ");
                peer.send(&[wire::frame(1, b""), wire::long_header(0, len)].concat());
                peer.send(&[7; 1_000]);
                peer
            })
            .collect();
        // All are still connected.
        assert_eq!(faults(arena, SLACK).1, []);
        drop(peers);
    });
}

/// Many peers announce the largest default message and send a little of it.
#[test]
fn a_hundred_announced_messages_cost_only_received_bytes() {
    alone(this_test!(), || {
        let arena = Arena::new();
        let peers: Vec<_> = (0..100)
            .map(|_| {
                let mut peer = RawPeer::ready(&arena.endpoint, "REQ");
                peer.send(&[wire::frame(1, b""), wire::long_header(0, 128 << 20)].concat());
                peer.send(&[7; 20_000]);
                peer
            })
            .collect();
        // 2 MB were received; growing buffers may hold twice that.
        assert_eq!(faults(arena, SLACK + 4 * MIB).1, []);
        drop(peers);
    });
}

#[test]
fn announced_commands_cost_only_received_bytes() {
    alone(this_test!(), || {
        let arena = Arena::new();
        let peers: Vec<_> = (0..200)
            .map(|_| {
                let mut peer = RawPeer::connect(&arena.endpoint);
                peer.send(&[&wire::greeting("NULL")[..], &wire::long_header(4, 65_536)].concat());
                peer.send(&[7; 500]);
                peer
            })
            .collect();
        assert_eq!(faults(arena, SLACK).1, []);
        drop(peers);
    });
}

#[test]
fn twenty_thousand_properties_exceed_the_limit() {
    alone(this_test!(), || {
        let bytes = wire::command("READY", &wire::property("X", b"").repeat(20_000));
        let got = bytes.len() as u64 - 9;
        let arena = Arena::new();
        (0..20).for_each(|_| end_of(&arena.endpoint, false, &bytes));
        let (counters, closes) = faults(arena, SLACK);
        let limit = LimitExceeded { limit: Limit::Command, allowed: 65_536, got };
        assert_eq!(closes, [CloseReason::Protocol(Error::Limit(limit)); 20]);
        assert_eq!((counters.refused, counters.disconnects), (20, 0));
    });
}

#[test]
fn every_property_that_fits_a_command_is_read() {
    let echo = Echo::new();
    let mut data = wire::property("X", b"").repeat(10_000);
    data.extend(wire::property("Socket-Type", b"REQ"));
    let mut peer = RawPeer::connect(&echo.endpoint);
    peer.send(&[&wire::greeting("NULL")[..], &wire::command("READY", &data)].concat());
    peer.send(&wire::delimited(b"hello"));
    peer.read_exact(64);
    assert_eq!(peer.read_message(), [&b""[..], b"hello"]);
    assert_eq!(outcome(echo).0.unnamed_peers, 0);
}

/// Sends the same frame until the other end closes.
fn assert_endless(limit: Limit, allowed: u64, got: u64, frame: &[u8], delimiter: bool) {
    let arena = Arena::with(|options| options.limits = options.limits.max_message(4 << 20));
    let mut peer = RawPeer::ready(&arena.endpoint, "REQ");
    if delimiter {
        peer.send(&wire::frame(1, b""));
    }
    let mut sent = 0;
    while sent < 64 << 20 && peer.try_send(frame).is_ok() {
        sent += frame.len();
    }
    assert!(sent < 64 << 20, "the limit did not apply");
    let (counters, closes) = faults(arena, SLACK + 12 * MIB);
    let limit = LimitExceeded { limit, allowed, got };
    assert_eq!(closes, [CloseReason::Protocol(Error::Limit(limit))]);
    assert_eq!((counters.disconnects, counters.dropped.incomplete), (1, 1));
}

#[test]
fn endless_parts_are_refused_at_the_limit_on_parts() {
    alone(this_test!(), || {
        for body in [&b""[..], b"x", &[7; 100]] {
            assert_endless(Limit::Parts, 16_384, 16_385, &wire::frame(1, body), true);
        }
    });
}

#[test]
fn an_endless_envelope_is_refused_at_the_limit_on_parts() {
    alone(this_test!(), || {
        assert_endless(Limit::Parts, 16_384, 16_385, &wire::frame(1, b"x"), false);
    });
}

#[test]
fn endless_large_parts_are_refused_at_the_limit_on_bytes() {
    alone(this_test!(), || {
        let frame = wire::frame(1, &vec![7; MIB]);
        for delimiter in [true, false] {
            assert_endless(Limit::Message, 4 << 20, 5 << 20, &frame, delimiter);
        }
    });
}
