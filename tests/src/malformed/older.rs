//! Peers of ZMTP 2.0 and 1.0.

use zmtp_core::wire::SocketType::{Pull, Router};
use zmtp_core::wire::{Malformed, MechanismName, UnsupportedVersion, Version};
use zmtp_core::{Error, Limit, LimitExceeded, PeerError};

use super::{Case, Run};
use wire::{frame, frame_of_1_0, opening_of_2_0};

const STRICT: &str = "after a framing error the rest cannot be parsed";

pub(super) fn cases() -> Vec<Case> {
    let greeting = |code| opening_of_2_0(code, b"")[..12].to_vec();
    let v2 = |then: Vec<u8>| Run::new(Pull, [greeting(8), then]);
    let v1 = |then: Vec<u8>| Run::new(Pull, [frame_of_1_0(0, b""), then]);
    let strict = |run: Run, error: Error| run.fails(error).delivers("-").differs(STRICT);
    let over = Error::Limit(LimitExceeded { limit: Limit::Frame, allowed: 50, got: 51 });
    let named = [
        (
            "2.0: identity frame with MORE set",
            strict(v2([frame(1, b""), frame(0, b"m")].concat()), Malformed::MoreOnIdentity.into()),
        ),
        (
            "2.0: COMMAND bit (04) on a message",
            strict(
                v2([frame(0, b""), frame(4, b"m"), frame(0, b"n")].concat()),
                Malformed::ReservedFlags(4).into(),
            ),
        ),
        (
            "2.0: identity of 300 bytes to a ROUTER",
            Run::new(Router, [greeting(5), frame(0, &[b'i'; 300]), frame(0, b"m")])
                .fails(PeerError::RoutingIdTooLong(300))
                .delivers("-")
                .differs("a routing id has 0 to 255 bytes, as in ZMTP 3"),
        ),
        ("1.0: frame length 0", v1(b"\0\x02\0m".to_vec()).fails(Malformed::EmptyFrame)),
        (
            "1.0: first byte 00",
            Run::new(Pull, [b"\0\x02\0m".to_vec()]).fails(PeerError::UnsupportedVersion {
                peer: UnsupportedVersion::NoSignature(0),
                lowest: Version::V1_0,
                mechanism: MechanismName::NULL,
            }),
        ),
        (
            "1.0: reserved flag bits (fe) on a frame",
            strict(v1(frame_of_1_0(0xfe, b"m")), Malformed::ReservedFlags(0xfe).into()),
        ),
        (
            "1.0: over MAXMSGSIZE=50",
            v1(frame_of_1_0(0, &[b'a'; 51])).limits(|limits| limits.max_frame(50)).fails(over),
        ),
    ];
    named
        .into_iter()
        .map(|(input, run)| run.named("ZMTP 2.0 / 1.0 framing", input).into())
        .collect()
}
