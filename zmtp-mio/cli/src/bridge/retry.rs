//! The waits between attempts.

use core::time::Duration;
use std::time::Instant;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(3);

/// Waits that double from 100 ms to 3 s.
#[derive(Debug)]
pub(crate) struct Retry {
    due: Instant,
    wait: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { due: Instant::now(), wait: FIRST }
    }
}

impl Retry {
    /// The first attempt is due after the first wait.
    pub(crate) fn after(now: Instant) -> Self {
        Self { due: now + FIRST, wait: FIRST }
    }

    pub(crate) fn is_due(&self, now: Instant) -> bool {
        now >= self.due
    }

    pub(crate) const fn due(&self) -> Instant {
        self.due
    }

    /// An attempt failed. Calls `tell` for the first of successive failures.
    pub(crate) fn failed(&mut self, now: Instant, tell: impl FnOnce()) {
        if self.wait == FIRST {
            tell();
        }
        self.due = now + self.wait;
        self.wait = (self.wait * 2).min(LONGEST);
    }
}
