//! Tasks that wait for events of a socket: the driver wakes them, and does not touch the socket.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::Waker;
use std::collections::HashMap;
use std::io;
use std::os::fd::RawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use mio::unix::SourceFd;
use mio::{Interest, Token};

use super::Shared;

/// The smallest token of a watch. Those of sockets that the driver serves are smaller.
const FIRST: usize = usize::MAX / 2;

/// The tasks that wait.
#[derive(Debug, Default)]
pub(super) struct Watches {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: HashMap<usize, Waiting>,
    /// The driver looks at the deadlines no later than this.
    next: Option<Instant>,
}

#[derive(Debug)]
struct Waiting {
    waker: Waker,
    due: Option<Instant>,
}

impl Watches {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the driver must call [`Self::run`].
    pub(super) fn next(&self) -> Option<Instant> {
        self.lock().next
    }

    /// Wakes the task of this token. Returns `false` if it is the token of a socket that the driver serves.
    pub(super) fn event(&self, token: Token) -> bool {
        if token.0 < FIRST {
            return false;
        }
        let waiting = self.lock().waiting.remove(&token.0);
        waiting.into_iter().for_each(|waiting| wake(waiting.waker));
        true
    }

    /// Wakes the tasks whose deadline has passed.
    pub(super) fn run(&self, now: Instant) {
        let mut state = self.lock();
        if state.next.is_none_or(|at| at > now) {
            return;
        }
        let is_due = |waiting: &Waiting| waiting.due.is_some_and(|at| at <= now);
        let due: Vec<_> = state.waiting.extract_if(|_, waiting| is_due(waiting)).collect();
        state.next = state.waiting.values().filter_map(|waiting| waiting.due).min();
        drop(state);
        due.into_iter().for_each(|(_, waiting)| wake(waiting.waker));
    }
}

/// Wakes a task. The code of an executor may panic: this does not end the driver.
fn wake(waker: Waker) {
    let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
}

/// The place of one socket among the watches of a driver.
#[derive(Debug)]
pub(crate) struct Watch {
    driver: Arc<Shared>,
    token: Token,
    /// The descriptor that the driver waits for.
    armed: Option<RawFd>,
}

impl Watch {
    pub(crate) fn new(driver: Arc<Shared>) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        // The last tokens are the driver's own.
        let number = NEXT.fetch_add(1, Ordering::Relaxed) % (FIRST - 2);
        Self { driver, token: Token(FIRST + number), armed: None }
    }

    /// Lets the driver wake a task when the descriptor is readable, also if it is readable already, and at `due`.
    pub(crate) fn arm(
        &mut self,
        descriptor: RawFd,
        waker: &Waker,
        due: Option<Instant>,
    ) -> io::Result<()> {
        self.disarm();
        let waiting = Waiting { waker: waker.clone(), due };
        let mut state = self.driver.watches.lock();
        state.waiting.insert(self.token.0, waiting);
        let sooner = due.is_some_and(|due| state.next.is_none_or(|next| due < next));
        if sooner {
            state.next = due;
        }
        drop(state);
        if sooner {
            self.driver.wake();
        }
        let mut source = SourceFd(&descriptor);
        self.driver.registry.register(&mut source, self.token, Interest::READABLE)?;
        self.armed = Some(descriptor);
        Ok(())
    }

    /// Ends [`Self::arm`].
    pub(crate) fn disarm(&mut self) {
        if !self.driver.process.is_this() {
            // In a forked child, this would change the poll of the parent.
            return;
        }
        if let Some(descriptor) = self.armed.take() {
            let _ = self.driver.registry.deregister(&mut SourceFd(&descriptor));
        }
        self.driver.watches.lock().waiting.remove(&self.token.0);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.disarm();
    }
}
