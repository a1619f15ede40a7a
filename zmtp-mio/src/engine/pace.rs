//! The time at which a turn is due, and the time of a turn.

use core::time::Duration;
use std::time::Instant;

use super::Engine;
use crate::clock::Clock;
use crate::driver::SOON;

/// Messages that may be received before a turn is due: as many as one read of small ones brings.
const SHARE: u32 = 256;
/// Messages that may be sent, and time that may pass, before a turn is due. Messages that are held
/// back are only counted.
pub(super) const SENT: u32 = 1_024;
const LOOK: Duration = Duration::from_millis(10);

/// How long a turn waits for events.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pause {
    /// `None` is no limit.
    pub(super) until: Option<Instant>,
    /// The same, from now on.
    pub(super) timeout: Option<Duration>,
}

impl Engine {
    /// The end of a timeout that begins now; `None` is no limit.
    pub(crate) fn deadline_in(&self, timeout: Option<Duration>) -> Option<Instant> {
        self.clock.deadline(timeout)
    }

    /// Reads the clock.
    pub(crate) fn tick(&mut self) -> Instant {
        self.now = self.clock.now();
        self.now
    }

    pub(super) const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Notes that the driver begins to serve the engine.
    pub(super) fn note_served(&mut self) {
        self.served_since = self.tick();
    }

    pub(super) const fn served_since(&self) -> Instant {
        self.served_since
    }

    /// The time until the next turn is due; zero while work is left.
    pub(crate) fn next_turn(&self) -> Option<Duration> {
        // From this check on, a post wakes the poll.
        if !self.prepare_to_sleep() || self.has_work() || self.more_events {
            return Some(Duration::ZERO);
        }
        self.scheduler.next_deadline().map(|at| at.saturating_duration_since(self.now))
    }

    /// Sets whether a poll of the application waits for the events.
    pub(super) const fn set_polled_by_application(&mut self, polled: bool) {
        self.polled_by_application = polled;
    }

    /// At the end of a call: a turn may have taken an event away from the poll of the application. If there is work, that
    /// poll is woken, once until the next turn; otherwise the next post wakes it.
    #[inline]
    pub(super) fn wake_application(&mut self) {
        if self.polled_by_application
            && !self.woke_application
            && self.next_turn() == Some(Duration::ZERO)
        {
            self.woke_application = true;
            self.wake_poller();
        }
    }

    /// Whether a thread polls without the lock.
    #[cfg(test)]
    pub(crate) const fn is_polled(&self) -> bool {
        self.turns.sleeping().is_some()
    }

    /// Whether there is no work, and the last turn had no event and no post.
    pub(super) fn is_idle(&self) -> bool {
        !self.has_work() && !self.dispatched && self.prepare_to_sleep()
    }

    /// Notes that a call changes what a call of another thread, which polls, may wait for.
    pub(super) const fn note_change(&mut self) {
        if self.turns.sleeping().is_some() {
            self.changed = true;
        }
    }

    /// A number that changes with each turn that changes what an operation may wait for. Held messages that a turn writes do
    /// not change it: the operation that waits for them has written them.
    pub(crate) const fn turned(&self) -> u64 {
        self.turned
    }

    /// Whether another thread polls, and there is a change, work, or a deadline before the end of its poll.
    pub(super) fn has_news(&self) -> bool {
        let Some(pause) = self.turns.sleeping() else { return false };
        if self.changed {
            return true;
        }
        let sooner = match (self.scheduler.next_deadline(), pause.until) {
            (Some(next), Some(until)) => next < until,
            (next, _) => next.is_some(),
        };
        sooner || self.has_work()
    }

    /// Whether the next turn has work without an event.
    fn has_work(&self) -> bool {
        self.scheduler.scheduled_count() > 0 || !self.closing.is_empty()
    }

    /// Counts a message that is received. Returns whether a turn is due.
    #[inline]
    pub(crate) const fn count_taken(&mut self) -> bool {
        self.served += 1;
        self.served >= SHARE
    }

    /// The time without a turn after which a send runs one.
    const fn look(&self) -> Duration {
        if self.options.rules.serves_soon { SOON } else { LOOK }
    }

    /// Counts a message that is sent. Returns whether a turn is due.
    pub(super) fn count_sent(&mut self) -> bool {
        self.sent += 1;
        self.sent >= SENT
            || (!self.corked
                && self.held.is_empty()
                && self.clock.now().duration_since(self.now) >= self.look())
    }

    pub(super) fn deadline(&self, deadline: Option<Instant>) -> Option<Instant> {
        match (deadline, self.scheduler.next_deadline()) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// The time of the turn, in milliseconds for the core.
    pub(super) fn core_now(&self) -> zmtp_core::Instant {
        let ms = self.now.duration_since(self.epoch).as_millis();
        zmtp_core::Instant::from_millis(u64::try_from(ms).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Context;
    use crate::engine::SharedEngine;
    use crate::options::Options;
    use crate::pattern::KindOptions;
    use crate::socket_kind::SocketKind;
    use crate::testing::Simulation;

    #[test]
    fn a_send_runs_a_turn_if_the_last_one_is_some_time_ago() {
        for serves_soon in [false, true] {
            let simulation = Simulation::new();
            let mut options =
                Options { context: Context::simulated(&simulation), ..Options::default() };
            options.rules.serves_soon = serves_soon;
            let own = KindOptions::default();
            let shared = SharedEngine::new(SocketKind::Push, own, options).unwrap();
            let mut engine = shared.enter().unwrap();
            engine.tick();
            assert!(!engine.count_sent());
            simulation.clock().advance(SOON);
            assert_eq!(engine.count_sent(), serves_soon);
            simulation.clock().advance(LOOK - SOON);
            assert!(engine.count_sent());
        }
    }
}
