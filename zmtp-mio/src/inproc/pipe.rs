//! A connection within the process: a lane each way.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use crossbeam_queue::SegQueue;

use super::Mailbox;
use crate::queue::Letter;

/// Letters that a lane takes, besides the queues at its ends.
const LETTERS: usize = 256;
/// Bytes that a lane takes. One letter always fits.
const BYTES: usize = 1 << 20;

/// One end of a connection.
#[derive(Debug)]
pub(crate) struct Pipe {
    incoming: Arc<Lane>,
    outgoing: Arc<Lane>,
    /// Letters wait because the queue here is full.
    pub(crate) paused: bool,
}

/// One direction.
#[derive(Debug, Default)]
struct Lane {
    letters: SegQueue<Letter>,
    count: AtomicUsize,
    bytes: AtomicUsize,
    /// Either end is gone.
    closed: AtomicBool,
    /// The reader was told that there is something, and has not looked since.
    told: AtomicBool,
    /// The writer waits for room.
    wanted: AtomicBool,
    reader: OnceLock<Address>,
    writer: OnceLock<Address>,
}

/// Where an end can be told.
#[derive(Debug)]
struct Address {
    mailbox: Arc<Mailbox>,
    key: usize,
}

/// A connection's two ends. Each must be [settled](Pipe::settle) before the other can tell it
/// anything; what was put in before waits for that.
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
        // Whatever came before.
        mailbox.post_due(key);
    }

    /// Puts a letter in. Gives it back if there is no room; this end is told when there is.
    #[expect(clippy::result_large_err, reason = "the letter goes back where it came from")]
    pub(crate) fn push(&self, letter: Letter, weight: usize) -> Result<(), Letter> {
        let lane = &self.outgoing;
        if !lane.has_room() {
            lane.wanted.store(true, Ordering::SeqCst);
            // The reader may have made room and not seen that it is wanted.
            if !lane.has_room() {
                return Err(letter);
            }
        }
        lane.count.fetch_add(1, Ordering::SeqCst);
        lane.bytes.fetch_add(weight, Ordering::SeqCst);
        lane.letters.push(letter);
        Ok(())
    }

    /// Tells the other end that letters were put in.
    pub(crate) fn tell(&self) {
        if !self.outgoing.told.swap(true, Ordering::SeqCst) {
            Lane::tell(&self.outgoing.reader);
        }
    }

    /// From now on the other end tells of letters again.
    pub(crate) fn listen(&self) {
        self.incoming.told.store(false, Ordering::SeqCst);
    }

    /// Takes a letter out.
    pub(crate) fn pop(&self, weight: impl Fn(&Letter) -> usize) -> Option<Letter> {
        let lane = &self.incoming;
        let letter = lane.letters.pop()?;
        lane.count.fetch_sub(1, Ordering::SeqCst);
        lane.bytes.fetch_sub(weight(&letter), Ordering::SeqCst);
        if lane.count.load(Ordering::SeqCst) <= LETTERS / 2
            && lane.wanted.swap(false, Ordering::SeqCst)
        {
            Lane::tell(&lane.writer);
        }
        Some(letter)
    }

    /// Takes back what the other end, which is gone, has not read.
    pub(crate) fn take_back(&self) -> Vec<Letter> {
        core::iter::from_fn(|| self.outgoing.letters.pop()).collect()
    }

    /// Whether the other end is gone. What it put in before can still be taken out.
    pub(crate) fn is_closed(&self) -> bool {
        self.incoming.closed.load(Ordering::SeqCst)
    }
}

/// The other end learns of it, after what was put in before.
impl Drop for Pipe {
    fn drop(&mut self) {
        for lane in [&self.incoming, &self.outgoing] {
            lane.closed.store(true, Ordering::SeqCst);
        }
        Lane::tell(&self.outgoing.reader);
    }
}

impl Lane {
    fn has_room(&self) -> bool {
        let count = self.count.load(Ordering::SeqCst);
        count == 0 || (count < LETTERS && self.bytes.load(Ordering::SeqCst) < BYTES)
    }

    fn tell(address: &OnceLock<Address>) {
        if let Some(address) = address.get() {
            address.mailbox.post_due(address.key);
        }
    }
}
