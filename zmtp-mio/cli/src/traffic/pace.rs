//! When the next message is due.

use core::time::Duration;
use std::time::Instant;

/// How far a sender that was held up may catch up: its rate holds over such a time, and no flood
/// follows a pause.
const CATCH_UP: Duration = Duration::from_millis(100);

/// Times of messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    step: Duration,
    /// Steps are counted from when the last was due, not from when it went.
    steady: bool,
    due: Option<Instant>,
}

impl Pace {
    /// As fast as can be.
    pub(super) const FULL: Self = Self { step: Duration::ZERO, steady: false, due: None };

    /// At least an interval apart, or so many per second.
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

    /// Until the next is due.
    pub(super) fn rest(&self) -> Duration {
        let rest = self.due.map(|due| due.saturating_duration_since(Instant::now()));
        // One that is due already, and could not go, waits for the socket.
        rest.filter(|rest| !rest.is_zero()).unwrap_or(Duration::MAX)
    }

    /// A message went.
    pub(super) fn gone(&mut self) {
        if !self.is_full() {
            self.due = after(Instant::now(), self.due, self.step, self.steady);
        }
    }
}

fn after(now: Instant, due: Option<Instant>, step: Duration, steady: bool) -> Option<Instant> {
    let earliest = now.checked_sub(CATCH_UP.max(step)).unwrap_or(now);
    let from = if steady { due.unwrap_or(now).max(earliest) } else { now };
    // What lies beyond the clock's end never comes.
    from.checked_add(step).or_else(|| now.checked_add(Duration::from_secs(u64::from(u32::MAX))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn an_interval_counts_from_when_the_last_went() {
        let now = Instant::now() + 1_000 * MS;
        assert_eq!(after(now, Some(now - 500 * MS), 10 * MS, false), Some(now + 10 * MS));
    }

    #[test]
    fn a_rate_counts_from_when_the_last_was_due() {
        let now = Instant::now() + 1_000 * MS;
        assert_eq!(after(now, None, 10 * MS, true), Some(now + 10 * MS));
        assert_eq!(after(now, Some(now - 3 * MS), 10 * MS, true), Some(now + 7 * MS));
        // After a pause, a tenth of a second is caught up, and no more.
        assert_eq!(after(now, Some(now - 900 * MS), 10 * MS, true), Some(now - 90 * MS));
        // Of slow ones, one.
        assert_eq!(after(now, Some(now - 900 * MS), 300 * MS, true), Some(now));
    }
}
