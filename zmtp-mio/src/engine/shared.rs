//! An engine shared by the threads that use a socket and the background driver.
//!
//! Two locks. The engine's own is held while a call works on its state. The waiter's is held by the
//! one thread that waits in the system's poll, without the engine's: another thread may send, or
//! receive what is queued, meanwhile. A thread that has to wait while another one polls waits for
//! the result of that poll.

use core::fmt;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Instant;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token};

use super::{EVENTS, Engine, Pause};
use crate::driver::{self, Drive, Gate, Member};
use crate::error::Error;
use crate::options::Options;
use crate::pattern::AnyPattern;

/// The engine of a socket.
pub(crate) struct SharedEngine {
    cell: Arc<Cell>,
    /// The background driver, if the socket's context has one.
    driver: Option<Arc<driver::Shared>>,
    /// The engine is registered in a poll of the application: the driver does not serve it.
    registered: AtomicBool,
}

/// What the threads of a socket and the driver share.
struct Cell {
    engine: Mutex<Engine>,
    waiter: Mutex<Waiter>,
    /// Notified when a thread that polled has dispatched its events, and when it ends its call.
    polled: Condvar,
    gate: Gate,
    descriptor: RawFd,
}

/// The system's poll.
struct Waiter {
    poll: Poll,
    events: Events,
}

impl SharedEngine {
    pub(crate) fn new(pattern: AnyPattern, options: Options) -> Result<Self, Error> {
        // A forked child has no driver: its sockets are driven by its calls.
        let driver = options.context.driver().filter(|driver| driver.is_of_this_process());
        let fail = Error::io("create a poll");
        let made = Poll::new().and_then(|poll| Ok((poll.registry().try_clone()?, poll)));
        let (registry, poll) = made.map_err(fail)?;
        let descriptor = poll.as_raw_fd();
        let cell = Arc::new(Cell {
            engine: Mutex::new(Engine::new(pattern, options, registry)),
            waiter: Mutex::new(Waiter { poll, events: Events::with_capacity(EVENTS) }),
            polled: Condvar::new(),
            gate: Gate::new(),
            descriptor,
        });
        if let Some(driver) = &driver {
            driver.join(Arc::clone(&cell) as Arc<dyn Member>);
        }
        Ok(Self { cell, driver, registered: AtomicBool::new(false) })
    }

    /// Sends what is queued, within linger, and closes everything. A forked child closes its copies
    /// only and does not reach the driver, which belongs to its parent.
    pub(crate) fn close(&self) {
        if let Some(driver) = &self.driver
            && !driver.is_of_this_process()
        {
            // If the driver held the engine during the fork, the child's exit closes the copies.
            if let Some(mut engine) = self.cell.try_lock() {
                engine.release_descriptors();
            }
            return;
        }
        self.enter().close();
        if let Some(driver) = &self.driver {
            driver.part(Arc::clone(&self.cell) as Arc<dyn Member>);
        }
    }

    /// Sets whether the engine is registered in a poll of the application. Returns whether it was
    /// before.
    pub(crate) fn set_registered(&self, registered: bool) -> bool {
        let before = self.registered.swap(registered, Ordering::AcqRel);
        match (before, registered) {
            (false, true) => self.hold(),
            (true, false) => self.release(),
            _ => {}
        }
        before
    }

    /// Takes the engine for a call: the driver does not serve it until the guard is dropped.
    pub(crate) fn enter(&self) -> Guard<'_> {
        let engine = match &self.driver {
            Some(driver) => self.cell.enter(driver),
            None => self.cell.lock(),
        };
        Guard { engine: Some(engine), shared: self }
    }

    /// Takes the engine for reading its state.
    pub(crate) fn look(&self) -> MutexGuard<'_, Engine> {
        self.cell.lock()
    }

    /// Keeps the driver from serving the engine until [`SharedEngine::release`], while another poll
    /// waits for its events.
    pub(crate) fn hold(&self) {
        if let Some(driver) = &self.driver {
            drop(self.cell.enter(driver));
        }
    }

    /// Ends [`SharedEngine::hold`].
    pub(crate) fn release(&self) {
        if let Some(driver) = &self.driver
            && self.cell.gate.leave()
        {
            driver.wake();
        }
    }

    /// The descriptor that is readable when the engine has events.
    pub(crate) fn descriptor(&self) -> RawFd {
        self.cell.descriptor
    }
}

impl Cell {
    fn enter(&self, driver: &driver::Shared) -> MutexGuard<'_, Engine> {
        self.gate.enter();
        let engine = self.lock();
        if self.gate.take_back() {
            // It was registered when it was armed; if that failed, there is nothing to take back.
            let _ = driver.registry().deregister(&mut SourceFd(&self.descriptor));
        }
        engine
    }

    fn lock(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The engine, unless another thread has it.
    fn try_lock(&self) -> Option<MutexGuard<'_, Engine>> {
        free(self.engine.try_lock())
    }

    /// The poll, unless another thread waits in it.
    fn try_wait(&self) -> Option<MutexGuard<'_, Waiter>> {
        free(self.waiter.try_lock())
    }
}

fn free<T>(attempt: Result<T, TryLockError<T>>) -> Option<T> {
    match attempt {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

impl Waiter {
    /// Waits for events; none if a signal ends the wait.
    fn poll(&mut self, timeout: Option<Duration>) -> io::Result<&Events> {
        match self.poll.poll(&mut self.events, timeout) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => self.events.clear(),
            Err(error) => return Err(error),
        }
        Ok(&self.events)
    }
}

/// The engine during a call.
pub(crate) struct Guard<'a> {
    /// Always there, except while this thread polls.
    engine: Option<MutexGuard<'a, Engine>>,
    shared: &'a SharedEngine,
}

impl Guard<'_> {
    /// Does what can be done, and waits for events until `deadline`; `None` is no limit. Other
    /// threads may use the engine during the wait.
    ///
    /// Returns after any event; the caller checks its condition and calls again.
    pub(crate) fn turn(&mut self, deadline: Option<Instant>) -> Result<(), Error> {
        self.check_wake()?;
        self.turn_unwoken(deadline).map_err(|error| Error::io("poll")(error))?;
        self.check_wake()
    }

    /// [`Guard::turn`] that no handle wakes or stops.
    pub(super) fn turn_unwoken(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        let pause = self.prepare(deadline);
        let cell = &*self.shared.cell;
        let Some(mut waiter) = cell.try_wait() else {
            self.wait_for_poller(pause);
            return Ok(());
        };
        if pause.timeout == Some(Duration::ZERO) {
            self.dispatch(waiter.poll(pause.timeout)?);
            return Ok(());
        }
        if let Some(end) = pause.until
            && self.clock.is_test()
        {
            return self.skip(&mut waiter, end);
        }
        self.sleeping = Some(pause);
        self.engine = None;
        let polled = waiter.poll(pause.timeout);
        self.engine = Some(cell.lock());
        self.sleeping = None;
        self.dispatch(polled?);
        if self.waiting > 0 {
            cell.polled.notify_all();
        }
        Ok(())
    }

    /// A wait on a test's clock: without events the clock moves to the end of the wait.
    fn skip(&mut self, waiter: &mut Waiter, end: Instant) -> io::Result<()> {
        self.dispatch(waiter.poll(Some(Duration::ZERO))?);
        if self.is_idle() {
            self.clock.skip_to(end);
        }
        Ok(())
    }

    /// Waits until the thread that polls has dispatched its events.
    fn wait_for_poller(&mut self, pause: Pause) {
        if pause.timeout == Some(Duration::ZERO) {
            return;
        }
        let Some(mut engine) = self.engine.take() else { return };
        engine.waiting += 1;
        let polled = &self.shared.cell.polled;
        let mut engine = match pause.timeout {
            Some(timeout) => {
                let waited = polled.wait_timeout(engine, timeout);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => polled.wait(engine).unwrap_or_else(PoisonError::into_inner),
        };
        engine.waiting -= 1;
        self.engine = Some(engine);
    }

    /// One turn without waiting. Returns when the next is due: at once while work is left.
    pub(crate) fn step(&mut self) -> Result<Option<Duration>, Error> {
        let now = self.tick();
        self.turn(Some(now))?;
        Ok(self.next_turn())
    }

    /// Looks at the other peers from time to time while queued messages keep the application from
    /// waiting: otherwise a peer that floods the socket has it to itself until its queue is empty.
    pub(crate) fn share(&mut self) -> Result<(), Error> {
        match self.count_received() {
            true => self.step().map(drop),
            false => Ok(()),
        }
    }

    /// Looks at the peers from time to time while sending never waits: for new peers, for their
    /// subscriptions, and for what is due to those that are connected.
    pub(crate) fn share_sending(&mut self) -> Result<(), Error> {
        match self.count_sent() {
            true => self.step().map(drop),
            false => Ok(()),
        }
    }
}

impl Deref for Guard<'_> {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        match &self.engine {
            Some(engine) => engine,
            None => unreachable!("taken only while this thread polls"),
        }
    }
}

impl DerefMut for Guard<'_> {
    fn deref_mut(&mut self) -> &mut Engine {
        match &mut self.engine {
            Some(engine) => engine,
            None => unreachable!("taken only while this thread polls"),
        }
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if let Some(mut engine) = self.engine.take() {
            // This call may have brought work or a deadline that the thread that polls does not
            // know of.
            if engine.has_news() {
                engine.wake_poller();
            }
            // One of the threads that wait for this one's poll has to poll now.
            if engine.waiting > 0 && engine.sleeping.is_none() {
                self.shared.cell.polled.notify_all();
            }
        }
        self.shared.release();
    }
}

/// The driver takes the engine only while no call is under way, so that nothing else polls.
impl Member for Cell {
    fn gate(&self) -> &Gate {
        &self.gate
    }

    fn try_drive(&self, with: &mut dyn FnMut(&mut dyn Drive)) -> bool {
        let Some(mut engine) = self.try_lock() else { return false };
        let Some(waiter) = self.try_wait() else { return false };
        with(&mut Driven { engine: &mut engine, waiter, descriptor: self.descriptor });
        true
    }
}

/// The engine while the driver serves it.
struct Driven<'a> {
    engine: &'a mut Engine,
    waiter: MutexGuard<'a, Waiter>,
    descriptor: RawFd,
}

impl Drive for Driven<'_> {
    fn drive(&mut self) -> io::Result<Option<Duration>> {
        let now = self.engine.tick();
        self.engine.prepare(Some(now));
        self.engine.dispatch(self.waiter.poll(Some(Duration::ZERO))?);
        Ok(self.engine.next_turn())
    }

    fn register(&self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut SourceFd(&self.descriptor), token, Interest::READABLE)
    }
}

impl fmt::Debug for SharedEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.look().fmt(f)
    }
}
