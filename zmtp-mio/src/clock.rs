//! The clock of the sockets of a context. Only this file reads the clock of the system.

use core::time::Duration;
use std::time::Instant;

#[cfg(any(test, feature = "testing"))]
use crate::testing::TestClock;
#[cfg(any(test, feature = "testing"))]
use std::sync::Arc;

/// A source of time.
#[derive(Clone, Debug, Default)]
pub(crate) enum Clock {
    #[default]
    System,
    /// A test's: it stands still until it is moved.
    #[cfg(any(test, feature = "testing"))]
    Test(Arc<TestClock>),
}

impl Clock {
    pub(crate) fn now(&self) -> Instant {
        match self {
            Self::System => Instant::now(),
            #[cfg(any(test, feature = "testing"))]
            Self::Test(clock) => clock.now(),
        }
    }

    /// The end of a timeout; `None` is no limit.
    pub(crate) fn deadline(&self, timeout: Option<Duration>) -> Option<Instant> {
        timeout.and_then(|timeout| self.now().checked_add(timeout))
    }

    /// Whether time stands still until the clock is moved.
    pub(crate) const fn is_test(&self) -> bool {
        !matches!(self, Self::System)
    }

    /// Moves a test's clock; time passes by itself otherwise.
    pub(crate) fn skip_to(&self, end: Instant) {
        match self {
            Self::System => {
                let _ = end;
            }
            #[cfg(any(test, feature = "testing"))]
            Self::Test(clock) => clock.advance_to(end),
        }
    }
}
