//! Hands a socket over between the application, which drives it during calls, and the driver.
//!
//! The lock of the engine ensures that at most one of them drives the socket at a time. This gate ensures that one
//! of them always does: the driver sleeps only if the gate allows it, and no wake-up is lost. `tests/loom`
//! model-checks the gate with other atomics, which is why it uses `super::sync`.

use super::sync::{AtomicU8, AtomicU32, Ordering};

/// The states of the driver for a socket.
const ARMED: u8 = 0;
const LOOKING: u8 = 1;
const ASLEEP: u8 = 2;

/// The hand-over of one socket.
#[derive(Debug)]
pub(crate) struct Gate {
    /// The number of calls in progress that [stay](Gate::stay).
    inside: AtomicU32,
    /// The number of calls so far, written under the lock. If it does not change, there is no call, or a long one.
    calls: AtomicU32,
    /// [`ARMED`]: the driver serves the socket. [`LOOKING`]: it checks at intervals whether there are
    /// calls. [`ASLEEP`]: it ignores the socket until it is woken.
    watch: AtomicU8,
}

/// The result of a check by the driver.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Look {
    /// The driver serves the socket already.
    Armed,
    /// The application has called since the last check: check again later.
    Busy,
    /// The application is in a long call, whose end wakes the driver. No check is needed before.
    Asleep,
    /// There has been no call since the last check: [arm](Gate::arm).
    Away,
}

impl Gate {
    /// The gate of a new socket: the driver checks it.
    pub(crate) fn new() -> Self {
        Self { inside: AtomicU32::new(0), calls: AtomicU32::new(0), watch: AtomicU8::new(LOOKING) }
    }

    /// A call of the application begins; it has the engine's lock. Returns `true` if it takes the engine from the
    /// driver, which then must not receive its events any more.
    #[inline]
    pub(crate) fn enter(&self) -> bool {
        // Only calls write it, under the lock.
        self.calls.store(self.calls.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        // Only the driver sets `ARMED`, and only under the lock.
        let armed = self.watch.load(Ordering::SeqCst) == ARMED;
        if armed {
            self.watch.store(ASLEEP, Ordering::SeqCst);
        }
        armed
    }

    /// The call has the lock, and goes on after it releases the lock: the driver leaves the socket to it.
    pub(crate) fn stay(&self) {
        self.inside.fetch_add(1, Ordering::SeqCst);
    }

    /// A call that [took](Gate::enter) the engine from the driver, or [stayed](Gate::stay), has ended and released
    /// the lock. Returns `true` if the driver sleeps and must be woken. Other calls end without it.
    pub(crate) fn leave(&self, stayed: bool) -> bool {
        if stayed && self.inside.fetch_sub(1, Ordering::SeqCst) > 1 {
            return false;
        }
        self.watch.compare_exchange(ASLEEP, LOOKING, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// A check by the driver, which stores the number of calls in `seen`.
    pub(crate) fn look(&self, seen: &mut u32) -> Look {
        match self.watch.load(Ordering::SeqCst) {
            ARMED => return Look::Armed,
            ASLEEP => return Look::Asleep,
            _ => {}
        }
        let calls = self.calls.load(Ordering::Relaxed);
        if core::mem::replace(seen, calls) != calls {
            return Look::Busy;
        }
        if self.inside.load(Ordering::SeqCst) == 0 {
            return Look::Away;
        }
        // First `ASLEEP`, then a last check, which writes the same value again: the end of a call either
        // precedes this write and is seen here, or follows it and sees that the driver sleeps.
        self.watch.store(ASLEEP, Ordering::SeqCst);
        if self.inside.fetch_add(0, Ordering::SeqCst) > 0 {
            return Look::Asleep;
        }
        match self.watch.compare_exchange(ASLEEP, LOOKING, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) => Look::Busy,
            // The end of the call has seen it, and wakes the driver.
            Err(_) => Look::Asleep,
        }
    }

    /// The driver has the lock, to serve the socket. Returns `false` if a call of the application goes on: check again
    /// later.
    pub(crate) fn arm(&self) -> bool {
        if self.inside.load(Ordering::SeqCst) > 0 {
            return false;
        }
        let armed = self.watch.compare_exchange(LOOKING, ARMED, Ordering::SeqCst, Ordering::SeqCst);
        armed.is_ok()
    }

    /// Whether the driver serves the socket. Call it under the lock.
    pub(crate) fn is_armed(&self) -> bool {
        self.watch.load(Ordering::SeqCst) == ARMED
    }
}
