//! Peers with other protocols, mechanisms or socket types: each gets an ERROR or is closed at once,
//! and is counted. Other peers are not affected.
#![cfg(unix)]

use crate::harness::RawPeer;
use crate::harness::arena::Arena;
use crate::harness::processes::{MIB, alone_with, this_test};
use zmtp_core::wire::{MechanismName, SocketType};
use zmtp_core::{Error, PeerError};
use zmtp_mio::CloseReason;

fn ended(closes: &[CloseReason], error: impl Into<Error>) -> usize {
    let reason = CloseReason::Protocol(error.into());
    closes.iter().filter(|close| **close == reason).count()
}

#[test]
fn hundreds_of_other_protocols_are_closed_at_once() {
    alone_with(this_test!(), 256, || {
        let arena = Arena::new();
        let http =
            format!("POST /x HTTP/1.1\r\nContent-Length: 99999\r\n\r\n{}", "y".repeat(9_000));
        let mut tls = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec();
        tls.resize(517, 0xa5);
        let ssh = b"SSH-2.0-OpenSSH_9.7\r\n".to_vec();
        for round in 0..300 {
            let mut peer = RawPeer::connect(&arena.endpoint);
            let _ = peer.try_send([http.as_bytes(), &tls, &ssh][round % 3]);
            peer.assert_closed();
        }
        let (counters, closes) = arena.end(4 * MIB);
        assert_eq!(counters.refused, 300);
        let old = |close: &&CloseReason| {
            matches!(
                close,
                CloseReason::Protocol(Error::Peer(PeerError::UnsupportedVersion { .. }))
            )
        };
        assert_eq!(closes.iter().filter(old).count(), 300, "{closes:?}");
    });
}

#[test]
fn a_peer_with_another_mechanism_gets_an_error() {
    alone_with(this_test!(), 256, || {
        let arena = Arena::new();
        let names = [&b"PLAIN"[..], b"CURVE", b"GSSAPI", b"", b"null", b"NULLX", &[0xff; 20]];
        for name in names {
            let mut greeting = wire::greeting("NULL");
            greeting[12..32].fill(0);
            greeting[12..12 + name.len()].copy_from_slice(name);
            let mut peer = RawPeer::connect(&arena.endpoint);
            peer.send(&greeting);
            peer.read_exact(64);
            assert_eq!(peer.read_frame(), (4, b"\x05ERROR\x12Mechanism mismatch".to_vec()));
            peer.assert_closed();
        }
        let (counters, closes) = arena.end(4 * MIB);
        assert_eq!(counters.refused, names.len() as u64);
        for name in names {
            let mut padded = [0; 20];
            padded[..name.len()].copy_from_slice(name);
            let (ours, peer) = (MechanismName::NULL, MechanismName::new(&padded));
            let mismatch = PeerError::MechanismMismatch { ours, peer };
            assert_eq!(ended(&closes, mismatch), 1, "{closes:?}");
        }
    });
}

#[test]
fn a_peer_with_an_incompatible_socket_type_gets_an_error() {
    alone_with(this_test!(), 256, || {
        let arena = Arena::new();
        let misfits = ["REP", "PUB", "SUB", "PUSH", "PULL", "PAIR", "ROUTER", "XPUB", "SERVER"];
        let unknown = ["FOO", "req", "", "REQ ", "REQREQ"];
        for name in misfits.iter().chain(&unknown) {
            let mut peer = RawPeer::connect(&arena.endpoint);
            peer.send(&[&wire::greeting("NULL")[..], &wire::ready(name)].concat());
            peer.read_exact(64);
            let mut body = peer.read_frame().1;
            if body.starts_with(b"\x05READY") {
                // Our READY was sent before.
                body = peer.read_frame().1;
            }
            assert!(body.starts_with(b"\x05ERROR\x18Incompatible Socket-Type"), "{body:?}");
            peer.assert_closed();
        }
        let (counters, closes) = arena.end(4 * MIB);
        assert_eq!(counters.refused, (misfits.len() + unknown.len()) as u64);
        assert_eq!(ended(&closes, PeerError::UnknownSocketType), unknown.len());
        for name in misfits {
            let peer = SocketType::from_name(name.as_bytes()).unwrap();
            let misfit = PeerError::IncompatibleSocketType { ours: SocketType::Rep, peer };
            assert_eq!(ended(&closes, misfit), 1, "{closes:?}");
        }
    });
}
