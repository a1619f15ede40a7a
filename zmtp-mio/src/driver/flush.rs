//! The timer that writes the messages which sockets hold back in a burst.
//!
//! All sockets of the driver share the timer. Setting it to such a near time can take 20 µs on a virtual machine, so
//! a burst must not set it for each write. A socket that has written its held messages and holds back more only
//! stores the time: when the timer wakes the driver, it checks the socket again later. The time to the next
//! check doubles, so that a long burst wakes the driver once per millisecond.

use core::time::Duration;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use mio::Registry;

use super::timer::Timer;
use super::{CLOCK, Member};

/// How long messages are held back at most, unless a call is in progress then.
pub(super) const DELAY: Duration = Duration::from_micros(100);
/// The same during and after a long burst.
const LONGEST: Duration = Duration::from_millis(1);

/// The sockets that hold messages back.
#[derive(Debug)]
pub(super) struct Flushes {
    timer: Timer,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Waiting>,
    /// When the timer wakes the driver.
    set: Option<Instant>,
}

struct Waiting {
    member: Arc<dyn Member>,
    /// When it has held messages back for [`DELAY`].
    due: Instant,
    /// When the driver checks that.
    check: Instant,
    /// The time between two checks.
    pause: Duration,
}

impl core::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Waiting").field("due", &self.due).finish_non_exhaustive()
    }
}

impl Flushes {
    pub(super) fn new(registry: &Registry) -> io::Result<Self> {
        Ok(Self { timer: Timer::new(registry)?, state: Mutex::default() })
    }

    /// Plans a flush of a socket that has begun to hold messages back. Returns `true` if the driver
    /// must be woken, because there is no timer that does it.
    pub(super) fn plan(&self, member: &Arc<dyn Member>) -> bool {
        let due = CLOCK.now() + DELAY;
        let mut state = self.lock();
        let known = state.waiting.iter_mut().find(|other| Arc::ptr_eq(&other.member, member));
        match known {
            Some(known) => known.due = due,
            None => {
                let member = Arc::clone(member);
                state.waiting.push(Waiting { member, due, check: due, pause: DELAY });
            }
        }
        self.set(&mut state, due - DELAY)
    }

    /// Flushes the sockets that are due.
    pub(super) fn run(&self, now: Instant) {
        let mut state = self.lock();
        if state.set.is_none_or(|at| at > now) {
            return;
        }
        state.set = None;
        let mut due = Vec::new();
        state.waiting.retain_mut(|waiting| {
            if waiting.check > now {
                return true;
            }
            let is_due = waiting.due <= now;
            if is_due {
                due.push(Arc::clone(&waiting.member));
            } else {
                waiting.pause = (2 * waiting.pause).min(LONGEST);
                waiting.check = now + waiting.pause;
            }
            !is_due
        });
        drop(state);
        // A socket whose engine is in use is tried again.
        due.retain(|member| {
            let flushed = catch_unwind(AssertUnwindSafe(|| member.try_flush()));
            matches!(flushed, Ok(false))
        });
        let mut state = self.lock();
        for member in due {
            if !state.waiting.iter().any(|other| Arc::ptr_eq(&other.member, &member)) {
                let due = now + DELAY;
                state.waiting.push(Waiting { member, due, check: due, pause: DELAY });
            }
        }
        let _ = self.set(&mut state, now);
    }

    /// Removes a closed socket.
    pub(super) fn forget(&self, member: &Arc<dyn Member>) {
        self.lock().waiting.retain(|other| !Arc::ptr_eq(&other.member, member));
    }

    /// Removes all sockets.
    pub(super) fn clear(&self) {
        let waiting = core::mem::take(&mut self.lock().waiting);
        drop(waiting);
    }

    /// When the driver must run this, if the timer does not wake it.
    pub(super) fn next(&self) -> Option<Instant> {
        match Timer::WAKES {
            true => None,
            false => self.lock().set,
        }
    }

    /// Sets the timer to the earliest time. Returns `true` if the driver must be woken.
    fn set(&self, state: &mut State, now: Instant) -> bool {
        let first = state.waiting.iter().map(|waiting| waiting.check).min();
        if first == state.set {
            return false;
        }
        let sooner = state.set.is_none();
        state.set = first;
        match first {
            // It fails only if the time is invalid, which it is not.
            Some(at) if Timer::WAKES => {
                let _ = self.timer.set(at.saturating_duration_since(now));
                false
            }
            _ => sooner && !Timer::WAKES,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::super::{Drive, Driver, Gate};
    use super::*;

    const LIMIT: Duration = Duration::from_secs(15);

    /// A socket whose flushes are counted.
    struct Counter {
        gate: Gate,
        flushes: AtomicUsize,
        /// How often its engine is in use first.
        busy: AtomicUsize,
    }

    impl Counter {
        fn new(busy: usize) -> Arc<Self> {
            let (flushes, busy) = (AtomicUsize::new(0), AtomicUsize::new(busy));
            Arc::new(Self { gate: Gate::new(), flushes, busy })
        }

        fn count(&self) -> usize {
            self.flushes.load(Ordering::SeqCst)
        }

        fn wait(&self, count: usize) {
            let end = Instant::now() + LIMIT;
            while self.count() < count {
                assert!(Instant::now() < end, "{} of {count} flushes", self.count());
                thread::sleep(Duration::from_millis(1));
            }
        }
    }

    impl Member for Counter {
        fn gate(&self) -> &Gate {
            &self.gate
        }

        fn try_drive(&self, _with: &mut dyn FnMut(&mut dyn Drive)) -> bool {
            false
        }

        fn try_flush(&self) -> bool {
            let less = |busy: usize| busy.checked_sub(1);
            if self.busy.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok() {
                return false;
            }
            self.flushes.fetch_add(1, Ordering::SeqCst);
            true
        }
    }

    fn dynamic(counter: &Arc<Counter>) -> Arc<dyn Member> {
        Arc::clone(counter) as Arc<dyn Member>
    }

    #[test]
    fn each_socket_is_flushed_once_after_its_delay() {
        let driver = Driver::start().unwrap();
        let counters = [Counter::new(0), Counter::new(0), Counter::new(3)];
        for round in 1..=20 {
            let begin = Instant::now();
            counters.iter().for_each(|counter| driver.shared.flush_soon(&dynamic(counter)));
            counters.iter().for_each(|counter| counter.wait(round));
            assert!(begin.elapsed() >= DELAY);
        }
        thread::sleep(10 * DELAY);
        assert!(counters.iter().all(|counter| counter.count() == 20));
    }

    #[test]
    fn a_socket_in_a_burst_delays_only_its_own_flush() {
        let driver = Driver::start().unwrap();
        let (busy, other) = (Counter::new(0), Counter::new(0));
        driver.shared.flush_soon(&dynamic(&busy));
        driver.shared.flush_soon(&dynamic(&other));
        let end = Instant::now() + LIMIT;
        let mut plans = 0;
        while other.count() == 0 || plans < 10_000 {
            assert!(Instant::now() < end, "the other one waits");
            driver.shared.flush_soon(&dynamic(&busy));
            plans += 1;
        }
        // On a busy machine this thread may have paused for longer than the delay.
        assert!(busy.count() < plans / 10, "{} flushes of {plans}", busy.count());
        busy.wait(1);
    }

    #[test]
    fn a_closed_socket_is_not_flushed() {
        let driver = Driver::start().unwrap();
        let counter = Counter::new(3);
        driver.shared.flush_soon(&dynamic(&counter));
        driver.shared.part(dynamic(&counter));
        let end = Instant::now() + LIMIT;
        while Arc::strong_count(&counter) > 1 {
            assert!(Instant::now() < end, "it is kept");
            thread::sleep(Duration::from_millis(1));
        }
    }
}
