//! The lease of a socket to a task, which a reactor may end at any time.

/// The items that the source uses from `std::sync`.
mod sync {
    pub(super) use loom::sync::{Mutex, MutexGuard};
    pub(super) use std::sync::PoisonError;
}

#[path = "../../../zmtp-mio/src/engine/lease.rs"]
#[allow(unreachable_pub, dead_code, reason = "as the product has it")]
mod lease;

use core::task::Waker;
use std::sync::Arc;

use lease::{Lease, Side};
use loom::sync::atomic::Ordering;
use loom::thread;

use crate::Shared;
use crate::driver::{Wait as _, Wakers};
use shared::{Cell, Process, SharedEngine};

/// What the source uses of the socket.
mod shared {
    use core::time::Duration;
    use std::sync::Arc;

    use loom::sync::MutexGuard;

    use crate::error::Error;

    pub(super) struct Process;

    impl Process {
        pub(super) const fn is_this(&self) -> bool {
            true
        }
    }

    pub(super) struct Cell {
        pub(super) process: Process,
        pub(super) socket: Arc<crate::Shared>,
    }

    impl Cell {
        pub(super) fn stay(&self) {
            self.socket.gate.stay();
        }

        pub(super) fn release(&self, stayed: bool) {
            self.socket.leave(stayed);
        }
    }

    pub(super) struct SharedEngine {
        pub(super) cell: Arc<Cell>,
    }

    impl SharedEngine {
        pub(super) fn enter(&self) -> Result<Guard<'_>, Error> {
            let (engine, took) = self.cell.socket.enter();
            Ok(Guard { cell: &self.cell, engine: Some(engine), took })
        }
    }

    /// A call.
    pub(super) struct Guard<'a> {
        cell: &'a Cell,
        engine: Option<MutexGuard<'a, bool>>,
        took: bool,
    }

    impl Guard<'_> {
        pub(super) const fn was_served(&self) -> bool {
            self.took
        }

        pub(super) const fn next_turn(&self) -> Option<Duration> {
            None
        }

        pub(super) const fn turned(&self) -> u64 {
            0
        }
    }

    impl Drop for Guard<'_> {
        fn drop(&mut self) {
            self.engine = None;
            if self.took {
                self.cell.release(false);
            }
        }
    }
}

/// The number of tasks that are woken.
fn count(wakers: &Wakers) -> usize {
    wakers.iter().flatten().count()
}

/// Runs a task that waits for a socket, and is not polled any more, concurrently with the driver and with a reactor. The
/// reactor ends the lease once at any time, and once when the task waits.
///
/// If the lease ends before the task waits, the task does not: its next attempt receives a message.
pub fn lease() {
    let socket = Arc::new(Shared::new(2));
    let cell = Arc::new(Cell { process: Process, socket: Arc::clone(&socket) });
    let engine = SharedEngine { cell };
    let lease: Arc<Lease> = engine.lease();
    let task = thread::spawn({
        let (lease, socket) = (Arc::clone(&lease), Arc::clone(&socket));
        move || {
            let attempted = lease.begin(&engine).expect("the process is not a fork");
            let heard = socket.engine.lock().expect("no thread panics");
            assert!(!(lease.goes_on() && *heard), "the driver would hear of events during a lease");
            drop(heard);
            let waits = lease.wait(Side::Receive, Waker::noop(), attempted);
            if !waits {
                assert!(!lease.leave(Side::Receive), "no other task waits");
                assert_eq!(count(&lease.end()), 0);
            }
            socket.running.fetch_sub(1, Ordering::SeqCst);
            waits
        }
    });
    let reactor = thread::spawn({
        let socket = Arc::clone(&socket);
        move || {
            let mut woken = count(&lease.end());
            let waits = task.join().expect("the task does not panic");
            woken += count(&lease.end());
            assert_eq!(woken, usize::from(waits), "a task that waits is woken once");
            socket.running.fetch_sub(1, Ordering::SeqCst);
        }
    });
    socket.drive();
    reactor.join().expect("the reactor does not panic");
    socket.assert_served();
}
