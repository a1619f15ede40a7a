//! Reading the parts of a message.

use core::iter::FusedIterator;
use core::ops::{Bound, Range, RangeBounds};

use super::Message;

/// An iterator over the parts of a message, returned by [`Message::parts`] and [`Message::parts_in`].
#[derive(Clone, Debug)]
pub struct Parts<'m> {
    message: &'m Message,
    indices: Range<usize>,
}

impl Message {
    /// Returns the bytes of the part with this index, counted from 0; `None` if the message has no such part.
    pub fn part(&self, index: usize) -> Option<&[u8]> {
        self.range(index).map(|range| &self.storage.bytes()[range])
    }

    /// Returns the parts in order.
    pub const fn parts(&self) -> Parts<'_> {
        self.parts_at(0..self.part_count())
    }

    /// Returns the parts with these indices, in order; `None` if the message lacks one of them.
    ///
    /// ```
    /// use zmtp_mio::Message;
    ///
    /// let message = Message::from(["id", "", "body"]);
    /// assert!(message.parts_in(1..).unwrap().eq(["", "body"].map(str::as_bytes)));
    /// assert!(message.parts_in(..4).is_none());
    /// ```
    pub fn parts_in(&self, indices: impl RangeBounds<usize>) -> Option<Parts<'_>> {
        let start = match indices.start_bound() {
            Bound::Included(&index) => index,
            Bound::Excluded(&index) => index.checked_add(1)?,
            Bound::Unbounded => 0,
        };
        let end = match indices.end_bound() {
            Bound::Included(&index) => index.checked_add(1)?,
            Bound::Excluded(&index) => index,
            Bound::Unbounded => self.part_count(),
        };
        (start <= end && end <= self.part_count()).then(|| self.parts_at(start..end))
    }

    pub(super) const fn parts_at(&self, indices: Range<usize>) -> Parts<'_> {
        Parts { message: self, indices }
    }
}

impl<'m> Iterator for Parts<'m> {
    type Item = &'m [u8];

    fn next(&mut self) -> Option<&'m [u8]> {
        self.message.part(self.indices.next()?)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.indices.size_hint()
    }
}

impl DoubleEndedIterator for Parts<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.message.part(self.indices.next_back()?)
    }
}

impl ExactSizeIterator for Parts<'_> {}

impl FusedIterator for Parts<'_> {}

impl<'m> IntoIterator for &'m Message {
    type Item = &'m [u8];
    type IntoIter = Parts<'m>;

    fn into_iter(self) -> Parts<'m> {
        self.parts()
    }
}
