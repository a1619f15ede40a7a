//! The hand-over between application and driver, and between several threads that wait in calls of one
//! socket: the source of `zmtp-mio`, compiled with loom's atomics and locks.

pub mod threads;

/// The items that the source uses from `core::sync::atomic`.
mod sync {
    pub(super) use loom::sync::atomic::{AtomicU8, AtomicU32, Ordering};
}

#[path = "../../../zmtp-mio/src/driver/gate.rs"]
#[allow(unreachable_pub, dead_code, reason = "as the product has it")]
mod gate;

use gate::{Gate, Look};
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::{Arc, Mutex, Notify};
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
    /// The application calls, as `SharedEngine::enter` and its guard do. A long call waits without the lock.
    fn call(&self, long: bool) {
        let mut heard = self.engine.lock().expect("no thread panics");
        let took = self.gate.enter();
        if took {
            *heard = false;
        }
        assert!(!*heard, "the driver would hear of events during a call");
        if long {
            self.gate.stay();
            drop(heard);
            thread::yield_now();
            heard = self.engine.lock().expect("no thread panics");
            assert!(!*heard, "the driver would hear of events during a long call");
        }
        drop(heard);
        if (took || long) && self.gate.leave(long) {
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
}

/// Runs an application whose threads make calls and end, concurrently with the driver. For each call of a thread there
/// is whether it is long.
///
/// The driver looks until it serves the socket, and sleeps until it is woken when the gate requires it. A
/// lost wake-up is a deadlock, which loom reports.
pub fn hand_over(threads: &'static [&'static [bool]]) {
    let shared = Arc::new(Shared {
        gate: Gate::new(),
        engine: Mutex::new(false),
        waker: Notify::new(),
        running: AtomicUsize::new(threads.len()),
    });
    let start = |calls: &'static [bool]| {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            calls.iter().for_each(|&long| shared.call(long));
            shared.running.fetch_sub(1, Ordering::SeqCst);
        })
    };
    let application: Vec<_> = threads.iter().map(|calls| start(calls)).collect();
    let mut seen = 0;
    loop {
        let gone = shared.running.load(Ordering::SeqCst) == 0;
        match shared.look(&mut seen) {
            Look::Asleep => shared.waker.wait(),
            Look::Armed if gone => break,
            _ => thread::yield_now(),
        }
    }
    for thread in application {
        thread.join().expect("the application does not panic");
    }
    let heard = *shared.engine.lock().expect("no thread panics");
    assert!(heard && shared.gate.is_armed());
}
