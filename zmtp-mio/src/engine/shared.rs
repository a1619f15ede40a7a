//! An engine shared by the threads that use a socket and the background driver.
//!
//! Two locks. The engine's own is held while a call works on its state. The waiter's is held by the
//! one thread that waits in the system's poll, without the engine's: another thread may send, or
//! receive what is queued, meanwhile. A thread that has to wait while another one polls waits for
//! the result of that poll.

use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token};

use super::{EVENTS, Engine};
use crate::driver::{self, Drive, Gate, Member};
use crate::error::Error;
use crate::options::Options;
use crate::pattern::AnyPattern;
use crate::process::Process;

/// The engine of a socket.
pub(crate) struct SharedEngine {
    pub(super) cell: Arc<Cell>,
    /// The process that made the socket: a forked child only closes its copies.
    pub(super) process: Process,
    /// A number that no other engine of the process has.
    number: usize,
    /// The background driver, if the socket's context has one.
    pub(super) driver: Option<Arc<driver::Shared>>,
    /// The engine is registered in a poll of the application: the driver does not serve it.
    registered: AtomicBool,
    /// The application has the descriptor, for a poll of its own: the driver does not serve the engine any more.
    exposed: AtomicBool,
}

/// What the threads of a socket and the driver share.
pub(super) struct Cell {
    engine: Mutex<Engine>,
    waiter: Mutex<Waiter>,
    /// Notified when a thread that polled has dispatched its events, and when it ends its call.
    pub(super) polled: Condvar,
    gate: Gate,
    descriptor: RawFd,
    /// Another descriptor of the poll, which the engine shares.
    registry: Arc<Registry>,
}

/// The system's poll.
pub(super) struct Waiter {
    poll: Poll,
    events: Events,
}

impl SharedEngine {
    pub(crate) fn new(pattern: AnyPattern, options: Options) -> Result<Self, Error> {
        let process = Process::this()?;
        let driver = if options.driver { options.context.driver()? } else { None };
        let fail = Error::io("create a poll");
        let made = Poll::new().and_then(|poll| Ok((poll.registry().try_clone()?, poll)));
        let (registry, poll) = made.map_err(fail)?;
        let descriptor = poll.as_raw_fd();
        let registry = Arc::new(registry);
        let cell = Arc::new(Cell {
            engine: Mutex::new(Engine::new(pattern, options, Arc::clone(&registry))),
            waiter: Mutex::new(Waiter { poll, events: Events::with_capacity(EVENTS) }),
            polled: Condvar::new(),
            gate: Gate::new(),
            descriptor,
            registry,
        });
        cell.lock().set_coalescing(driver.is_some());
        if let Some(driver) = &driver {
            driver.join(Arc::clone(&cell) as Arc<dyn Member>);
        }
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let (registered, exposed) = (AtomicBool::new(false), AtomicBool::new(false));
        Ok(Self { cell, process, number, driver, registered, exposed })
    }

    /// Sets whether the engine is registered in a poll of the application. Returns whether it was
    /// before.
    pub(crate) fn set_registered(&self, registered: bool) -> bool {
        let before = self.registered.swap(registered, Ordering::AcqRel);
        self.set_coalescing();
        match (before, registered) {
            (false, true) => self.hold(),
            (true, false) => self.release(),
            _ => {}
        }
        before
    }

    /// Lets messages of a burst be held back if the driver serves the engine.
    fn set_coalescing(&self) {
        let served = self.driver.is_some()
            && !self.registered.load(Ordering::Acquire)
            && !self.exposed.load(Ordering::Acquire);
        self.cell.lock().set_coalescing(served);
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

    /// Has the driver write what is held back soon: about 100 µs from now.
    pub(super) fn flush_soon(&self) {
        if let Some(driver) = &self.driver {
            driver.flush_soon(&(Arc::clone(&self.cell) as Arc<dyn Member>));
        }
    }

    /// A number that no other engine of the process has.
    pub(crate) const fn number(&self) -> usize {
        self.number
    }

    /// A descriptor that is readable when the engine has events, for a poll of the application. The driver
    /// does not serve the engine any more.
    pub(crate) fn expose(&self) -> BorrowedFd<'_> {
        if !self.exposed.swap(true, Ordering::AcqRel) {
            self.set_coalescing();
            self.hold();
        }
        self.cell.registry.as_fd()
    }

    /// The descriptor that is readable when the engine has events.
    pub(crate) fn descriptor(&self) -> RawFd {
        self.cell.descriptor
    }
}

impl Cell {
    pub(super) fn enter(&self, driver: &driver::Shared) -> MutexGuard<'_, Engine> {
        self.gate.enter();
        let engine = self.lock();
        if self.gate.take_back() {
            // It was registered when it was armed; if that failed, there is nothing to take back.
            let _ = driver.registry().deregister(&mut SourceFd(&self.descriptor));
        }
        engine
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The engine, unless another thread has it.
    pub(super) fn try_lock(&self) -> Option<MutexGuard<'_, Engine>> {
        free(self.engine.try_lock())
    }

    /// The poll, unless another thread waits in it.
    pub(super) fn try_wait(&self) -> Option<MutexGuard<'_, Waiter>> {
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
    pub(super) fn poll(&mut self, timeout: Option<Duration>) -> io::Result<&Events> {
        match self.poll.poll(&mut self.events, timeout) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => self.events.clear(),
            Err(error) => return Err(error),
        }
        Ok(&self.events)
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

    fn try_flush(&self) -> bool {
        let Some(mut engine) = self.try_lock() else { return false };
        let _ = engine.write_held();
        // A thread that polls may not know of what that has brought.
        if engine.has_news() {
            engine.wake_poller();
        }
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
