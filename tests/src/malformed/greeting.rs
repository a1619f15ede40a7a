//! Greetings.

use zmtp_core::wire::SocketType::{Pull, Push};
use zmtp_core::wire::{MechanismName, UnsupportedVersion, Version};
use zmtp_core::{Error, PeerError, Timeout};

use super::{Case, Run, Security};
use wire::{frame, greeting, greeting_of, ready};

const SECTION: &str = "Greeting";
const ERROR_SENT: &str = "a retry cannot succeed, so the peer gets a whole greeting and an ERROR";
const HTTP: &str = "not ZMTP 1.0, whose first flags byte is 0";

pub(super) fn cases() -> Vec<Case> {
    let late = || Error::TimedOut(Timeout::Handshake);
    let in_300_ms = |pieces: Vec<Vec<u8>>| {
        let run = Run::new(Pull, pieces).limits(|limits| limits.handshake_timeout(300));
        run.silent(300).fails(late())
    };
    let older = |pieces: Vec<Vec<u8>>, peer, lowest, mechanism| {
        let error = PeerError::UnsupportedVersion { peer, lowest, mechanism };
        Run::new(Pull, pieces).fails(error)
    };
    let old = |pieces: Vec<Vec<u8>>, peer| older(pieces, peer, Version::V1_0, MechanismName::NULL);
    let mismatch = |bytes: Vec<u8>, name: &[u8]| {
        let peer = MechanismName::new(name);
        let run = Run::new(Pull, [bytes, ready("PUSH")]);
        run.fails(PeerError::MechanismMismatch { ours: MechanismName::NULL, peer })
            .sends("ERROR")
            .differs(ERROR_SENT)
    };
    let good = |opening: Vec<u8>| Run::new(Pull, [opening, ready("PUSH"), frame(0, b"m")]);
    let changed = |at: usize, byte| {
        let mut bytes = greeting("NULL");
        bytes[at] = byte;
        bytes
    };
    let long_http =
        "GET / HTTP/1.1\r\nHost: example.invalid\r\nUser-Agent: probe\r\nAccept: */*\r\n\r\n";
    let named: [(&str, Run); 14] = [
        (
            "greeting stops after 9 bytes, HANDSHAKE_IVL=300",
            in_300_ms(vec![greeting("NULL")[..9].to_vec()]),
        ),
        ("nothing sent, HANDSHAKE_IVL=300", in_300_ms(vec![])),
        (
            "nothing sent, HANDSHAKE_IVL=300, libzmq connects",
            Run { config: zmtp_core::Config::new(Push), ..in_300_ms(vec![]) }
                .limits(|limits| limits.handshake_timeout(300)),
        ),
        ("greeting only, no READY, HANDSHAKE_IVL=300", in_300_ms(vec![greeting("NULL")])),
        (
            "10th byte 7e (bit 0 clear): taken for ZMTP 1.0, then 1.0 long identity of length 0",
            old(
                vec![changed(9, 0x7e)[..10].to_vec(), vec![3, 1]],
                UnsupportedVersion::NoSignature(0x7e),
            ),
        ),
        (
            "first byte 'G' (HTTP request): taken for ZMTP 1.0 length 0x47",
            old(
                vec![b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()],
                UnsupportedVersion::NoSignature(b'G'),
            )
            .differs(HTTP),
        ),
        (
            "HTTP request longer than 71 bytes",
            old(
                vec![[long_http.as_bytes(), &[b'A'; 40]].concat()],
                UnsupportedVersion::NoSignature(b'G'),
            )
            .differs(HTTP),
        ),
        ("10th byte 01 instead of 7f", good(changed(9, 0x01))),
        (
            "mechanism 'NULL' with trailing garbage after the NUL",
            mismatch(changed(17, b'x'), b"NULL\0x"),
        ),
        ("mechanism lower case 'null'", mismatch(greeting("null"), b"null")),
        ("mechanism all NUL", mismatch(greeting(""), b"")),
        ("major version 3, minor 0", good(greeting_of([3, 0], "NULL"))),
        (
            "ZMTP 2.0 greeting to a PLAIN server",
            older(
                vec![b"\xff\0\0\0\0\0\0\0\x01\x7f\x01\x08\0\0".to_vec()],
                UnsupportedVersion::Major(1),
                Version::V3_0,
                MechanismName::PLAIN,
            )
            .secured(Security::PlainServer),
        ),
        // A domain is above the connection. A minimum version has the same effect, and `sockets/zap.rs` has a domain.
        ("ZMTP 1.0 peer when ZAP_DOMAIN is set", {
            let peer = UnsupportedVersion::NoSignature(1);
            let run = older(vec![vec![1, 0]], peer, Version::V3_0, MechanismName::NULL);
            Run { config: run.config.clone().with_min_version(Version::V3_0), ..run }
        }),
    ];
    named.into_iter().map(|(input, run)| run.named(SECTION, input).into()).collect()
}
