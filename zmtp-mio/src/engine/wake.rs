//! Waking and stopping a socket from another thread.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;

use super::Engine;
use super::descriptors::Descriptors;
use crate::error::Error;

/// Wakes or stops the calls of one socket from any thread.
///
/// [`wake`](Handle::wake) and [`stop`](Handle::stop) are async-signal-safe: a signal handler may call them. They
/// store an atomic and write to an eventfd (a pipe or an event of the system's poll where there is no
/// eventfd); they do not lock, allocate or wait. They may change `errno`, which a signal handler should restore.
/// Clone or drop a handle outside the signal handler.
///
/// ```
/// use zmtp_mio::{Error, Pull};
///
/// let mut pull = Pull::builder().bind("inproc://never")?;
/// let handle = pull.handle()?;
/// let other = std::thread::spawn(move || handle.stop());
/// assert!(matches!(pull.recv(), Err(Error::Stopped)));
/// # other.join().unwrap().unwrap();
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Handle(Arc<Wake>);

#[derive(Debug)]
pub(super) struct Wake {
    descriptors: Arc<Descriptors>,
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
        self.0.wake()
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
        self.descriptors.wake()
    }

    pub(super) fn wake(&self) -> io::Result<()> {
        self.descriptors.wake()
    }
}

impl Wake {
    pub(super) const fn new(descriptors: Arc<Descriptors>) -> Self {
        Self {
            descriptors,
            woken: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            stops: AtomicU32::new(0),
        }
    }
}

impl Engine {
    pub(crate) fn handle(&self) -> Result<Handle, Error> {
        self.open_waker()?;
        Ok(Handle(Arc::clone(&self.wake)))
    }

    /// Creates the descriptors with which another thread wakes this engine.
    pub(super) fn open_waker(&self) -> Result<(), Error> {
        self.descriptors.open(true).map(drop).map_err(Error::io("create a waker"))
    }

    /// The descriptor that is readable when the engine has events. It is created if there is none.
    pub(super) fn open_descriptor(&self) -> io::Result<RawFd> {
        Ok(self.descriptors.open(self.mailbox.is_some())?.as_raw_fd())
    }

    /// Wakes the thread that polls.
    pub(super) fn wake_poller(&self) {
        if self.descriptors.registry().is_some() && self.open_waker().is_err() {
            // The system has no descriptor or memory left for an eight-byte counter.
            return;
        }
        let _ = self.wake.wake();
    }

    /// Stops the calls of the socket. The thread that polls does not notice it if the system has no descriptor or
    /// memory left for an eight-byte counter.
    pub(super) fn stop(&self) {
        if self.descriptors.registry().is_some() {
            let _ = self.open_waker();
        }
        let _ = self.wake.stop();
    }

    /// The number of times that the socket was stopped.
    pub(super) fn stops(&self) -> u32 {
        self.wake.stops.load(Ordering::Acquire)
    }

    pub(super) fn check_wake(&self) -> Result<(), Error> {
        let wake = &self.wake;
        if wake.stopped.load(Ordering::Acquire) {
            return Err(Error::Stopped);
        }
        if wake.woken.load(Ordering::Acquire) && wake.woken.swap(false, Ordering::AcqRel) {
            return Err(Error::Woken);
        }
        Ok(())
    }
}
