//! What the reader of a ring or list does.

use core::sync::atomic::{Ordering, fence};

use rtrb::PushError;

use super::super::lane::{Lane, Parcel};
use super::{MESSAGES, Pipe};
use crate::message::Message;
use crate::queue::{Chunk, QueuedMessage};

impl Pipe {
    /// The reader begins to read: messages put in from now on are posted again. Those of a list are when it is empty.
    pub(crate) fn begin_reading(&self) {
        if !self.unbounded {
            self.back.posted.swap(false, Ordering::AcqRel);
        }
    }

    /// Takes a message or a chunk out. The messages of a chunk are [taken](Pipe::took) afterwards.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Parcel> {
        if let Some(chunk) = self.rest.take() {
            return Some(Parcel::Chunk(chunk));
        }
        let parcel = match self.unbounded {
            true => self.next_of_list()?,
            false => self.incoming.pop().ok()?,
        };
        if let Parcel::Message(queued) = &parcel {
            self.taken.add(1, queued.body_len());
        }
        Some(parcel)
    }

    fn next_of_list(&mut self) -> Option<Parcel> {
        if self.ahead.is_empty() {
            self.back.list.take(&mut self.ahead);
        }
        self.ahead.pop_front()
    }

    /// Takes a message out.
    pub(crate) fn pop_message(&mut self) -> Option<QueuedMessage> {
        let mut chunk = match self.pop()? {
            Parcel::Message(queued) => return Some(queued),
            Parcel::Chunk(chunk) => chunk,
        };
        let message = chunk.take_added().map(Message::from)?;
        self.took(1, message.byte_len());
        self.put_back(chunk);
        Some(message.into())
    }

    /// Messages of a chunk were taken out, with these bytes.
    pub(crate) fn took(&mut self, messages: usize, bytes: usize) {
        self.taken.add(messages, bytes);
    }

    /// Puts the rest of a chunk back, which is taken out next, or returns an empty one to the writer.
    pub(crate) fn put_back(&mut self, chunk: Box<Chunk>) {
        if chunk.is_taken() {
            Chunk::give(chunk);
            self.return_spare();
        } else {
            self.rest = Some(chunk);
        }
    }

    /// Returns an empty chunk to the writer, for one that was taken out.
    pub(crate) fn return_spare(&mut self) {
        if let Some(spare) = Chunk::spare_within()
            && let Err(PushError::Full(spare)) = self.returned.push(spare)
        {
            Chunk::give(spare);
        }
    }

    /// The reader ends reading for now: a writer that waits for room gets it if there is enough, or if this end
    /// takes out no more. `queued` is how many messages wait at this end for the application.
    pub(crate) fn end_reading(&self, queued: usize) {
        let lane = &self.back;
        if self.unbounded {
            return self.note_received(queued);
        }
        lane.taken_messages.store(self.taken.messages, Ordering::Relaxed);
        lane.taken_bytes.store(self.taken.bytes, Ordering::Release);
        fence(Ordering::SeqCst);
        let left = lane.put.load(Ordering::Relaxed).wrapping_sub(self.taken.messages);
        // Messages may be in the ring that are not announced.
        let left = if left > usize::MAX / 2 { 0 } else { left };
        if self.paused || left <= MESSAGES / 2 {
            self.give_room();
        }
    }

    /// A writer that waits for room gets it.
    fn give_room(&self) {
        let lane = &self.back;
        if lane.wanted.load(Ordering::Relaxed) && lane.wanted.swap(false, Ordering::AcqRel) {
            Lane::post(&lane.writer);
        }
    }

    /// The messages that the application has received, if `queued` wait for it. Those count that it has not received.
    #[inline]
    const fn received(&self, queued: usize) -> usize {
        self.taken.messages.wrapping_sub(queued)
    }

    /// Whether the messages that the application has received [give the writer room](Self::note_received), if the marks
    /// are added up. `queued` wait for it.
    #[inline]
    pub(crate) fn gives_room(&self, queued: usize) -> bool {
        self.unbounded && self.back.list.gives_room(self.received(queued))
    }

    /// The application has received messages; `queued` wait for it. If the marks are added up, a writer that waits for
    /// room gets it after each batch.
    pub(crate) fn note_received(&self, queued: usize) {
        if !self.unbounded {
            return;
        }
        let lane = &self.back;
        let received = self.received(queued);
        lane.taken_messages.store(received, Ordering::Relaxed);
        lane.taken_bytes.store(self.taken.bytes, Ordering::Release);
        if lane.list.gives_room(received) {
            lane.list.note_received(received);
            fence(Ordering::SeqCst);
            self.give_room();
        }
    }
}
