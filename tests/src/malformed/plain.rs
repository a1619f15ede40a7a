//! The handshake of PLAIN.

use zmtp_core::wire::SocketType::{Pub, Pull, Push};
use zmtp_core::wire::{CommandName, MechanismName};
use zmtp_core::{Error, HandshakeError, PeerError, SecurityRole, Timeout};

use super::{Case, ERROR_SENT, Run, Security};
use wire::{command, frame, greeting, property, ready};

const BURST: &str =
    "the credentials precede INITIATE, so that the outcome does not depend on when WELCOME is sent";

fn hello() -> Vec<u8> {
    command("HELLO", b"\x05admin\x06secret")
}

fn initiate(socket_type: &str) -> Vec<u8> {
    command("INITIATE", &property("Socket-Type", socket_type.as_bytes()))
}

fn server(pieces: impl IntoIterator<Item = Vec<u8>>) -> Run {
    let pieces = core::iter::once(greeting("PLAIN")).chain(pieces);
    Run::new(Pull, pieces).secured(Security::PlainServer)
}

fn client(pieces: impl IntoIterator<Item = Vec<u8>>) -> Run {
    let pieces = core::iter::once(greeting("PLAIN")).chain(pieces);
    Run::new(Push, pieces).secured(Security::PlainClient)
}

const fn invalid(name: CommandName) -> PeerError {
    PeerError::Handshake(HandshakeError::Length(name))
}

const fn unexpected(name: CommandName) -> PeerError {
    PeerError::UnexpectedCommand(name)
}

pub(super) fn server_cases() -> Vec<Case> {
    let message = || frame(0, b"m");
    let mut greeting_as_server = greeting("PLAIN");
    greeting_as_server[32] = 1;
    let named = [
        ("good HELLO + INITIATE", server([hello(), initiate("PUSH"), message()])),
        (
            "client as-server bit set to 1 as well",
            Run::new(Pull, [greeting_as_server, hello(), initiate("PUSH"), message()])
                .secured(Security::PlainServer),
        ),
        (
            "HELLO with trailing byte",
            server([command("HELLO", b"\x05admin\x06secretx")]).fails(invalid(CommandName::Hello)),
        ),
        (
            "HELLO without password",
            server([command("HELLO", b"\x05admin")]).fails(invalid(CommandName::Hello)),
        ),
        ("HELLO with empty user and password", server([command("HELLO", b"\0\0")])),
        (
            "HELLO user length beyond the body",
            server([command("HELLO", b"\x20admin\x06secret")]).fails(invalid(CommandName::Hello)),
        ),
        (
            "INITIATE before HELLO",
            server([initiate("PUSH")]).fails(unexpected(CommandName::Initiate)),
        ),
        (
            "HELLO and INITIATE in one segment (before WELCOME)",
            server([[hello(), initiate("PUSH")].concat()]).sends("WELCOME, READY").differs(BURST),
        ),
        (
            "INITIATE with wrong Socket-Type",
            server([hello(), initiate("PUB")])
                .fails(PeerError::IncompatibleSocketType { ours: Pull, peer: Pub })
                .sends("WELCOME, ERROR")
                .differs(ERROR_SENT),
        ),
        (
            "READY instead of INITIATE",
            server([hello(), ready("PUSH")]).fails(unexpected(CommandName::Ready)),
        ),
        (
            "peer is also a PLAIN server (sends nothing)",
            server([]).silent(10_000).fails(Error::TimedOut(Timeout::Handshake)),
        ),
        (
            "ERROR sent by the client",
            server([command("ERROR", b"\x03400")]).fails(PeerError::Refused),
        ),
    ];
    named.into_iter().map(|(input, run)| run.named("PLAIN server", input).into()).collect()
}

pub(super) fn client_cases() -> Vec<Case> {
    let welcome = || command("WELCOME", b"");
    let error = |reason: &[u8]| client([command("ERROR", reason)]).fails(PeerError::Refused);
    let named = [
        (
            "WELCOME with data",
            client([command("WELCOME", b"x")]).fails(invalid(CommandName::Welcome)),
        ),
        ("READY without WELCOME", client([ready("PULL")]).fails(unexpected(CommandName::Ready))),
        ("WELCOME twice", client([welcome(), welcome()]).fails(unexpected(CommandName::Welcome))),
        (
            "READY with wrong Socket-Type",
            client([welcome(), ready("PUB")])
                .fails(PeerError::IncompatibleSocketType { ours: Push, peer: Pub }),
        ),
        (
            "HELLO from the other side (two clients)",
            client([hello()]).fails(PeerError::SameRole {
                mechanism: MechanismName::PLAIN,
                role: SecurityRole::Client,
            }),
        ),
        ("ERROR 400", error(b"\x03400")),
        ("ERROR 'hello' (not a ZAP code)", error(b"\x05hello")),
    ];
    named.into_iter().map(|(input, run)| run.named("PLAIN client", input).into()).collect()
}
