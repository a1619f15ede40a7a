//! Messages of one peer that the application has not received.

mod fill;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use super::bounded::{Mark, Queue};
use super::chunk::{Chunk, Next, SMALL};
use super::envelope::Envelope;
use super::queued::QueuedMessage;
use crate::memory::OutOfMemory;
use crate::message::{Message, Properties};

/// Messages of one peer for the application, in the order of arrival.
///
/// A short message of one part that arrived in one piece stays in the read buffer (chunk) until the application
/// receives it. Other messages are in a queue.
#[derive(Debug)]
pub(crate) struct Inbox {
    /// The bytes that were read last; `None` if all are decoded and contain no message.
    chunk: Option<Box<Chunk>>,
    /// Chunks that were read before, completely decoded. Each contains a message.
    before: VecDeque<Box<Chunk>>,
    /// The size of those chunks.
    before_size: usize,
    /// All messages that are not in a chunk.
    queue: Queue,
    /// The number of messages of the queue that have a record in a chunk. The others arrived last.
    noted: usize,
    /// The number of all messages.
    messages: usize,
    /// The bytes of their bodies.
    body_len: usize,
    /// The memory of the inbox has changed since the last report.
    changed: bool,
}

/// The memory of an inbox, in bytes.
pub(crate) struct InboxMemory {
    /// Messages.
    pub(crate) queued: usize,
    /// Bytes that are not decoded.
    pub(crate) undecoded: usize,
}

impl Inbox {
    pub(crate) const fn new() -> Self {
        Self {
            chunk: None,
            before: VecDeque::new(),
            before_size: 0,
            queue: Queue::new(),
            noted: 0,
            messages: 0,
            body_len: 0,
            changed: false,
        }
    }

    /// Whether the mark is reached. One message always fits.
    #[inline]
    pub(crate) const fn is_full(&self, mark: &Mark) -> bool {
        mark.is_reached(self.messages, self.body_len)
    }

    #[inline]
    pub(crate) const fn len(&self) -> usize {
        self.messages
    }

    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.messages == 0
    }

    /// The memory it occupies.
    pub(crate) fn memory(&self) -> InboxMemory {
        let queued = self.queue.weight() + self.before_size;
        let Some(chunk) = &self.chunk else { return InboxMemory { queued, undecoded: 0 } };
        let undecoded = if chunk.is_taken() { chunk.size() } else { chunk.undecoded_len() };
        InboxMemory { queued: queued + chunk.size() - undecoded, undecoded }
    }

    /// Whether the memory it occupies may have changed since [`Self::set_reported`].
    #[inline]
    pub(crate) const fn has_changed(&self) -> bool {
        self.changed
    }

    pub(crate) const fn set_reported(&mut self) {
        self.changed = false;
    }

    /// Adds a message that is not in a chunk.
    #[inline]
    pub(crate) fn push(&mut self, queued: QueuedMessage) {
        self.messages += 1;
        self.body_len += queued.body_len();
        self.queue.push(queued);
        self.changed = true;
    }

    /// Makes room for one more message that is not in a chunk.
    #[inline]
    pub(crate) fn try_reserve(&mut self) -> Result<(), OutOfMemory> {
        self.queue.try_reserve()
    }

    /// Removes the oldest message, if no message is in a chunk.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<QueuedMessage> {
        let queued = self.queue.pop()?;
        self.messages -= 1;
        self.body_len -= queued.body_len();
        self.changed = true;
        Some(queued)
    }

    /// Moves the oldest message into `message`, which has no part, and returns its envelope. A message in a chunk
    /// gets `prefix` as its first part, and the properties.
    #[inline(always)]
    pub(crate) fn take(
        &mut self,
        message: &mut Message,
        prefix: Option<&[u8]>,
        properties: Option<&Arc<Properties>>,
    ) -> Option<Envelope> {
        let oldest = match self.before.front_mut() {
            Some(chunk) => Some(chunk),
            None => self.chunk.as_mut(),
        };
        if let Some(chunk) = oldest
            && let Some(next) = chunk.next()
        {
            let envelope = match next {
                Next::Body { body, delimiter } => {
                    self.messages -= 1;
                    self.body_len -= body.len();
                    message.receive(prefix, body, properties);
                    if delimiter { Envelope::Delimiter } else { Envelope::None }
                }
                Next::Elsewhere => return self.take_noted(message),
            };
            if chunk.is_taken() {
                self.settle();
            }
            return Some(envelope);
        }
        self.take_queued(message)
    }

    /// Removes the oldest message and calls `take` with its only part, if it is in a chunk.
    #[inline(always)]
    pub(crate) fn take_body<T>(&mut self, take: impl FnOnce(&[u8]) -> T) -> Option<T> {
        let oldest = match self.before.front_mut() {
            Some(chunk) => Some(chunk),
            None => self.chunk.as_mut(),
        };
        let chunk = oldest?;
        let body = chunk.next_body()?;
        self.messages -= 1;
        self.body_len -= body.len();
        let taken = take(body);
        if chunk.is_taken() {
            self.settle();
        }
        Some(taken)
    }

    #[inline(never)]
    fn take_noted(&mut self, message: &mut Message) -> Option<Envelope> {
        self.noted -= 1;
        self.take_queued(message)
    }

    #[inline(never)]
    fn take_queued(&mut self, message: &mut Message) -> Option<Envelope> {
        let queued = self.pop()?;
        *message = queued.message;
        Some(queued.envelope)
    }

    /// The number of bytes that are not decoded.
    pub(crate) fn undecoded_len(&self) -> usize {
        self.chunk.as_ref().map_or(0, |chunk| chunk.undecoded_len())
    }

    /// Takes the last chunk out, to decode it and [put it back](Self::put_back).
    pub(crate) const fn take_out(&mut self) -> Option<Box<Chunk>> {
        self.chunk.take()
    }

    /// Ends [`Self::take_out`].
    pub(crate) fn put_back(&mut self, chunk: Box<Chunk>) {
        let is_taken = chunk.is_taken();
        self.chunk = Some(chunk);
        self.changed = true;
        if is_taken {
            self.settle_last();
        }
    }

    /// Adds a message whose only part is the last `len` bytes of the chunk that were decoded. Only if the
    /// chunk [can have a record](Chunk::can_record) of it.
    #[inline]
    pub(crate) fn record(&mut self, chunk: &mut Chunk, len: usize, delimiter: bool) {
        let queued = self.queue.len();
        chunk.record(len, delimiter, queued - self.noted);
        self.noted = queued;
        self.messages += 1;
        self.body_len += len;
    }

    /// Adds a chunk of another socket of this process, with these messages.
    pub(crate) fn push_chunk(&mut self, mut chunk: Box<Chunk>) {
        let (messages, bytes) = chunk.added();
        let queued = self.queue.len();
        chunk.follow(queued - self.noted);
        self.noted = queued;
        self.messages += messages;
        self.body_len += bytes;
        self.before_size += chunk.size();
        self.before.push_back(chunk);
        self.changed = true;
    }

    /// The number of messages, and of their bytes, until the mark is reached.
    pub(crate) const fn room(&self, mark: &Mark) -> (usize, usize) {
        let messages = mark.messages.saturating_sub(self.messages);
        (messages, mark.bytes.saturating_sub(self.body_len))
    }

    /// The number of messages of the queue without a record.
    pub(crate) fn unnoted(&self) -> usize {
        self.queue.len() - self.noted
    }

    /// Counts messages that got a record.
    pub(crate) fn recorded(&mut self, messages: usize, bytes: usize) {
        self.noted = self.queue.len();
        self.messages += messages;
        self.body_len += bytes;
    }

    /// Removes the bytes that are not decoded.
    pub(crate) fn discard_undecoded(&mut self) {
        if let Some(chunk) = &mut self.chunk {
            chunk.discard_undecoded();
            self.settle_last();
        }
    }

    /// The connection has ended: its chunks are removed. Their messages are copied to the queue. Returns the number of those
    /// that are lost because there is no memory.
    pub(crate) fn detach(
        &mut self,
        prefix: Option<&[u8]>,
        properties: Option<&Arc<Properties>>,
    ) -> u64 {
        let mut lost = 0;
        let last = self.chunk.take();
        let chunks = core::mem::take(&mut self.before).into_iter().chain(last);
        let mut others = core::mem::replace(&mut self.queue, Queue::new());
        (self.before_size, self.noted, self.messages, self.body_len) = (0, 0, 0, 0);
        self.changed = true;
        for mut chunk in chunks {
            while let Some(next) = chunk.next() {
                let queued = match next {
                    Next::Body { body, delimiter } => {
                        let mut queued = QueuedMessage::default();
                        if delimiter {
                            queued.envelope = Envelope::Delimiter;
                        }
                        let copied = queued.message.try_receive(prefix, body, properties);
                        copied.is_ok().then_some(queued)
                    }
                    Next::Elsewhere => others.pop(),
                };
                lost += self.try_push(queued);
            }
            Chunk::give(chunk);
        }
        while let Some(queued) = others.pop() {
            lost += self.try_push(Some(queued));
        }
        lost
    }

    /// Adds a message, if there is memory for it. Returns the number of messages that are lost.
    fn try_push(&mut self, queued: Option<QueuedMessage>) -> u64 {
        match queued.filter(|_| self.try_reserve().is_ok()) {
            Some(queued) => {
                self.push(queued);
                0
            }
            None => 1,
        }
    }

    /// Frees the oldest chunk, whose messages are all taken.
    #[inline(never)]
    fn settle(&mut self) {
        let Some(chunk) = self.before.pop_front() else { return self.settle_last() };
        self.before_size -= chunk.size();
        self.changed = true;
        Chunk::give(chunk);
        if self.before.is_empty() {
            self.before = VecDeque::new();
        }
    }

    /// Frees the last chunk if it is empty. A few remaining bytes are moved to a small chunk.
    fn settle_last(&mut self) {
        let Some(mut chunk) = self.chunk.take_if(|chunk| chunk.is_taken()) else { return };
        self.changed = true;
        match chunk.undecoded_len() {
            0 => Chunk::give(chunk),
            len if len <= SMALL && chunk.size() > SMALL + 2 * len => match Chunk::new(len) {
                Ok(mut small) => {
                    small.append(chunk.undecoded());
                    self.chunk = Some(small);
                    Chunk::give(chunk);
                }
                Err(OutOfMemory) => self.chunk = Some(chunk),
            },
            _ => self.chunk = Some(chunk),
        }
    }
}
