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
    /// The descriptor that the driver waits for, since the last [`Self::arm`].
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
        // Before the registration, whose event may come at once.
        self.armed = Some(descriptor);
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
        self.driver.registry.register(&mut SourceFd(&descriptor), self.token, Interest::READABLE)
    }

    /// Ends [`Self::arm`], also one that failed. An operation that does not wait takes no lock here.
    pub(crate) fn disarm(&mut self) {
        let Some(descriptor) = self.armed.take() else { return };
        if !self.driver.process.is_this() {
            // In a forked child, this would change the poll of the parent.
            return;
        }
        let _ = self.driver.registry.deregister(&mut SourceFd(&descriptor));
        let waiting = self.driver.watches.lock().waiting.remove(&self.token.0);
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
    use std::task::Wake;
    use std::thread;

    use super::super::Driver;
    use super::*;

    const LIMIT: Duration = Duration::from_secs(15);

    /// A task that has a socket.
    struct Task(#[expect(dead_code, reason = "it is dropped")] Watch);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {}
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
            inner.arm(second.as_raw_fd(), Waker::noop(), None).unwrap();
            let waker = Waker::from(Arc::new(Task(inner)));
            watch.arm(first.as_raw_fd(), &waker, None).unwrap();
            drop(waker);
            // The driver has the last reference to the task.
            watch.disarm();
            assert!(driver.shared.watches.lock().waiting.is_empty());
            done.send(()).unwrap();
        });
        end.recv_timeout(LIMIT).unwrap();
    }
}
