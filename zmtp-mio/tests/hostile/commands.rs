//! Commands at the wrong time, and commands that are too large.
#![cfg(unix)]

use crate::harness::arena::Arena;
use crate::harness::echo::{endpoint_of, rep_with};
use crate::harness::processes::{MIB, alone_with, this_test};
use crate::harness::{RawPeer, events};
use zmtp_core::wire::CommandName;
use zmtp_core::{Error, PeerError};
use zmtp_mio::{CloseReason, EventKind};

#[test]
fn traffic_commands_before_ready_are_refused() {
    alone_with(this_test!(), 256, || {
        let arena = Arena::new();
        let commands = [
            (wire::ping(b""), CommandName::Ping),
            (wire::command("PONG", b""), CommandName::Pong),
            (wire::command("SUBSCRIBE", b"all"), CommandName::Subscribe),
            (wire::command("HELLO", &[0; 192]), CommandName::Hello),
            (wire::command("WHAT", b"ever"), CommandName::Unknown),
        ];
        for (bytes, _) in &commands {
            let mut peer = RawPeer::connect(&arena.endpoint);
            peer.send(&[&wire::greeting("NULL")[..], bytes].concat());
            peer.assert_closed();
        }
        let (counters, closes) = arena.end(4 * MIB);
        assert_eq!(counters.refused, commands.len() as u64);
        for (_, name) in commands {
            let refused = CloseReason::Protocol(PeerError::UnexpectedCommand(name).into());
            assert!(closes.contains(&refused), "{refused:?} is not in {closes:?}");
        }
    });
}

#[test]
fn an_error_before_ready_is_an_event_with_its_reason() {
    alone_with(this_test!(), 256, || {
        let arena = Arena::new();
        for _ in 0..50 {
            let mut peer = RawPeer::connect(&arena.endpoint);
            peer.send(&[&wire::greeting("NULL")[..], &wire::error("go away")].concat());
            peer.assert_closed();
        }
        let (counters, closes) = arena.end(4 * MIB);
        assert_eq!(counters.refused, 50);
        let refused = CloseReason::Protocol(Error::Peer(PeerError::Refused));
        assert_eq!(closes.iter().filter(|close| **close == refused).count(), 50, "{closes:?}");
    });
    // And the reason.
    let mut rep = rep_with(|_| {});
    let mut peer = RawPeer::connect(&endpoint_of(&rep));
    peer.send(&[&wire::greeting("NULL")[..], &wire::error("go away")].concat());
    crate::harness::drive_until!(rep, rep.counters().refused == 1);
    let kinds = events!(rep);
    let told = |kind: &EventKind| match kind {
        EventKind::Refused(reason) => reason.bytes() == b"go away",
        _ => false,
    };
    assert!(kinds.iter().any(told), "{kinds:?}");
}

#[test]
fn commands_inside_a_multipart_message_leave_it_whole() {
    alone_with(this_test!(), 256, || {
        let arena = Arena::new();
        let mut peer = RawPeer::ready(&arena.endpoint, "REQ");
        for round in 0..1_000_u32 {
            let body = round.to_be_bytes();
            let odd = wire::command("WHAT", &[7; 300]);
            let frames = [
                wire::frame(1, b""),
                odd.clone(),
                wire::frame(1, &body),
                wire::command("PONG", b""),
                odd,
                wire::frame(0, b"end"),
            ];
            peer.send(&frames.concat());
            assert_eq!(peer.read_message(), [&b""[..], &body, b"end"]);
        }
        drop(peer);
        let (counters, _) = arena.end(4 * MIB);
        assert_eq!(counters.ignored_commands, 2_000);
    });
}

#[test]
fn the_pong_to_a_long_context_has_its_first_16_bytes() {
    alone_with(this_test!(), 256, || {
        let arena = Arena::new();
        let mut peer = RawPeer::ready(&arena.endpoint, "REQ");
        for len in [0, 1, 16, 17, 100, 255, 256, 5_000, 60_000] {
            let context: Vec<u8> = (0..len).map(|at| at as u8).collect();
            peer.send(&wire::ping(&context));
            let (flags, body) = peer.read_frame();
            assert_eq!((flags, &body[..5]), (4, &b"\x04PONG"[..]));
            assert_eq!(body[5..], context[..len.min(16)], "{len} bytes of context");
        }
        drop(peer);
        let (counters, _) = arena.end(4 * MIB);
        assert_eq!(counters.refused, 0);
    });
}
