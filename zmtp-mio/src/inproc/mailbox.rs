//! What other engines tell an engine.

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_queue::SegQueue;
use zmtp_core::wire::{RoutingId, SocketType};

use super::Pipe;
use crate::endpoint::Endpoint;

/// An engine's mailbox. Its owner empties it; everybody else puts notes in.
pub(crate) struct Mailbox {
    /// Keys of what has something to be read, or room again.
    due: SegQueue<usize>,
    /// What is rare; `None` once the owner is gone.
    notes: Mutex<Option<Vec<Note>>>,
    /// Nobody looked since it was found empty: the next note wakes.
    asleep: AtomicBool,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl core::fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Mailbox").field("due", &self.due.len()).finish_non_exhaustive()
    }
}

/// A note.
#[derive(Debug)]
pub(crate) enum Note {
    /// Somebody connects to the name.
    Connection {
        endpoint: Arc<Endpoint>,
        socket_type: SocketType,
        routing_id: Box<RoutingId>,
        pipe: Pipe,
    },
    /// The name that the peer in this place waits for is bound now.
    Bound(usize),
}

impl Mailbox {
    pub(crate) fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            due: SegQueue::new(),
            notes: Mutex::new(Some(Vec::new())),
            asleep: AtomicBool::new(true),
            wake: Box::new(wake),
        }
    }

    /// Posts that something is to be read, or has room again; `key` is the owner's.
    pub(crate) fn post_due(&self, key: usize) {
        self.due.push(key);
        self.rouse();
    }

    /// Leaves a note. If the owner is gone the note is dropped, and its pipe with it, which the
    /// other end sees.
    pub(crate) fn put(&self, note: Note) {
        match &mut *self.lock() {
            Some(notes) => notes.push(note),
            None => return,
        }
        self.rouse();
    }

    /// The owner goes: what it did not read is dropped.
    pub(crate) fn close(&self) {
        // Not under the lock: a pipe that is dropped leaves word elsewhere.
        let unread = self.lock().take();
        drop(unread);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<Note>>> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rouse(&self) {
        if self.asleep.swap(false, Ordering::SeqCst) {
            (self.wake)();
        }
    }

    /// The next key.
    pub(crate) fn next_due(&self) -> Option<usize> {
        self.due.pop()
    }

    pub(crate) fn take_notes(&self) -> Vec<Note> {
        self.lock().as_mut().map(core::mem::take).unwrap_or_default()
    }

    /// The owner is about to wait. `false` if there is something first.
    pub(crate) fn may_sleep(&self) -> bool {
        self.asleep.swap(true, Ordering::SeqCst);
        self.due.is_empty() && self.lock().as_ref().is_none_or(Vec::is_empty)
    }
}
