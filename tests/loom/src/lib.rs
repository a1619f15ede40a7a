//! The hand-over between application and driver, compiled from its one source with loom's atomics.

/// What the product takes from `core::sync::atomic`.
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
    /// The engine's lock; inside: whether the driver hears of its events.
    engine: Mutex<bool>,
    /// Wakes the driver.
    waker: Notify,
    gone: AtomicBool,
}

impl Shared {
    /// The application calls, as `Seat::enter` and its guard do it.
    fn call(&self) {
        self.gate.enter();
        {
            let mut heard = self.engine.lock().expect("nobody panics");
            if self.gate.take_back() {
                *heard = false;
            }
            assert!(!*heard, "the driver would hear of events during a call");
        }
        if self.gate.leave() {
            self.waker.notify();
        }
    }

    /// The driver looks, as `Seat::visit` does it.
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

/// An application that makes `calls` calls and goes, beside the driver.
///
/// The driver looks until it serves the socket, and sleeps until woken whenever the gate says so. A
/// wake-up that is lost is a deadlock, which loom reports.
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
    let heard = *shared.engine.lock().expect("nobody panics");
    assert!(heard && shared.gate.is_armed());
}
