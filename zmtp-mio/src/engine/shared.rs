//! An engine shared by the threads that use a socket and the background driver.
//!
//! There are two locks. A call holds the lock of the engine while it works on its state. One thread holds the lock
//! of the waiter while it waits in the system's poll, without the lock of the engine: meanwhile another thread may
//! send, or receive queued messages. A thread that must wait while another one polls waits for the result of
//! that poll.

use core::any::Any;
use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;
use std::io;
use std::os::fd::{BorrowedFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Instant;

use mio::Token;

use super::Engine;
use super::descriptors::Descriptors;
use super::hand_over::HandOver;
use super::spin::Waiter;
use crate::driver::{self, AWAY, Drive, Gate, Member, SOON};
use crate::error::Error;
use crate::monitor::EventReader;
use crate::options::Options;
use crate::pattern::KindOptions;
use crate::process::Process;
use crate::socket_kind::SocketKind;

/// The engine of a socket.
pub(crate) struct SharedEngine {
    pub(super) cell: Arc<Cell>,
    /// A number that no other engine of the process has.
    number: usize,
    kind: SocketKind,
    /// The events, which a reader may take without the engine.
    events: EventReader,
    /// The engine is registered in a poll of the application: the driver does not serve it.
    registered: AtomicBool,
    /// The application uses the descriptor in another event loop: the driver does not serve the engine any more.
    exposed: AtomicBool,
}

/// The state that the threads of a socket, the driver, and a shutdown share.
pub(super) struct Cell {
    pub(super) engine: Mutex<Engine>,
    pub(super) polls: HandOver<Waiter>,
    /// The process that created the socket: a forked child only closes its copies.
    pub(super) process: Process,
    /// The background driver, if the socket's context has one.
    driver: Option<Arc<driver::Shared>>,
    gate: Gate,
    /// Those of the engine.
    pub(super) descriptors: Arc<Descriptors>,
}

impl SharedEngine {
    pub(crate) fn new(kind: SocketKind, own: KindOptions, options: Options) -> Result<Self, Error> {
        let process = Process::this()?;
        let driver = if options.driver { options.context.driver()? } else { None };
        let away = if options.rules.serves_soon { SOON } else { AWAY };
        let context = options.context.clone();
        let pattern = own.pattern(kind, &options);
        let cell = Arc::new_cyclic(|cell| {
            let mut engine = Engine::new(pattern, options, cell.clone());
            engine.set_coalescing(driver.is_some());
            let descriptors = Arc::clone(&engine.descriptors);
            Cell {
                engine: Mutex::new(engine),
                polls: HandOver::new(Waiter::new(Arc::clone(&descriptors))),
                process,
                driver,
                gate: Gate::new(),
                descriptors,
            }
        });
        let events = cell.lock().events();
        context.join(&(Arc::clone(&cell) as Arc<dyn Any + Send + Sync>))?;
        if let Some(driver) = &cell.driver {
            driver.join(Arc::clone(&cell) as Arc<dyn Member>, away);
        }
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let (registered, exposed) = (AtomicBool::new(false), AtomicBool::new(false));
        Ok(Self { cell, number, kind, events, registered, exposed })
    }

    /// Sets whether the engine is registered in a poll of the application. Returns whether it was
    /// before.
    pub(crate) fn set_registered(&self, registered: bool) -> bool {
        let before = self.registered.swap(registered, Ordering::AcqRel);
        self.set_waiter();
        match (before, registered) {
            (false, true) => self.hold(),
            (true, false) => self.release(),
            _ => {}
        }
        before
    }

    /// Sets what depends on the poll that waits for the events of the engine: that of the driver or of the application.
    fn set_waiter(&self) {
        if !self.cell.process.is_this() {
            return;
        }
        let polled =
            self.registered.load(Ordering::Acquire) || self.exposed.load(Ordering::Acquire);
        let mut engine = self.cell.lock();
        engine.set_coalescing(self.cell.driver.is_some() && !polled);
        engine.set_polled_by_application(polled);
    }

    /// Takes the engine for reading its state. `None` in a forked child if another thread of the parent
    /// used the engine during the fork.
    pub(crate) fn look(&self) -> Option<MutexGuard<'_, Engine>> {
        match self.cell.process.is_this() {
            true => Some(self.cell.lock()),
            false => self.cell.try_lock(),
        }
    }

    /// The kind of the socket.
    pub(crate) const fn kind(&self) -> SocketKind {
        self.kind
    }

    /// A reader of the events.
    pub(crate) const fn events(&self) -> &EventReader {
        &self.events
    }

    /// Keeps the driver from serving the engine until [`SharedEngine::release`], while another poll
    /// waits for its events.
    pub(crate) fn hold(&self) {
        if self.cell.process.is_this() {
            self.cell.hold();
        }
    }

    /// Ends [`SharedEngine::hold`].
    pub(crate) fn release(&self) {
        if self.cell.process.is_this() {
            self.cell.release(true);
        }
    }

    /// A number that no other engine of the process has.
    pub(crate) const fn number(&self) -> usize {
        self.number
    }

    /// A descriptor that is readable when the engine has events, for a poll of the application. The driver
    /// does not serve the engine any more. Panics if the engine has none, and the system has none left or this is a
    /// forked child.
    pub(crate) fn expose(&self) -> BorrowedFd<'_> {
        if !self.exposed.swap(true, Ordering::AcqRel) {
            self.set_waiter();
            self.hold();
        }
        if let Some(descriptor) = self.cell.descriptors.as_fd() {
            return descriptor;
        }
        match (self.descriptor(), self.cell.descriptors.as_fd()) {
            (Ok(_), Some(descriptor)) => descriptor,
            (error, _) => panic!("create a descriptor for the socket: {error:?}"),
        }
    }

    /// As [`SharedEngine::descriptor`].
    pub(crate) fn borrow_descriptor(&self) -> Result<BorrowedFd<'_>, Error> {
        self.descriptor()?;
        self.cell.descriptors.as_fd().ok_or(Error::Forked)
    }

    /// The descriptor that is readable when the engine has events. It is created if there is none. Fails in a forked
    /// child, without taking a lock.
    pub(crate) fn descriptor(&self) -> Result<RawFd, Error> {
        if !self.cell.process.is_this() {
            return Err(Error::Forked);
        }
        self.cell.open_descriptor().map_err(Error::io("create a descriptor for a socket"))
    }
}

impl Cell {
    /// Takes the engine for a call. Returns whether it was taken from the driver.
    #[inline]
    pub(super) fn enter(&self) -> (MutexGuard<'_, Engine>, bool) {
        let engine = self.lock();
        let took = self.driver.is_some() && self.gate.enter();
        if took {
            self.take_back();
        }
        (engine, took)
    }

    #[cold]
    fn take_back(&self) {
        let Some(driver) = &self.driver else { return };
        self.descriptors.take_back(driver);
    }

    /// The call goes on after it releases the lock: the driver does not serve the engine until [`Cell::release`]. Call
    /// it under the lock.
    pub(super) fn stay(&self) {
        if self.driver.is_some() {
            self.gate.stay();
        }
    }

    /// A call that [took](Cell::enter) the engine from the driver, or [stayed](Cell::stay), has ended.
    pub(super) fn release(&self, stayed: bool) {
        if let Some(driver) = &self.driver
            && self.gate.leave(stayed)
        {
            driver.wake();
        }
    }

    /// Keeps the driver from serving the engine until [`Cell::release`], as a call that stays.
    pub(super) fn hold(&self) {
        let _engine = self.enter();
        self.stay();
    }

    /// The time since when the driver serves the engine, if it does.
    pub(super) fn served_since(&self) -> Option<Instant> {
        let engine = self.lock();
        self.gate.is_armed().then(|| engine.served_since())
    }

    /// Lets the driver write held messages about 100 µs from now.
    pub(super) fn flush_soon(self: &Arc<Self>) {
        if let Some(driver) = &self.driver {
            driver.flush_soon(&(Arc::clone(self) as Arc<dyn Member>));
        }
    }

    /// Whether the socket has a background driver.
    pub(super) const fn has_driver(&self) -> bool {
        self.driver.is_some()
    }

    /// Reads the mailbox of the engine, in a thread that has the lock of no engine.
    pub(super) fn read_mailbox(&self) {
        if !self.process.is_this() {
            return;
        }
        let mut engine = self.lock();
        if engine.read_mailbox() {
            engine.carry_out_closes();
            engine.note_change();
        }
        if engine.has_news() {
            engine.wake_poller();
        }
    }

    /// Leaves the driver.
    pub(super) fn part(self: &Arc<Self>) {
        if let Some(driver) = &self.driver {
            driver.part(Arc::clone(self) as Arc<dyn Member>);
        }
    }

    /// The descriptor that is readable when the engine has events. It is created if there is none.
    pub(super) fn open_descriptor(&self) -> io::Result<RawFd> {
        match self.descriptors.descriptor() {
            Some(descriptor) => Ok(descriptor),
            None => self.lock().open_descriptor(),
        }
    }

    /// Closes the copies of the descriptors in a forked child, without a lock that another thread of the
    /// parent held during the fork: if one used the engine, the end of the child closes the copies.
    pub(super) fn release_copies(self: &Arc<Self>) {
        let whole = self.try_lock().is_some_and(|mut engine| engine.release_copies());
        if !whole {
            // Dropping the other parts would use locks of other sockets.
            core::mem::forget(Arc::clone(self));
        }
    }

    #[inline]
    pub(super) fn lock(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The engine, unless another thread has it.
    pub(super) fn try_lock(&self) -> Option<MutexGuard<'_, Engine>> {
        free(self.engine.try_lock())
    }
}

fn free<T>(attempt: Result<T, TryLockError<T>>) -> Option<T> {
    match attempt {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// The driver takes the engine only while no call is under way, so that nothing else polls.
impl Member for Cell {
    fn gate(&self) -> &Gate {
        &self.gate
    }

    fn try_drive(&self, with: &mut dyn FnMut(&mut dyn Drive)) -> bool {
        let Some(mut engine) = self.try_lock() else { return false };
        let Some(waiter) = self.polls.try_take() else { return false };
        with(&mut Driven { engine: &mut engine, waiter });
        true
    }

    fn try_flush(&self) -> bool {
        let Some(mut engine) = self.try_lock() else { return false };
        let _ = engine.write_held();
        // This may have added work after another thread began to poll.
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
}

impl Drive for Driven<'_> {
    fn drive(&mut self) -> io::Result<Option<Duration>> {
        let now = self.engine.tick();
        self.engine.prepare(Some(now));
        self.engine.dispatch(self.waiter.poll(Some(Duration::ZERO))?);
        self.engine.report_readiness();
        let next = self.engine.next_turn();
        Ok(self.engine.continue_ending(next))
    }

    fn register(&mut self, driver: &Arc<driver::Shared>, token: Token) -> io::Result<()> {
        self.engine.note_served();
        self.engine.descriptors.serve(driver, token)
    }
}

impl fmt::Debug for SharedEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.look() {
            Some(engine) => engine.fmt(f),
            None => f.write_str("Engine"),
        }
    }
}
