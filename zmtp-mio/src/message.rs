//! Messages: one or more parts in one piece of memory.

use core::fmt;
use core::mem;
use core::ops::Range;
use core::str::Utf8Error;
use std::sync::Arc;

use crate::pool;

/// Bytes that fit without memory of their own.
const INLINE: usize = 78;
/// What a buffer grows by at least.
const GROWTH: usize = 512;

/// A message of one or more parts.
///
/// The bytes of all parts lie one behind the other, so that a multipart message costs one
/// allocation and a small one none. `From` makes single-part messages of text, slices and vectors
/// (a `Vec<u8>` or `String` is taken as it is, without a copy); [`Message::from_parts`] and
/// [`Message::push`] make multipart ones. One whose memory is more than twice its bytes, and more
/// than 4 KiB, is copied when it has to wait in a queue, because queues count bytes.
///
/// ```
/// use zmtp_mio::Message;
///
/// let mut message = Message::from("header");
/// message.push(b"body");
/// assert_eq!(message.part_count(), 2);
/// assert_eq!(message.part(1), Some(&b"body"[..]));
/// assert_eq!(Message::from("ping").text(), Ok("ping"));
/// ```
#[derive(Default)]
pub struct Message {
    data: Data,
    /// Bytes in front that belong to no part any more.
    start: usize,
    /// Where each part but the last ends, counted with those.
    ends: Vec<usize>,
    has_parts: bool,
}

enum Data {
    Inline {
        len: u8,
        bytes: [u8; INLINE],
    },
    /// `len` bytes of a buffer that is initialised over its whole length.
    Heap {
        len: usize,
        buffer: Vec<u8>,
    },
    /// `len` bytes of a buffer that other copies of the message have too.
    Shared {
        len: usize,
        buffer: Arc<Vec<u8>>,
    },
}

impl Default for Data {
    fn default() -> Self {
        Self::Inline { len: 0, bytes: [0; INLINE] }
    }
}

impl Message {
    /// A message without parts. It cannot be sent before it has one.
    pub fn new() -> Self {
        Self::default()
    }

    /// A message of these parts.
    pub fn from_parts<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>) -> Self {
        let mut message = Self::new();
        for part in parts {
            message.push(part);
        }
        message
    }

    /// Appends a part.
    pub fn push(&mut self, part: impl AsRef<[u8]>) {
        self.begin_part();
        self.append(part.as_ref());
    }

    /// How many parts.
    pub fn part_count(&self) -> usize {
        self.ends.len() + usize::from(self.has_parts)
    }

    /// The bytes of one part, counted from 0.
    pub fn part(&self, index: usize) -> Option<&[u8]> {
        self.range(index).map(|range| &self.buffer()[range])
    }

    /// The parts in their order.
    pub fn parts(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        (0..self.part_count()).map(|index| self.part(index).unwrap_or_default())
    }

    /// The bytes of all parts, one behind the other: of a single-part message, its body.
    pub fn bytes(&self) -> &[u8] {
        &self.buffer()[self.start..]
    }

    /// All bytes of the buffer, including those in front that belong to no part any more.
    fn buffer(&self) -> &[u8] {
        match &self.data {
            Data::Inline { len, bytes } => &bytes[..usize::from(*len)],
            Data::Heap { len, buffer } => &buffer[..*len],
            Data::Shared { len, buffer } => &buffer[..*len],
        }
    }

    /// How many those are.
    const fn end(&self) -> usize {
        match &self.data {
            Data::Inline { len, .. } => *len as usize,
            Data::Heap { len, .. } | Data::Shared { len, .. } => *len,
        }
    }

    /// [`Message::bytes`] as text.
    ///
    /// # Errors
    ///
    /// [`Utf8Error`] if it is not UTF-8.
    pub fn text(&self) -> Result<&str, Utf8Error> {
        str::from_utf8(self.bytes())
    }

    /// Bytes of all parts together.
    pub const fn len(&self) -> usize {
        self.end() - self.start
    }

    /// Whether there is no byte, though there may be parts.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes all parts and keeps the memory.
    pub fn clear(&mut self) {
        match &mut self.data {
            Data::Inline { len, .. } => *len = 0,
            Data::Heap { len, .. } => *len = 0,
            Data::Shared { .. } => self.data = Data::default(),
        }
        self.start = 0;
        self.ends.clear();
        self.has_parts = false;
    }

    /// [`Message::bytes`] as a vector, without a copy if the message is large.
    pub fn into_vec(mut self) -> Vec<u8> {
        let start = mem::take(&mut self.start);
        let mut bytes = match mem::take(&mut self.data) {
            Data::Inline { len, bytes } => bytes[..usize::from(len)].to_vec(),
            Data::Heap { len, mut buffer } => {
                buffer.truncate(len);
                buffer
            }
            Data::Shared { len, buffer } => match Arc::try_unwrap(buffer) {
                Ok(mut buffer) => {
                    buffer.truncate(len);
                    buffer
                }
                Err(buffer) => buffer[..len].to_vec(),
            },
        };
        bytes.drain(..start);
        bytes
    }

    /// Makes clones cheap: from now on they share the bytes, unless those are few.
    pub(crate) fn share(&mut self) {
        self.settle();
        if let Data::Heap { len, buffer } = &mut self.data {
            self.data = Data::Shared { len: *len, buffer: Arc::new(mem::take(buffer)) };
        }
    }

    fn range(&self, index: usize) -> Option<Range<usize>> {
        if index >= self.part_count() {
            return None;
        }
        let start = index.checked_sub(1).map_or(self.start, |before| self.ends[before]);
        Some(start..self.ends.get(index).copied().unwrap_or_else(|| self.end()))
    }

    /// Starts the next part; bytes appended from now on belong to it.
    pub(crate) fn begin_part(&mut self) {
        if self.has_parts {
            self.ends.push(self.end());
        }
        self.has_parts = true;
    }

    /// Removes the first part, without moving the others.
    pub(crate) fn remove_first(&mut self) {
        if self.ends.is_empty() {
            return self.clear();
        }
        self.start = self.ends.remove(0);
    }

    /// Appends bytes to the last part.
    pub(crate) fn append(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.spare(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.commit(bytes.len());
    }

    /// At least `n` bytes behind the last part, to be filled and then [committed](Self::commit).
    pub(crate) fn spare(&mut self, n: usize) -> &mut [u8] {
        let needed = self.end() + n;
        if let Data::Shared { len, buffer } = &self.data {
            let mut own = pool::take(needed);
            own.clear();
            own.extend_from_slice(&buffer[..*len]);
            self.data = Data::Heap { len: *len, buffer: own };
        }
        if let Data::Inline { len, bytes } = &self.data
            && needed > INLINE
        {
            let len = usize::from(*len);
            let mut buffer = pool::take(needed);
            if buffer.len() < needed {
                buffer.resize(needed.max(GROWTH), 0);
            }
            buffer[..len].copy_from_slice(&bytes[..len]);
            self.data = Data::Heap { len, buffer };
        }
        match &mut self.data {
            Data::Inline { len, bytes } => &mut bytes[usize::from(*len)..],
            Data::Heap { len, buffer } => {
                if buffer.len() < needed {
                    // Doubling keeps the copies of a growing body linear.
                    let size = needed.max(buffer.len() * 2).max(GROWTH);
                    buffer.resize(size, 0);
                }
                &mut buffer[*len..]
            }
            Data::Shared { .. } => &mut [],
        }
    }

    /// Bytes behind the last part that need no new memory.
    pub(crate) fn room(&self) -> usize {
        match &self.data {
            Data::Inline { len, .. } => INLINE - usize::from(*len),
            Data::Heap { len, buffer } => buffer.len() - len,
            Data::Shared { .. } => 0,
        }
    }

    /// Says that the first `n` spare bytes were filled.
    pub(crate) fn commit(&mut self, n: usize) {
        match &mut self.data {
            Data::Inline { len, .. } => *len += n as u8,
            Data::Heap { len, .. } | Data::Shared { len, .. } => *len += n,
        }
    }

    /// The message is whole and may wait long: it keeps no buffer that is more than twice too large,
    /// and more than a few KiB, as it is weighed by its bytes.
    pub(crate) fn settle(&mut self) {
        if let Data::Heap { len, buffer } = &mut self.data
            && buffer.capacity() / 2 > (*len).max(pool::SMALL / 2)
        {
            let fitting = buffer[..*len].to_vec();
            pool::give(mem::replace(buffer, fitting));
        }
    }

    /// What the message weighs in a queue: bytes and something for each part, so that a flood of
    /// empty parts is not free.
    pub(crate) fn weight(&self) -> usize {
        self.len() + self.part_count() * size_of::<usize>()
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        match &mut self.data {
            Data::Inline { .. } => {}
            Data::Heap { buffer, .. } => pool::give(mem::take(buffer)),
            Data::Shared { buffer, .. } => {
                if let Some(buffer) = Arc::get_mut(buffer) {
                    pool::give(mem::take(buffer));
                }
            }
        }
    }
}

impl Clone for Message {
    fn clone(&self) -> Self {
        let mut copy = Self::new();
        match &self.data {
            Data::Shared { len, buffer } => {
                copy.data = Data::Shared { len: *len, buffer: Arc::clone(buffer) };
            }
            _ => copy.append(self.buffer()),
        }
        copy.start = self.start;
        copy.ends.clone_from(&self.ends);
        copy.has_parts = self.has_parts;
        copy
    }
}

impl Eq for Message {}

impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        self.part_count() == other.part_count() && self.parts().eq(other.parts())
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 32;
        let mut list = f.debug_list();
        for part in self.parts() {
            let cut = if part.len() > SHOWN { "…" } else { "" };
            let shown = part[..part.len().min(SHOWN)].escape_ascii();
            list.entry(&format_args!("\"{shown}{cut}\" ({} bytes)", part.len()));
        }
        list.finish()
    }
}

impl From<&[u8]> for Message {
    fn from(body: &[u8]) -> Self {
        let mut message = Self::new();
        message.push(body);
        message
    }
}

impl<const N: usize> From<&[u8; N]> for Message {
    fn from(body: &[u8; N]) -> Self {
        body.as_slice().into()
    }
}

impl From<&str> for Message {
    fn from(body: &str) -> Self {
        body.as_bytes().into()
    }
}

impl From<Vec<u8>> for Message {
    fn from(body: Vec<u8>) -> Self {
        if body.len() <= INLINE {
            return body.as_slice().into();
        }
        Self {
            data: Data::Heap { len: body.len(), buffer: body },
            start: 0,
            ends: Vec::new(),
            has_parts: true,
        }
    }
}

impl From<String> for Message {
    fn from(body: String) -> Self {
        body.into_bytes().into()
    }
}

impl From<&Self> for Message {
    fn from(message: &Self) -> Self {
        message.clone()
    }
}

impl<P: AsRef<[u8]>> FromIterator<P> for Message {
    fn from_iter<I: IntoIterator<Item = P>>(parts: I) -> Self {
        Self::from_parts(parts)
    }
}

impl<P: AsRef<[u8]>> Extend<P> for Message {
    fn extend<I: IntoIterator<Item = P>>(&mut self, parts: I) {
        for part in parts {
            self.push(part);
        }
    }
}

#[cfg(test)]
mod tests;
