//! The parts of a message that was received, one after the other.

use std::ffi::CString;
use std::sync::Arc;

use zmtp_mio::{Message, libzmq};

use super::{Body, COPIED, Metadata, MetadataCache, Part};

/// A message that was received, with the parts that the program has not taken.
#[derive(Debug)]
pub(crate) struct Incoming {
    message: Holder,
    /// The index of the next part.
    next: usize,
    metadata: Option<Arc<Metadata>>,
    group: Option<Arc<CString>>,
}

/// How the message is held.
#[derive(Debug)]
enum Holder {
    This(Message),
    /// Parts that were taken share it.
    Parts(Arc<Message>),
}

impl Incoming {
    /// Takes the parts of a message. The cache is that of the socket.
    pub(crate) fn new(mut message: Message, cache: &mut MetadataCache) -> Self {
        let metadata = message.take_properties().map(|properties| cache.find(properties));
        let group = message.group();
        let group = (!group.is_empty()).then(|| CString::new(group).unwrap_or_default().into());
        Self { message: Holder::This(message), next: 0, metadata, group }
    }

    fn message(&self) -> &Message {
        match &self.message {
            Holder::This(message) => message,
            Holder::Parts(message) => message,
        }
    }

    /// Whether no part is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.next >= self.message().part_count()
    }

    /// Returns the bytes of the next part without taking it.
    pub(crate) fn peek(&self) -> Option<&[u8]> {
        self.message().part(self.next)
    }

    /// Removes the next part and returns it.
    pub(crate) fn take(&mut self) -> Option<Part> {
        let index = self.next;
        let bytes = self.message().part(index)?;
        let (count, routing_id) =
            (self.message().part_count(), self.message().routing_id().unwrap_or(0));
        let mut part = if bytes.len() <= COPIED {
            Part::from(bytes)
        } else {
            Part::new(Body::Received { message: self.hold(), index: index as u32 })
        };
        part.more = index + 1 < count;
        part.routing_id = routing_id;
        part.metadata.clone_from(&self.metadata);
        part.group.clone_from(&self.group);
        self.skip();
        Some(part)
    }

    /// Removes the next part, whose bytes were copied after [`Self::peek`]. A large message is dropped after its last part:
    /// the part that was taken may then be the only one that holds it.
    pub(crate) fn skip(&mut self) {
        self.next += 1;
        if self.is_empty() && self.message().byte_len() > COPIED {
            self.message = Holder::This(Message::new());
        }
    }

    /// Lets parts hold the message from now on.
    fn hold(&mut self) -> Arc<Message> {
        if let Holder::This(message) = &mut self.message {
            if message.part_count() > 1 {
                libzmq::share(message);
            }
            self.message = Holder::Parts(Arc::new(std::mem::take(message)));
        }
        match &self.message {
            Holder::Parts(message) => Arc::clone(message),
            Holder::This(_) => Arc::default(),
        }
    }
}
