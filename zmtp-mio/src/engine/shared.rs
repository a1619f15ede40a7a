//! An engine shared by the threads that use a socket and the background driver.

use core::fmt;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};

use super::Engine;
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

/// What a socket and the driver share.
struct Cell {
    engine: Mutex<Engine>,
    gate: Gate,
    descriptor: RawFd,
}

impl SharedEngine {
    pub(crate) fn new(pattern: AnyPattern, options: Options) -> Result<Self, Error> {
        // A forked child has no driver: its sockets are driven by its calls.
        let driver = options.context.driver().filter(|driver| driver.is_of_this_process());
        let engine = Engine::new(pattern, options)?;
        let descriptor = engine.poll.as_raw_fd();
        let cell = Arc::new(Cell { engine: Mutex::new(engine), gate: Gate::new(), descriptor });
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
            self.cell.try_engine(Engine::release_descriptors);
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
        Guard { engine, _leave: Leave(self) }
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
        if let Some(driver) = &self.driver {
            self.cell.leave(driver);
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

    fn leave(&self, driver: &driver::Shared) {
        if self.gate.leave() {
            driver.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `with` with the engine unless another thread has it. Returns whether it did.
    fn try_engine(&self, with: impl FnOnce(&mut Engine)) -> bool {
        let mut engine = match self.engine.try_lock() {
            Ok(engine) => engine,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        with(&mut engine);
        true
    }
}

impl Member for Cell {
    fn gate(&self) -> &Gate {
        &self.gate
    }

    fn try_drive(&self, with: &mut dyn FnMut(&mut dyn Drive)) -> bool {
        self.try_engine(|engine| with(engine))
    }
}

impl Drive for Engine {
    fn drive(&mut self) -> io::Result<Option<Duration>> {
        self.serve()
    }

    fn register(&self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut SourceFd(&self.poll.as_raw_fd()), token, Interest::READABLE)
    }
}

/// The engine during a call.
pub(crate) struct Guard<'a> {
    /// Dropped before the call ends for the gate.
    engine: MutexGuard<'a, Engine>,
    _leave: Leave<'a>,
}

/// The end of a call.
struct Leave<'a>(&'a SharedEngine);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.release();
    }
}

impl Deref for Guard<'_> {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        &self.engine
    }
}

impl DerefMut for Guard<'_> {
    fn deref_mut(&mut self) -> &mut Engine {
        &mut self.engine
    }
}

impl fmt::Debug for SharedEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.look().fmt(f)
    }
}
