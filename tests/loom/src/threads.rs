//! Several threads in calls of one socket.

/// The items that the source uses from `std::sync`.
mod sync {
    pub(super) use loom::sync::{Condvar, Mutex, MutexGuard};
    pub(super) use std::sync::{PoisonError, TryLockError};
}

#[path = "../../../zmtp-mio/src/engine/hand_over.rs"]
#[allow(unreachable_pub, dead_code, reason = "as the product has it")]
mod hand_over;

use hand_over::{HandOver, TakesTurns, Turns};
use loom::sync::{Arc, Condvar, Mutex, MutexGuard};
use loom::thread;

/// The state of the engine.
struct Engine {
    turns: Turns<()>,
    /// Messages that threads wait for.
    messages: usize,
}

impl TakesTurns for Engine {
    type Pause = ();

    fn turns(&mut self) -> &mut Turns<()> {
        &mut self.turns
    }
}

/// The system's poll, with what it reports.
struct Poll {
    state: Mutex<Reported>,
    changed: Condvar,
}

#[derive(Default)]
struct Reported {
    messages: usize,
    woken: bool,
}

impl Poll {
    fn report(&self, change: impl FnOnce(&mut Reported)) {
        change(&mut self.state.lock().expect("no thread panics"));
        self.changed.notify_one();
    }

    /// Waits for anything. Returns the messages that arrived.
    fn poll(&self) -> usize {
        let mut state = self.state.lock().expect("no thread panics");
        while state.messages == 0 && !state.woken {
            state = self.changed.wait(state).expect("no thread panics");
        }
        core::mem::take(&mut *state).messages
    }
}

struct Shared {
    engine: Mutex<Engine>,
    polls: HandOver<()>,
    poll: Poll,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().expect("no thread panics")
    }

    /// Waits once, as `Guard::turn_unwoken` does.
    fn turn<'e>(&'e self, engine: MutexGuard<'e, Engine>) -> MutexGuard<'e, Engine> {
        let Some(_poll) = self.polls.try_take() else {
            return self.polls.wait(engine, None);
        };
        let (mut engine, messages) =
            HandOver::<()>::sleep(&self.engine, engine, (), || self.poll.poll());
        engine.messages += messages;
        self.polls.end(&mut *engine);
        engine
    }

    /// Ends a call, as the guard's drop does. `news` is whether the call changed anything.
    fn leave(&self, mut engine: MutexGuard<'_, Engine>, news: bool) {
        if news && engine.turns().sleeping().is_some() {
            self.poll.report(|reported| reported.woken = true);
        }
        self.polls.end(&mut *engine);
    }

    fn receive(&self) {
        let mut engine = self.lock();
        while engine.messages == 0 {
            engine = self.turn(engine);
        }
        engine.messages -= 1;
        self.leave(engine, false);
    }

    /// A call that does not wait, and brings what another one waits for.
    fn bring(&self) {
        let mut engine = self.lock();
        engine.messages += 1;
        self.leave(engine, true);
    }
}

/// Runs `receivers` threads that wait for a message each.
///
/// Meanwhile the network brings `arriving` messages, one at a time, and calls of another thread bring the rest.
/// A lost wake-up is a deadlock, which loom reports.
pub fn waiting_threads(receivers: usize, arriving: usize) {
    let shared = Arc::new(Shared {
        engine: Mutex::new(Engine { turns: Turns::new(), messages: 0 }),
        polls: HandOver::new(()),
        poll: Poll { state: Mutex::new(Reported::default()), changed: Condvar::new() },
    });
    let threads: Vec<_> = (0..receivers)
        .map(|_| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.receive())
        })
        .collect();
    for n in 0..receivers {
        match n < arriving {
            true => shared.poll.report(|reported| reported.messages += 1),
            false => shared.bring(),
        }
    }
    for thread in threads {
        thread.join().expect("no thread panics");
    }
    let mut engine = shared.lock();
    assert!(engine.messages == 0 && engine.turns().sleeping().is_none());
}
