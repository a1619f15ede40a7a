//! The clock of a test, which the test sets.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::time::Instant;

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct TestClock {
    start: Instant,
    /// Nanoseconds since then.
    elapsed: AtomicU64,
}

impl Default for TestClock {
    fn default() -> Self {
        Self { start: Instant::now(), elapsed: AtomicU64::new(0) }
    }
}

impl TestClock {
    /// The time it shows.
    pub fn now(&self) -> Instant {
        self.start + self.elapsed()
    }

    /// How far it was moved in all.
    pub fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.elapsed.load(Ordering::SeqCst))
    }

    /// Moves it.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        self.elapsed.fetch_add(by, Ordering::SeqCst);
    }

    /// Moves it to a later time; does nothing if that is over.
    pub(crate) fn advance_to(&self, at: Instant) {
        let elapsed = at.saturating_duration_since(self.start).as_nanos();
        self.elapsed.fetch_max(u64::try_from(elapsed).unwrap_or(u64::MAX), Ordering::SeqCst);
    }
}
