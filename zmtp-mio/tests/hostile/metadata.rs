//! Metadata with wrong lengths, and too much metadata.
#![cfg(unix)]

use crate::harness::RawPeer;
use crate::harness::arena::Arena;
use crate::harness::processes::{MIB, alone_with, this_test};
use zmtp_core::wire::Malformed;
use zmtp_core::{Error, Limit, LimitExceeded};
use zmtp_mio::CloseReason;

/// A property whose value has three bytes and claims this many.
fn false_length(claimed: u32) -> Vec<u8> {
    [&b"\x0bSocket-Type"[..], &claimed.to_be_bytes(), b"REQ"].concat()
}

#[test]
fn a_property_that_extends_past_the_end_is_refused() {
    alone_with(this_test!(), 256, || {
        let arena = Arena::new();
        let claims = [4, 5, 255, 65_536, 1 << 31, u32::MAX];
        for claimed in claims {
            let mut peer = RawPeer::connect(&arena.endpoint);
            peer.send(
                &[&wire::greeting("NULL")[..], &wire::command("READY", &false_length(claimed))]
                    .concat(),
            );
            peer.assert_closed();
        }
        // The same for a name.
        let mut peer = RawPeer::connect(&arena.endpoint);
        peer.send(&[&wire::greeting("NULL")[..], &wire::command("READY", b"\xffSocket")].concat());
        peer.assert_closed();
        drop(peer);
        let (counters, closes) = arena.end(4 * MIB);
        let malformed = CloseReason::Protocol(Error::Malformed(Malformed::Metadata));
        assert_eq!(counters.refused, 1 + claims.len() as u64);
        assert_eq!(closes.iter().filter(|close| **close == malformed).count(), 1 + claims.len());
    });
}

#[test]
fn a_mebibyte_of_metadata_is_refused_before_it_is_stored() {
    alone_with(this_test!(), 256, || {
        // Allocated before memory is measured, because they are the test's.
        let ready = wire::command("READY", &wire::property("X-Much", &vec![7; MIB]));
        let len = ready.len() as u64 - 9;
        let arena = Arena::new();
        for _ in 0..50 {
            let mut peer = RawPeer::connect(&arena.endpoint);
            peer.send(&wire::greeting("NULL"));
            let _ = peer.try_send(&ready);
            peer.assert_closed();
        }
        let (counters, closes) = arena.end(4 * MIB);
        let limit = LimitExceeded { limit: Limit::Command, allowed: 65_536, got: len };
        let refused = CloseReason::Protocol(Error::Limit(limit));
        assert_eq!(counters.refused, 50);
        assert_eq!(closes.iter().filter(|close| **close == refused).count(), 50, "{closes:?}");
    });
}

#[test]
fn endless_tiny_parts_cost_no_more_than_their_limit() {
    alone_with(this_test!(), 256, || {
        let arena = Arena::new();
        for part in [&b""[..], b"x", b"tiny"] {
            let mut peer = RawPeer::ready(&arena.endpoint, "REQ");
            peer.send(&wire::frame(1, b""));
            // 128 MiB in all, if the server accepts them.
            let parts = wire::frame(1, part).repeat(MIB / 8);
            let mut sent = 0;
            while sent < 128 * MIB && peer.try_send(&parts).is_ok() {
                sent += parts.len();
            }
            peer.assert_closed();
            assert!(sent < 64 * MIB, "{} MiB were taken", sent / MIB);
        }
        let (counters, closes) = arena.end(8 * MIB);
        let limit = LimitExceeded { limit: Limit::Parts, allowed: 16_384, got: 16_385 };
        let cut_off = CloseReason::Protocol(Error::Limit(limit));
        assert_eq!(counters.dropped.incomplete, 3);
        assert_eq!(closes.iter().filter(|close| **close == cut_off).count(), 3, "{closes:?}");
    });
}
