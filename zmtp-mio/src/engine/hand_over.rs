//! Hands the system's poll over between the threads that wait in calls of one engine.
//!
//! One thread polls, without the engine's lock. The others wait until it has handled the events. When its call
//! ends, one of the others polls. A wake-up must not be lost: this is model-checked in `tests/loom` with other
//! locks, which is why it uses `super::sync`.

use core::time::Duration;

use super::sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError};

/// The state of the threads, protected by the lock of the engine. `P` describes the wait of the thread that polls.
#[derive(Debug)]
pub(crate) struct Turns<P> {
    sleeping: Option<P>,
    /// The number of threads that wait for it.
    waiting: usize,
}

impl<P> Turns<P> {
    pub(crate) const fn new() -> Self {
        Self { sleeping: None, waiting: 0 }
    }

    /// The wait of the thread that polls without the engine's lock, if there is one.
    pub(crate) const fn sleeping(&self) -> Option<&P> {
        self.sleeping.as_ref()
    }
}

/// An engine with turns.
pub(crate) trait TakesTurns {
    type Pause;

    fn turns(&mut self) -> &mut Turns<Self::Pause>;
}

/// The poll `W`, and the threads that wait for the one that has it.
pub(crate) struct HandOver<W> {
    poll: Mutex<W>,
    /// Notified when a thread that polled has handled its events, and when it ends its call.
    handled: Condvar,
}

impl<W> HandOver<W> {
    pub(crate) fn new(poll: W) -> Self {
        Self { poll: Mutex::new(poll), handled: Condvar::new() }
    }

    /// The poll; `None` while another thread polls.
    pub(crate) fn try_take(&self) -> Option<MutexGuard<'_, W>> {
        match self.poll.try_lock() {
            Ok(poll) => Some(poll),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Waits until the thread that has the poll has handled its events, or ends its call.
    pub(crate) fn wait<'e, E: TakesTurns>(
        &self,
        mut engine: MutexGuard<'e, E>,
        timeout: Option<Duration>,
    ) -> MutexGuard<'e, E> {
        engine.turns().waiting += 1;
        let mut engine = match timeout {
            Some(timeout) => {
                let waited = self.handled.wait_timeout(engine, timeout);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.handled.wait(engine).unwrap_or_else(PoisonError::into_inner),
        };
        engine.turns().waiting -= 1;
        engine
    }

    /// Calls `poll`, which may sleep, without the engine's lock. The caller has the poll. It handles the
    /// events next, and calls [`HandOver::end`].
    pub(crate) fn sleep<'e, E: TakesTurns, R>(
        lock: &'e Mutex<E>,
        mut engine: MutexGuard<'e, E>,
        pause: E::Pause,
        poll: impl FnOnce() -> R,
    ) -> (MutexGuard<'e, E>, R) {
        engine.turns().sleeping = Some(pause);
        drop(engine);
        let result = poll();
        let mut engine = lock.lock().unwrap_or_else(PoisonError::into_inner);
        engine.turns().sleeping = None;
        (engine, result)
    }

    /// The events are handled, or a call ends. If no thread polls, one of the waiting threads is woken to poll.
    pub(crate) fn end<E: TakesTurns>(&self, engine: &mut E) {
        let turns = engine.turns();
        if turns.waiting > 0 && turns.sleeping.is_none() {
            self.handled.notify_all();
        }
    }
}
