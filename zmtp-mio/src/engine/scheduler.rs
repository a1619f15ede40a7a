//! The work of the next turn without an event: due deadlines, and work left by the last turn.

use std::collections::{BTreeSet, VecDeque};
use std::time::Instant;

use mio::Token;

/// The target of an event or a deadline, by its slab index. Slots are reused only between turns, so
/// that an event cannot reach a newer peer.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Key {
    Listener(usize),
    Peer(usize),
}

/// The token of the waker.
pub(super) const WAKE: Token = Token(usize::MAX);

/// The key of the ZAP handler in the mailbox. No peer has it.
pub(super) const ZAP: usize = usize::MAX;

impl Key {
    pub(super) const fn token(self) -> Token {
        match self {
            Self::Listener(index) => Token(index * 2),
            Self::Peer(index) => Token(index * 2 + 1),
        }
    }

    pub(super) const fn of(token: Token) -> Self {
        match token.0 % 2 {
            0 => Self::Listener(token.0 / 2),
            _ => Self::Peer(token.0 / 2),
        }
    }
}

/// Deadlines, soonest first, and keys with work left.
#[derive(Debug, Default)]
pub(super) struct Scheduler {
    /// At most one for each key. The peer or listener of the key stores it, so that it can be removed.
    deadlines: BTreeSet<(Instant, Key)>,
    scheduled: VecDeque<Key>,
}

impl Scheduler {
    /// Replaces the deadline of `key`, which is stored in `slot`.
    pub(super) fn set_deadline(
        &mut self,
        key: Key,
        slot: &mut Option<Instant>,
        at: Option<Instant>,
    ) {
        if *slot == at {
            return;
        }
        if let Some(old) = slot.take() {
            self.deadlines.remove(&(old, key));
        }
        if let Some(new) = at {
            self.deadlines.insert((new, key));
            *slot = at;
        }
    }

    /// The soonest deadline.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// Takes a due deadline. The caller clears the slot of the key.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Key> {
        let first = self.deadlines.first()?;
        if first.0 > now {
            return None;
        }
        self.deadlines.pop_first().map(|(_, key)| key)
    }

    /// Schedules a key for the next turn. The caller must not schedule a key twice.
    pub(super) fn schedule(&mut self, key: Key) {
        self.scheduled.push_back(key);
    }

    /// Takes a key with work left.
    pub(super) fn take_scheduled(&mut self) -> Option<Key> {
        self.scheduled.pop_front()
    }

    /// The number of keys with work left.
    pub(super) fn scheduled_count(&self) -> usize {
        self.scheduled.len()
    }

    /// Removes a scheduled key.
    pub(super) fn unschedule(&mut self, key: Key) {
        self.scheduled.retain(|scheduled| *scheduled != key);
    }
}
