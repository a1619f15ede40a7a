//! A connection within the process: a ring of messages each way.
//!
//! Each ring has one writer and one reader, the engines at its ends. The writer puts messages in and then
//! [announces](Pipe::announce) them, many at a time if it can: short messages of a burst are copied into a chunk, which is
//! handed over whole. The key of the connection is posted to the
//! mailbox of the reader unless it was posted since the reader last began to read.
//!
//! If the marks of both ends are added up, there is a list in place of each ring, and each message is handed over at once.

use core::sync::atomic::{Ordering, fence};
use std::collections::VecDeque;
use std::sync::Arc;

use rtrb::{Consumer, Producer, PushError, RingBuffer};

use super::Mailbox;
use super::lane::{Address, Count, Lane, Left, Parcel};
use crate::message::Message;
use crate::queue::{Chunk, Mark, QueuedMessage, WITHIN};

/// Messages that a ring holds: as many as the default high-water mark allows.
const MESSAGES: usize = 1_024;
/// Bytes of bodies that a ring holds. One message always fits.
const BYTES: usize = 1 << 20;
/// Messages that are put in before they are announced, while messages are held back.
const BATCH: usize = 128;
const BATCH_BYTES: usize = 32 << 10;

/// The longest body that is copied into a chunk. The buffer of a longer one is handed over.
pub(crate) const COPIED: usize = 1 << 10;
/// Empty chunks on their way back to the writer.
const RETURNED: usize = 16;

/// One end of a connection.
#[derive(Debug)]
pub(crate) struct Pipe {
    outgoing: Producer<Parcel>,
    incoming: Consumer<Parcel>,
    /// Empty chunks for the writer at the other end, and for this one.
    returned: Producer<Box<Chunk>>,
    empty: Consumer<Box<Chunk>>,
    /// The last messages that were put in. They are handed over together.
    filling: Option<Box<Chunk>>,
    /// The rest of the chunk that was taken out last.
    rest: Option<Box<Chunk>>,
    /// The next messages of the list. Empty if there is a ring.
    ahead: VecDeque<Parcel>,
    /// The shared state of the outgoing ring, and of the incoming ring.
    there: Arc<Lane>,
    back: Arc<Lane>,
    /// What was put in so far, and how much of it was taken out when this end last looked.
    put: Count,
    seen: Count,
    /// What this end has taken out so far.
    taken: Count,
    /// Messages that were put in and not announced.
    unannounced: usize,
    /// They must be posted. Always unset if there is a ring.
    unposted: bool,
    /// The bytes that were put in at the last announcement.
    announced: usize,
    /// Reading is paused because the queue at this end is full.
    pub(crate) paused: bool,
    /// The high-water marks of both ends are added up, and nothing else limits the messages.
    unbounded: bool,
}

/// The two ends of a connection. Each must be [settled](Pipe::settle) before anything is posted for
/// it; until then messages only queue. With `marks`, the high-water marks of both ends are added up.
pub(crate) fn pipe(marks: Option<(usize, usize)>) -> (Pipe, Pipe) {
    let (there, back) = (Arc::new(Lane::default()), Arc::new(Lane::default()));
    let unbounded = marks.is_some();
    let room = if unbounded { 0 } else { MESSAGES };
    let (one, other) = (RingBuffer::new(room), RingBuffer::new(room));
    let (empty, other_empty) = (RingBuffer::new(RETURNED), RingBuffer::new(RETURNED));
    let end = |outgoing, incoming, returned, empty, there: &Arc<Lane>, back: &Arc<Lane>| Pipe {
        outgoing,
        incoming,
        returned,
        empty,
        filling: None,
        rest: None,
        ahead: VecDeque::new(),
        there: Arc::clone(there),
        back: Arc::clone(back),
        put: Count::default(),
        seen: Count::default(),
        taken: Count::default(),
        unannounced: 0,
        unposted: false,
        announced: 0,
        paused: false,
        unbounded,
    };
    let first = end(one.0, other.1, empty.0, other_empty.1, &there, &back);
    let second = end(other.0, one.1, other_empty.0, empty.1, &back, &there);
    if let Some((one, other)) = marks {
        first.set_mark(one);
        second.set_mark(other);
    }
    (first, second)
}

/// Whether a ring with these unread messages, and these bytes of bodies, has room for another one.
#[inline]
const fn has_room((messages, bytes): (usize, usize)) -> bool {
    messages == 0 || (messages < MESSAGES && bytes < BYTES)
}

impl Pipe {
    /// Sets the mailbox of this end, and the key that is posted to it.
    pub(crate) fn settle(&self, mailbox: &Arc<Mailbox>, key: usize) {
        let address = || Address { mailbox: Arc::clone(mailbox), key };
        let _ = self.back.reader.set(address());
        let _ = self.there.writer.set(address());
        // Messages may have been put in earlier.
        mailbox.post_due(key);
    }

    /// Whether the marks of both ends are added up.
    #[inline]
    pub(crate) const fn is_unbounded(&self) -> bool {
        self.unbounded
    }

    /// Sets the high-water mark of this end for messages that it receives, if it is added to that of the other end.
    pub(crate) fn set_mark(&self, mark: usize) {
        self.back.beyond.set_mark(mark);
    }

    /// The high-water mark of the messages that the other end has not received.
    #[inline]
    pub(crate) fn limit(&self, ours: Mark) -> Mark {
        match self.unbounded {
            true => Mark { messages: self.there.beyond.sum(ours.messages), ..ours },
            false => ours,
        }
    }

    /// Whether a message can be put in. If not, this end's key is posted when there is room.
    #[inline]
    pub(crate) fn has_room(&mut self) -> bool {
        self.unbounded
            || has_room(self.unread_at_most())
            || has_room(self.unread())
            || (self.want_room() && has_room(self.unread()))
    }

    /// Whether at least half of the ring is free.
    pub(crate) fn has_much_room(&mut self) -> bool {
        self.unread().0 <= MESSAGES / 2 && self.has_room()
    }

    /// Requests a post of the key of this end when the reader has taken messages out. The caller must then check
    /// again whether there is room. Returns `true`.
    pub(crate) fn want_room(&self) -> bool {
        self.there.wanted.store(true, Ordering::Relaxed);
        // Either the reader sees the flag, or this end sees what the reader has taken: see `end_reading`.
        fence(Ordering::SeqCst);
        true
    }

    /// The messages that the reader has not taken out, and the bytes of their bodies. If the marks are added up, half of
    /// the sum must be received before there is room.
    pub(crate) fn unread(&mut self) -> (usize, usize) {
        self.seen = self.there.taken();
        if self.unbounded {
            self.seen.messages = self.there.beyond.note_received(self.seen.messages);
        }
        self.unread_at_most()
    }

    /// The number of messages that this end put in.
    pub(crate) const fn put_count(&self) -> usize {
        self.put.messages
    }

    /// A number that grows when the other end takes a message out, modulo 2^64.
    pub(crate) fn arrivals(&self) -> u64 {
        let Count { messages, bytes } = self.there.taken();
        messages.wrapping_add(bytes) as u64
    }

    /// [`Pipe::unread`] at the last check of this end. The numbers may be lower now.
    #[inline]
    pub(crate) const fn unread_at_most(&self) -> (usize, usize) {
        self.put.since(self.seen)
    }

    /// The messages, and the bytes of their bodies, that can be [added](Pipe::add) before they are due, at the last check
    /// of this end.
    pub(crate) fn room(&self) -> (usize, usize) {
        let (messages, bytes) = self.unread_at_most();
        let filled = self.filling.as_ref().map_or(WITHIN, |chunk| chunk.added().1);
        let due = BATCH.saturating_sub(self.unannounced + 1);
        (
            due.min(MESSAGES.saturating_sub(messages)),
            WITHIN.saturating_sub(filled).min(BYTES.saturating_sub(bytes)),
        )
    }

    /// Puts a message in. Returns it if there is no room; the key of this end is posted when there is room.
    #[inline]
    #[expect(clippy::result_large_err, reason = "the caller gets the message back")]
    pub(crate) fn push(&mut self, queued: QueuedMessage) -> Result<(), QueuedMessage> {
        if !self.has_room() {
            return Err(queued);
        }
        let body_len = queued.body_len();
        if self.unbounded {
            self.unposted |= self.there.beyond.push(queued);
        } else {
            self.hand_over();
            if let Err(PushError::Full(Parcel::Message(queued))) =
                self.outgoing.push(Parcel::Message(queued))
            {
                return Err(queued);
            }
        }
        self.put.add(1, body_len);
        self.unannounced += 1;
        Ok(())
    }

    /// Adds a message whose only part is this one, of at most [`COPIED`] bytes, to the messages of the list. Returns
    /// `false` if there is a ring, or no message waits in the list.
    #[inline]
    pub(crate) fn add_behind(&mut self, body: &[u8]) -> bool {
        if !self.unbounded {
            return false;
        }
        let empty = &mut self.empty;
        let next = || empty.pop().unwrap_or_else(|_| Chunk::within());
        let Some(posts) = self.there.beyond.add(body, next) else { return false };
        self.unposted |= posts;
        self.put.add(1, body.len());
        self.unannounced += 1;
        true
    }

    /// Puts a message in whose only part is this one, of at most [`COPIED`] bytes. It is handed over with others when
    /// they are announced. Only if there is [room](Pipe::has_room).
    #[inline]
    pub(crate) fn add(&mut self, body: &[u8]) {
        let added = self.filling.as_mut().is_some_and(|chunk| chunk.add(body));
        if !added {
            self.add_to_next(body);
        }
        self.put.add(1, body.len());
        self.unannounced += 1;
    }

    #[cold]
    fn add_to_next(&mut self, body: &[u8]) {
        self.hand_over();
        let mut chunk = self.empty.pop().unwrap_or_else(|_| Chunk::within());
        let added = chunk.add(body);
        debug_assert!(added, "a body that does not fit into an empty chunk");
        self.filling = Some(chunk);
    }

    /// Puts the messages that were [added](Pipe::add) into the ring, which has room for them.
    fn hand_over(&mut self) {
        if let Some(chunk) = self.filling.take() {
            let pushed = self.outgoing.push(Parcel::Chunk(chunk));
            debug_assert!(pushed.is_ok(), "more parcels than messages");
        }
    }

    /// Whether enough messages were put in to announce them even though messages are held back.
    #[inline]
    pub(crate) const fn is_announcement_due(&self) -> bool {
        self.unannounced >= BATCH || self.put.bytes.wrapping_sub(self.announced) >= BATCH_BYTES
    }

    /// Posts to the other end that messages were put in.
    pub(crate) fn announce(&mut self) {
        if core::mem::take(&mut self.unannounced) == 0 {
            return;
        }
        self.announced = self.put.bytes;
        if self.unbounded {
            if core::mem::take(&mut self.unposted) {
                Lane::post(&self.there.reader);
            }
            return;
        }
        self.hand_over();
        self.there.put.store(self.put.messages, Ordering::Relaxed);
        // If the reader has not reset it, it will, and see what was put in before.
        if !self.there.posted.swap(true, Ordering::AcqRel) {
            Lane::post(&self.there.reader);
        }
    }

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
            self.back.beyond.take(&mut self.ahead);
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
        self.unbounded && self.back.beyond.gives_room(self.received(queued))
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
        if lane.beyond.gives_room(received) {
            lane.beyond.note_received(received);
            fence(Ordering::SeqCst);
            self.give_room();
        }
    }

    /// Takes back the messages that the other end had not read when it was dropped.
    pub(crate) fn take_back(&mut self) -> Vec<QueuedMessage> {
        let mut messages = Vec::new();
        let mut keep = |parcel| match parcel {
            Parcel::Message(queued) => messages.push(queued),
            Parcel::Chunk(mut chunk) => {
                while let Some(body) = chunk.take_added() {
                    messages.push(Message::from(body).into());
                }
            }
        };
        if let Some(mut left) = self.there.left().take() {
            left.rest.map(Parcel::Chunk).into_iter().for_each(&mut keep);
            core::iter::from_fn(|| left.ring.pop().ok()).for_each(&mut keep);
            left.ahead.into_iter().for_each(&mut keep);
            let mut unread = VecDeque::new();
            self.there.beyond.take(&mut unread);
            unread.into_iter().for_each(&mut keep);
        }
        self.filling.take().map(Parcel::Chunk).into_iter().for_each(keep);
        messages
    }

    /// Whether the other end is dropped. Its messages can still be taken out.
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.back.closed.load(Ordering::Acquire)
    }
}

/// The other end sees the close after the messages that were put in before.
impl Drop for Pipe {
    fn drop(&mut self) {
        self.hand_over();
        let ring = core::mem::replace(&mut self.incoming, RingBuffer::new(0).1);
        let ahead = core::mem::take(&mut self.ahead);
        *self.back.left() = Some(Left { rest: self.rest.take(), ring, ahead });
        for lane in [&self.back, &self.there] {
            lane.closed.store(true, Ordering::Release);
        }
        Lane::post(&self.there.reader);
    }
}
