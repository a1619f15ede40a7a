//! What a direction has in place of its ring if the high-water marks of its ends are added up: a list without a limit.
//!
//! The writer appends each message at once, a short one to the chunk at the end of the list. The reader takes the whole
//! list. So messages are handed over one by one while the reader keeps up, and many at a time while it does not.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::lane::Parcel;
use crate::queue::{Chunk, QueuedMessage};

/// The room of a list that is kept for the next messages, in parcels.
const KEPT: usize = 1_024;

/// The messages, and the marks.
#[derive(Debug, Default)]
pub(super) struct List {
    waiting: Aligned,
    /// The high-water mark of the reader, in messages.
    mark: AtomicUsize,
    /// The number of received messages that give the writer room at a time.
    batch: AtomicUsize,
    /// The received messages that give the writer room, modulo 2^64.
    received: AtomicUsize,
}

/// The messages that wait. The threads of both ends write to it: nothing that one of them reads often is next to it.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Aligned(Mutex<Waiting>);

/// The messages that the reader has not taken.
#[derive(Debug, Default)]
struct Waiting {
    parcels: VecDeque<Parcel>,
    /// Posted to the reader, which has not found the list empty since then.
    posted: bool,
}

impl List {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_mark(&self, mark: usize) {
        self.mark.store(mark, Ordering::Relaxed);
    }

    /// The sum of the marks of the reader and the writer; `usize::MAX` is no limit.
    #[inline]
    pub(super) fn sum(&self, writer: usize) -> usize {
        let sum = writer.saturating_add(self.mark.load(Ordering::Relaxed));
        // Without a limit, no received message gives room.
        let batch = if sum == usize::MAX { sum } else { (sum - sum / 2).max(1) };
        // The reader reads it often: it is written only if it changes.
        if self.batch.load(Ordering::Relaxed) != batch {
            self.batch.store(batch, Ordering::Relaxed);
        }
        sum
    }

    /// The application has received `count` messages so far, modulo 2^64. Returns those that give the writer room: whole
    /// batches. Both ends call it. If one overwrites a higher number of the other, the next call of the writer corrects it.
    pub(super) fn note_received(&self, count: usize) -> usize {
        let received = self.received.load(Ordering::Relaxed);
        let new = count.wrapping_sub(received);
        if !self.is_batch(new) {
            return received;
        }
        let batch = self.batch.load(Ordering::Relaxed).max(1);
        let received = count.wrapping_sub(new % batch);
        self.received.store(received, Ordering::Relaxed);
        received
    }

    /// Whether `count` messages give the writer room that it did not have: a batch of them is received.
    #[inline]
    pub(super) fn gives_room(&self, count: usize) -> bool {
        self.is_batch(count.wrapping_sub(self.received.load(Ordering::Relaxed)))
    }

    /// Whether this number of messages is at least a batch. It may be negative: the count may be older than that of the
    /// other end.
    #[inline]
    fn is_batch(&self, new: usize) -> bool {
        new <= usize::MAX / 2 && new >= self.batch.load(Ordering::Relaxed).max(1)
    }

    /// Adds a message. Returns whether it must be posted to the reader.
    pub(super) fn push(&self, queued: QueuedMessage) -> bool {
        let mut waiting = self.lock();
        waiting.parcels.push_back(Parcel::Message(queued));
        waiting.post()
    }

    /// Adds a message whose only part is this one, if there are some: to the chunk at the end, or in the one that `next`
    /// returns. Returns `None` if there are none, otherwise whether it must be posted to the reader.
    #[inline]
    pub(super) fn add(&self, body: &[u8], next: impl FnOnce() -> Box<Chunk>) -> Option<bool> {
        let mut waiting = self.lock();
        let added = match waiting.parcels.back_mut()? {
            Parcel::Chunk(chunk) => chunk.add(body),
            Parcel::Message(_) => false,
        };
        if !added {
            waiting.parcels.push_back(Parcel::Chunk(next()));
        }
        Some(waiting.post())
    }

    /// Moves all messages to a list that is empty. If there are none, the next one is posted to the reader, which reads
    /// until then.
    pub(super) fn take(&self, to: &mut VecDeque<Parcel>) {
        if to.capacity() > KEPT {
            *to = VecDeque::new();
        }
        let mut waiting = self.lock();
        if waiting.parcels.is_empty() {
            waiting.posted = false;
        } else {
            core::mem::swap(&mut waiting.parcels, to);
        }
    }
}

impl Waiting {
    fn post(&mut self) -> bool {
        !core::mem::replace(&mut self.posted, true)
    }
}
