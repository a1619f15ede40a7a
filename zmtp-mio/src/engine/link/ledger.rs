//! Which written messages may not have arrived.

/// The bytes between two positions that are kept, at first.
const STEP: u64 = 4 << 10;
/// The positions that are kept. Then those that have arrived are removed.
const MOST: usize = 8;

/// The messages that were written over a connection, with some of their positions in its bytes.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Messages that were written as a whole.
    messages: u64,
    /// The last position.
    last: u64,
    positions: Option<Box<Positions>>,
}

/// Positions of a connection over which some bytes were written.
#[derive(Debug)]
struct Positions {
    /// Numbers of bytes, and how many messages they contain as a whole. In order.
    kept: [(u64, u64); MOST],
    count: usize,
    /// The bytes between two positions.
    step: u64,
    /// The bytes that had arrived at the last look.
    arrived: u64,
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
        if written >= self.last + STEP {
            self.keep(written, looks, arrived);
        }
    }

    #[cold]
    fn keep(&mut self, written: u64, looks: bool, arrived: impl FnOnce() -> u64) {
        let positions = self.positions.get_or_insert_with(|| {
            Box::new(Positions { kept: [(0, 0); MOST], count: 0, step: STEP, arrived: 0 })
        });
        if written >= self.last + positions.step {
            self.last = written;
            positions.keep(written, self.messages, looks, arrived);
        }
    }

    /// The number of messages that were written as a whole.
    pub(super) const fn messages(&self) -> u64 {
        self.messages
    }

    /// The number of bytes that had arrived when that was looked up last.
    pub(super) fn arrived(&self) -> u64 {
        self.positions.as_ref().map_or(0, |positions| positions.arrived)
    }

    /// The number of messages that may not have arrived, at most, if `arrived` of `written` bytes have.
    pub(super) fn in_doubt(&self, written: u64, arrived: u64) -> u64 {
        if arrived >= written {
            return 0;
        }
        let kept = self.positions.as_ref().map_or(&[][..], |positions| positions.kept());
        let known = kept.iter().rev().find(|&&(bytes, _)| bytes <= arrived);
        // Messages before the first position have arrived if that has; otherwise all that are kept may be missing.
        self.messages - known.map_or(0, |&(_, messages)| messages)
    }
}

impl Positions {
    fn keep(&mut self, written: u64, messages: u64, looks: bool, arrived: impl FnOnce() -> u64) {
        // One is free: see below.
        self.kept[self.count] = (written, messages);
        self.count += 1;
        let many = self.count == MOST;
        if many || looks {
            self.arrived = arrived();
        }
        if !many {
            return;
        }
        self.forget(self.arrived);
        if self.count > MOST / 2 {
            // Every second one. The distance of the others is then the double step.
            for at in 0..self.count.div_ceil(2) {
                self.kept[at] = self.kept[2 * at];
            }
            self.count = self.count.div_ceil(2);
            self.step *= 2;
        } else {
            self.step = (self.step / 2).max(STEP);
        }
    }

    /// Removes the positions that have arrived, up to the last one of these.
    fn forget(&mut self, arrived: u64) {
        let behind = self.kept().iter().take_while(|&&(bytes, _)| bytes <= arrived).count();
        if let Some(first @ 1..) = behind.checked_sub(1) {
            self.kept.copy_within(first..self.count, 0);
            self.count -= first;
        }
    }

    fn kept(&self) -> &[(u64, u64)] {
        &self.kept[..self.count]
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
                    assert!(ledger.positions.as_ref().is_none_or(|kept| kept.count < MOST));
                    // At most about twice what is missing.
                    let most = 2 * missing + 3 * STEP / 1_000;
                    assert!(doubt <= most, "{doubt} of {missing} at {n}");
                }
            }
        }
    }
}
