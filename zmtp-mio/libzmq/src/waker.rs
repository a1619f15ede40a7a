//! Descriptors that wake waits.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use nix::sys::eventfd::{EfdFlags, EventFd};

use crate::errno::Outcome;

/// A descriptor that is readable from [`Waker::wake`] to [`Waker::reset`].
#[derive(Debug)]
pub(crate) struct Waker(EventFd);

impl Waker {
    pub(crate) fn new() -> Outcome<Self> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        Ok(Self(EventFd::from_value_and_flags(0, flags)?))
    }

    pub(crate) fn wake(&self) {
        // It fails if the counter is at its largest value: the descriptor is readable then.
        let _ = self.0.write(1);
    }

    /// Ends [`Self::wake`], before the thread looks at what may have changed.
    pub(crate) fn reset(&self) {
        // It fails if the counter is 0.
        let _ = self.0.read();
    }
}

impl AsRawFd for Waker {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl AsFd for Waker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The wakers of the waits for one socket, which end when another thread may have changed what it can do. They leave it
/// when they are dropped.
#[derive(Debug, Default)]
pub(crate) struct Wakers(Mutex<Vec<Weak<Waker>>>);

impl Wakers {
    fn lock(&self) -> MutexGuard<'_, Vec<Weak<Waker>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, waker: &Arc<Waker>) {
        let mut wakers = self.lock();
        wakers.retain(|other| other.strong_count() > 0);
        wakers.push(Arc::downgrade(waker));
    }

    #[cfg(feature = "draft")]
    pub(crate) fn remove(&self, waker: &Arc<Waker>) {
        self.lock().retain(|other| !std::ptr::eq(other.as_ptr(), Arc::as_ptr(waker)));
    }

    pub(crate) fn wake(&self) {
        self.lock().iter().filter_map(Weak::upgrade).for_each(|waker| waker.wake());
    }
}
