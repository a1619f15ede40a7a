//! Two ends that are connected by a wire which changes bytes.

use arbitrary::{Arbitrary, Result, Unstructured};
use zmtp_core::mechanism::Mechanism;
use zmtp_core::{Error, PeerError, Subscription};

use crate::dialogue::parts;
use crate::driver::{Driver, LogEntry};
use crate::pair;

/// One of the ends, whatever its mechanism.
pub(super) trait End {
    fn feed(&mut self, bytes: &[u8]);
    fn take_sent(&mut self) -> Vec<u8>;
    /// Whether the message was sent.
    fn send(&mut self, parts: &[Vec<u8>]) -> bool;
    /// Whether the command was sent.
    fn subscribe(&mut self, what: Subscription, topic: &[u8]) -> bool;
    fn wait(&mut self, ms: u32);
    fn log(&self) -> &[LogEntry];
    fn error(&self) -> Option<Error>;
    fn is_ready(&self) -> bool;
}

impl<M: Mechanism> End for Driver<'_, M> {
    fn feed(&mut self, bytes: &[u8]) {
        Driver::feed(self, bytes);
    }

    fn take_sent(&mut self) -> Vec<u8> {
        Driver::take_sent(self)
    }

    fn send(&mut self, parts: &[Vec<u8>]) -> bool {
        Driver::send(self, parts).is_ok()
    }

    fn subscribe(&mut self, what: Subscription, topic: &[u8]) -> bool {
        Driver::subscribe(self, what, topic).is_ok()
    }

    fn wait(&mut self, ms: u32) {
        Driver::wait(self, ms);
    }

    fn log(&self) -> &[LogEntry] {
        Driver::log(self)
    }

    fn error(&self) -> Option<Error> {
        self.connection().error()
    }

    fn is_ready(&self) -> bool {
        self.connection().is_ready()
    }
}

#[derive(Arbitrary, Debug)]
pub(super) enum Op {
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
pub(super) struct Parts(Vec<Vec<u8>>);

impl<'a> Arbitrary<'a> for Parts {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        parts(input).map(Self)
    }
}

/// The ends, and the bytes between them.
pub(super) struct Ends<'c> {
    drivers: [Box<dyn End + 'c>; 2],
    /// Bytes on their way to each end.
    wires: [Vec<u8>; 2],
    /// Messages that were sent to each end.
    sent: [Vec<Vec<Vec<u8>>>; 2],
    /// Subscriptions that were sent to each end.
    subscribed: [Vec<LogEntry>; 2],
    changed: [bool; 2],
    /// Whether the mechanism protects messages from changes.
    protects: bool,
}

impl<'c> Ends<'c> {
    /// A client and a server, whose mechanism protects messages from changes or does not.
    pub(super) fn new(drivers: [Box<dyn End + 'c>; 2], protects: bool) -> Self {
        let mut ends = Self {
            drivers,
            wires: Default::default(),
            sent: Default::default(),
            subscribed: Default::default(),
            changed: Default::default(),
            protects,
        };
        ends.collect();
        ends
    }

    /// Carries out an operation.
    pub(super) fn apply(&mut self, op: Op) {
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
                if self.drivers[from].send(&parts) {
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

    /// An end subscribes to a topic, or cancels that.
    pub(super) fn subscribe(&mut self, from: bool, what: Subscription, topic: Vec<u8>) {
        let (from, to) = (usize::from(from), usize::from(!from));
        if self.drivers[from].subscribe(what, &topic) {
            self.subscribed[to].push(match what {
                Subscription::Subscribe => LogEntry::Subscribe(topic),
                Subscription::Cancel => LogEntry::Cancel(topic),
            });
        }
        self.collect();
    }

    /// Inserts bytes of another connection.
    pub(super) fn insert(&mut self, to: bool, at: u16, bytes: &[u8]) {
        self.change(to, at, |wire, at| drop(wire.splice(at..at, bytes.iter().copied())));
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
    pub(super) fn settle(&mut self) {
        for _ in 0..1_000 {
            if self.wires.iter().all(Vec::is_empty) {
                return;
            }
            self.carry(0, usize::MAX);
            self.carry(1, usize::MAX);
        }
        panic!("the two ends do not come to rest");
    }

    /// Checks what arrived.
    pub(super) fn check(&self) {
        let errors = self.drivers.each_ref().map(|driver| driver.error());
        let excused = |error: &Error| matches!(error, Error::TimedOut(_) | Error::Limit(_));
        let unchanged = self.changed == [false; 2];
        for (end, (driver, sent)) in self.drivers.iter().zip(&self.sent).enumerate() {
            let got = pair::messages(driver.log());
            let (subscribed, all) = (subscriptions(driver.log()), &self.subscribed[end]);
            // No mechanism protects the greeting: after a change to its version the other end may write its
            // subscriptions as messages.
            let old: Vec<Vec<Vec<u8>>> = all.iter().filter_map(as_message).collect();
            if self.changed[end] {
                if !self.protects {
                    continue;
                }
                let mut rest = all.iter();
                let in_order = subscribed.iter().all(|entry| rest.any(|sent| sent == entry));
                assert!(in_order, "{subscribed:?} are not of {all:?}");
                let mut parts = sent.iter().flatten().chain(old.iter().flatten());
                let in_order = got.iter().flatten().all(|part| parts.any(|sent| sent == part));
                assert!(in_order, "{got:?} has parts that are not of {sent:?}");
            } else {
                let are_old = self.changed[1 - end] && old.starts_with(&got);
                assert!(are_old || sent.starts_with(&got), "{got:?} does not begin {sent:?}");
                assert!(all.starts_with(&subscribed), "{subscribed:?} does not begin {all:?}");
            }
            if unchanged && errors == [None; 2] {
                assert!(driver.is_ready());
                assert_eq!(&got, sent);
                assert_eq!(&subscribed, all);
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

/// The message that is a subscription or cancellation in ZMTP 3.0.
fn as_message(entry: &LogEntry) -> Option<Vec<Vec<u8>>> {
    match entry {
        LogEntry::Subscribe(topic) => Some(vec![[&[1], &topic[..]].concat()]),
        LogEntry::Cancel(topic) => Some(vec![[&[0], &topic[..]].concat()]),
        _ => None,
    }
}

/// The subscriptions and cancellations in a log.
fn subscriptions(log: &[LogEntry]) -> Vec<LogEntry> {
    let is_one = |entry: &&LogEntry| matches!(entry, LogEntry::Subscribe(_) | LogEntry::Cancel(_));
    log.iter().filter(is_one).cloned().collect()
}
