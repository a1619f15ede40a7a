//! `zmq_poller_*`: a set of sockets and descriptors to wait for.

use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use libc::c_int;

use crate::errno::{Errno, Outcome};
use crate::ffi;
use crate::poll::{self, Polled, Source};
use crate::waker::Waker;

/// Addresses that the program has passed with a source. They come back with its events.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passed {
    /// The handle of a socket; 0 for a descriptor.
    pub(crate) handle: usize,
    pub(crate) user_data: usize,
}

#[derive(Clone, Debug)]
struct Item {
    source: Source,
    wanted: c_int,
    passed: Passed,
}

impl Item {
    fn is(&self, source: &Source) -> bool {
        match (&self.source, source) {
            (Source::Socket(one), Source::Socket(other)) => Arc::ptr_eq(one, other),
            (Source::Descriptor(one), Source::Descriptor(other)) => one == other,
            _ => false,
        }
    }
}

/// A set of sockets and descriptors.
#[derive(Debug)]
pub(crate) struct Poller {
    state: Mutex<State>,
    /// [`ffi::forks`] of the process that made it.
    forks: u32,
}

#[derive(Debug)]
struct State {
    items: Vec<Item>,
    /// The descriptor of the poller, from the first thread-safe socket on.
    waker: Option<Arc<Waker>>,
}

impl Poller {
    pub(crate) fn new() -> Self {
        let state = State { items: Vec::new(), waker: None };
        Self { state: Mutex::new(state), forks: ffi::forks() }
    }

    /// Whether it belongs to the process that this one was forked from, where another thread may have locked it.
    pub(crate) fn is_inherited(&self) -> bool {
        self.forks != ffi::forks()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of sources.
    pub(crate) fn len(&self) -> usize {
        self.lock().items.len()
    }

    /// Adds a source, which must not be there already.
    pub(crate) fn add(&self, source: Source, wanted: c_int, passed: Passed) -> Outcome<()> {
        let mut state = self.lock();
        if state.items.iter().any(|item| item.is(&source)) {
            return Err(Errno::EINVAL);
        }
        if let Some(socket) = source.thread_safe() {
            let waker = match &state.waker {
                Some(waker) => Arc::clone(waker),
                None => Arc::clone(state.waker.insert(Arc::new(Waker::new()?))),
            };
            socket.add_waker(&waker);
        }
        state.items.push(Item { source, wanted, passed });
        Ok(())
    }

    /// Replaces the events to wait for; 0 stops waiting for the source.
    pub(crate) fn modify(&self, source: &Source, wanted: c_int) -> Outcome<()> {
        let mut state = self.lock();
        let item = state.items.iter_mut().find(|item| item.is(source));
        item.ok_or(Errno::EINVAL)?.wanted = wanted;
        Ok(())
    }

    /// Removes a source.
    pub(crate) fn remove(&self, source: &Source) -> Outcome<()> {
        let mut state = self.lock();
        let index = state.items.iter().position(|item| item.is(source));
        state.items.remove(index.ok_or(Errno::EINVAL)?);
        if let (Some(socket), Some(waker)) = (source.thread_safe(), &state.waker) {
            socket.remove_waker(waker);
        }
        Ok(())
    }

    /// A descriptor that is readable when a thread-safe socket of the poller may have events; EINVAL if it has none.
    pub(crate) fn descriptor(&self) -> Outcome<c_int> {
        self.lock().waker.as_ref().map(AsRawFd::as_raw_fd).ok_or(Errno::EINVAL)
    }

    /// Waits until a source has events, up to `limit`. Returns at most `most` of those that have, in the order in which
    /// they were added; EAGAIN after the limit.
    pub(crate) fn wait(&self, most: usize, limit: Option<Duration>) -> Outcome<Vec<Found>> {
        let state = self.lock();
        let items: Vec<_> = state.items.iter().filter(|item| item.wanted != 0).cloned().collect();
        let waker = state.waker.clone();
        // A call of another thread may change the poller meanwhile.
        drop(state);
        if items.is_empty() {
            // Without a limit it would not end.
            ffi::system_poll(&mut [], Some(limit.ok_or(Errno::EFAULT)?), None)?;
            return Err(Errno::EAGAIN);
        }
        let polled = |item: &Item| Polled::new(item.source.clone(), item.wanted);
        let mut polled: Vec<_> = items.iter().map(polled).collect();
        poll::wait_with(&mut polled, limit, None, waker.as_deref())?;
        let found = items.into_iter().zip(&polled).filter(|(_, polled)| polled.found != 0);
        let found = found.map(|(item, polled)| Found {
            source: item.source,
            events: polled.found,
            passed: item.passed,
        });
        let found: Vec<_> = found.take(most).collect();
        if let Some(waker) = &waker
            && found.iter().any(|found| found.source.thread_safe().is_some())
        {
            // There may be more to receive when the program waits for the descriptor again.
            waker.wake();
        }
        if found.is_empty() { Err(Errno::EAGAIN) } else { Ok(found) }
    }
}

/// A source that has events, and what the program has passed with it.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) source: Source,
    pub(crate) events: c_int,
    pub(crate) passed: Passed,
}
