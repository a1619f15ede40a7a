//! A connection within the process: a lane each way.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use crossbeam_queue::SegQueue;

use super::Mailbox;
use crate::queue::QueuedMessage;

/// Messages that a lane holds, besides the queues at its ends.
const MESSAGES: usize = 256;
/// Bytes that a lane holds. One message always fits.
const BYTES: usize = 1 << 20;

/// One end of a connection.
#[derive(Debug)]
pub(crate) struct Pipe {
    incoming: Arc<Lane>,
    outgoing: Arc<Lane>,
    /// Reading is paused because the queue at this end is full.
    pub(crate) paused: bool,
}

/// One direction.
#[derive(Debug, Default)]
struct Lane {
    messages: SegQueue<QueuedMessage>,
    count: AtomicUsize,
    bytes: AtomicUsize,
    /// One of the ends is gone.
    closed: AtomicBool,
    /// Posted to the reader, which has not read since.
    posted: AtomicBool,
    /// The writer needs room.
    wanted: AtomicBool,
    reader: OnceLock<Address>,
    writer: OnceLock<Address>,
}

/// Where posts for an end go.
#[derive(Debug)]
struct Address {
    mailbox: Arc<Mailbox>,
    key: usize,
}

/// The two ends of a connection. Each must be [settled](Pipe::settle) before anything is posted for
/// it; until then messages only queue.
pub(crate) fn pipe() -> (Pipe, Pipe) {
    let (there, back) = (Arc::new(Lane::default()), Arc::new(Lane::default()));
    let one = Pipe { incoming: Arc::clone(&back), outgoing: Arc::clone(&there), paused: false };
    (one, Pipe { incoming: there, outgoing: back, paused: false })
}

impl Pipe {
    /// Sets what is posted for this end, and where.
    pub(crate) fn settle(&self, mailbox: &Arc<Mailbox>, key: usize) {
        let address = || Address { mailbox: Arc::clone(mailbox), key };
        let _ = self.incoming.reader.set(address());
        let _ = self.outgoing.writer.set(address());
        // Messages may have been put in before.
        mailbox.post_due(key);
    }

    /// Puts a message in. Gives it back if there is no room; this end's key is posted when there is.
    #[expect(clippy::result_large_err, reason = "the caller gets the message back")]
    pub(crate) fn push(&self, queued: QueuedMessage, weight: usize) -> Result<(), QueuedMessage> {
        let lane = &self.outgoing;
        if !lane.has_room() {
            lane.wanted.store(true, Ordering::SeqCst);
            // The reader may have made room without noticing that it is wanted.
            if !lane.has_room() {
                return Err(queued);
            }
        }
        lane.count.fetch_add(1, Ordering::SeqCst);
        lane.bytes.fetch_add(weight, Ordering::SeqCst);
        lane.messages.push(queued);
        Ok(())
    }

    /// Posts to the other end that messages were put in.
    pub(crate) fn announce(&self) {
        if !self.outgoing.posted.swap(true, Ordering::SeqCst) {
            Lane::post(&self.outgoing.reader);
        }
    }

    /// The reader begins to read: messages put in from now on are posted again.
    pub(crate) fn begin_reading(&self) {
        self.incoming.posted.store(false, Ordering::SeqCst);
    }

    /// Takes a message out.
    pub(crate) fn pop(&self, weight: impl Fn(&QueuedMessage) -> usize) -> Option<QueuedMessage> {
        let lane = &self.incoming;
        let queued = lane.messages.pop()?;
        lane.count.fetch_sub(1, Ordering::SeqCst);
        lane.bytes.fetch_sub(weight(&queued), Ordering::SeqCst);
        if lane.count.load(Ordering::SeqCst) <= MESSAGES / 2
            && lane.wanted.swap(false, Ordering::SeqCst)
        {
            Lane::post(&lane.writer);
        }
        Some(queued)
    }

    /// Takes back what the other end had not read when it went.
    pub(crate) fn take_back(&self) -> Vec<QueuedMessage> {
        core::iter::from_fn(|| self.outgoing.messages.pop()).collect()
    }

    /// Whether the other end is gone. Its messages can still be taken out.
    pub(crate) fn is_closed(&self) -> bool {
        self.incoming.closed.load(Ordering::SeqCst)
    }
}

/// The other end notices it after the messages that were put in before.
impl Drop for Pipe {
    fn drop(&mut self) {
        for lane in [&self.incoming, &self.outgoing] {
            lane.closed.store(true, Ordering::SeqCst);
        }
        Lane::post(&self.outgoing.reader);
    }
}

impl Lane {
    fn has_room(&self) -> bool {
        let count = self.count.load(Ordering::SeqCst);
        count == 0 || (count < MESSAGES && self.bytes.load(Ordering::SeqCst) < BYTES)
    }

    fn post(address: &OnceLock<Address>) {
        if let Some(address) = address.get() {
            address.mailbox.post_due(address.key);
        }
    }
}
