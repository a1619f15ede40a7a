//! A call of a socket: the engine while one thread works on it, and the wait for events.

use core::ops::{Deref, DerefMut};
use core::time::Duration;
use std::io;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Instant;

use super::Engine;
use super::pace::Pause;
use super::shared::{SharedEngine, Waiter};
use crate::driver::Member;
use crate::error::Error;

impl SharedEngine {
    /// Takes the engine for a call: the driver does not serve it until the guard is dropped.
    pub(crate) fn enter(&self) -> Guard<'_> {
        let engine = match &self.driver {
            Some(driver) => self.cell.enter(driver),
            None => self.cell.lock(),
        };
        Guard { engine: Some(engine), shared: self }
    }

    /// Sends what is queued, within linger, and closes everything. A forked child closes its copies
    /// only and does not reach the driver, which belongs to its parent.
    pub(crate) fn close(&self) {
        if !self.process.is_this() {
            // If another thread held the engine during the fork, the child's exit closes the copies.
            if let Some(mut engine) = self.cell.try_lock() {
                engine.release_descriptors();
            }
            return;
        }
        self.enter().close_socket();
        if let Some(driver) = &self.driver {
            driver.part(Arc::clone(&self.cell) as Arc<dyn Member>);
        }
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
    /// subscriptions, and for bytes that connected peers have not been sent yet.
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
            if engine.begins_hold() {
                self.shared.flush_soon();
            }
            // One of the threads that wait for this one's poll has to poll now.
            if engine.waiting > 0 && engine.sleeping.is_none() {
                self.shared.cell.polled.notify_all();
            }
        }
        self.shared.release();
    }
}
