//! Bytes that were read from a peer, and the positions of message bodies in them.

use core::cell::RefCell;
use core::mem;
use core::ops::Range;

use crate::memory::{OutOfMemory, lengthen, zeroed};

/// The size of the buffer that a connection is read into, in bytes.
pub(crate) const READ: usize = 128 << 10;
/// The size of a small chunk in bytes. A chunk for more bytes has the size of a read.
pub(super) const SMALL: usize = 4 << 10;
/// The size of a chunk for messages within the process in bytes.
pub(crate) const WITHIN: usize = 16 << 10;
/// The number of buffers of each class that a thread keeps: at most 64 × 4 KiB + 16 × 16 KiB + 4 × 128 KiB = 1 MiB, and
/// the records.
const SMALL_COUNT: usize = 64;
const WITHIN_COUNT: usize = 16;
const LARGE_COUNT: usize = 4;
/// The number of records for which a kept buffer has room.
const RECORDS: usize = 2_048;
/// The least number of records for which room is made at once.
const RESERVED: usize = 4;
/// The longest body of a message that stays where it was read, in bytes.
pub(crate) const LONGEST: usize = 8 << 10;

/// A message in the order of arrival.
#[derive(Clone, Copy, Debug)]
enum Record {
    /// Its only part is the next `len` bytes after `skip` others. It may have an envelope: an empty
    /// frame.
    Body { skip: u32, len: u32, delimiter: bool },
    /// This number of messages that are not in the chunk.
    Elsewhere(usize),
}

/// The oldest message.
#[derive(Debug)]
pub(super) enum Next<'u> {
    /// It has one part, this one, and an envelope of one empty frame if `delimiter` is set.
    Body { body: &'u [u8], delimiter: bool },
    /// It is not in the chunk.
    Elsewhere,
}

/// Bytes of one connection in the order of arrival: first those that the application has received, then
/// those that are decoded, then those that are not.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    /// Initialised over its whole length.
    buffer: Vec<u8>,
    /// The end of the bytes that were read.
    end: usize,
    /// The offset of the first byte that is not decoded.
    decoded: usize,
    /// The end of the last body of the records.
    recorded: usize,
    /// The end of the last body that the application has received.
    taken: usize,
    /// The messages; those before `next` are taken.
    records: Vec<Record>,
    next: usize,
}

/// The records of messages while they are decoded.
pub(crate) struct Recorder<'c> {
    base: usize,
    /// How many records there were before, and where the body of the last ended.
    first: (usize, usize),
    records: &'c mut Vec<Record>,
    recorded: &'c mut usize,
    elsewhere: usize,
    /// The number of messages that were added, and the bytes of their bodies.
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
}

impl Recorder<'_> {
    /// Adds a message whose only part has `len` bytes, up to offset `end`.
    #[inline(always)]
    pub(crate) fn add(&mut self, end: usize, len: usize) {
        if self.elsewhere > 0 {
            self.records.push(Record::Elsewhere(self.elsewhere));
            self.elsewhere = 0;
        }
        let end = self.base + end;
        let skip = (end - len - *self.recorded) as u32;
        self.records.push(Record::Body { skip, len: len as u32, delimiter: false });
        *self.recorded = end;
        self.messages += 1;
        self.bytes += len;
    }

    /// Removes the records of the messages that were added.
    pub(crate) fn undo(self) {
        self.records.truncate(self.first.0);
        *self.recorded = self.first.1;
    }
}

#[expect(clippy::vec_box, reason = "a peer without bytes has a null pointer")]
struct Spare {
    small: Vec<Box<Chunk>>,
    within: Vec<Box<Chunk>>,
    large: Vec<Box<Chunk>>,
}

/// With one small chunk, so that a thread that receives only large messages does not allocate one later.
impl Default for Spare {
    fn default() -> Self {
        let mut small = Vec::with_capacity(SMALL_COUNT);
        let (buffer, records) = (vec![0; SMALL], Vec::with_capacity(4));
        small.push(Box::new(Chunk { buffer, records, ..Chunk::default() }));
        let [within, large] = [WITHIN_COUNT, LARGE_COUNT].map(Vec::with_capacity);
        Self { small, within, large }
    }
}

thread_local! {
    /// Empty chunks. Most peers have no unread bytes at any time: without these spares each peer would keep a buffer,
    /// or allocate one per read.
    static SPARE: RefCell<Spare> = RefCell::default();
}

impl Chunk {
    /// An empty chunk for at least `len` bytes.
    pub(crate) fn new(len: usize) -> Result<Box<Self>, OutOfMemory> {
        let spare = SPARE.try_with(|spare| {
            let spare = &mut *spare.borrow_mut();
            if len <= SMALL { spare.small.pop() } else { spare.large.pop() }
        });
        let mut chunk = spare.ok().flatten().unwrap_or_default();
        if chunk.buffer.len() < len {
            // The old content has no meaning.
            chunk.buffer = zeroed(len)?;
        }
        Ok(chunk)
    }

    /// An empty chunk for messages within the process, if this thread keeps one.
    pub(crate) fn spare_within() -> Option<Box<Self>> {
        SPARE.try_with(|spare| spare.borrow_mut().within.pop()).ok().flatten()
    }

    /// An empty chunk for messages within the process.
    pub(crate) fn within() -> Box<Self> {
        Self::spare_within()
            .unwrap_or_else(|| Box::new(Self { buffer: vec![0; WITHIN], ..Self::default() }))
    }

    /// Adds a message whose only part is this one, if there is room for it. Only to a chunk [within](Self::within) the
    /// process.
    #[inline]
    pub(crate) fn add(&mut self, body: &[u8]) -> bool {
        let end = self.end + body.len();
        let Some(room) = self.buffer.get_mut(self.end..end) else { return false };
        room.copy_from_slice(body);
        self.records.push(Record::Body { skip: 0, len: body.len() as u32, delimiter: false });
        (self.end, self.decoded, self.recorded) = (end, end, end);
        true
    }

    /// The number of messages that were [added](Self::add) and not taken, and the bytes of their bodies.
    pub(crate) const fn added(&self) -> (usize, usize) {
        (self.records.len() - self.next, self.end - self.taken)
    }

    /// Before its messages, `elsewhere` messages without a record lie elsewhere.
    pub(super) fn follow(&mut self, elsewhere: usize) {
        if elsewhere > 0 {
            self.records.insert(self.next, Record::Elsewhere(elsewhere));
        }
    }

    /// Takes the oldest message of those that were [added](Self::add).
    pub(crate) fn take_added(&mut self) -> Option<&[u8]> {
        match self.next()? {
            Next::Body { body, .. } => Some(body),
            Next::Elsewhere => None,
        }
    }

    /// Keeps an empty chunk for use again, or frees it.
    pub(crate) fn give(mut chunk: Box<Self>) {
        let size = chunk.buffer.len();
        if size > READ || chunk.records.capacity() > RECORDS {
            return;
        }
        chunk.records.clear();
        (chunk.end, chunk.decoded, chunk.recorded) = (0, 0, 0);
        (chunk.taken, chunk.next) = (0, 0);
        // At thread exit the spares may be gone: the chunk is freed then.
        let _ = SPARE.try_with(|spare| {
            let spare = &mut *spare.borrow_mut();
            match size {
                WITHIN if spare.within.len() < WITHIN_COUNT => spare.within.push(chunk),
                1..=SMALL if spare.small.len() < SMALL_COUNT => spare.small.push(chunk),
                READ if spare.large.len() < LARGE_COUNT => spare.large.push(chunk),
                _ => {}
            }
        });
    }

    /// The memory that it occupies, in bytes.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>() + self.buffer.len() + self.records.capacity() * size_of::<Record>()
    }

    /// Whether no record is left.
    #[inline]
    pub(crate) const fn is_taken(&self) -> bool {
        self.next == self.records.len()
    }

    /// How many bytes are not decoded.
    pub(crate) const fn undecoded_len(&self) -> usize {
        self.end - self.decoded
    }

    /// The bytes that are not decoded.
    #[inline]
    pub(crate) fn undecoded(&mut self) -> &mut [u8] {
        &mut self.buffer[self.decoded..self.end]
    }

    /// The next `len` bytes are decoded.
    #[inline]
    pub(crate) const fn advance(&mut self, len: usize) {
        self.decoded += len;
    }

    /// All but the last `rest` bytes are decoded.
    pub(crate) const fn set_undecoded(&mut self, rest: usize) {
        self.decoded = self.end - rest;
    }

    /// The last `len` bytes of those that are decoded.
    #[inline]
    pub(crate) fn last(&self, len: usize) -> &[u8] {
        &self.buffer[self.decoded - len..self.decoded]
    }

    /// Takes the memory of the last `len` bytes of those that are decoded, with at least `front` bytes before them. Returns
    /// where they start and end. `None` if the chunk has other bytes or records, or is one of those that are used again.
    pub(crate) fn take_last(
        &mut self,
        len: usize,
        front: usize,
    ) -> Option<(Vec<u8>, Range<usize>)> {
        let (start, end) = (self.decoded - len, self.end);
        if end != self.decoded || !self.is_taken() || self.buffer.len() <= READ || start < front {
            return None;
        }
        self.records.clear();
        (self.end, self.decoded, self.recorded) = (0, 0, 0);
        (self.taken, self.next) = (0, 0);
        Some((mem::take(&mut self.buffer), start..end))
    }

    /// The place for bytes behind the last one. They are [committed](Self::commit) afterwards.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        &mut self.buffer[self.end..]
    }

    /// Adds the first `n` bytes of the room.
    pub(super) const fn commit(&mut self, n: usize) {
        self.end += n;
    }

    /// Adds bytes, for which there is room.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.room()[..bytes.len()].copy_from_slice(bytes);
        self.commit(bytes.len());
    }

    /// Makes room for `n` bytes in a chunk without records, which will have no more than `most` bytes behind the last one.
    pub(super) fn grow(&mut self, n: usize, most: usize) -> Result<(), OutOfMemory> {
        if self.decoded > 0 {
            self.buffer.copy_within(self.decoded..self.end, 0);
            self.end -= self.decoded;
            (self.decoded, self.recorded, self.taken) = (0, 0, 0);
        }
        let (len, needed) = (self.buffer.len(), self.end + n);
        if len < needed {
            // Doubling keeps the copies linear. The buffer may become a message's: it has no room beyond the frame.
            let size = needed.max((2 * len).min(self.end.saturating_add(most)));
            lengthen(&mut self.buffer, size)?;
        }
        Ok(())
    }

    /// Removes the bytes that are not decoded.
    pub(super) const fn discard_undecoded(&mut self) {
        self.end = self.decoded;
    }

    /// Whether a body of this length can have a record. A longer one would keep a large chunk, and is
    /// moved to a buffer of its own.
    pub(crate) const fn can_record(&self, len: usize) -> bool {
        len <= LONGEST && self.end <= u32::MAX as usize
    }

    /// Makes room for the records of some messages. Returns their number, at least one.
    #[inline]
    pub(crate) fn reserve(&mut self) -> Result<usize, OutOfMemory> {
        if self.records.capacity() - self.records.len() < 2 {
            self.records.try_reserve(RESERVED)?;
        }
        // One is for the messages that lie elsewhere.
        Ok(self.records.capacity() - self.records.len() - 1)
    }

    /// Adds a message whose only part is the last `len` bytes of those that are decoded. Before it,
    /// `elsewhere` messages without a record lie elsewhere. Only if [`Self::can_record`], and there is
    /// [room](Self::reserve).
    #[inline]
    pub(super) fn record(&mut self, len: usize, delimiter: bool, elsewhere: usize) {
        if elsewhere > 0 {
            self.records.push(Record::Elsewhere(elsewhere));
        }
        let skip = (self.decoded - len - self.recorded) as u32;
        self.records.push(Record::Body { skip, len: len as u32, delimiter });
        self.recorded = self.decoded;
    }

    /// The bytes that are not decoded, and the records of messages in them, for which there is [room](Self::reserve).
    /// Before these, `elsewhere` messages without a record lie elsewhere.
    pub(crate) fn split(&mut self, elsewhere: usize) -> (&mut [u8], Recorder<'_>) {
        let recorder = Recorder {
            base: self.decoded,
            first: (self.records.len(), self.recorded),
            records: &mut self.records,
            recorded: &mut self.recorded,
            elsewhere,
            messages: 0,
            bytes: 0,
        };
        (&mut self.buffer[self.decoded..self.end], recorder)
    }

    /// Takes the record of the oldest message and returns its only part; `None` if no record is left, or the message is not
    /// in the chunk.
    #[inline]
    pub(super) fn next_body(&mut self) -> Option<&[u8]> {
        match *self.records.get(self.next)? {
            Record::Body { skip, len, .. } => {
                self.next += 1;
                let start = self.taken + skip as usize;
                self.taken = start + len as usize;
                Some(&self.buffer[start..self.taken])
            }
            Record::Elsewhere(_) => None,
        }
    }

    /// Takes the record of the oldest message; `None` if no record is left.
    #[inline]
    pub(super) fn next(&mut self) -> Option<Next<'_>> {
        match self.records.get_mut(self.next)? {
            &mut Record::Body { skip, len, delimiter } => {
                self.next += 1;
                let start = self.taken + skip as usize;
                self.taken = start + len as usize;
                Some(Next::Body { body: &self.buffer[start..self.taken], delimiter })
            }
            Record::Elsewhere(n) => {
                *n -= 1;
                self.next += usize::from(*n == 0);
                Some(Next::Elsewhere)
            }
        }
    }
}
