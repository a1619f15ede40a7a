//! The rows of the table of malformed inputs, adapted to each socket type.
//!
//! A row is written for one socket type. For another type, a compatible Socket-Type (or code of ZMTP 2.0) in the
//! row is replaced by one that is compatible with the other type, and an incompatible one by an incompatible one.
//! For a REP, a delimiter is put before each message. All rows are sent by a peer that connects, also those that
//! were written for a peer that listens.

use std::collections::BTreeMap;

use wire::Frame;
use zmtp_core::wire::SocketType;
use zmtp_tests::malformed::{self, Run, What};

use super::input::Input;
use super::subject::Kind;

/// The rows for a socket type.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Rows {
    /// The compared rows, in the order of the table.
    pub compared: Vec<Input>,
    /// The number of rows that are not compared, by the reason.
    pub left_out: BTreeMap<&'static str, usize>,
}

/// The reason why rows of PLAIN and CURVE are not compared: the sockets of both ends have the mechanism NULL.
const SECURED: &str = "it is about PLAIN or CURVE";

/// Every row of the table.
pub fn of(kind: Kind) -> Rows {
    let mut rows = Rows::default();
    for case in malformed::cases() {
        let why = match case.what {
            What::Run(run) if run.is_null() => {
                let name = format!("{}: {}", case.section, case.input);
                rows.compared.push(Input::row(kind, name, &run, &shown(&run, kind)));
                continue;
            }
            What::Run(_) => SECURED,
            What::Elsewhere { about, .. } => about,
        };
        *rows.left_out.entry(why).or_default() += 1;
    }
    rows
}

/// The bytes of a row, adapted to this socket type.
fn shown(run: &Run, kind: Kind) -> Vec<Vec<u8>> {
    let types = Types { written_for: run.config.socket_type, kind };
    if types.written_for == kind.names().0 {
        return run.pieces.clone();
    }
    match (wire::is_legacy(&run.pieces.concat()), run.pieces.first().map_or(0, Vec::len)) {
        (Some(false), _) => types.pieces(&run.pieces),
        (Some(true), 12..) if run.pieces[0].starts_with(b"\xff") => types.of_2_0(&run.pieces),
        (Some(true), _) if run.pieces[0] == [1, 0] => types.of_1_0(&run.pieces),
        _ => run.pieces.clone(),
    }
}

/// The type that a row is written for, and the type that receives it.
struct Types {
    written_for: SocketType,
    kind: Kind,
}

impl Types {
    /// Whether messages of the row lack the delimiter that a REP requires.
    fn lack_delimiter(&self) -> bool {
        self.kind == Kind::Rep && self.written_for != SocketType::Req
    }

    fn pieces(&self, pieces: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut state = State { greeted: false, ready: false, begun: false };
        pieces.iter().map(|piece| self.piece(piece, &mut state)).collect()
    }

    fn piece(&self, piece: &[u8], state: &mut State) -> Vec<u8> {
        let greeting = if state.greeted { 0 } else { piece.len().min(64) };
        state.greeted = true;
        let (greeting, mut rest) = piece.split_at(greeting);
        let mut bytes = greeting.to_vec();
        while let Some(frame) = Frame::first(rest) {
            if state.ready && !frame.is_command() {
                if !state.begun && self.lack_delimiter() {
                    bytes.extend(wire::frame(1, b""));
                }
                state.begun = frame.has_more();
            }
            let body = if frame.is_whole() { self.named(&frame.body) } else { Vec::new() };
            if body == frame.body || !frame.is_whole() {
                bytes.extend_from_slice(&rest[..frame.wire_len]);
            } else {
                bytes.extend(wire::with_header(frame.flags, body.len() as u64, &body));
            }
            state.ready |= frame.body.starts_with(b"\x05READY");
            rest = &rest[frame.wire_len..];
        }
        bytes.extend_from_slice(rest);
        bytes
    }

    /// The body of a frame with other values of the property Socket-Type.
    fn named(&self, body: &[u8]) -> Vec<u8> {
        const NAME: &[u8] = b"\x0bSocket-Type";
        let (mut bytes, mut at) = (Vec::new(), 0);
        while at < body.len() {
            let rest = &body[at..];
            let there = rest.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME));
            let property = wire::properties(rest).0.first().copied().filter(|_| there);
            if let Some((_, value)) = property {
                let other = self.value(value);
                bytes.extend_from_slice(&rest[..NAME.len()]);
                bytes.extend((other.len() as u32).to_be_bytes());
                bytes.extend(other);
                at += NAME.len() + 4 + value.len();
            } else {
                bytes.push(body[at]);
                at += 1;
            }
        }
        bytes
    }

    /// The Socket-Type that replaces `value`.
    fn value(&self, value: &[u8]) -> Vec<u8> {
        let (ours, peer) = self.kind.names();
        let fits = |of: SocketType, name: &[u8]| {
            SocketType::from_name(name).is_some_and(|name| of.accepts(name))
        };
        if fits(self.written_for, value) {
            peer.into()
        } else if fits(self.written_for, &value.to_ascii_uppercase()) {
            peer.to_ascii_lowercase().into()
        } else if fits(ours, value) {
            SocketType::Pair.name().into()
        } else {
            value.to_vec()
        }
    }

    /// Pieces of ZMTP 2.0: a greeting, which an identity may follow, then frames.
    fn of_2_0(&self, pieces: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let peer = SocketType::from_name(self.kind.names().1.as_bytes());
        let mut pieces = pieces.to_vec();
        pieces[0][11] = peer.map_or(0, SocketType::code);
        if let [_, frames] = &mut pieces[..]
            && self.lack_delimiter()
        {
            let identity = Frame::first(frames).map_or(0, |frame| frame.wire_len);
            let mut bytes = frames[..identity].to_vec();
            for frame in wire::frames(&frames[identity..]).0 {
                if !frame.is_command() {
                    bytes.extend(wire::frame(1, b""));
                }
                bytes.extend(wire::frame(frame.flags, &frame.body));
            }
            *frames = bytes;
        }
        pieces
    }

    /// Pieces of ZMTP 1.0: an identity, then one frame.
    fn of_1_0(&self, pieces: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut pieces = pieces.to_vec();
        if let [_, frame] = &mut pieces[..]
            && self.lack_delimiter()
        {
            *frame = [wire::frame_of_1_0(1, b""), frame.clone()].concat();
        }
        pieces
    }
}

/// The state of the bytes of a peer.
struct State {
    greeted: bool,
    ready: bool,
    /// In the middle of a message.
    begun: bool,
}

#[cfg(test)]
mod tests {
    use zmtp_core::Error;

    use super::super::reading;
    use super::*;

    /// An error without the types and sizes in it.
    fn flaw(error: Option<Error>) -> String {
        let text = format!("{error:?}");
        text.split(|c: char| c == '{' || c.is_ascii_digit()).next().unwrap_or_default().into()
    }

    /// Whether a type drops messages of several parts.
    const fn has_one_part(kind: Kind) -> bool {
        matches!(kind, Kind::Channel | Kind::Gather | Kind::Server)
    }

    /// Whether one of the messages of a row has one part.
    fn has_message_of_one_part(row: &Input) -> bool {
        let frames = wire::frames(row.bytes.get(64..).unwrap_or_default()).0;
        let mut messages = frames.iter().filter(|frame| !frame.is_command());
        let mut begun = false;
        messages.any(|frame| !core::mem::replace(&mut begun, frame.has_more()) && !frame.has_more())
    }

    #[test]
    fn every_type_gets_the_fault_of_every_row() {
        for kind in Kind::ALL {
            let mut rows = of(kind).compared.into_iter();
            for (libzmq, case) in malformed::libzmq().into_iter().zip(malformed::cases()) {
                let What::Run(run) = case.what else { continue };
                if !run.is_null() {
                    continue;
                }
                let row = rows.next().expect("an input of each row that is run");
                let reading = reading::ours(kind, &row);
                assert_eq!(flaw(reading.error), flaw(run.error), "{kind:?}: {}", case.input);
                if run.stated(&libzmq.outcome).delivered != "-" {
                    let received = !reading.outcome.received.is_empty();
                    let drops = has_one_part(kind) && !has_message_of_one_part(&row);
                    assert!(received || drops, "{kind:?}: {}", case.input);
                }
            }
            assert!(rows.next().is_none());
        }
    }

    #[test]
    fn rows_are_adapted_to_each_type() {
        let types = Types { written_for: SocketType::Pull, kind: Kind::Rep };
        for (one, other) in
            [("PUSH", "REQ"), ("push", "req"), ("REQ", "PAIR"), ("FOO", "FOO"), ("PUB", "PUB")]
        {
            assert_eq!(types.value(one.as_bytes()), other.as_bytes());
        }
    }
}
