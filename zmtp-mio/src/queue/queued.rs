//! A message on its way between the application and a connection.

use zmtp_core::Subscription;
use zmtp_core::wire::More;

use super::envelope::Envelope;
use crate::message::Message;

/// What stands before the bytes of a frame.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lead {
    /// A message frame's header.
    Frame(More),
    /// A subscription's, whichever form the peer's version gives it.
    Subscription(Subscription),
}

impl Lead {
    /// Whether the message ends with this frame.
    pub(crate) const fn is_final(self) -> bool {
        matches!(self, Self::Frame(More::Last) | Self::Subscription(_))
    }
}

/// A message on its way in or out, with its envelope.
#[derive(Debug, Default)]
pub(crate) struct QueuedMessage {
    pub(crate) envelope: Envelope,
    pub(crate) message: Message,
}

impl From<Message> for QueuedMessage {
    fn from(message: Message) -> Self {
        Self { envelope: Envelope::None, message }
    }
}

impl QueuedMessage {
    /// The frames as they go on the wire: first the envelope's, then the message's.
    pub(crate) fn frame(&self, index: usize) -> Option<(Lead, &[u8])> {
        let head = self.envelope.frame_count();
        let skipped = usize::from(matches!(self.envelope, Envelope::Address));
        let body = match (&self.envelope, index.checked_sub(head)) {
            (_, Some(part)) => self.message.part(part + skipped)?,
            (Envelope::Frames(frames), None) => frames.part(index)?,
            (_, None) => &[],
        };
        if let Envelope::Subscription(what) = self.envelope {
            return Some((Lead::Subscription(what), body));
        }
        let last = index + 1 + skipped == head + self.message.part_count();
        Some((Lead::Frame(if last { More::Last } else { More::Follows }), body))
    }

    /// Whether it is a message of the application's.
    pub(crate) const fn is_message(&self) -> bool {
        !matches!(self.envelope, Envelope::Subscription(_))
    }

    /// Gives back memory that it does not use: it may be queued for long.
    pub(super) fn settle(&mut self) {
        self.message.settle();
        if let Envelope::Frames(frames) = &mut self.envelope {
            frames.settle();
        }
    }

    /// The memory that it takes in a queue.
    pub(crate) fn weight(&self) -> usize {
        size_of::<Self>() + self.bytes()
    }

    /// The bytes that it holds.
    pub(crate) fn bytes(&self) -> usize {
        self.message.weight() + self.envelope.weight()
    }
}
