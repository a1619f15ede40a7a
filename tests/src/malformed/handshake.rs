//! The handshake of NULL.

use zmtp_core::wire::SocketType::{Pub, Pull, Push, Req, Router};
use zmtp_core::wire::{CommandName, Malformed};
use zmtp_core::{Error, IgnoredCommand, Limit, LimitExceeded, PeerError};

use super::{Case, ERROR_SENT, Run, STRICT};
use wire::{
    command, command_body, frame, greeting, long_frame, property, ready, ready_with_identity,
};

const SECTION: &str = "NULL handshake";
const BURST: &str = "a listener accepts greeting, READY and message in one burst; only its own messages \
                     wait for the READY of the peer";

pub(super) fn cases() -> Vec<Case> {
    let named =
        refused_ready().into_iter().chain(properties()).chain(commands()).chain(identities());
    named.map(|(input, run)| run.named(SECTION, input).into()).collect()
}

type Named = (&'static str, Run);

fn push() -> Vec<u8> {
    property("Socket-Type", b"PUSH")
}

/// A READY and a message behind it.
fn with_ready(ready: Vec<u8>) -> Run {
    Run::new(Pull, [greeting("NULL"), ready, frame(0, b"m")])
}

/// A READY with these properties behind its Socket-Type.
fn with_more(more: &[u8]) -> Run {
    with_ready(command("READY", &[&push(), more].concat()))
}

fn instead_of_ready(bytes: Vec<u8>) -> Run {
    Run::new(Pull, [greeting("NULL"), bytes])
}

fn strict(ready: Vec<u8>, error: impl Into<Error>) -> Run {
    with_ready(ready).fails(error).delivers("-").differs(STRICT)
}

fn wrong_type(run: Run, error: PeerError) -> Run {
    run.fails(error).sends("READY, ERROR").differs(ERROR_SENT)
}

fn refused_ready() -> Vec<Named> {
    let flags = |flags: u8| {
        let mut bytes = ready("PUSH");
        bytes[0] = flags;
        bytes
    };
    let body = command_body("READY", &push());
    vec![
        (
            "READY in a message frame (flags 00)",
            strict(frame(0, &body), PeerError::MessageInHandshake),
        ),
        ("READY with MORE set (flags 05)", strict(flags(5), Malformed::MoreOnCommand)),
        ("READY in long form (flags 06) though short", with_ready(long_frame(4, &body))),
        ("READY with reserved flag bits (fc)", strict(flags(0xfc), Malformed::ReservedFlags(0xfc))),
        ("READY without Socket-Type", with_ready(command("READY", b""))),
        (
            "READY with unknown Socket-Type 'FOO'",
            wrong_type(with_ready(ready("FOO")), PeerError::UnknownSocketType),
        ),
        (
            "READY with incompatible Socket-Type REQ",
            wrong_type(with_ready(ready("REQ")), unfit(Req)),
        ),
        (
            "incompatible Socket-Type, libzmq connects",
            wrong_type(
                Run::new(Push, [greeting("NULL"), ready("PUB")]),
                PeerError::IncompatibleSocketType { ours: Push, peer: Pub },
            ),
        ),
        (
            "Socket-Type value 'push' (lower case)",
            wrong_type(with_ready(ready("push")), PeerError::UnknownSocketType),
        ),
        (
            "property name 'socket-type' (lower case), value REQ",
            with_ready(command("READY", &property("socket-type", b"REQ")))
                .fails(unfit(Req))
                .sends("READY, ERROR")
                .delivers("-")
                .differs("RFC 37: names of properties are case-insensitive"),
        ),
        ("Socket-Type twice: PUSH then PUSH", with_more(&push())),
        (
            "Socket-Type twice: PUSH then REQ",
            wrong_type(with_more(&property("Socket-Type", b"REQ")), unfit(Req)),
        ),
    ]
}

const fn unfit(peer: zmtp_core::wire::SocketType) -> PeerError {
    PeerError::IncompatibleSocketType { ours: Pull, peer }
}

fn properties() -> Vec<Named> {
    let cut = |rest: &[u8]| with_more(rest).fails(Malformed::Metadata);
    vec![
        ("property name of length 0", with_more(b"\0\0\0\0\x01x")),
        ("property name with illegal characters", with_more(b"\x04a b\xff\0\0\0\x01v")),
        ("one stray byte after the properties", cut(b"\x03")),
        ("name length beyond the body", cut(b"\x20abc")),
        ("value length beyond the body", cut(b"\x01a\0\0\0\x09xyz")),
        ("value length ffffffff", cut(b"\x01a\xff\xff\xff\xffxyz")),
        ("value length field cut short", cut(b"\x01a\0\0")),
        (
            "READY twice",
            Run::new(Pull, [greeting("NULL"), ready("PUSH"), ready("PUSH"), frame(0, b"m")])
                .fails(PeerError::SecondReady)
                .delivers("-")
                .differs(
                    "READY completes the handshake (RFC 37 § The NULL Security Mechanism); a \
                          second one could change what was agreed",
                ),
        ),
    ]
}

fn commands() -> Vec<Named> {
    let unexpected =
        |bytes, name| instead_of_ready(bytes).fails(PeerError::UnexpectedCommand(name));
    let reason = |data: &[u8]| command("ERROR", data);
    let early = |bytes| instead_of_ready(bytes).fails(PeerError::MessageInHandshake);
    vec![
        (
            "empty command frame 04 00 instead of READY",
            instead_of_ready(vec![4, 0]).fails(Malformed::CommandName),
        ),
        (
            "unknown command HELLO instead of READY",
            unexpected(command("HELLO", b"x"), CommandName::Hello),
        ),
        (
            "command name 'ready' (lower case)",
            unexpected(command("ready", &push()), CommandName::Unknown),
        ),
        (
            "command name length 6 but text READY",
            unexpected(frame(4, &[b"\x06READY", &push()[..]].concat()), CommandName::Unknown),
        ),
        ("message frame before READY", early(frame(0, b"early"))),
        (
            "greeting + READY in one segment, message after libzmq's READY",
            Run::new(Pull, [[greeting("NULL"), ready("PUSH")].concat(), frame(0, b"m")]),
        ),
        (
            "greeting + READY + message all in one segment (10 of 10 runs, also when libzmq connects)",
            Run::new(Pull, [[greeting("NULL"), ready("PUSH"), frame(0, b"m")].concat()])
                .sends("READY")
                .delivers("6d")
                .differs(BURST),
        ),
        (
            "greeting, pause, READY + message in one segment",
            Run::new(Pull, [greeting("NULL"), [ready("PUSH"), frame(0, b"m")].concat()]),
        ),
        (
            "ERROR with reason instead of READY",
            instead_of_ready(reason(b"\x04nope")).fails(PeerError::Refused),
        ),
        (
            "ERROR instead of READY, libzmq connects",
            Run::new(Push, [greeting("NULL"), reason(b"\x04nope")]).fails(PeerError::Refused),
        ),
        (
            "ERROR with reason length beyond the body",
            instead_of_ready(reason(b"\x09no")).fails(Malformed::ErrorReason),
        ),
        (
            "ERROR without a reason byte",
            instead_of_ready(reason(b"")).fails(Malformed::ErrorReason),
        ),
        (
            "ERROR after the handshake",
            Run::new(Pull, [greeting("NULL"), ready("PUSH"), reason(b"\x04nope"), frame(0, b"m")])
                .ignores(IgnoredCommand::Command(CommandName::Error)),
        ),
    ]
}

fn identities() -> Vec<Named> {
    let router = |ready| Run::new(Router, [greeting("NULL"), ready, frame(0, b"m")]);
    let twice = [
        property("Socket-Type", b"DEALER"),
        property("Identity", b"one"),
        property("Identity", b"two"),
    ];
    let exceeds =
        |allowed, got| Error::Limit(LimitExceeded { limit: Limit::Command, allowed, got });
    let big = |n: usize| property("X-Big", &vec![b'z'; n]);
    vec![
        (
            "Identity of 256 bytes (ROUTER)",
            router(ready_with_identity("DEALER", &[b'i'; 256]))
                .fails(PeerError::RoutingIdTooLong(256))
                .delivers("-")
                .differs("RFC 37 § The Identity Property: 0 to 255 bytes"),
        ),
        ("Identity starting with 00 (ROUTER)", router(ready_with_identity("DEALER", b"\0abc"))),
        ("Identity twice (ROUTER): 'one' then 'two'", router(command("READY", &twice.concat()))),
        (
            "READY of 100000 bytes of metadata",
            with_more(&big(100_000))
                .fails(exceeds(65_536, 100_036))
                .delivers("-")
                .differs("a command has at most 64 KiB unless the limit is raised"),
        ),
        (
            "READY larger than MAXMSGSIZE=64",
            instead_of_ready(command("READY", &[push(), big(100)].concat()))
                .limits(|limits| limits.max_command(64))
                .fails(exceeds(64, 136)),
        ),
    ]
}
