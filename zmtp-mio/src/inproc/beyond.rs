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
        self.low.store(sum / 2, Ordering::Relaxed);
        sum
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
