//! The process to which a value belongs, and values of which each process has one.
//!
//! After `fork` the child has copies of the parent's values, but not its threads: a lock that another
//! thread held during the fork stays locked. The child must not use such values, and must not wait for
//! such locks. Processes that are created with `_Fork` or `clone` instead of `fork` are not detected.

use core::sync::atomic::{AtomicU64, Ordering};
use std::process;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
#[cfg(unix)]
use std::{io, num::NonZero};

use crate::error::Error;

/// The process in which a value was made.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    /// Counts the forks that led to this process, in a handler of `pthread_atfork`.
    #[cfg(unix)]
    forks: forkguard::atfork::Guard,
}

impl Process {
    /// This process.
    pub(crate) fn this() -> Result<Self, Error> {
        Ok(Self {
            #[cfg(unix)]
            forks: forkguard::atfork::Guard::try_new()
                .map_err(|error| io::Error::from_raw_os_error(NonZero::get(error.code())))
                .map_err(Error::io("register a handler of fork"))?,
        })
    }

    /// Whether it is this process, and not one that this process was forked from. This is not a system
    /// call.
    #[inline]
    pub(crate) fn is_this(&self) -> bool {
        #[cfg(unix)]
        return !self.forks.clone().detected_fork();
        #[cfg(not(unix))]
        return true;
    }
}

/// The places for a value. A fork uses up one only if another thread of the parent locks it at that
/// moment.
const PLACES: usize = 8;

/// A value that each process makes for itself when it first needs it.
pub(crate) struct PerProcess<T> {
    /// The process that chose a place last (high half), and the place (low half).
    chosen: AtomicU64,
    places: [Mutex<Option<Made<T>>>; PLACES],
}

struct Made<T> {
    process: u32,
    value: Arc<T>,
}

impl<T> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        Self { chosen: AtomicU64::new(0), places: [const { Mutex::new(None) }; PLACES] }
    }

    /// The value of this process, which `make` makes if there is none.
    pub(crate) fn get<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        let process = process::id();
        let mut place = self.place(process).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = &*place
            && made.process == process
        {
            return Ok(Arc::clone(&made.value));
        }
        let value = Arc::new(make()?);
        let made = Made { process, value: Arc::clone(&value) };
        // The value of the parent may contain locks and threads that do not exist here.
        core::mem::forget(place.replace(made));
        Ok(value)
    }

    /// The value of this process, if there is one.
    pub(crate) fn made(&self) -> Option<Arc<T>> {
        let process = process::id();
        let place = self.place(process).lock().unwrap_or_else(PoisonError::into_inner);
        let made = place.as_ref().filter(|made| made.process == process)?;
        Some(Arc::clone(&made.value))
    }

    /// The place of a process: one that no thread of the parent locked during the fork.
    fn place(&self, process: u32) -> &Mutex<Option<Made<T>>> {
        loop {
            let chosen = self.chosen.load(Ordering::Acquire);
            if (chosen >> 32) as u32 == process {
                return &self.places[chosen as usize % PLACES];
            }
            let free = self.places.iter().position(|place| is_free(place.try_lock()));
            let choice = u64::from(process) << 32 | free.unwrap_or(0) as u64;
            // If another thread of this process has chosen meanwhile, its choice counts.
            let _ =
                self.chosen.compare_exchange(chosen, choice, Ordering::AcqRel, Ordering::Acquire);
        }
    }
}

fn is_free<T>(attempt: Result<MutexGuard<'_, T>, TryLockError<MutexGuard<'_, T>>>) -> bool {
    !matches!(attempt, Err(TryLockError::WouldBlock))
}

#[cfg(test)]
mod tests {
    use core::convert::Infallible;

    use super::*;

    fn make(n: u32) -> impl FnOnce() -> Result<u32, Infallible> {
        move || Ok(n)
    }

    #[test]
    fn a_value_is_made_once_for_each_process() {
        let values = PerProcess::new();
        assert_eq!(values.get(|| Err("no")), Err("no"));
        assert_eq!(*values.get(make(1)).unwrap(), 1);
        assert_eq!(*values.get(make(2)).unwrap(), 1);
        // The state of a child after the fork.
        values.chosen.fetch_add(1 << 32, Ordering::Relaxed);
        values.places[0].lock().unwrap().as_mut().unwrap().process += 1;
        assert_eq!(*values.get(make(3)).unwrap(), 3);
    }

    #[test]
    fn a_child_does_not_wait_for_a_lock_that_was_held_during_the_fork() {
        let values = PerProcess::new();
        assert_eq!(*values.get(make(1)).unwrap(), 1);
        values.chosen.fetch_add(1 << 32, Ordering::Relaxed);
        let held = values.places[0].lock().unwrap();
        assert_eq!(*values.get(make(2)).unwrap(), 2);
        drop(held);
        assert_eq!(*values.get(make(3)).unwrap(), 2);
    }
}
