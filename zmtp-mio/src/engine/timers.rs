//! Deadlines of peers and listeners, soonest first.

use std::collections::BTreeSet;
use std::time::Instant;

use super::Key;

/// At most one deadline for each key; whoever sets one remembers it to take it back.
#[derive(Debug, Default)]
pub(super) struct Timers(BTreeSet<(Instant, Key)>);

impl Timers {
    /// Replaces the deadline `slot` of `key`.
    pub(super) fn set(&mut self, key: Key, slot: &mut Option<Instant>, at: Option<Instant>) {
        if *slot == at {
            return;
        }
        if let Some(old) = slot.take() {
            self.0.remove(&(old, key));
        }
        if let Some(new) = at {
            self.0.insert((new, key));
            *slot = at;
        }
    }

    /// The soonest deadline.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.first().map(|(at, _)| *at)
    }

    /// Takes a deadline that has come. Its owner's slot is the caller's to clear.
    pub(super) fn due(&mut self, now: Instant) -> Option<Key> {
        let first = self.0.first()?;
        if first.0 > now {
            return None;
        }
        self.0.pop_first().map(|(_, key)| key)
    }
}
