//! The lease of a socket to the tasks that wait for it.
//!
//! While a task waits, the driver leaves the socket to it, and the reactor of the task wakes it for the next event. The
//! lease ends with that: from then on the socket is like one between two calls. A task that is polled goes on with the
//! socket. If it is not, for example because its future is kept or dropped, the driver serves the socket some milliseconds
//! later. `tests/loom` model-checks this file.

use core::task::Waker;
use core::time::Duration;
use std::sync::Arc;
use std::task::Wake;

use super::shared::{Cell, SharedEngine};
use super::sync::{Mutex, MutexGuard, PoisonError};
use crate::driver::{Wait, Wakers};
use crate::error::Error;

/// The use of a socket that a task waits for. Each can have its own task.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Side {
    Receive,
    Send,
}

/// The lease of one socket.
pub(crate) struct Lease {
    cell: Arc<Cell>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The driver leaves the socket to the tasks.
    held: bool,
    /// The tasks that wait: none unless it is held.
    tasks: [Option<Waiting>; 2],
}

struct Waiting {
    waker: Waker,
    /// The state of the engine after the last attempt of the task.
    state: u64,
}

/// The engine after an attempt that must wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempted {
    /// The driver has served the engine since the attempt.
    pub(crate) served: bool,
    /// The time until the next turn is due.
    pub(crate) next: Option<Duration>,
    /// A number that changes with each turn that changes what a task may wait for.
    state: u64,
}

impl SharedEngine {
    /// A lease of this engine. There is one for each engine.
    pub(crate) fn lease(&self) -> Arc<Lease> {
        Arc::new(Lease { cell: Arc::clone(&self.cell), state: Mutex::new(State::default()) })
    }
}

impl Lease {
    /// Begins the lease, unless it goes on. The engine is that of the lease.
    pub(crate) fn begin(&self, engine: &SharedEngine) -> Result<Attempted, Error> {
        let engine = engine.enter()?;
        // Both with the lock: a reactor may end the lease at any time.
        let mut lease = self.lock();
        if !core::mem::replace(&mut lease.held, true) {
            self.cell.stay();
        }
        drop(lease);
        let (served, next, state) = (engine.was_served(), engine.next_turn(), engine.turned());
        Ok(Attempted { served, next, state })
    }

    /// A task waits from now on. Returns `false` if the lease has ended since [`Self::begin`]. Wakes the task of the other
    /// side if the attempt may have completed its wait.
    pub(crate) fn wait(&self, side: Side, waker: &Waker, attempted: Attempted) -> bool {
        let mut lease = self.lock();
        if !lease.held {
            return false;
        }
        let waiting = Waiting { waker: waker.clone(), state: attempted.state };
        let before = lease.tasks[side as usize].replace(waiting);
        let other = lease.tasks[1 - side as usize].take_if(|other| other.state != attempted.state);
        drop(lease);
        // Without the lock: this may drop the last reference to a task.
        drop(before);
        if let Some(other) = other {
            other.waker.wake();
        }
        true
    }

    /// The task of this side waits no more. Returns whether that of the other side does.
    pub(crate) fn leave(&self, side: Side) -> bool {
        if !self.cell.process.is_this() {
            return false;
        }
        let mut lease = self.lock();
        let before = lease.tasks[side as usize].take();
        let other = lease.tasks[1 - side as usize].is_some();
        drop(lease);
        drop(before);
        other
    }

    /// Whether the last attempt may have completed the wait of a task.
    pub(crate) fn is_over(&self, attempted: Attempted) -> bool {
        attempted.next == Some(Duration::ZERO)
            || self.lock().tasks.iter().flatten().any(|task| task.state != attempted.state)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wait for Lease {
    fn goes_on(&self) -> bool {
        self.lock().held
    }

    fn end(&self) -> Wakers {
        if !self.cell.process.is_this() {
            // Another thread of the parent may have had the lock during the fork.
            return Wakers::default();
        }
        let State { held, tasks } = core::mem::take(&mut *self.lock());
        if held {
            self.cell.release(true);
        }
        tasks.map(|task| task.map(|task| task.waker))
    }
}

/// The waker that a reactor of another runtime has.
impl Wake for Lease {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.end().into_iter().flatten().for_each(Waker::wake);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.cell.process.is_this() {
            // In a forked child, this might drop a task, and use locks of the runtime of the parent.
            let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
            core::mem::forget(core::mem::take(state));
        }
    }
}
