//! Tasks that wait for events of a socket: the driver wakes them, and serves the socket only if they do not go on with it.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::Waker;
use std::collections::HashMap;
use std::io;
use std::os::fd::RawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};

use super::Shared;

/// The smallest token of a watch. Those of sockets that the driver serves are smaller.
const FIRST: usize = usize::MAX / 2;

/// What wakes the tasks of a socket: at most one for each side.
pub(crate) type Wakers = [Option<Waker>; 2];

/// Tasks that wait for a socket.
pub(crate) trait Wait: Send + Sync {
    /// Whether they wait.
    fn goes_on(&self) -> bool;

    /// Ends the wait. Returns what wakes the tasks, which is called without locks.
    fn end(&self) -> Wakers;
}

/// The waits of a driver.
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

struct Waiting {
    wait: Arc<dyn Wait>,
    descriptor: RawFd,
    due: Option<Instant>,
}

impl core::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Waiting").field("due", &self.due).finish_non_exhaustive()
    }
}

impl Waiting {
    /// Ends the wait. From then on the driver may serve the socket, which registers the descriptor again.
    fn end(&self, registry: &Registry) -> Wakers {
        let _ = registry.deregister(&mut SourceFd(&self.descriptor));
        self.wait.end()
    }
}

impl Watches {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the driver must call [`Self::run`].
    pub(super) fn next(&self) -> Option<Instant> {
        self.lock().next
    }

    /// Wakes the tasks of this token. Returns `false` if it is the token of a socket that the driver serves.
    pub(super) fn event(&self, token: Token, registry: &Registry) -> bool {
        if token.0 < FIRST {
            return false;
        }
        let mut state = self.lock();
        let wakers = state.waiting.remove(&token.0).map(|waiting| waiting.end(registry));
        drop(state);
        wakers.into_iter().for_each(wake);
        true
    }

    /// Wakes the tasks whose deadline has passed.
    pub(super) fn run(&self, now: Instant, registry: &Registry) {
        let mut state = self.lock();
        if state.next.is_none_or(|at| at > now) {
            return;
        }
        let is_due = |waiting: &Waiting| waiting.due.is_some_and(|at| at <= now);
        let due = state.waiting.extract_if(|_, waiting| is_due(waiting));
        let due: Vec<_> = due.map(|(_, waiting)| waiting.end(registry)).collect();
        state.next = state.waiting.values().filter_map(|waiting| waiting.due).min();
        drop(state);
        due.into_iter().for_each(wake);
    }
}

/// Wakes tasks. The code of an executor may panic: this does not end the driver.
fn wake(wakers: Wakers) {
    for waker in wakers.into_iter().flatten() {
        let _ = catch_unwind(AssertUnwindSafe(|| waker.wake()));
    }
}

/// The place of one socket among the watches of a driver.
#[derive(Debug)]
pub(crate) struct Watch {
    driver: Arc<Shared>,
    token: Token,
    /// Since the last [`Self::arm`].
    armed: bool,
}

impl Watch {
    pub(crate) fn new(driver: Arc<Shared>) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        // The last tokens are the driver's own.
        let number = NEXT.fetch_add(1, Ordering::Relaxed) % (FIRST - 2);
        Self { driver, token: Token(FIRST + number), armed: false }
    }

    /// Lets the driver end a wait when the descriptor is readable, also if it is readable already, and at `due`. Returns
    /// `false` if the wait is over. If the watch is armed already, this only changes `due`: events that precede this call
    /// must be handled.
    pub(crate) fn arm(
        &mut self,
        descriptor: RawFd,
        wait: &Arc<impl Wait + 'static>,
        due: Option<Instant>,
    ) -> io::Result<bool> {
        let mut state = self.driver.watches.lock();
        if !wait.goes_on() {
            return Ok(false);
        }
        if let Some(waiting) = state.waiting.get_mut(&self.token.0) {
            waiting.due = due;
        } else {
            // With the lock: the event may come at once.
            let registry = &self.driver.registry;
            registry.register(&mut SourceFd(&descriptor), self.token, Interest::READABLE)?;
            let wait = Arc::clone(wait) as Arc<dyn Wait>;
            state.waiting.insert(self.token.0, Waiting { wait, descriptor, due });
            self.armed = true;
        }
        let sooner = due.is_some_and(|due| state.next.is_none_or(|next| due < next));
        if sooner {
            state.next = due;
        }
        drop(state);
        if sooner {
            self.driver.wake();
        }
        Ok(true)
    }

    /// Ends [`Self::arm`]. An operation that does not wait takes no lock here.
    pub(crate) fn disarm(&mut self) {
        if !core::mem::take(&mut self.armed) || !self.driver.process.is_this() {
            // In a forked child, this would change the poll of the parent.
            return;
        }
        let mut state = self.driver.watches.lock();
        let waiting = state.waiting.remove(&self.token.0);
        if let Some(waiting) = &waiting {
            // Otherwise the driver has done it.
            let _ = self.driver.registry.deregister(&mut SourceFd(&waiting.descriptor));
        }
        drop(state);
        // Without the lock: this may drop the last reference to a task, and with it the watches of the task.
        drop(waiting);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.disarm();
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::os::fd::AsRawFd as _;
    use std::os::unix::net::UnixStream;
    use std::sync::mpsc;
    use std::thread;

    use super::super::Driver;
    use super::*;

    const LIMIT: Duration = Duration::from_secs(15);

    /// A task that has a socket.
    struct Task(#[expect(dead_code, reason = "it is dropped")] Watch);

    impl Wait for Task {
        fn goes_on(&self) -> bool {
            true
        }

        fn end(&self) -> Wakers {
            Wakers::default()
        }
    }

    /// A wait without tasks.
    struct Nothing;

    impl Wait for Nothing {
        fn goes_on(&self) -> bool {
            true
        }

        fn end(&self) -> Wakers {
            Wakers::default()
        }
    }

    #[test]
    fn the_end_of_a_wait_may_drop_a_task_that_has_sockets() {
        let (done, end) = mpsc::channel();
        thread::spawn(move || {
            let driver = Driver::start().unwrap();
            let (first, _other) = UnixStream::pair().unwrap();
            let mut watch = Watch::new(driver.shared());
            let (second, _peer) = UnixStream::pair().unwrap();
            let mut inner = Watch::new(driver.shared());
            assert!(inner.arm(second.as_raw_fd(), &Arc::new(Nothing), None).unwrap());
            let task = Arc::new(Task(inner));
            assert!(watch.arm(first.as_raw_fd(), &task, None).unwrap());
            drop(task);
            // The driver has the last reference to the task.
            watch.disarm();
            assert!(driver.shared.watches.lock().waiting.is_empty());
            done.send(()).unwrap();
        });
        end.recv_timeout(LIMIT).unwrap();
    }
}
