//! A call of a socket: the engine while one thread works on it.

use core::ops::{Deref, DerefMut};
use std::sync::{Arc, MutexGuard};

use super::linger::UnsentMessages;
use super::shared::{Cell, SharedEngine};
use super::{Engine, chain};
use crate::error::Error;
use crate::options::Linger;

impl SharedEngine {
    /// Takes the engine for a call: the driver does not serve it until the guard is dropped.
    ///
    /// Fails in a forked child, without taking a lock, and if the socket is closed.
    #[inline]
    pub(crate) fn enter(&self) -> Result<Guard<'_>, Error> {
        if !self.cell.process.is_this() {
            return Err(Error::Forked);
        }
        let guard = Guard::new(&self.cell);
        match guard.is_ending() {
            false => Ok(guard),
            true => Err(Error::Stopped),
        }
    }

    /// As [`SharedEngine::close`], and ends the calls of other threads with [`Error::Stopped`].
    pub(crate) fn close_for_all(&self, linger: Linger) -> UnsentMessages {
        if self.cell.process.is_this() {
            self.cell.lock().stop();
        }
        self.close(Some(linger))
    }

    /// Sends queued messages, within linger, and closes all connections. Returns the messages that were not sent. A
    /// forked child closes only its copies, and does not use the driver, which belongs to its parent.
    pub(crate) fn close(&self, linger: Option<Linger>) -> UnsentMessages {
        if !self.cell.process.is_this() {
            self.cell.release_copies();
            return UnsentMessages::default();
        }
        let since = chain::since(&self.cell);
        let mut guard = Guard::new(&self.cell);
        if guard.is_ending() {
            return UnsentMessages::default();
        }
        let linger = linger.unwrap_or_else(|| guard.linger());
        let unsent = guard.end(linger, since);
        drop(guard);
        chain::note_end();
        self.cell.part();
        unsent
    }
}

/// The engine during a call.
pub(crate) struct Guard<'a> {
    /// Always there, except while this thread polls.
    pub(super) engine: Option<MutexGuard<'a, Engine>>,
    pub(super) cell: &'a Arc<Cell>,
    /// The engine was taken from the driver.
    took: bool,
    /// The engine's lock was released for a wait.
    stayed: bool,
}

impl<'a> Guard<'a> {
    pub(super) fn new(cell: &'a Arc<Cell>) -> Self {
        let (engine, took) = cell.enter();
        Guard { engine: Some(engine), cell, took, stayed: false }
    }
}

impl Guard<'_> {
    /// Whether the driver served the engine before this call.
    pub(crate) const fn was_served(&self) -> bool {
        self.took
    }

    /// The engine's lock is released for a wait next: the driver leaves the engine to this call.
    pub(super) fn stay(&mut self) {
        if !core::mem::replace(&mut self.stayed, true) {
            self.cell.stay();
        }
    }

    /// Runs a turn from time to time while receives find queued messages and do not wait. Otherwise a peer that
    /// floods the socket would delay all others until its queue is empty.
    #[inline]
    pub(crate) fn share(&mut self) -> Result<(), Error> {
        match self.count_taken() {
            true => self.step().map(drop),
            false => Ok(()),
        }
    }

    /// Runs a turn from time to time while sends do not wait. It accepts peers, reads subscriptions, and writes to
    /// peers whose last write was incomplete.
    pub(crate) fn share_sending(&mut self) -> Result<(), Error> {
        if !self.count_sent() && !self.reads_first() {
            return Ok(());
        }
        self.continue_burst(true);
        let turned = self.step();
        self.continue_burst(false);
        turned.map(drop)
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
    #[inline]
    fn drop(&mut self) {
        if let Some(mut engine) = self.engine.take() {
            // This call may have added work or a deadline after the other thread began to poll.
            if engine.has_news() {
                engine.wake_poller();
            }
            engine.wake_application();
            if engine.begins_hold() {
                self.cell.flush_soon();
            }
            self.cell.polls.end(&mut *engine);
        }
        if self.took || self.stayed {
            self.cell.release(self.stayed);
        }
    }
}
