//! The parts of a message that was received, one after the other.

use std::ffi::CString;
use std::sync::Arc;

use zmtp_mio::{Message, libzmq};

use super::{Body, COPIED, Metadata, MetadataCache, Part};

/// A message that was received, with the parts that the program has not taken.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    message: Message,
    /// The message instead, if parts that were taken share it.
    held: Option<Arc<Message>>,
    /// The index of the next part, and the number of parts.
    next: usize,
    count: usize,
    metadata: Option<Arc<Metadata>>,
    group: Option<Arc<CString>>,
}

impl Incoming {
    /// Takes the parts of a message. The cache is that of the socket.
    pub(crate) fn new(message: Message, cache: &mut MetadataCache) -> Self {
        let mut incoming = Self { message, ..Self::default() };
        incoming.begin(cache);
        incoming
    }

    /// The place for the next message, when this one has no parts left. It is [begun](Self::begin) afterwards.
    pub(crate) const fn place(&mut self) -> &mut Message {
        &mut self.message
    }

    /// Begins with the parts of the message in the [place](Self::place).
    pub(crate) fn begin(&mut self, cache: &mut MetadataCache) {
        (self.next, self.count) = (0, self.message.part_count());
        self.metadata = self.message.take_properties().map(|properties| cache.find(&properties));
        let group = self.message.group();
        self.group = (!group.is_empty()).then(|| CString::new(group).unwrap_or_default().into());
    }

    fn message(&self) -> &Message {
        self.held.as_deref().unwrap_or(&self.message)
    }

    /// Whether no part is left.
    pub(crate) const fn is_empty(&self) -> bool {
        self.next >= self.count
    }

    /// Returns the bytes of the next part without taking it.
    pub(crate) fn peek(&self) -> Option<&[u8]> {
        if self.is_empty() { None } else { self.message().part(self.next) }
    }

    /// Removes the next part and returns it.
    pub(crate) fn take(&mut self) -> Option<Part> {
        let bytes = self.peek()?;
        let mut part = if bytes.len() <= COPIED {
            Part::from(bytes)
        } else {
            Part::new(Body::Received { message: self.hold(), index: self.next as u32 })
        };
        part.routing_id = self.message().routing_id().unwrap_or(0);
        self.skip();
        part.more = !self.is_empty();
        (part.metadata, part.group) = match part.more {
            true => (self.metadata.clone(), self.group.clone()),
            false => (self.metadata.take(), self.group.take()),
        };
        Some(part)
    }

    /// Removes the next part, whose bytes were copied after [`Self::peek`]. A large message is dropped after its last part:
    /// the part that was taken may then be the only one that holds it.
    pub(crate) fn skip(&mut self) {
        self.next += 1;
        if self.is_empty() && (self.held.is_some() || self.message.byte_len() > COPIED) {
            self.held = None;
            self.message.clear();
        }
    }

    /// Lets parts hold the message from now on.
    fn hold(&mut self) -> Arc<Message> {
        let message = &mut self.message;
        let hold = || {
            if message.part_count() > 1 {
                libzmq::share(message);
            }
            Arc::new(std::mem::take(message))
        };
        Arc::clone(self.held.get_or_insert_with(hold))
    }
}
