//! Who drives a socket now: the application, while it calls, else the driver.
//!
//! The engine's lock makes sure that never both do. This gate makes sure that always one will:
//! it is the driver's only reason to sleep, so it must not be lost. It is modelled in
//! `tests/loom`, which brings its own atomics; hence `super::sync`.

use super::sync::{AtomicU8, AtomicU32, Ordering};

/// What the driver does about a socket.
const ARMED: u8 = 0;
const LOOKING: u8 = 1;
const ASLEEP: u8 = 2;

/// The hand-over of one socket.
#[derive(Debug)]
pub(crate) struct Gate {
    /// Calls that are under way.
    inside: AtomicU32,
    /// Calls that have begun: if it stands still, the application is away, or in a long call.
    calls: AtomicU32,
    /// [`ARMED`]: the driver serves the socket. [`LOOKING`]: it looks now and then whether the
    /// application is away. [`ASLEEP`]: it has forgotten the socket, until told.
    watch: AtomicU8,
}

/// What the driver finds when it looks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Look {
    /// The driver serves the socket already.
    Armed,
    /// The application called since the last look: look again later.
    Busy,
    /// The application is in a long call; its end will tell. Nothing to do before.
    Asleep,
    /// The application is away: [arm](Gate::arm).
    Away,
}

impl Gate {
    /// Of a socket that was just made: the driver looks.
    pub(crate) fn new() -> Self {
        Self { inside: AtomicU32::new(0), calls: AtomicU32::new(0), watch: AtomicU8::new(LOOKING) }
    }

    /// The application calls, and takes the engine's lock next.
    pub(crate) fn enter(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.inside.fetch_add(1, Ordering::SeqCst);
    }

    /// The application has the lock. `true` if it takes the engine from the driver, which then
    /// must not hear of its events any more.
    pub(crate) fn take_back(&self) -> bool {
        // Only the driver arms, and only under the lock.
        let armed = self.watch.load(Ordering::SeqCst) == ARMED;
        if armed {
            self.watch.store(ASLEEP, Ordering::SeqCst);
        }
        armed
    }

    /// The call is over, and the lock given back. `true` if the driver sleeps and must be told.
    pub(crate) fn leave(&self) -> bool {
        self.inside.fetch_sub(1, Ordering::SeqCst) == 1
            && self
                .watch
                .compare_exchange(ASLEEP, LOOKING, Ordering::SeqCst, Ordering::SeqCst)
                .is_ok()
    }

    /// The driver looks, and remembers in `seen` how many calls there were.
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
        // First asleep, then a last look. It writes, though nothing new: a call's end comes before
        // it, and is seen here, or after it, and sees that the driver sleeps.
        self.watch.store(ASLEEP, Ordering::SeqCst);
        if self.inside.fetch_add(0, Ordering::SeqCst) > 0 {
            return Look::Asleep;
        }
        match self.watch.compare_exchange(ASLEEP, LOOKING, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) => Look::Busy,
            // The call's end saw it, and tells.
            Err(_) => Look::Asleep,
        }
    }

    /// The driver has the lock and wants to serve the socket. `false` if the application is at the
    /// door: look again later.
    pub(crate) fn arm(&self) -> bool {
        if self.inside.load(Ordering::SeqCst) > 0 {
            return false;
        }
        let armed = self.watch.compare_exchange(LOOKING, ARMED, Ordering::SeqCst, Ordering::SeqCst);
        armed.is_ok()
    }

    /// Whether the driver serves the socket. To be asked under the lock.
    pub(crate) fn is_armed(&self) -> bool {
        self.watch.load(Ordering::SeqCst) == ARMED
    }
}
