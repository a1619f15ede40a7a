//! Properties of two connected ends with any changes on the wire between them.

use arbitrary::{Arbitrary, Result, Unstructured};
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Error};

use crate::dialogue::{Step, config, parts};
use crate::driver::{Driver, Fetch, Lane};
use crate::{model, pair};

/// Bytes that the wire may insert: the beginnings of frames and commands.
const INSERTS: [&[u8]; 7] = [
    b"\0\0",
    b"\x01\0",
    b"\x02\x80\0\0\0\0\0\0\0",
    b"\x04\x07\x04PING\0\0",
    b"\x04\x06\x05READY",
    b"\x04\x08\x05ERROR\x01x",
    &[0xff; 9],
];

/// Each end reports what its model predicts for the bytes that reached it. An unchanged wire delivers
/// every message in order without errors.
pub fn duplex_holds(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let Ok(configs) = two_that_fit(&mut input) else { return };
    let mut duplex = Duplex::new(&configs);
    while let Ok(op) = input.arbitrary::<Op>() {
        if input.is_empty() {
            break;
        }
        duplex.apply(op);
    }
    duplex.quiet();
    duplex.check();
}

fn two_that_fit(input: &mut Unstructured<'_>) -> Result<[Config; 2]> {
    let types: Vec<SocketType> = SocketType::all().collect();
    let one = config(input, &types)?;
    let fitting: Vec<SocketType> =
        types.into_iter().filter(|kind| one.socket_type.accepts(*kind)).collect();
    let other = config(input, &fitting)?;
    Ok([one, other])
}

#[derive(Arbitrary, Debug)]
enum Op {
    /// Delivers up to so many bytes to that end.
    Carry(Side, u8),
    Carry64KiB(Side),
    /// Changes bytes that are on the way to that end.
    Drop(Side, u8, u8),
    Flip(Side, u16, u8),
    Insert(Side, u8, u8),
    Repeat(Side, u8, u8),
    /// That end sends a message.
    Send(Side, Message),
    Wait(u8),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Side {
    Left,
    Right,
}

#[derive(Debug)]
struct Message(Vec<Vec<u8>>);

impl<'a> Arbitrary<'a> for Message {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        parts(input).map(Self)
    }
}

struct Duplex<'c> {
    ends: [End<'c>; 2],
}

/// An end, and the bytes on the way to it.
struct End<'c> {
    config: &'c Config,
    driver: Driver<'c>,
    wire: Vec<u8>,
    /// The events of this end.
    steps: Vec<Step>,
    /// Messages on the way to it, as long as the bytes are unchanged.
    due: Vec<Vec<Vec<u8>>>,
    meddled: bool,
}

impl<'c> Duplex<'c> {
    fn new([left, right]: &'c [Config; 2]) -> Self {
        let end = |config, lane, fetch| End {
            config,
            driver: Driver::with(config, lane, fetch),
            wire: Vec::new(),
            steps: Vec::new(),
            due: Vec::new(),
            meddled: false,
        };
        let ends = [end(left, Lane::Both, Fetch::Eagerly), end(right, Lane::Decode, Fetch::Lazily)];
        let mut duplex = Self { ends };
        duplex.collect();
        duplex
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Carry(side, n) => self.carry(side, usize::from(n)),
            Op::Carry64KiB(side) => self.carry(side, 65_536),
            Op::Drop(side, at, n) => self.meddle(side, at.into(), |wire, at| {
                let end = wire.len().min(at + 1 + usize::from(n));
                wire.drain(at..end);
            }),
            Op::Flip(side, at, bits) => self.meddle(side, at.into(), |wire, at| {
                if let Some(byte) = wire.get_mut(at) {
                    *byte ^= bits.max(1);
                }
            }),
            Op::Insert(side, at, what) => self.meddle(side, at.into(), |wire, at| {
                let what = INSERTS[usize::from(what) % INSERTS.len()];
                wire.splice(at..at, what.iter().copied());
            }),
            Op::Repeat(side, at, n) => self.meddle(side, at.into(), |wire, at| {
                let end = wire.len().min(at + 1 + usize::from(n));
                let again = wire[at..end].to_vec();
                wire.splice(end..end, again);
            }),
            Op::Send(side, Message(parts)) => {
                let [from, to] = self.end_and_other(side);
                if from.driver.send(&parts).is_ok() {
                    to.due.push(parts);
                }
            }
            Op::Wait(time) => {
                for end in &mut self.ends {
                    let ms = u32::from(time) * 20;
                    end.steps.push(Step::Wait(ms));
                    end.driver.wait(ms);
                }
            }
        }
        self.collect();
    }

    /// The end of that side and the other.
    fn end_and_other(&mut self, side: Side) -> [&mut End<'c>; 2] {
        let [left, right] = &mut self.ends;
        match side {
            Side::Left => [left, right],
            Side::Right => [right, left],
        }
    }

    /// Puts the bytes of each end on the wire.
    fn collect(&mut self) {
        let [left, right] = &mut self.ends;
        right.wire.extend(left.driver.take_sent());
        left.wire.extend(right.driver.take_sent());
    }

    fn carry(&mut self, to: Side, n: usize) {
        let [end, _] = self.end_and_other(to);
        let n = n.min(end.wire.len());
        if n == 0 {
            return;
        }
        let piece: Vec<u8> = end.wire.drain(..n).collect();
        end.driver.feed(&piece);
        end.steps.push(Step::Bytes(piece));
    }

    fn meddle(&mut self, with: Side, at: usize, change: impl FnOnce(&mut Vec<u8>, usize)) {
        let [end, _] = self.end_and_other(with);
        let at = at % (end.wire.len() + 1);
        change(&mut end.wire, at);
        end.meddled = true;
    }

    /// Delivers bytes until neither end sends more. An end sends a bounded number of bytes for those that
    /// it receives, so that this terminates.
    fn quiet(&mut self) {
        for _ in 0..1_000 {
            if self.ends.iter().all(|end| end.wire.is_empty()) {
                return;
            }
            self.carry(Side::Left, usize::MAX);
            self.carry(Side::Right, usize::MAX);
            self.collect();
        }
        panic!("two ends keep sending");
    }

    fn check(&self) {
        let sound = self.ends.iter().all(|end| !end.meddled);
        let errors = self.ends.each_ref().map(|end| end.driver.connection().error());
        // Timeouts and limits may end a connection on an unchanged wire.
        let excused = |error: &Error| matches!(error, Error::TimedOut(_) | Error::Limit(_));
        if sound {
            assert!(errors.iter().flatten().all(excused), "{errors:?} on a sound wire");
        }
        for end in &self.ends {
            let log = end.driver.log();
            assert_eq!(log, model::log_in_time(end.config, &end.steps));
            let got = pair::messages(log);
            if sound && errors == [None; 2] {
                assert!(end.driver.connection().is_ready(), "a sound wire joins two ends");
                assert_eq!(got, end.due);
            }
            if !end.meddled {
                assert!(end.due.starts_with(&got), "{got:?} is not the beginning of {:?}", end.due);
            }
        }
    }
}
