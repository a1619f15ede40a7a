//! A connection within the process: a ring or a list of messages each way.
//!
//! Each ring has one writer and one reader, the engines at its ends. The writer puts messages in and then
//! [announces](Pipe::announce) them, many at a time if it can: short messages of a burst are copied into a chunk, which is
//! handed over whole. The key of the connection is posted to the
//! mailbox of the reader unless it was posted since the reader last began to read.
//!
//! If the marks of both ends are added up, there is a list in place of each ring, and each message is handed over at once.

mod read;
mod write;

use core::sync::atomic::Ordering;
use std::collections::VecDeque;
use std::sync::Arc;

use rtrb::{Consumer, Producer, RingBuffer};

use super::Mailbox;
use super::lane::{Address, Count, Lane, Left, Parcel};
use crate::message::Message;
use crate::queue::{Chunk, Mark, QueuedMessage};

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
        self.back.list.set_mark(mark);
    }

    /// The high-water mark of the messages that the other end has not received.
    #[inline]
    pub(crate) fn limit(&self, ours: Mark) -> Mark {
        match self.unbounded {
            true => Mark { messages: self.there.list.sum(ours.messages), ..ours },
            false => ours,
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
            self.there.list.take(&mut unread);
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
