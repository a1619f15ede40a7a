//! Every byte of every command is changed.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::scene::{Piece, Victim, error_of, name_of};
use zmtp_tests::driver::LogEntry;

/// The outcome of a log, compared with that of an honest peer.
fn outcome(log: &[LogEntry], honest: &[LogEntry]) -> String {
    match error_of(log) {
        _ if log == honest => NO_EFFECT.into(),
        Some(error) => name_of(error),
        None if honest.starts_with(log) => WAITS.into(),
        None => ACCEPTED.into(),
    }
}

const NO_EFFECT: &str = "no effect";
const WAITS: &str = "waits for more";
const ACCEPTED: &str = "other content";

/// The values that replace a byte. In boxes of CURVE, one bit is changed: each run computes keys.
fn changes(victim: Victim, field: &str, byte: u8, at: usize) -> Vec<u8> {
    match field {
        "box" | "cookie" | "padding" | "filler" if victim.is_curve() => vec![byte ^ 1 << (at % 8)],
        _ if victim.is_curve() => (0..8).map(|bit| byte ^ 1 << bit).collect(),
        _ => (0..=255).filter(|other| *other != byte).collect(),
    }
}

/// What changes of a field cause.
struct Row {
    victim: Victim,
    piece: &'static str,
    field: &'static str,
    bytes: usize,
    outcomes: BTreeSet<String>,
}

fn rows(victim: Victim) -> Vec<Row> {
    let pieces = victim.pieces();
    let honest = victim.log(pieces.iter().map(|piece| &piece.bytes[..]));
    let mut rows = Vec::new();
    let run = |at: usize, changed: &[u8]| {
        let others = pieces.iter().map(|piece| &piece.bytes[..]).enumerate();
        let log =
            victim.log(others.map(|(other, bytes)| if other == at { changed } else { bytes }));
        outcome(&log, &honest)
    };
    for (at, piece) in pieces.iter().enumerate() {
        let mut start = 0;
        let mut row = |field, bytes, outcomes| {
            rows.push(Row { victim, piece: piece.name, field, bytes, outcomes });
        };
        for (field, len) in &piece.fields {
            let mut outcomes = BTreeSet::new();
            for byte in start..start + len {
                let mut changed = piece.bytes.clone();
                for value in changes(victim, field, piece.bytes[byte], byte) {
                    changed[byte] = value;
                    outcomes.insert(run(at, &changed));
                }
            }
            row(field, *len, outcomes);
            start += len;
        }
        if piece.name != "greeting" {
            let lengths = lengths(piece);
            row(
                "other lengths",
                lengths.len(),
                lengths.iter().map(|bytes| run(at, bytes)).collect(),
            );
        }
    }
    rows
}

/// The frame of a piece with every smaller length, and with one more byte.
fn lengths(piece: &Piece) -> Vec<Vec<u8>> {
    let head = if piece.bytes[0] & 2 == 0 { 2 } else { 9 };
    let body = &piece.bytes[head..];
    let longer = [body, &[0]].concat();
    let bodies = (0..body.len()).map(|len| &body[..len]).chain([&longer[..]]);
    bodies.map(|body| wire::frame(piece.bytes[0] & !2, body)).collect()
}

#[test]
fn every_changed_byte_of_a_handshake_has_the_stated_outcome() {
    let mut text = String::from(HEAD);
    for row in Victim::ALL.into_iter().flat_map(rows) {
        let Row { victim, piece, field, bytes, outcomes } = row;
        // No changed command of CURVE is accepted, nor are changed credentials.
        let must_fail = match (victim.is_curve(), piece) {
            // An ERROR refuses in any case. It is not authenticated.
            (_, "greeting" | "ERROR") => false,
            // The flags that count are in the box.
            (true, "MESSAGE") => !["flags", "length"].contains(&field),
            (true, _) => true,
            (false, piece) => piece == "HELLO",
        };
        let accepted = [NO_EFFECT, WAITS, ACCEPTED].iter().any(|text| outcomes.contains(*text));
        assert!(!must_fail || !accepted, "{victim:?} {piece} {field}: {outcomes:?}");
        let outcomes = outcomes.into_iter().collect::<Vec<_>>().join(", ");
        let victim = victim.text();
        writeln!(text, "| {victim} | {piece} | {field} | {bytes} | {outcomes} |").unwrap();
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/CHANGED.md");
    if std::env::var_os("ZMTP_WRITE").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let there = std::fs::read_to_string(path).unwrap_or_default();
    assert!(there == text, "CHANGED.md should be:\n{text}");
}

const HEAD: &str = "\
# Changed handshakes

What happens if one byte of the handshake of PLAIN or CURVE is changed, for each end that receives it and each field. In
PLAIN each byte gets every other value. In CURVE each bit is changed, and in boxes and padding one bit of each byte. \"Other
lengths\" are the command with every smaller length and with one more byte. The peer sends the rest unchanged, and then nothing
until the handshake timeout.

The outcomes are errors of the core (`Error`, `PeerError`, `HandshakeError`, `OpenError`), and: \"no effect\", the change is
ignored; \"other content\", the handshake is complete with what the peer sent; \"waits for more\", a frame after the handshake is
incomplete. PLAIN does not protect bytes from changes.

`cargo test -p zmtp-tests --test changed` checks this page, and writes it if `ZMTP_WRITE=1` is set.

| end | command | field | bytes | outcomes |
|---|---|---|---|---|
";
