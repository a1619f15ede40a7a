//! A queue, bounded by a high-water mark.

use core::cell::RefCell;
use std::collections::VecDeque;

use super::queued::QueuedMessage;
use crate::memory::OutOfMemory;

/// A high-water mark: the number of messages and bytes at which a queue is full.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub(crate) messages: usize,
    /// Bytes of bodies.
    pub(crate) bytes: usize,
}

impl Mark {
    /// Whether this number of messages, with this number of bytes in their bodies, reaches the mark. One
    /// message always fits.
    pub(crate) const fn is_reached(&self, messages: usize, bytes: usize) -> bool {
        messages > 0 && (messages >= self.messages || bytes >= self.bytes)
    }
}

/// The reason why a message was not queued for a peer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refused {
    /// The peer was removed.
    Gone,
    /// Its queue is at the high-water mark.
    Full,
}

/// How many rings a thread keeps for queues that are empty now, and how large they may be.
const SPARES: usize = 64;
const SPARE_MESSAGES: usize = 64;

thread_local! {
    /// Rings of queues that became empty. Most queues are empty at any time: without these spares each queue would
    /// keep a ring after its first message, or allocate one per message.
    static SPARE: RefCell<Vec<VecDeque<QueuedMessage>>> = const { RefCell::new(Vec::new()) };
}

/// Messages in the order in which they were queued.
#[derive(Debug)]
pub(crate) struct Queue {
    messages: VecDeque<QueuedMessage>,
    /// Bytes of memory.
    weight: usize,
    /// Bytes of bodies.
    body_len: usize,
}

impl Queue {
    pub(crate) const fn new() -> Self {
        Self { messages: VecDeque::new(), weight: 0, body_len: 0 }
    }

    #[inline]
    pub(crate) fn push(&mut self, mut queued: QueuedMessage) {
        queued.settle();
        self.weight += queued.weight();
        self.body_len += queued.body_len();
        self.use_spare();
        self.messages.push_back(queued);
    }

    /// Makes room for one more message.
    #[inline]
    pub(crate) fn try_reserve(&mut self) -> Result<(), OutOfMemory> {
        self.use_spare();
        Ok(self.messages.try_reserve(1)?)
    }

    /// Takes a ring that is kept, if there is none yet.
    #[inline]
    fn use_spare(&mut self) {
        if self.messages.capacity() == 0 {
            let spare = SPARE.try_with(|spare| spare.borrow_mut().pop());
            self.messages = spare.ok().flatten().unwrap_or_default();
        }
    }

    /// Puts back the message that was taken last.
    pub(crate) fn push_front(&mut self, queued: QueuedMessage) {
        if self.messages.is_empty() {
            return self.push(queued);
        }
        self.weight += queued.weight();
        self.body_len += queued.body_len();
        self.messages.push_front(queued);
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<QueuedMessage> {
        let queued = self.messages.pop_front()?;
        self.weight -= queued.weight();
        self.body_len -= queued.body_len();
        if self.messages.is_empty() {
            let ring = core::mem::take(&mut self.messages);
            // At thread exit the spares may be dropped already: then the ring is freed.
            let _ = SPARE.try_with(|spare| {
                let mut spare = spare.borrow_mut();
                let is_kept = spare.len() < SPARES && ring.capacity() <= SPARE_MESSAGES;
                if is_kept && spare.try_reserve(1).is_ok() {
                    spare.push(ring);
                }
            });
        }
        Some(queued)
    }

    /// Removes messages for which `unwanted` returns `true`, except the first `kept`.
    pub(crate) fn remove(
        &mut self,
        kept: usize,
        unwanted: impl Fn(&QueuedMessage) -> bool,
    ) -> usize {
        let before = self.messages.len();
        let mut at = 0;
        let (mut weight, mut body_len) = (0, 0);
        self.messages.retain(|queued| {
            at += 1;
            let stays = at <= kept || !unwanted(queued);
            if !stays {
                weight += queued.weight();
                body_len += queued.body_len();
            }
            stays
        });
        self.weight -= weight;
        self.body_len -= body_len;
        before - self.messages.len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&QueuedMessage> {
        self.messages.get(index)
    }

    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The bytes of memory that its messages take.
    pub(crate) const fn weight(&self) -> usize {
        self.weight
    }

    /// The bytes of the bodies of its messages.
    pub(crate) const fn body_len(&self) -> usize {
        self.body_len
    }
}
