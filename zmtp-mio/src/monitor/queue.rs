//! The queue of events, which any thread may read.

use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::event::Event;
use crate::clock::Clock;
use crate::process::Process;

/// Readers wait by the clock of the system.
const CLOCK: Clock = Clock::System;

/// The most events that are queued. The oldest is discarded for a new one.
const MAX_EVENTS: usize = 1_024;

/// Reads the events of a socket from any thread. Returned by [`Socket::events`](crate::Socket::events).
///
/// All readers of a socket and [`Socket::next_event`](crate::Socket::next_event) share one queue: each event
/// is returned once. Events are queued while a call or the driver of the [`Context`](crate::Context) drives the
/// socket. After the socket is dropped, a reader still returns the events that are queued. Dropping the socket
/// queues only [`EventKind::UnsentMessages`](crate::EventKind::UnsentMessages). In a forked child, the readers of
/// sockets of the parent return `None`.
#[derive(Clone, Debug)]
pub struct EventReader {
    queue: Arc<EventQueue>,
}

impl EventReader {
    /// Removes and returns the oldest event; `None` if the queue is empty. Does not wait.
    pub fn try_next(&self) -> Option<Event> {
        if !self.queue.is_of_this_process() {
            return None;
        }
        self.queue.pop()
    }

    /// Removes and returns the oldest event. Waits for an event up to `timeout`, and then returns `None`. If the
    /// socket is dropped and the queue is empty, it returns `None` without waiting.
    pub fn next_timeout(&self, timeout: Duration) -> Option<Event> {
        if !self.queue.is_of_this_process() {
            return None;
        }
        let deadline = CLOCK.now().checked_add(timeout);
        let mut state = self.queue.lock();
        loop {
            if let Some(event) = state.events.pop_front() {
                return Some(event);
            }
            let rest = match deadline {
                Some(deadline) => deadline.saturating_duration_since(CLOCK.now()),
                None => Duration::MAX,
            };
            if state.closed || rest.is_zero() {
                return None;
            }
            state = match self.queue.changed.wait_timeout(state, rest) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }
}

#[derive(Debug)]
pub(super) struct EventQueue {
    state: Mutex<State>,
    changed: Condvar,
    /// A forked child does not wait for the lock, which a thread of the parent may have held. `None` if forks
    /// cannot be detected.
    process: Option<Process>,
}

impl Default for EventQueue {
    fn default() -> Self {
        let process = Process::this().ok();
        Self { state: Mutex::default(), changed: Condvar::new(), process }
    }
}

#[derive(Debug, Default)]
struct State {
    events: VecDeque<Event>,
    /// No more events follow.
    closed: bool,
}

impl EventQueue {
    pub(super) fn reader(self: &Arc<Self>) -> EventReader {
        EventReader { queue: Arc::clone(self) }
    }

    /// Appends an event. Returns `false` if the oldest was discarded for it.
    pub(super) fn push(&self, event: Event) -> bool {
        let mut state = self.lock();
        let full = state.events.len() >= MAX_EVENTS;
        if full {
            state.events.pop_front();
        }
        state.events.push_back(event);
        drop(state);
        self.changed.notify_one();
        !full
    }

    pub(super) fn pop(&self) -> Option<Event> {
        self.lock().events.pop_front()
    }

    /// Ends the waits of readers.
    pub(super) fn close(&self) {
        if self.is_of_this_process() {
            self.lock().closed = true;
            self.changed.notify_all();
        }
    }

    fn is_of_this_process(&self) -> bool {
        self.process.as_ref().is_none_or(Process::is_this)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
