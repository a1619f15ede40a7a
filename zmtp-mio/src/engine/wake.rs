//! Waking and stopping a socket from another thread.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::io;
use std::sync::Arc;

use mio::Waker;

use super::Engine;
use super::scheduler::WAKE;
use crate::error::Error;

/// Wakes or stops the calls of one socket from any thread.
///
/// [`wake`](Handle::wake) and [`stop`](Handle::stop) are async-signal-safe: a signal handler may call them. They
/// store an atomic and write to an eventfd (a pipe or an event of the system's poll where there is no
/// eventfd); they do not lock, allocate or wait. They may change `errno`, which a signal handler should restore.
/// Clone or drop a handle outside the signal handler.
#[derive(Clone, Debug)]
pub struct Handle(Arc<Wake>);

#[derive(Debug)]
pub(super) struct Wake {
    waker: Waker,
    woken: AtomicBool,
    stopped: AtomicBool,
    /// The number of calls of `stop`.
    stops: AtomicU32,
}

impl Handle {
    /// Ends the call that waits now with [`Error::Woken`]. If none waits, this ends the next call that polls
    /// the system.
    ///
    /// # Errors
    ///
    /// The error of the system if the wake-up fails.
    pub fn wake(&self) -> io::Result<()> {
        self.0.woken.store(true, Ordering::Release);
        self.0.waker.wake()
    }

    /// Ends the call that waits now with [`Error::Stopped`]. From now on, every call that polls the system
    /// returns this error. It cannot be undone. A call during linger, while the socket is dropped or closed,
    /// ends linger.
    ///
    /// # Errors
    ///
    /// The error of the system if the wake-up fails.
    pub fn stop(&self) -> io::Result<()> {
        self.0.stop()
    }
}

impl Wake {
    fn stop(&self) -> io::Result<()> {
        self.stopped.store(true, Ordering::Release);
        self.stops.fetch_add(1, Ordering::Release);
        self.waker.wake()
    }

    pub(super) fn wake(&self) -> io::Result<()> {
        self.waker.wake()
    }
}

impl Engine {
    pub(crate) fn handle(&mut self) -> Result<Handle, Error> {
        self.wake().map(Handle)
    }

    pub(super) fn wake(&mut self) -> Result<Arc<Wake>, Error> {
        if let Some(wake) = &self.wake {
            return Ok(Arc::clone(wake));
        }
        let waker = Waker::new(&self.registry, WAKE).map_err(Error::io("create a waker"))?;
        let wake = Wake {
            waker,
            woken: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            stops: AtomicU32::new(0),
        };
        Ok(Arc::clone(self.wake.insert(Arc::new(wake))))
    }

    /// Wakes the thread that polls.
    pub(super) fn wake_poller(&mut self) {
        // It fails only if the system has no descriptor or memory left for an eight-byte counter.
        if let Ok(wake) = self.wake() {
            let _ = wake.wake();
        }
    }

    /// Stops the calls of the socket. It fails only if the system has no descriptor or memory left for an
    /// eight-byte counter.
    pub(super) fn stop(&mut self) {
        if let Ok(wake) = self.wake() {
            let _ = wake.stop();
        }
    }

    /// The number of times that the socket was stopped.
    pub(super) fn stops(&self) -> u32 {
        self.wake.as_ref().map_or(0, |wake| wake.stops.load(Ordering::Acquire))
    }

    pub(super) fn check_wake(&self) -> Result<(), Error> {
        let Some(wake) = &self.wake else { return Ok(()) };
        if wake.stopped.load(Ordering::Acquire) {
            return Err(Error::Stopped);
        }
        if wake.woken.swap(false, Ordering::AcqRel) {
            return Err(Error::Woken);
        }
        Ok(())
    }
}
