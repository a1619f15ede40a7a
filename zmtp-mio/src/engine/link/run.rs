//! Messages that are encoded once for several peers.
//!
//! A socket has one run. Each peer that gets a message stores a range of the run. When the run is emptied, the
//! unwritten bytes of each range are copied to the output of the peer. A slow peer therefore holds only its
//! own messages.

use crate::engine::queue::{Outgoing, append_message};

/// The bytes after which a run is emptied.
const FULL: usize = 64 << 10;

/// Encoded messages.
#[derive(Debug, Default)]
pub(in crate::engine) struct Run {
    bytes: Vec<u8>,
    messages: Vec<Position>,
}

/// The end of a message in a run.
#[derive(Clone, Copy, Debug, Default)]
struct Position {
    /// In bytes of the run.
    at: usize,
    /// The bytes of the bodies of all messages up to here.
    body_len: usize,
}

/// Consecutive messages of a run, without the written bytes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(in crate::engine) struct Range {
    /// The first byte that is not written, and the end.
    bytes: (usize, usize),
    /// The first message that is not completely written, and the one after the last.
    messages: (usize, usize),
}

impl Run {
    pub(in crate::engine) fn is_full(&self) -> bool {
        self.bytes.len() >= FULL
    }

    /// The bytes of memory that it takes.
    pub(in crate::engine) fn weight(&self) -> usize {
        self.bytes.len() + self.messages.len() * size_of::<Position>()
    }

    /// Appends a message.
    pub(in crate::engine) fn append(&mut self, outgoing: &Outgoing<'_>) -> Range {
        let (start, index) = (self.bytes.len(), self.messages.len());
        append_message(&mut self.bytes, outgoing);
        let before = self.messages.last().map_or(0, |last| last.body_len);
        let at = self.bytes.len();
        self.messages.push(Position { at, body_len: before + outgoing.body_len() });
        Range { bytes: (start, at), messages: (index, index + 1) }
    }

    /// Removes all messages. No range may be left.
    pub(in crate::engine) fn clear(&mut self) {
        self.bytes.clear();
        self.messages.clear();
    }

    pub(super) fn bytes(&self, range: &Range) -> &[u8] {
        &self.bytes[range.bytes.0..range.bytes.1]
    }

    /// The offset of a message.
    fn start(&self, message: usize) -> usize {
        message.checked_sub(1).map_or(0, |before| self.messages[before].at)
    }

    /// The bytes of the bodies of the messages of a range.
    #[inline]
    pub(super) fn body_len(&self, range: &Range) -> usize {
        let before = |message: usize| {
            message.checked_sub(1).map_or(0, |before| self.messages[before].body_len)
        };
        before(range.messages.1) - before(range.messages.0)
    }

    /// The number of written bytes of the first message of a range.
    pub(super) fn begun(&self, range: &Range) -> usize {
        range.bytes.0 - self.start(range.messages.0)
    }

    /// The messages of a range: the unwritten bytes and the bytes of the bodies of each.
    pub(super) fn messages(&self, range: &Range) -> impl Iterator<Item = (usize, usize)> {
        let mut last = range.bytes.0;
        (range.messages.0..range.messages.1).map(move |message| {
            let at = self.messages[message].at;
            let one = Range { bytes: (0, 0), messages: (message, message + 1) };
            (at - core::mem::replace(&mut last, at), self.body_len(&one))
        })
    }

    /// `n` bytes of a range are written. Returns the number of completed messages.
    pub(super) fn advance(&self, range: &mut Range, n: usize) -> usize {
        range.bytes.0 += n;
        let first = range.messages.0;
        while range.messages.0 < range.messages.1
            && self.messages[range.messages.0].at <= range.bytes.0
        {
            range.messages.0 += 1;
        }
        range.messages.0 - first
    }
}

impl Range {
    /// Appends the range `next`. Returns `false` if it does not follow this one.
    pub(super) fn extend(&mut self, next: &Self) -> bool {
        let follows = self.messages.1 == next.messages.0;
        if follows {
            self.bytes.1 = next.bytes.1;
            self.messages.1 = next.messages.1;
        }
        follows
    }

    pub(super) const fn len(&self) -> usize {
        self.bytes.1 - self.bytes.0
    }

    pub(super) const fn message_count(&self) -> usize {
        self.messages.1 - self.messages.0
    }
}
