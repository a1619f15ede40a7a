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
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::sync::{Arc, Mutex, Notify};
use loom::thread;

struct Shared {
    gate: Gate,
    /// The engine's lock. It holds whether the driver receives the engine's events.
    engine: Mutex<bool>,
    /// Wakes the driver.
    waker: Notify,
    gone: AtomicBool,
}

impl Shared {
    /// The application calls, as `SharedEngine::enter` and its guard do.
    fn call(&self) {
        self.gate.enter();
        {
            let mut heard = self.engine.lock().expect("no thread panics");
            if self.gate.take_back() {
                *heard = false;
            }
            assert!(!*heard, "the driver would hear of events during a call");
        }
        if self.gate.leave() {
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

/// Runs an application that makes `calls` calls and ends, concurrently with the driver.
///
/// The driver looks until it serves the socket, and sleeps until it is woken when the gate requires it. A
/// lost wake-up is a deadlock, which loom reports.
pub fn hand_over(calls: usize) {
    let shared = Arc::new(Shared {
        gate: Gate::new(),
        engine: Mutex::new(false),
        waker: Notify::new(),
        gone: AtomicBool::new(false),
    });
    let application = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            (0..calls).for_each(|_| shared.call());
            shared.gone.store(true, Ordering::SeqCst);
        })
    };
    let mut seen = 0;
    loop {
        let gone = shared.gone.load(Ordering::SeqCst);
        match shared.look(&mut seen) {
            Look::Asleep => shared.waker.wait(),
            Look::Armed if gone => break,
            _ => thread::yield_now(),
        }
    }
    application.join().expect("the application does not panic");
    let heard = *shared.engine.lock().expect("no thread panics");
    assert!(heard && shared.gate.is_armed());
}
