//! What a direction has besides its ring if the high-water marks of its ends are added up: room without a limit.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::queue::QueuedMessage;

/// The messages for which the ring has no room, and the marks.
#[derive(Debug, Default)]
pub(super) struct Beyond {
    /// The high-water mark of the reader, in messages.
    mark: AtomicUsize,
    /// The number of messages that are not received at which the writer gets a post.
    low: AtomicUsize,
    /// The number of received messages that give the writer room at a time.
    batch: AtomicUsize,
    /// The received messages that give the writer room, modulo 2^64.
    received: AtomicUsize,
    /// Later than all messages of the ring.
    messages: Mutex<VecDeque<QueuedMessage>>,
    /// There are some. While there are, the writer puts nothing into the ring.
    any: AtomicBool,
}

impl Beyond {
    fn lock(&self) -> MutexGuard<'_, VecDeque<QueuedMessage>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_mark(&self, mark: usize) {
        self.mark.store(mark, Ordering::Relaxed);
    }

    /// The sum of the marks of the reader and the writer; `usize::MAX` is no limit.
    pub(super) fn sum(&self, writer: usize) -> usize {
        let sum = writer.saturating_add(self.mark.load(Ordering::Relaxed));
        let low = sum / 2;
        let batch = if sum == usize::MAX { 1 } else { (sum - low).max(1) };
        self.low.store(low, Ordering::Relaxed);
        self.batch.store(batch, Ordering::Relaxed);
        sum
    }

    /// The application has received `count` messages so far, modulo 2^64. Returns those that give the writer room: whole
    /// batches. Both ends call it. If one overwrites a higher number of the other, the next call of the writer corrects it.
    pub(super) fn note_received(&self, count: usize) -> usize {
        let received = self.received.load(Ordering::Relaxed);
        let new = count.wrapping_sub(received);
        let batch = self.batch.load(Ordering::Relaxed).max(1);
        // The count may be older than that of the other end.
        if new < batch || new > usize::MAX / 2 {
            return received;
        }
        let received = count.wrapping_sub(new % batch);
        self.received.store(received, Ordering::Relaxed);
        received
    }

    pub(super) fn low(&self) -> usize {
        self.low.load(Ordering::Relaxed)
    }

    /// Whether there are messages. If the reader sees this before it finds the ring empty, the next message is here.
    pub(super) fn any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    pub(super) fn push(&self, queued: QueuedMessage) {
        let mut messages = self.lock();
        messages.push_back(queued);
        self.any.store(true, Ordering::Release);
    }

    pub(super) fn pop(&self) -> Option<QueuedMessage> {
        let mut messages = self.lock();
        let queued = messages.pop_front();
        if messages.is_empty() {
            *messages = VecDeque::new();
            self.any.store(false, Ordering::Release);
        }
        queued
    }
}
