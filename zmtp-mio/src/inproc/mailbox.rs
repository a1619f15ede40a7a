//! What other engines tell an engine.

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_queue::SegQueue;
use zmtp_core::wire::{RoutingId, SocketType};

use super::Pipe;
use crate::endpoint::Endpoint;

/// An engine's mailbox. Its owner empties it; everybody else puts notes in.
pub(crate) struct Mailbox {
    /// Peers, by their places, whose pipes have something to be read or room again.
    due: SegQueue<usize>,
    /// What is rare.
    notes: Mutex<Vec<Note>>,
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
            notes: Mutex::new(Vec::new()),
            asleep: AtomicBool::new(true),
            wake: Box::new(wake),
        }
    }

    /// The pipe of the peer in this place wants a look.
    pub(super) fn put_due(&self, place: usize) {
        self.due.push(place);
        self.rouse();
    }

    pub(crate) fn put(&self, note: Note) {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(note);
        self.rouse();
    }

    fn rouse(&self) {
        if self.asleep.swap(false, Ordering::SeqCst) {
            (self.wake)();
        }
    }

    /// The next peer that wants a look.
    pub(crate) fn next_due(&self) -> Option<usize> {
        self.due.pop()
    }

    pub(crate) fn take_notes(&self) -> Vec<Note> {
        core::mem::take(&mut *self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The owner is about to wait. `false` if there is something first.
    pub(crate) fn may_sleep(&self) -> bool {
        self.asleep.swap(true, Ordering::SeqCst);
        self.due.is_empty() && self.notes.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}
