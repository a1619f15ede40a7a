//! Properties of two ends that seal their frames.

use arbitrary::{Arbitrary, Result, Unstructured};
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Error, Heartbeat, Limits, PeerError};

use crate::dialogue::parts;
use crate::driver::{Driver, Fetch, Lane};
use crate::pair;
use crate::sealed::Sealed;

/// An unchanged wire delivers every message in order and breaks nothing.
///
/// Whatever a wire does, each end delivers only parts that the other sent, in order. Counters must rise,
/// but not by one: a wire that drops whole frames is not noticed, as in CURVE.
pub fn sealed_holds(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let Ok(configs) = configs(&mut input) else { return };
    let mut ends = Ends::new(&configs);
    while let Ok(op) = input.arbitrary::<Op>() {
        if input.is_empty() {
            break;
        }
        ends.apply(op);
    }
    ends.settle();
    ends.check();
}

fn configs(input: &mut Unstructured<'_>) -> Result<[Config; 2]> {
    let limits = match input.arbitrary::<u8>()? % 3 {
        0 => Limits::DEFAULT,
        1 => Limits::DEFAULT.max_frame(300).max_message(500).max_parts(5),
        _ => Limits::DEFAULT.max_frame(20).max_command(60),
    };
    let heartbeat = match input.arbitrary::<u8>()? {
        0..128 => Heartbeat::OFF,
        every => Heartbeat::every(u32::from(every)).ttl(1_000),
    };
    let config = Config::new(SocketType::Dealer).with_limits(limits);
    Ok([config.clone().with_heartbeat(heartbeat), config])
}

#[derive(Arbitrary, Debug)]
enum Op {
    /// Carries up to this many bytes to that end.
    Carry(bool, u8),
    /// Carries everything.
    CarryAll(bool),
    /// Changes a byte on its way.
    Flip(bool, u16, u8),
    /// Removes bytes on their way.
    Drop(bool, u16, u8),
    /// Repeats bytes on their way.
    Repeat(bool, u16, u16),
    /// That end sends a message.
    Send(bool, Parts),
    /// Time passes.
    Wait(u8),
}

#[derive(Debug)]
struct Parts(Vec<Vec<u8>>);

impl<'a> Arbitrary<'a> for Parts {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        parts(input).map(Self)
    }
}

struct Ends<'c> {
    drivers: [Driver<'c, Sealed>; 2],
    /// Bytes on their way to each end.
    wires: [Vec<u8>; 2],
    /// Messages that were sent to each end.
    sent: [Vec<Vec<Vec<u8>>>; 2],
    changed: [bool; 2],
}

impl<'c> Ends<'c> {
    fn new([left, right]: &'c [Config; 2]) -> Self {
        let (client, server) = (Sealed::client(1), Sealed::server(1));
        let drivers = [
            Driver::secured(client, left, Lane::Both, Fetch::Eagerly),
            Driver::secured(server, right, Lane::Decode, Fetch::Eagerly),
        ];
        let mut ends = Self {
            drivers,
            wires: Default::default(),
            sent: Default::default(),
            changed: Default::default(),
        };
        ends.collect();
        ends
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Carry(to, n) => self.carry(usize::from(to), n.into()),
            Op::CarryAll(to) => self.carry(usize::from(to), usize::MAX),
            Op::Flip(to, at, bits) => self.change(to, at, |wire, at| {
                if let Some(byte) = wire.get_mut(at) {
                    *byte ^= bits.max(1);
                }
            }),
            Op::Drop(to, at, n) => self.change(to, at, |wire, at| {
                let end = wire.len().min(at + 1 + usize::from(n));
                wire.drain(at..end);
            }),
            Op::Repeat(to, at, n) => self.change(to, at, |wire, at| {
                let end = wire.len().min(at + 1 + usize::from(n));
                let again = wire[at..end].to_vec();
                wire.splice(end..end, again);
            }),
            Op::Send(from, Parts(parts)) => {
                let (from, to) = (usize::from(from), usize::from(!from));
                if self.drivers[from].send(&parts).is_ok() {
                    self.sent[to].push(parts);
                }
            }
            Op::Wait(time) => {
                for driver in &mut self.drivers {
                    driver.wait(u32::from(time) * 4);
                }
            }
        }
        self.collect();
    }

    fn collect(&mut self) {
        let [left, right] = &mut self.drivers;
        self.wires[1].extend(left.take_sent());
        self.wires[0].extend(right.take_sent());
    }

    fn carry(&mut self, to: usize, n: usize) {
        let wire = &mut self.wires[to];
        let piece: Vec<u8> = wire.drain(..n.min(wire.len())).collect();
        if !piece.is_empty() {
            self.drivers[to].feed(&piece);
            self.collect();
        }
    }

    fn change(&mut self, to: bool, at: u16, change: impl FnOnce(&mut Vec<u8>, usize)) {
        let to = usize::from(to);
        let wire = &mut self.wires[to];
        if !wire.is_empty() {
            let at = usize::from(at) % wire.len();
            change(wire, at);
            self.changed[to] = true;
        }
    }

    /// Carries all there is until neither end sends anything.
    fn settle(&mut self) {
        for _ in 0..1_000 {
            if self.wires.iter().all(Vec::is_empty) {
                return;
            }
            self.carry(0, usize::MAX);
            self.carry(1, usize::MAX);
        }
        panic!("the two ends do not come to rest");
    }

    fn check(&self) {
        let errors = self.drivers.each_ref().map(|driver| driver.connection().error());
        let excused = |error: &Error| matches!(error, Error::TimedOut(_) | Error::Limit(_));
        let unchanged = self.changed == [false; 2];
        for (end, (driver, sent)) in self.drivers.iter().zip(&self.sent).enumerate() {
            let got = pair::messages(driver.log());
            if self.changed[end] {
                let mut parts = sent.iter().flatten();
                let in_order = got.iter().flatten().all(|part| parts.any(|sent| sent == part));
                assert!(in_order, "{got:?} has parts that are not of {sent:?}");
            } else {
                assert!(sent.starts_with(&got), "{got:?} is not the beginning of {sent:?}");
            }
            if unchanged && errors == [None; 2] {
                assert!(driver.connection().is_ready());
                assert_eq!(&got, sent);
            }
        }
        if unchanged {
            assert!(errors.iter().flatten().all(excused), "{errors:?} on an unchanged wire");
        }
        // An end that has not failed sends nothing that the other refuses. One that fails in the
        // handshake may send ERROR in the clear to an end whose handshake is over.
        let sealed = |error: &Error| matches!(error, Error::Peer(PeerError::Sealed(_)));
        for (end, other) in [(0, 1), (1, 0)] {
            let refuses = errors[end].as_ref().is_some_and(sealed);
            assert!(!refuses || self.changed[end] || errors[other].is_some(), "{errors:?}");
        }
    }
}
