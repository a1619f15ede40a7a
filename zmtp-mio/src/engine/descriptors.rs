//! The descriptors of an engine, and the bell that takes their place.
//!
//! An engine has no descriptor until it needs one: for a connection of TCP or IPC, for a poll of the application, or for
//! a [`Handle`](super::Handle), which a signal handler may use. Before that, all its events are posts of other engines of
//! the process. They ring the [`Bell`], which wakes the thread that waits in a call, or the driver.

use core::time::Duration;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use mio::unix::SourceFd;
use mio::{Interest, Poll, Registry, Token, Waker};

use super::scheduler::WAKE;
use crate::driver;

/// The descriptors: none at first.
#[derive(Debug, Default)]
pub(super) struct Descriptors {
    registry: OnceLock<Registry>,
    waker: OnceLock<Waker>,
    /// The poll, until a thread waits with it.
    poll: Mutex<Option<Poll>>,
    bell: Bell,
}

/// What wakes the threads of an engine without descriptors.
#[derive(Debug, Default)]
struct Bell {
    state: Mutex<Rung>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Rung {
    is_rung: bool,
    /// The driver that serves the engine, and the name of the engine there.
    driver: Option<(Arc<driver::Shared>, Token)>,
}

impl Bell {
    fn lock(&self) -> MutexGuard<'_, Rung> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) {
        let mut state = self.lock();
        state.is_rung = true;
        let driver = state.driver.clone();
        drop(state);
        self.changed.notify_all();
        if let Some((driver, token)) = driver {
            driver.ring(token);
        }
    }
}

impl Descriptors {
    /// The registry, if the engine has a poll.
    pub(super) fn registry(&self) -> Option<&Registry> {
        self.registry.get()
    }

    /// The descriptor of the poll, if there is one.
    pub(super) fn descriptor(&self) -> Option<RawFd> {
        self.registry.get().map(|registry| registry.as_raw_fd())
    }

    /// The descriptor of the poll, if there is one.
    pub(super) fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        self.registry.get().map(|registry| registry.as_fd())
    }

    /// The registry of the poll, which is created if there is none. Call it under the lock of the engine. With
    /// `wakes`, another thread wakes the poll later.
    pub(super) fn open(&self, wakes: bool) -> io::Result<&Registry> {
        if let Some(registry) = self.registry.get() {
            if wakes && self.waker.get().is_none() {
                let _ = self.waker.set(Waker::new(registry, WAKE)?);
            }
            return Ok(registry);
        }
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let mut state = self.bell.lock();
        let waker = match wakes || state.is_rung {
            true => Some(Waker::new(&registry, WAKE)?),
            false => None,
        };
        if let Some((driver, token)) = &state.driver {
            let descriptor = registry.as_raw_fd();
            driver.registry().register(&mut SourceFd(&descriptor), *token, Interest::READABLE)?;
        }
        if state.is_rung
            && let Some(waker) = &waker
        {
            waker.wake()?;
        }
        state.driver = None;
        // A thread that waits for the bell takes the poll next.
        state.is_rung = true;
        if let Some(waker) = waker {
            let _ = self.waker.set(waker);
        }
        *self.poll.lock().unwrap_or_else(PoisonError::into_inner) = Some(poll);
        let registry = self.registry.get_or_init(|| registry);
        drop(state);
        self.bell.changed.notify_all();
        Ok(registry)
    }

    /// The poll, which the caller keeps; `None` if there is none, or another call has it.
    pub(super) fn take_poll(&self) -> Option<Poll> {
        self.registry.get()?;
        self.poll.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Wakes the thread that waits for events, or the driver. After [`Self::open`] with `wakes`, it neither locks nor
    /// allocates.
    pub(super) fn wake(&self) -> io::Result<()> {
        match self.waker.get() {
            Some(waker) => waker.wake(),
            None => {
                self.bell.ring();
                // The poll may have been created since.
                self.waker.get().map_or(Ok(()), Waker::wake)
            }
        }
    }

    /// Waits for the bell, if there is no poll. Returns whether it has rung.
    pub(super) fn wait(&self, timeout: Option<Duration>) -> bool {
        let mut state = self.bell.lock();
        if !state.is_rung && timeout != Some(Duration::ZERO) {
            let quiet = |state: &mut Rung| !state.is_rung;
            state = match timeout {
                Some(timeout) => {
                    let waited = self.bell.changed.wait_timeout_while(state, timeout, quiet);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => {
                    let waited = self.bell.changed.wait_while(state, quiet);
                    waited.unwrap_or_else(PoisonError::into_inner)
                }
            };
        }
        core::mem::take(&mut state.is_rung)
    }

    /// The driver serves the engine from now on: events of the engine wake it.
    pub(super) fn serve(&self, driver: &Arc<driver::Shared>, token: Token) -> io::Result<()> {
        let mut state = self.bell.lock();
        if let Some(descriptor) = self.descriptor() {
            let registry = driver.registry();
            return registry.register(&mut SourceFd(&descriptor), token, Interest::READABLE);
        }
        state.driver = Some((Arc::clone(driver), token));
        Ok(())
    }

    /// Ends [`Self::serve`].
    pub(super) fn take_back(&self, driver: &driver::Shared) {
        self.bell.lock().driver = None;
        if let Some(descriptor) = self.descriptor() {
            // It was registered when the driver began. If that failed, there is nothing to deregister.
            let _ = driver.registry().deregister(&mut SourceFd(&descriptor));
        }
    }
}
