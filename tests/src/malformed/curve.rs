//! The handshake and the messages of CURVE.

use zmtp_core::wire::SocketType::Pull;
use zmtp_core::wire::{CommandName, MechanismName};
use zmtp_core::{HandshakeError, OpenError, PeerError};

use super::{Case, ERROR_SENT, Run, STRICT, Security};
use crate::curve::{OTHER, RawClient, public};
use wire::{command, frame, greeting, property, ready};

const CHECKED: &str = "RFC 26 demands the check, which libzmq leaves out";
const FLAGS: &str = "flags that RFC 26 and libzmq do not define are refused, as outside CURVE";

fn client() -> RawClient {
    RawClient::new("PUSH")
}

fn server(pieces: impl IntoIterator<Item = Vec<u8>>) -> Run {
    let pieces = core::iter::once(greeting("CURVE")).chain(pieces);
    Run::new(Pull, pieces).secured(Security::CurveServer)
}

/// A handshake and the message `hi`.
fn handshake(client: &RawClient) -> Run {
    server([client.hello(), client.initiate(), message(3, b"\0hi")])
}

fn message(nonce: u64, flags_and_body: &[u8]) -> Vec<u8> {
    frame(0, &client().message(nonce, flags_and_body))
}

/// A complete handshake, then these frames.
fn traffic(frames: impl IntoIterator<Item = Vec<u8>>) -> Run {
    server([client().hello(), client().initiate()].into_iter().chain(frames))
}

/// A byte of a command or frame is changed.
fn changed(mut bytes: Vec<u8>, at: usize) -> Vec<u8> {
    bytes[at] ^= 1;
    bytes
}

fn invalid(run: Run, error: HandshakeError) -> Run {
    run.fails(PeerError::Handshake(error))
}

fn checked(run: Run, error: HandshakeError) -> Run {
    invalid(run, error).delivers("-").differs(CHECKED)
}

fn flags(run: Run) -> Run {
    run.fails(PeerError::Sealed(OpenError::Flags)).delivers("-").differs(FLAGS)
}

pub(super) fn cases() -> Vec<Case> {
    let cases = hello_cases().into_iter().chain(initiate_cases()).chain(traffic_cases());
    cases.map(|(input, run)| run.named("CURVE server", input).into()).collect()
}

fn hello_cases() -> Vec<(&'static str, Run)> {
    let hello = client().hello();
    let mut short = hello[2..hello.len() - 1].to_vec();
    short = command("HELLO", &short.split_off(6));
    vec![
        ("good handshake + message", handshake(&client())),
        (
            "HELLO version 1.1",
            invalid(
                server([client().with(|client| client.version = [1, 1]).hello()]),
                HandshakeError::Version,
            ),
        ),
        (
            "HELLO padding not zero",
            checked(
                handshake(&client().with(|client| client.padding[70] = 1)),
                HandshakeError::Padding,
            ),
        ),
        (
            "HELLO one byte short",
            invalid(server([short]), HandshakeError::Length(CommandName::Hello)),
        ),
        (
            "HELLO box corrupted",
            invalid(server([changed(hello.clone(), 150)]), HandshakeError::Forged),
        ),
        (
            "HELLO in a message frame (00)",
            server([frame(0, &hello[2..])])
                .fails(PeerError::MessageInHandshake)
                .delivers("-")
                .differs(STRICT),
        ),
    ]
}

fn initiate_cases() -> Vec<(&'static str, Run)> {
    let with = |change: fn(&mut RawClient)| handshake(&client().with(change));
    let corrupted = |at| server([client().hello(), changed(client().initiate(), at)]);
    vec![
        ("INITIATE cookie corrupted", invalid(corrupted(9 + 9 + 50), HandshakeError::Cookie)),
        ("INITIATE box corrupted", invalid(corrupted(9 + 113 + 20), HandshakeError::Forged)),
        (
            "vouch with wrong transient key",
            invalid(with(|client| client.vouched[0] = public(OTHER)), HandshakeError::Vouch)
                .delivers("-"),
        ),
        (
            "vouch with wrong server key: not checked by libzmq",
            checked(with(|client| client.vouched[1] = public(OTHER)), HandshakeError::Vouch),
        ),
        (
            "vouch sealed by another client key",
            invalid(with(|client| client.vouches = OTHER), HandshakeError::Vouch),
        ),
        (
            "INITIATE nonce equal to HELLO's (1): not checked",
            checked(with(|client| client.nonce = 1), HandshakeError::Nonce),
        ),
        ("INITIATE with empty metadata", with(|client| client.metadata.clear())),
        (
            "INITIATE with bad Socket-Type",
            with(|client| client.metadata = property("Socket-Type", b"NOPE"))
                .fails(PeerError::UnknownSocketType)
                .sends("ERROR")
                .differs(ERROR_SENT),
        ),
        (
            "INITIATE nonce 500, MESSAGE nonce 3",
            with(|client| client.nonce = 500).fails(PeerError::Sealed(OpenError::Replayed)),
        ),
    ]
}

fn traffic_cases() -> Vec<(&'static str, Run)> {
    let last = message(9, b"\0x");
    let sealed = |frames: Vec<Vec<u8>>, error| traffic(frames).fails(PeerError::Sealed(error));
    let peer = MechanismName::NULL;
    vec![
        (
            "clear message frame after the handshake",
            sealed(vec![frame(0, b"x")], OpenError::TooShort),
        ),
        (
            "clear PING command after the handshake",
            sealed(vec![wire::ping(b"")], OpenError::TooShort),
        ),
        ("MESSAGE box corrupted", sealed(vec![changed(message(3, b"\0x"), 30)], OpenError::Forged)),
        (
            "MESSAGE with an empty inner payload (no flags byte)",
            sealed(vec![message(3, b"")], OpenError::TooShort),
        ),
        (
            "MESSAGE inner flags ff (all bits), body PING-less 'x': command bit 02 makes it a dropped command",
            flags(traffic([message(3, b"\xffx"), message(4, b"\0y")])),
        ),
        (
            "MESSAGE inner flags fc (reserved only)",
            flags(traffic([message(3, b"\xfcx"), last.clone()])),
        ),
        (
            "MESSAGE inner flags 04 with PING body: delivered as data",
            flags(traffic([message(3, b"\x04\x04PING\0\0"), last])),
        ),
        (
            "outer MORE flag, inner flags 00: outer MORE leaks into the message",
            flags(traffic([frame(1, &client().message(3, b"\0a")), message(4, b"\0b")])),
        ),
        (
            "pipelined: second MESSAGE with a lower nonce",
            sealed(vec![[message(10, b"\0a"), message(9, b"\0b")].concat()], OpenError::Replayed),
        ),
        (
            "NULL client to a CURVE server",
            Run::new(Pull, [greeting("NULL"), ready("PUSH")])
                .secured(Security::CurveServer)
                .fails(PeerError::MechanismMismatch { ours: MechanismName::CURVE, peer })
                .sends("ERROR")
                .differs(ERROR_SENT),
        ),
    ]
}
