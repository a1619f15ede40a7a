//! The hand-over between application and driver, between tasks and driver, and between several threads that wait in
//! calls of one socket: the source of `zmtp-mio`, compiled with loom's atomics and locks.

pub mod tasks;
pub mod threads;

/// The items that the source uses from `core::sync::atomic`.
mod sync {
    pub(super) use loom::sync::atomic::{AtomicU8, AtomicU32, Ordering};
}

#[path = "../../../zmtp-mio/src/driver/gate.rs"]
#[allow(unreachable_pub, dead_code, reason = "as the product has it")]
mod gate;

/// The items of `driver/watch.rs` that the source uses.
mod driver {
    use core::task::Waker;

    pub(crate) type Wakers = [Option<Waker>; 2];

    pub(crate) trait Wait: Send + Sync {
        fn goes_on(&self) -> bool;

        fn end(&self) -> Wakers;
    }
}

mod error {
    /// No call of the model fails.
    #[derive(Debug)]
    pub(crate) enum Error {}
}

use gate::{Gate, Look};
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::{Arc, Mutex, MutexGuard, Notify};
use loom::thread;

struct Shared {
    gate: Gate,
    /// The engine's lock. It holds whether the driver receives the engine's events.
    engine: Mutex<bool>,
    /// Wakes the driver.
    waker: Notify,
    /// The threads of the application that have not ended.
    running: AtomicUsize,
}

impl Shared {
    fn new(threads: usize) -> Self {
        let (engine, waker) = (Mutex::new(false), Notify::new());
        Self { gate: Gate::new(), engine, waker, running: AtomicUsize::new(threads) }
    }

    /// The application calls, as `SharedEngine::enter` and its guard do. A long call waits without the lock.
    fn call(&self, long: bool) {
        let (mut heard, took) = self.enter();
        if long {
            self.gate.stay();
            drop(heard);
            thread::yield_now();
            heard = self.engine.lock().expect("no thread panics");
            assert!(!*heard, "the driver would hear of events during a long call");
        }
        drop(heard);
        if took || long {
            self.leave(long);
        }
    }

    /// Takes the engine. Returns whether it was taken from the driver.
    fn enter(&self) -> (MutexGuard<'_, bool>, bool) {
        let mut heard = self.engine.lock().expect("no thread panics");
        let took = self.gate.enter();
        if took {
            *heard = false;
        }
        assert!(!*heard, "the driver would hear of events during a call");
        (heard, took)
    }

    /// The end of a call, as `Cell::release`.
    fn leave(&self, stayed: bool) {
        if self.gate.leave(stayed) {
            self.waker.notify();
        }
    }

    /// The driver looks, as `driver::Entry::visit` does.
    fn look(&self, seen: &mut u32) -> Look {
        let look = self.gate.look(seen);
        if look == Look::Away
            && let Ok(mut heard) = self.engine.try_lock()
            && self.gate.arm()
        {
            *heard = true;
        }
        look
    }

    /// Looks until it serves the socket and the threads have ended, and sleeps until it is woken when the gate requires
    /// it. A lost wake-up is a deadlock, which loom reports.
    fn drive(&self) {
        let mut seen = 0;
        loop {
            let gone = self.running.load(Ordering::SeqCst) == 0;
            match self.look(&mut seen) {
                Look::Asleep => self.waker.wait(),
                Look::Armed if gone => break,
                _ => thread::yield_now(),
            }
        }
    }

    /// The driver serves the socket.
    fn assert_served(&self) {
        let heard = *self.engine.lock().expect("no thread panics");
        assert!(heard && self.gate.is_armed());
    }
}

/// Runs an application whose threads make calls and end, concurrently with the driver. For each call of a thread there
/// is whether it is long.
pub fn hand_over(threads: &'static [&'static [bool]]) {
    let shared = Arc::new(Shared::new(threads.len()));
    let start = |calls: &'static [bool]| {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            calls.iter().for_each(|&long| shared.call(long));
            shared.running.fetch_sub(1, Ordering::SeqCst);
        })
    };
    let application: Vec<_> = threads.iter().map(|calls| start(calls)).collect();
    shared.drive();
    for thread in application {
        thread.join().expect("the application does not panic");
    }
    shared.assert_served();
}
