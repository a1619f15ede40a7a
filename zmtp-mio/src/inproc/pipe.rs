//! A connection within the process: a ring of messages each way.
//!
//! Each ring has one writer and one reader, the engines at its ends. The writer puts messages in and then
//! [announces](Pipe::announce) them, many at a time if it can. The key of the connection is posted to the
//! mailbox of the reader unless it was posted since the reader last began to read.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rtrb::{Consumer, Producer, PushError, RingBuffer};

use super::Mailbox;
use crate::queue::QueuedMessage;

/// Messages that a ring holds: as many as the default high-water mark allows.
const MESSAGES: usize = 1_024;
/// Bytes of bodies that a ring holds. One message always fits.
const BYTES: usize = 1 << 20;
/// Messages that are put in before they are announced, while messages are held back.
const BATCH: usize = 128;
const BATCH_BYTES: usize = 32 << 10;

/// One end of a connection.
#[derive(Debug)]
pub(crate) struct Pipe {
    outgoing: Producer<QueuedMessage>,
    incoming: Consumer<QueuedMessage>,
    /// The shared state of the outgoing ring, and of the incoming ring.
    there: Arc<Lane>,
    back: Arc<Lane>,
    /// Bytes of bodies that were put in so far, modulo 2^64, and how many of them were taken out when this end
    /// last looked.
    put: usize,
    seen: usize,
    /// Bytes of bodies that this end has taken out so far, modulo 2^64.
    taken: usize,
    /// Messages that were put in and not announced.
    unannounced: usize,
    /// `put` at the last announcement.
    announced: usize,
    /// Reading is paused because the queue at this end is full.
    pub(crate) paused: bool,
}

/// The state of one direction that both ends share, besides the ring.
#[derive(Debug, Default)]
struct Lane {
    /// One of the ends is dropped.
    closed: AtomicBool,
    /// Posted to the reader, which has not read since then.
    posted: AtomicBool,
    /// The writer needs room.
    wanted: AtomicBool,
    /// Bytes of bodies that the reader has taken out so far, modulo 2^64.
    taken: AtomicUsize,
    /// The reader's end of the ring, with the messages that it had not read when it was dropped.
    left: Mutex<Option<Consumer<QueuedMessage>>>,
    reader: OnceLock<Address>,
    writer: OnceLock<Address>,
}

/// The destination of posts for an end.
#[derive(Debug)]
struct Address {
    mailbox: Arc<Mailbox>,
    key: usize,
}

/// The two ends of a connection. Each must be [settled](Pipe::settle) before anything is posted for
/// it; until then messages only queue.
pub(crate) fn pipe() -> (Pipe, Pipe) {
    let (there, back) = (Arc::new(Lane::default()), Arc::new(Lane::default()));
    let (one, other) = (RingBuffer::new(MESSAGES), RingBuffer::new(MESSAGES));
    let end = |outgoing, incoming, there: &Arc<Lane>, back: &Arc<Lane>| Pipe {
        outgoing,
        incoming,
        there: Arc::clone(there),
        back: Arc::clone(back),
        put: 0,
        seen: 0,
        taken: 0,
        unannounced: 0,
        announced: 0,
        paused: false,
    };
    (end(one.0, other.1, &there, &back), end(other.0, one.1, &back, &there))
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

    /// Whether a message can be put in. If not, this end's key is posted when there is room.
    #[inline]
    pub(crate) fn has_room(&mut self) -> bool {
        (self.outgoing.cached_slots() > 0 && self.put.wrapping_sub(self.seen) < BYTES)
            || self.has_room_now()
            || (self.want_room() && self.has_room_now())
    }

    fn has_room_now(&mut self) -> bool {
        let (count, bytes) = self.unread();
        count == 0 || (count < MESSAGES && bytes < BYTES)
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

    /// The messages that the reader has not taken out, and the bytes of their bodies.
    pub(crate) fn unread(&mut self) -> (usize, usize) {
        self.seen = self.there.taken.load(Ordering::Acquire);
        match MESSAGES - self.outgoing.slots() {
            0 => (0, 0),
            count => (count, self.put.wrapping_sub(self.seen)),
        }
    }

    /// A number that grows when the other end takes a message out, and falls when one is put in, modulo 2^64.
    pub(crate) fn arrivals(&self) -> u64 {
        let bytes = self.there.taken.load(Ordering::Relaxed) as u64;
        bytes.wrapping_sub((MESSAGES - self.outgoing.slots()) as u64)
    }

    /// [`Pipe::unread`] at the last check of this end. The numbers may be lower now.
    #[inline]
    pub(crate) fn unread_at_most(&self) -> (usize, usize) {
        (MESSAGES - self.outgoing.cached_slots(), self.put.wrapping_sub(self.seen))
    }

    /// Puts a message in. Returns it if there is no room; the key of this end is posted when there is room.
    #[inline]
    #[expect(clippy::result_large_err, reason = "the caller gets the message back")]
    pub(crate) fn push(&mut self, queued: QueuedMessage) -> Result<(), QueuedMessage> {
        if !self.has_room() {
            return Err(queued);
        }
        let body_len = queued.body_len();
        match self.outgoing.push(queued) {
            Ok(()) => {}
            Err(PushError::Full(queued)) => return Err(queued),
        }
        self.put = self.put.wrapping_add(body_len);
        self.unannounced += 1;
        Ok(())
    }

    /// Whether enough messages were put in to announce them even though messages are held back.
    #[inline]
    pub(crate) const fn is_announcement_due(&self) -> bool {
        self.unannounced >= BATCH || self.put.wrapping_sub(self.announced) >= BATCH_BYTES
    }

    /// Posts to the other end that messages were put in.
    pub(crate) fn announce(&mut self) {
        if core::mem::take(&mut self.unannounced) == 0 {
            return;
        }
        self.announced = self.put;
        // If the reader has not reset it, it will, and see what was put in before.
        if !self.there.posted.swap(true, Ordering::AcqRel) {
            Lane::post(&self.there.reader);
        }
    }

    /// The reader begins to read: messages put in from now on are posted again.
    pub(crate) fn begin_reading(&self) {
        self.back.posted.swap(false, Ordering::AcqRel);
    }

    /// Takes a message out.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<QueuedMessage> {
        let queued = self.incoming.pop().ok()?;
        self.taken = self.taken.wrapping_add(queued.body_len());
        Some(queued)
    }

    /// The reader ends reading for now: a writer that waits for room gets it if there is enough, or if this end
    /// takes out no more.
    pub(crate) fn end_reading(&self) {
        let lane = &self.back;
        lane.taken.store(self.taken, Ordering::Release);
        fence(Ordering::SeqCst);
        if lane.wanted.load(Ordering::Relaxed)
            && (self.paused || self.incoming.slots() <= MESSAGES / 2)
            && lane.wanted.swap(false, Ordering::AcqRel)
        {
            Lane::post(&lane.writer);
        }
    }

    /// Takes back the messages that the other end had not read when it was dropped.
    pub(crate) fn take_back(&self) -> Vec<QueuedMessage> {
        let left = self.there.left().take();
        left.map_or_else(Vec::new, |mut ring| core::iter::from_fn(|| ring.pop().ok()).collect())
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
        let incoming = core::mem::replace(&mut self.incoming, RingBuffer::new(0).1);
        *self.back.left() = Some(incoming);
        for lane in [&self.back, &self.there] {
            lane.closed.store(true, Ordering::Release);
        }
        Lane::post(&self.there.reader);
    }
}

impl Lane {
    fn left(&self) -> std::sync::MutexGuard<'_, Option<Consumer<QueuedMessage>>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn post(address: &OnceLock<Address>) {
        if let Some(address) = address.get() {
            address.mailbox.post_due(address.key);
        }
    }
}
