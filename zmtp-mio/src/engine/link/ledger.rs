//! Which written messages may not have arrived.

use std::collections::VecDeque;

/// The bytes between two positions that are kept, at first.
const STEP: u64 = 4 << 10;
/// The positions that are kept. Then those that have arrived are removed.
const MOST: usize = 32;

/// The messages that were written over a connection, with some of their positions in its bytes.
#[derive(Debug)]
pub(super) struct Ledger {
    /// Messages that were written as a whole.
    messages: u64,
    /// Numbers of bytes, and how many messages they contain as a whole. In order.
    positions: VecDeque<(u64, u64)>,
    /// The bytes between two positions.
    step: u64,
    /// The bytes that had arrived at the last look.
    arrived: u64,
}

impl Default for Ledger {
    fn default() -> Self {
        Self { messages: 0, positions: VecDeque::new(), step: STEP, arrived: 0 }
    }
}

impl Ledger {
    /// Notes that `messages` more are written, `written` bytes in all. `arrived` returns how many of these have
    /// arrived; it is called seldom, or with `looks` at each new position.
    #[inline]
    pub(super) fn note(
        &mut self,
        written: u64,
        messages: u64,
        looks: bool,
        arrived: impl FnOnce() -> u64,
    ) {
        self.messages += messages;
        let last = self.positions.back().map_or(0, |&(bytes, _)| bytes);
        if written >= last + self.step {
            self.keep(written, looks, arrived);
        }
    }

    /// The number of bytes that had arrived when that was looked up last.
    pub(super) const fn arrived(&self) -> u64 {
        self.arrived
    }

    #[cold]
    fn keep(&mut self, written: u64, looks: bool, arrived: impl FnOnce() -> u64) {
        self.positions.push_back((written, self.messages));
        let many = self.positions.len() >= MOST;
        if many || looks {
            self.arrived = arrived();
        }
        if !many {
            return;
        }
        self.forget(self.arrived);
        if self.positions.len() > MOST / 2 {
            // Every second one. The distance of the others is then the double step.
            let mut odd = false;
            self.positions.retain(|_| {
                odd = !odd;
                odd
            });
            self.step *= 2;
        } else {
            self.step = (self.step / 2).max(STEP);
        }
    }

    /// Removes the positions that have arrived, up to the last one of these.
    fn forget(&mut self, arrived: u64) {
        while self.positions.get(1).is_some_and(|&(bytes, _)| bytes <= arrived) {
            self.positions.pop_front();
        }
    }

    /// The number of messages that may not have arrived, at most, if `arrived` of `written` bytes have.
    pub(super) fn in_doubt(&self, written: u64, arrived: u64) -> u64 {
        if arrived >= written {
            return 0;
        }
        let known = self.positions.iter().rev().find(|&&(bytes, _)| bytes <= arrived);
        // Messages before the first position have arrived if that has; otherwise all that are kept may be missing.
        self.messages - known.map_or(0, |&(_, messages)| messages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_arrived_is_not_in_doubt() {
        let mut ledger = Ledger::default();
        for n in 1..=1_000 {
            ledger.note(n * 100, 1, false, || n * 100);
        }
        assert_eq!(ledger.in_doubt(100_000, 100_000), 0);
        let some = ledger.in_doubt(100_000, 99_900);
        assert!((1..=STEP / 100 + 1).contains(&some), "{some}");
    }

    #[test]
    fn no_more_is_known_than_what_arrived() {
        for distance in [0, 1_000, 100_000, 10_000_000] {
            let mut ledger = Ledger::default();
            for n in 1..=100_000_u64 {
                let written = n * 1_000;
                ledger.note(written, 1, false, || written.saturating_sub(distance));
                if n % 977 == 0 {
                    let arrived = written.saturating_sub(distance);
                    let missing = n - arrived / 1_000;
                    let doubt = ledger.in_doubt(written, arrived);
                    assert!((missing..=n).contains(&doubt), "{doubt} of {missing}");
                    assert!(ledger.positions.len() <= MOST);
                    // Not much more than is missing.
                    let most = missing + missing / 2 + 2 * STEP / 1_000;
                    assert!(doubt <= most, "{doubt} of {missing} at {n}");
                }
            }
        }
    }
}
