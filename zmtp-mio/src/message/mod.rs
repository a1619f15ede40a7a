//! Messages: one or more parts in one buffer.

#[cfg(feature = "bytes")]
mod bytes;
mod content;
mod convert;
mod ends;
mod group;
mod incoming;
mod into;
#[cfg(feature = "json")]
mod json;
mod parts;
mod pool;
mod properties;
mod routing_id;
mod storage;
#[cfg(test)]
mod tests;

use core::fmt;
use core::ops::Range;
use std::sync::Arc;

pub use content::{NotOnePart, NotText, TextError};
use ends::Ends;
pub use into::IntoMessage;
pub use parts::Parts;
pub use properties::Properties;
pub(crate) use properties::application_properties;
use storage::Storage;

use crate::count::count;

/// A message of one or more parts.
///
/// One buffer contains the bytes of all parts. Up to 78 bytes are stored in the `Message` itself, without an
/// allocation. A message of more than four parts needs an allocation for the positions of its parts.
///
/// Text, slices, vectors, [`Cow`](std::borrow::Cow) and, with the feature `bytes`, `bytes::Bytes` convert
/// into a single-part message. Vectors and strings of more than 78 bytes are not copied. An array converts
/// into a message with one part for each element; [`Message::from_parts`] accepts any iterator.
///
/// If the buffer has more than twice the size of the bytes, and more than 4 KiB, the bytes are copied into a
/// smaller buffer when the message is queued, because the limits of queues count bytes, not buffers.
///
/// `Message` does not implement `AsRef<[u8]>`, because a multipart message is not one slice of bytes. Use
/// [`Message::bytes`] or [`Message::part`].
///
/// ```
/// use zmtp_mio::Message;
///
/// let mut message = Message::from("header");
/// message.push(b"body");
/// assert_eq!(message.part_count(), 2);
/// assert_eq!(message.part(1), Some(&b"body"[..]));
/// assert_eq!(message, Message::from(["header", "body"]));
/// assert_eq!(Message::from("ping").text(), Ok("ping"));
/// ```
#[derive(Clone, Default)]
pub struct Message {
    storage: Storage,
    /// The offset of the first part. The bytes before it belong to parts that were removed.
    start: usize,
    /// The offset of the end of each part but the last.
    ends: Ends,
    has_parts: bool,
    /// The length of the group, whose bytes are before the first part.
    group_len: u8,
    /// 0 if it has none.
    routing_id: u32,
    properties: Option<Arc<Properties>>,
}

/// A message is moved often.
const _: () = assert!(size_of::<Message>() <= 136);

impl Message {
    /// Creates a message without parts. It must have a part before it can be sent.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a message with these parts.
    pub fn from_parts<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>) -> Self {
        let mut message = Self::new();
        message.extend(parts);
        message
    }

    /// Creates a single-part message from a buffer that another type owns, without copying its
    /// bytes.
    ///
    /// The owner is dropped with the last message that shares the buffer. `as_ref` of the owner must return
    /// the same bytes at every call; if it returns fewer, methods of the message panic.
    ///
    /// ```
    /// use zmtp_mio::Message;
    ///
    /// static TABLE: [u8; 100_000] = [7; 100_000];
    ///
    /// let message = Message::from_owner(&TABLE);
    /// assert_eq!(message.bytes().unwrap().as_ptr(), TABLE.as_ptr());
    /// ```
    pub fn from_owner(owner: impl AsRef<[u8]> + Send + Sync + 'static) -> Self {
        Self { storage: Storage::owned_by(owner), has_parts: true, ..Self::default() }
    }

    /// Appends a part.
    pub fn push(&mut self, part: impl AsRef<[u8]>) {
        self.begin_part();
        self.append(part.as_ref());
    }

    /// Inserts a part before the first one, and removes the [group](Self::group).
    ///
    /// The bytes of the other parts are moved, unless the space of removed parts is large enough.
    pub fn push_front(&mut self, part: impl AsRef<[u8]>) {
        let part = part.as_ref();
        if !self.has_parts {
            return self.push(part);
        }
        self.group_len = 0;
        let gap = part.len().saturating_sub(self.start);
        // Also takes the bytes out of a shared buffer.
        self.storage.spare(gap);
        self.storage.commit(gap);
        let (start, end) = (self.start, self.storage.len());
        let bytes = self.storage.bytes_mut();
        bytes.copy_within(start..end - gap, start + gap);
        let first = start + gap;
        self.start = first - part.len();
        bytes[self.start..first].copy_from_slice(part);
        self.ends.push_front(first, gap);
    }

    /// Removes the first part and returns a copy of its bytes; `None` if the message has no part. The other
    /// parts are not moved.
    ///
    /// To take the routing id from a message of a ROUTER without an allocation, use
    /// [`Message::split_off`].
    ///
    /// ```
    /// use zmtp_mio::Message;
    ///
    /// let mut message = Message::from(["id", "body"]);
    /// assert_eq!(message.pop_front().as_deref(), Some(&b"id"[..]));
    /// assert_eq!(message.text(), Ok("body"));
    /// ```
    pub fn pop_front(&mut self) -> Option<Vec<u8>> {
        let part = self.part(0)?.to_vec();
        self.remove_front(1);
        Some(part)
    }

    /// Splits the message: keeps the first `at` parts and returns the others as a message.
    ///
    /// The returned message has no parts if the message has `at` parts or fewer. The message with more bytes
    /// keeps the buffer; the bytes of the other one are copied. Both have the [properties](Self::properties).
    ///
    /// ```
    /// use zmtp_mio::Message;
    ///
    /// let mut id = Message::from(["id", "", "body"]);
    /// let rest = id.split_off(1);
    /// assert_eq!(id.text(), Ok("id"));
    /// assert_eq!(rest, Message::from(["", "body"]));
    /// ```
    #[must_use = "use `truncate` to drop the parts"]
    pub fn split_off(&mut self, at: usize) -> Self {
        if at >= self.part_count() {
            return Self { properties: self.properties.clone(), ..Self::default() };
        }
        let cut = self.range(at).map_or(self.start, |range| range.start);
        let copy = |parts| Self { properties: self.properties.clone(), ..Self::from_parts(parts) };
        if cut - self.start < self.storage.len() - cut {
            let head = copy(self.parts_at(0..at));
            self.remove_front(at);
            return core::mem::replace(self, head);
        }
        let tail = copy(self.parts_at(at..self.part_count()));
        self.truncate(at);
        tail
    }

    /// Keeps the first `parts` parts and removes the others.
    pub fn truncate(&mut self, parts: usize) {
        match parts.checked_sub(1).map(|last| self.ends.get(last)) {
            None => self.remove_front(self.part_count()),
            Some(Some(end)) => {
                self.storage.truncate(end);
                self.ends.truncate(parts - 1);
            }
            Some(None) => {}
        }
    }

    /// Removes all parts, the group, the routing id and the properties, and keeps the buffer.
    pub fn clear(&mut self) {
        self.storage.clear();
        self.start = 0;
        self.ends.clear();
        self.has_parts = false;
        self.group_len = 0;
        self.routing_id = 0;
        self.properties = None;
    }

    /// Returns the number of parts.
    pub const fn part_count(&self) -> usize {
        self.ends.len() + self.has_parts as usize
    }

    /// Returns the number of bytes in all parts.
    pub const fn byte_len(&self) -> usize {
        self.storage.len() - self.start
    }

    /// Drops the message, in fewer steps if it owns no memory.
    #[inline]
    pub(crate) fn discard(self) {
        if self.storage.is_inline() && self.ends.are_few() && self.properties.is_none() {
            core::mem::forget(self);
        }
    }

    /// Returns the properties of the connection that the message was received on (`zmq_msg_gets`); `None`
    /// for a message that was not received.
    ///
    /// The properties stay with a message that is forwarded within this process; they are never sent.
    pub fn properties(&self) -> Option<&Properties> {
        self.properties.as_deref()
    }

    /// Removes the properties from the message and returns them. All messages of a connection share one value.
    ///
    /// They can be kept without the message, or compared by their address.
    pub const fn take_properties(&mut self) -> Option<Arc<Properties>> {
        self.properties.take()
    }

    /// Lets clones share the buffer from now on, unless the message is small.
    pub(crate) fn share(&mut self) {
        self.settle();
        self.storage.share();
    }

    /// Returns the offsets of a part.
    fn range(&self, index: usize) -> Option<Range<usize>> {
        if index >= self.part_count() {
            return None;
        }
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before));
        let start = start.unwrap_or(self.start);
        Some(start..self.ends.get(index).unwrap_or(self.storage.len()))
    }

    /// Removes the first `parts` parts without moving the others.
    pub(crate) fn remove_front(&mut self, parts: usize) {
        if parts == 0 {
            return;
        }
        self.group_len = 0;
        match self.ends.get(parts - 1) {
            Some(end) => {
                self.start = end;
                self.ends.remove_front(parts);
            }
            None => {
                let properties = self.properties.take();
                self.clear();
                self.properties = properties;
            }
        }
    }

    /// Removes the other parts, the group and the properties. The part is not moved.
    pub(crate) fn keep_part(&mut self, index: usize) {
        self.properties = None;
        self.group_len = 0;
        self.remove_front(index);
        self.truncate(1);
    }

    /// A part to be changed; `None` while other messages share it.
    pub(crate) fn part_mut(&mut self, index: usize) -> Option<&mut [u8]> {
        let range = self.range(index)?;
        self.storage.bytes_mut().get_mut(range)
    }

    /// Replaces a buffer that is much too large, because the message is complete and may be
    /// queued for long.
    pub(crate) fn settle(&mut self) {
        self.storage.settle();
    }

    /// Returns the bytes that the message counts in a queue: those of its parts, and a constant for each part,
    /// so that empty parts are also limited.
    pub(crate) fn weight(&self) -> usize {
        self.byte_len() + self.part_count() * size_of::<usize>()
    }
}

/// Compares parts, not groups, routing ids and properties.
impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        self.part_count() == other.part_count() && self.parts().eq(other.parts())
    }
}

impl Eq for Message {}

/// Shows the first 32 bytes of each part.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 32;
        let mut list = f.debug_list();
        for part in self.parts() {
            let cut = if part.len() > SHOWN { "…" } else { "" };
            let shown = part[..part.len().min(SHOWN)].escape_ascii();
            let len = count(part.len() as u64, "byte", "bytes");
            list.entry(&format_args!("\"{shown}{cut}\" ({len})"));
        }
        list.finish()
    }
}
