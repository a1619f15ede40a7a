//! The time of the next message.

use core::time::Duration;
use std::time::Instant;

/// The time for which a delayed sender catches up: a longer pause is not followed by a longer burst.
const CATCH_UP: Duration = Duration::from_millis(100);

/// The schedule of messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    step: Duration,
    /// Intervals are counted from the time when the last message was due, not when it was sent.
    steady: bool,
    due: Option<Instant>,
}

impl Pace {
    /// As fast as possible.
    pub(super) const FULL: Self = Self { step: Duration::ZERO, steady: false, due: None };

    /// At least an interval apart, or at a rate per second.
    pub(super) fn new(interval: Option<Duration>, rate: Option<f64>) -> Self {
        match (interval, rate) {
            (Some(step), _) => Self { step, ..Self::FULL },
            (None, Some(rate)) => {
                Self { step: Duration::from_secs_f64(1.0 / rate), steady: true, due: None }
            }
            (None, None) => Self::FULL,
        }
    }

    pub(super) const fn is_full(&self) -> bool {
        self.step.is_zero()
    }

    pub(super) fn is_due(&self) -> bool {
        self.due.is_none_or(|due| due <= Instant::now())
    }

    /// The time until the next message is due; zero if it is due.
    pub(super) fn rest(&self) -> Duration {
        self.due.map_or(Duration::ZERO, |due| due.saturating_duration_since(Instant::now()))
    }

    /// A message was sent.
    pub(super) fn gone(&mut self) {
        if !self.is_full() {
            self.due = after(Instant::now(), self.due, self.step, self.steady);
        }
    }
}

fn after(now: Instant, due: Option<Instant>, step: Duration, steady: bool) -> Option<Instant> {
    let earliest = now.checked_sub(CATCH_UP.max(step)).unwrap_or(now);
    let from = if steady { due.unwrap_or(now).max(earliest) } else { now };
    // A time beyond the range of the clock is never reached.
    from.checked_add(step).or_else(|| now.checked_add(Duration::from_secs(u64::from(u32::MAX))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_message_that_is_due_has_nothing_to_wait_for() {
        let due = |due| Pace { due, ..Pace::new(None, Some(1_000.0)) };
        let now = Instant::now();
        assert_eq!(due(None).rest(), Duration::ZERO);
        assert_eq!(due(Some(now)).rest(), Duration::ZERO);
        assert!(due(Some(now + 60_000 * MS)).rest() > 59_000 * MS);
    }

    #[test]
    fn an_interval_starts_when_the_last_message_was_sent() {
        let now = Instant::now() + 1_000 * MS;
        assert_eq!(after(now, Some(now - 500 * MS), 10 * MS, false), Some(now + 10 * MS));
    }

    #[test]
    fn a_rate_counts_from_the_due_time_of_the_last_message() {
        let now = Instant::now() + 1_000 * MS;
        assert_eq!(after(now, None, 10 * MS, true), Some(now + 10 * MS));
        assert_eq!(after(now, Some(now - 3 * MS), 10 * MS, true), Some(now + 7 * MS));
        // After a pause, a tenth of a second is caught up, and no more.
        assert_eq!(after(now, Some(now - 900 * MS), 10 * MS, true), Some(now - 90 * MS));
        // Of slow ones, one.
        assert_eq!(after(now, Some(now - 900 * MS), 300 * MS, true), Some(now));
    }
}
