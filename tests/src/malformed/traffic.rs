//! Traffic after a good handshake of NULL.

use zmtp_core::pattern::Reason;
use zmtp_core::wire::SocketType::{self, Pull, Rep, Req, Router};
use zmtp_core::wire::{CommandName, Malformed};
use zmtp_core::{Error, IgnoredCommand, Limit, LimitExceeded, PeerError};

use super::{Case, Run, What};
use wire::{command, frame, greeting, message, ready, ready_with_identity};

const SECTION: &str = "Traffic";
const STRICT: &str = "RFC 37 § Framing forbids it; after a framing error the rest cannot be parsed";
const LEAK: &str = "libzmq answers with bytes of its memory; this crate sends no PONG";
const DATA: &str = "a command is not a message: it is ignored and counted";
const STAYS: &str = "the message is rejected and counted; libzmq's REQ never uses this \
                     peer again";

/// What is about the sockets PUSH and PUB.
const SENDS_ONLY: What = What::Elsewhere {
    file: "sockets/main.rs",
    about: "it is about a socket that takes no messages",
};

pub(super) fn cases() -> Vec<Case> {
    let named = commands().into_iter().chain(sizes()).chain(patterns());
    named.map(|(input, what)| Case { section: SECTION, input, what }).collect()
}

type Named = (&'static str, What);

fn run(input: &'static str, run: Run) -> Named {
    (input, What::Run(Box::new(run)))
}

fn after(ours: SocketType, ready: Vec<u8>, pieces: &[Vec<u8>]) -> Run {
    Run::new(ours, [greeting("NULL"), ready].into_iter().chain(pieces.iter().cloned()))
}

fn to_pull(pieces: &[Vec<u8>]) -> Run {
    after(Pull, ready("PUSH"), pieces)
}

/// A piece with a good message behind it.
fn then_x(piece: Vec<u8>) -> Run {
    to_pull(&[piece, frame(0, b"x")])
}

fn commands() -> Vec<Named> {
    let malformed = |piece| then_x(piece).ignores(IgnoredCommand::Malformed);
    let ping = |context: &[u8]| command("PING", &[b"\0\0", context].concat());
    vec![
        run(
            "reserved flag bits set (f8) on a message",
            to_pull(&[b"\xf8\x01m".to_vec()])
                .fails(Malformed::ReservedFlags(0xf8))
                .delivers("-")
                .differs(STRICT),
        ),
        run(
            "MORE+COMMAND (05), unknown command, then 00 'x'",
            then_x(b"\x05\x04\x03FOO".to_vec())
                .fails(Malformed::MoreOnCommand)
                .delivers("-")
                .differs(STRICT),
        ),
        run(
            "unknown command",
            then_x(command("FOO", b"x")).ignores(IgnoredCommand::Command(CommandName::Unknown)),
        ),
        run("empty command 04 00", malformed(vec![4, 0])),
        run("command whose name length exceeds its body", malformed(b"\x04\x03\x09PI".to_vec())),
        run(
            "PING without TTL (04 05 'PING' only): libzmq reads past the end, echoes 16 stray bytes",
            malformed(command("PING", b"")).sends("READY").differs(LEAK),
        ),
        run(
            "PING with a 1-byte TTL",
            malformed(command("PING", b"\0")).sends("READY").differs(LEAK),
        ),
        run("PING with a 40-byte context", then_x(ping(&[b'c'; 40]))),
        run("PONG longer than 16", then_x(command("PONG", &[b'c'; 40]))),
        run(
            "PING before READY",
            Run::new(Pull, [greeting("NULL"), ping(b""), ready("PUSH")])
                .fails(PeerError::UnexpectedCommand(CommandName::Ping)),
        ),
        run(
            "two PINGs in one segment (contexts a, b)",
            to_pull(&[[ping(b"a"), ping(b"b")].concat()]),
        ),
    ]
}

fn sizes() -> Vec<Named> {
    let long = |size: u64| to_pull(&[[&[2], &size.to_be_bytes()[..], b"abc"].concat()]);
    let exceeds = |allowed, got| Error::Limit(LimitExceeded { limit: Limit::Frame, allowed, got });
    let at_most_50 = |run: Run| run.limits(|limits| limits.max_frame(50));
    let part = |more, byte| frame(more, &[byte; 40]);
    vec![
        run(
            "size ffffffffffffffff, no MAXMSGSIZE",
            long(u64::MAX).fails(Malformed::FrameSize(u64::MAX)),
        ),
        run("size 2^63, no MAXMSGSIZE", long(1 << 63).fails(Malformed::FrameSize(1 << 63))),
        run("size 2^40 (1 TiB), no MAXMSGSIZE", long(1 << 40).fails(exceeds(128 << 20, 1 << 40))),
        run(
            "51 bytes with MAXMSGSIZE=50",
            at_most_50(to_pull(&[frame(0, &[b'a'; 50]), frame(0, &[b'a'; 51])]))
                .fails(exceeds(50, 51)),
        ),
        run(
            "51 bytes with MAXMSGSIZE=50, libzmq connects",
            at_most_50(to_pull(&[frame(0, &[b'a'; 51])])).fails(exceeds(50, 51)),
        ),
        run(
            "three parts of 40 with MAXMSGSIZE=50 (limit is per frame)",
            at_most_50(to_pull(&[[part(1, b'a'), part(1, b'a'), part(0, b'b')].concat()])),
        ),
    ]
}

fn patterns() -> Vec<Named> {
    let subscribe = [command("SUBSCRIBE", b"x"), frame(0, b"m")];
    let ignores =
        |run: Run| run.ignores(IgnoredCommand::Command(CommandName::Subscribe)).differs(DATA);
    let to_req = |piece| after(Req, ready("REP"), &[piece]);
    let then_good = |piece| {
        let run = after(Rep, ready("REQ"), &[piece, message(&[b"", b"good"])]);
        run.rejects(Reason::BadEnvelope)
    };
    vec![
        run("SUBSCRIBE command to a PULL", ignores(to_pull(&subscribe)).delivers("6d")),
        run(
            "SUBSCRIBE command to a ROUTER",
            ignores(after(Router, ready_with_identity("DEALER", b"d"), &subscribe))
                .delivers("64 / 6d"),
        ),
        ("message sent to a PUSH socket by its PULL peer", SENDS_ONLY),
        ("message sent to a PUB socket, 3 parts", SENDS_ONLY),
        run(
            "REQ gets an unsolicited reply [empty, x]",
            to_req(message(&[b"", b"x"])).rejects(Reason::Unsolicited),
        ),
        run(
            "REQ gets [x] without a delimiter",
            to_req(message(&[b"x"])).rejects(Reason::Unsolicited).differs(STAYS),
        ),
        run(
            "REQ gets [4 bytes, not empty, x]",
            to_req(message(&[b"abcd", b"n", b"x"])).rejects(Reason::Unsolicited).differs(STAYS),
        ),
        run("REQ gets a PING", to_req(command("PING", b"\0\0"))),
        run("REP gets [x] without a delimiter, then a good request", then_good(message(&[b"x"]))),
        run(
            "REP gets [a, b] (no empty frame), then a good request",
            then_good(message(&[b"a", b"b"])),
        ),
        run("REP gets only [empty] without a body frame", then_good(message(&[b""]))),
    ]
}
