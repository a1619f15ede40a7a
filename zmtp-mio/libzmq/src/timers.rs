//! Timers that a program runs in its own loop (`zmq_timers_*`).

use std::time::{Duration, Instant};

/// Timers with a handler each. The time is an argument of each call.
#[derive(Debug)]
pub(crate) struct Timers<H> {
    timers: Vec<Timer<H>>,
    last_id: i32,
}

#[derive(Debug)]
struct Timer<H> {
    id: i32,
    interval: Duration,
    /// When it is due; `None` if that is later than the clock can count.
    due: Option<Instant>,
    handler: H,
}

impl<H: Copy> Timers<H> {
    pub(crate) const fn new() -> Self {
        Self { timers: Vec::new(), last_id: 0 }
    }

    /// Adds a timer and returns its id, which is never used again.
    pub(crate) fn add(&mut self, now: Instant, interval: Duration, handler: H) -> i32 {
        self.last_id += 1;
        let due = now.checked_add(interval);
        self.timers.push(Timer { id: self.last_id, interval, due, handler });
        self.last_id
    }

    /// Removes a timer. Returns `None` if there is none with this id.
    pub(crate) fn cancel(&mut self, id: i32) -> Option<()> {
        let index = self.timers.iter().position(|timer| timer.id == id)?;
        self.timers.remove(index);
        Some(())
    }

    /// Starts a timer again, with this interval. Returns `None` if there is none with this id.
    pub(crate) fn set_interval(&mut self, now: Instant, id: i32, interval: Duration) -> Option<()> {
        self.find(id)?.interval = interval;
        self.reset(now, id)
    }

    /// Starts a timer again. Returns `None` if there is none with this id.
    pub(crate) fn reset(&mut self, now: Instant, id: i32) -> Option<()> {
        let timer = self.find(id)?;
        timer.due = now.checked_add(timer.interval);
        Some(())
    }

    fn find(&mut self, id: i32) -> Option<&mut Timer<H>> {
        self.timers.iter_mut().find(|timer| timer.id == id)
    }

    /// Returns how long it takes until the next timer is due; `None` if there is no timer.
    pub(crate) fn timeout(&self, now: Instant) -> Option<Duration> {
        let wait = |timer: &Timer<H>| {
            timer.due.map_or(Duration::MAX, |due| due.saturating_duration_since(now))
        };
        self.timers.iter().map(wait).min()
    }

    /// Returns the ids of the timers that are due, in the order of their times.
    pub(crate) fn due(&self, now: Instant) -> Vec<i32> {
        let due = |timer: &Timer<H>| timer.due.filter(|&due| due <= now).map(|due| (due, timer.id));
        let mut due: Vec<_> = self.timers.iter().filter_map(due).collect();
        due.sort_unstable();
        due.into_iter().map(|(_, id)| id).collect()
    }

    /// Starts a timer again if it is due, and returns its handler to be called.
    pub(crate) fn run(&mut self, now: Instant, id: i32) -> Option<H> {
        let timer = self.find(id)?;
        if timer.due? > now {
            return None;
        }
        timer.due = now.checked_add(timer.interval);
        Some(timer.handler)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_are_due_in_the_order_of_their_times_and_again_after_their_interval() {
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        let mut timers = Timers::new();
        assert_eq!(timers.timeout(start), None);
        let slow = timers.add(start, Duration::from_millis(30), 's');
        let quick = timers.add(start, Duration::from_millis(20), 'q');
        assert_eq!(timers.timeout(after(5)), Some(Duration::from_millis(15)));
        assert!(timers.due(after(19)).is_empty());
        assert_eq!(timers.due(after(30)), [quick, slow]);
        assert_eq!(timers.run(after(30), quick), Some('q'));
        assert_eq!(timers.run(after(30), quick), None);
        assert_eq!(timers.due(after(50)), [slow, quick]);
    }

    #[test]
    fn a_timer_can_be_changed_and_cancelled() {
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        let mut timers = Timers::new();
        let id = timers.add(start, Duration::from_millis(10), ());
        timers.reset(after(5), id).unwrap();
        assert!(timers.due(after(14)).is_empty());
        timers.set_interval(after(5), id, Duration::from_millis(1)).unwrap();
        assert_eq!(timers.due(after(6)), [id]);
        timers.cancel(id).unwrap();
        assert_eq!(
            (timers.cancel(id), timers.reset(start, id), timers.run(after(9), id)),
            (None, None, None)
        );
        // Later than the clock can count.
        timers.add(start, Duration::from_millis(u64::MAX), ());
        assert!(timers.due(after(u32::MAX.into())).is_empty());
    }
}
