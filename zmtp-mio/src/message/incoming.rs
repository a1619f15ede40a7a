//! Building a message from received bytes.

use core::ops::Range;
use std::sync::Arc;

use super::storage::{self, Storage};
use super::{Message, Properties};
use crate::memory::OutOfMemory;

impl Message {
    /// Sets the properties of the peer that sent the message.
    pub(crate) fn set_properties(&mut self, properties: Option<Arc<Properties>>) {
        self.properties = properties;
    }

    /// Sets the parts of a message that has none: `prefix`, if there is one, and `body`, as received.
    #[inline(always)]
    pub(crate) fn receive(
        &mut self,
        prefix: Option<&[u8]>,
        body: &[u8],
        properties: Option<&Arc<Properties>>,
    ) {
        self.storage.fill(prefix.unwrap_or_default(), body);
        if let Some(prefix) = prefix {
            self.ends.push(prefix.len());
        }
        self.has_parts = true;
        self.properties = properties.cloned();
    }

    /// As [`Message::receive`], for a message whose bytes are copied without a call of the application.
    pub(crate) fn try_receive(
        &mut self,
        prefix: Option<&[u8]>,
        body: &[u8],
        properties: Option<&Arc<Properties>>,
    ) -> Result<(), OutOfMemory> {
        let first = prefix.unwrap_or_default();
        if first.len() + body.len() <= storage::INLINE {
            self.receive(prefix, body, properties);
            return Ok(());
        }
        self.storage = Storage::heap(first, body)?;
        if let Some(prefix) = prefix {
            self.ends.push(prefix.len());
        }
        self.has_parts = true;
        self.properties = properties.cloned();
        Ok(())
    }

    /// As [`Message::begin_part`], for a part that a peer sends.
    pub(crate) fn try_begin_part(&mut self) -> Result<(), OutOfMemory> {
        self.ends.try_reserve()?;
        self.begin_part();
        Ok(())
    }

    /// As [`Message::push`], for a part that a peer sends.
    pub(crate) fn try_push(&mut self, part: &[u8]) -> Result<(), OutOfMemory> {
        self.try_begin_part()?;
        self.try_append(part)
    }

    /// As [`Message::append`], for bytes that a peer sends.
    pub(crate) fn try_append(&mut self, bytes: &[u8]) -> Result<(), OutOfMemory> {
        if !bytes.is_empty() {
            self.storage.try_spare(bytes.len(), usize::MAX)?[..bytes.len()].copy_from_slice(bytes);
            self.commit(bytes.len());
        }
        Ok(())
    }

    /// Starts the next part; bytes appended from now on belong to it.
    pub(crate) fn begin_part(&mut self) {
        if self.has_parts {
            self.ends.push(self.storage.len());
        }
        self.has_parts = true;
    }

    /// Makes `body` of a buffer the last part, which is begun and empty. The earlier parts are copied to the bytes before it,
    /// which have room for them.
    pub(crate) fn take_body(&mut self, mut buffer: Vec<u8>, body: Range<usize>) {
        let earlier = &self.storage.bytes()[self.start..];
        let start = body.start - earlier.len();
        buffer[start..body.start].copy_from_slice(earlier);
        // A message that is being received starts at 0.
        self.ends.shift(start - self.start);
        self.start = start;
        self.storage = Storage::filled(buffer, body.end);
    }

    /// Appends bytes to the last part.
    pub(crate) fn append(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.spare(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.commit(bytes.len());
    }

    /// Returns at least `n` bytes behind the last part, to be filled and then
    /// [committed](Self::commit).
    pub(crate) fn spare(&mut self, n: usize) -> &mut [u8] {
        self.storage.spare(n)
    }

    /// As [`Message::spare`], for bytes that a peer sends: the message will have no more than `most` behind these.
    pub(crate) fn try_spare(&mut self, n: usize, most: usize) -> Result<&mut [u8], OutOfMemory> {
        self.storage.try_spare(n, self.storage.len().saturating_add(most))
    }

    /// Makes room for `n` bytes behind the last part if that needs no allocation.
    pub(crate) fn adopt(&mut self, n: usize) {
        if self.room() < n {
            self.storage.adopt(n);
        }
    }

    /// Returns how many bytes can be appended without an allocation.
    pub(crate) fn room(&self) -> usize {
        self.storage.room()
    }

    /// The allocated bytes behind the last part.
    pub(crate) fn spare_len(&self) -> usize {
        match self.storage.room() {
            // These are not allocated.
            ..=storage::INLINE => 0,
            room => room,
        }
    }

    /// Adds the first `n` spare bytes, which were filled, to the last part.
    pub(crate) fn commit(&mut self, n: usize) {
        self.storage.commit(n);
    }
}
