//! One direction of a connection within the process: what its two ends share besides the ring.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rtrb::Consumer;

use super::Mailbox;
use super::list::List;
use crate::queue::{Chunk, QueuedMessage};

/// What a ring holds.
#[derive(Debug)]
pub(crate) enum Parcel {
    Message(QueuedMessage),
    /// Messages of one short part.
    Chunk(Box<Chunk>),
}

/// Messages, and bytes of their bodies, modulo 2^64.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    pub(super) messages: usize,
    pub(super) bytes: usize,
}

impl Count {
    #[inline]
    pub(super) const fn add(&mut self, messages: usize, bytes: usize) {
        self.messages = self.messages.wrapping_add(messages);
        self.bytes = self.bytes.wrapping_add(bytes);
    }

    #[inline]
    pub(super) const fn since(self, earlier: Self) -> (usize, usize) {
        (self.messages.wrapping_sub(earlier.messages), self.bytes.wrapping_sub(earlier.bytes))
    }
}

/// The reader's end of a ring, with the messages that it had not read when it was dropped.
#[derive(Debug)]
pub(super) struct Left {
    pub(super) rest: Option<Box<Chunk>>,
    pub(super) ring: Consumer<Parcel>,
    pub(super) ahead: VecDeque<Parcel>,
}

/// The state of one direction that both ends share, besides the ring.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// One of the ends is dropped.
    pub(super) closed: AtomicBool,
    /// Posted to the reader, which has not read since then.
    pub(super) posted: AtomicBool,
    /// The writer needs room.
    pub(super) wanted: AtomicBool,
    /// The messages that the writer has handed over so far, modulo 2^64.
    pub(super) put: AtomicUsize,
    /// The messages that the reader has taken out so far, and the bytes of their bodies, modulo 2^64.
    pub(super) taken_messages: AtomicUsize,
    pub(super) taken_bytes: AtomicUsize,
    pub(super) left: Mutex<Option<Left>>,
    pub(super) list: List,
    pub(super) reader: OnceLock<Address>,
    pub(super) writer: OnceLock<Address>,
}

/// The destination of posts for an end.
#[derive(Debug)]
pub(super) struct Address {
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) key: usize,
}

impl Lane {
    pub(super) fn taken(&self) -> Count {
        let bytes = self.taken_bytes.load(Ordering::Acquire);
        Count { messages: self.taken_messages.load(Ordering::Acquire), bytes }
    }

    pub(super) fn left(&self) -> MutexGuard<'_, Option<Left>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn post(address: &OnceLock<Address>) {
        if let Some(address) = address.get() {
            address.mailbox.post_due(address.key);
        }
    }
}
