//! What the writer of a ring or list does.

use core::sync::atomic::{Ordering, fence};

use rtrb::{Consumer, PushError};

use super::super::lane::{Count, Lane, Parcel};
use super::{BATCH, BATCH_BYTES, BYTES, MESSAGES, Pipe};
use crate::queue::{Chunk, QueuedMessage, WITHIN};

/// Whether a ring with these unread messages, and these bytes of bodies, has room for another one.
#[inline]
const fn has_room((messages, bytes): (usize, usize)) -> bool {
    messages == 0 || (messages < MESSAGES && bytes < BYTES)
}

/// A chunk with this body: an empty one that came back, or a new one.
fn next_chunk(empty: &mut Consumer<Box<Chunk>>, body: &[u8]) -> Box<Chunk> {
    let mut chunk = empty.pop().unwrap_or_else(|_| Chunk::within());
    let added = chunk.add(body);
    debug_assert!(added, "a body that does not fit into an empty chunk");
    chunk
}

impl Pipe {
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
            self.seen.messages = self.there.list.note_received(self.seen.messages);
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
            self.unposted |= self.there.list.push(queued);
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
        let Some(posts) = self.there.list.add(body, || next_chunk(empty, body)) else {
            return false;
        };
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
        self.filling = Some(next_chunk(&mut self.empty, body));
    }

    /// Puts the messages that were [added](Pipe::add) into the ring, which has room for them.
    pub(super) fn hand_over(&mut self) {
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
}
