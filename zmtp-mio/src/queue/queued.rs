//! A message on its way between the application and a connection.

use zmtp_core::Subscription;
use zmtp_core::wire::More;

use super::envelope::Envelope;
use crate::message::Message;

/// The kind of a frame: its header depends on it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lead {
    /// A message frame's header.
    Frame(More),
    /// A subscription, in the form of the peer's version.
    Subscription(Subscription),
}

impl Lead {
    /// Whether the message ends with this frame.
    pub(crate) const fn is_final(self) -> bool {
        matches!(self, Self::Frame(More::Last) | Self::Subscription(_))
    }
}

/// A message that the application sends. It stays with the application until a peer takes it.
pub(crate) struct Outgoing<'m> {
    pub(crate) envelope: Envelope,
    pub(crate) message: &'m mut Message,
    /// The value that becomes the message, which has no part yet. Its bytes may be written before.
    pub(crate) source: Option<&'m mut dyn Source>,
}

/// A value of the application that becomes a message.
pub(crate) trait Source {
    /// Its bytes; `None` if it was [taken](Source::take).
    fn part(&self) -> Option<&[u8]>;

    /// Takes the message.
    fn take(&mut self) -> Message;
}

impl<'m> Outgoing<'m> {
    pub(crate) const fn new(message: &'m mut Message) -> Self {
        Self { envelope: Envelope::None, message, source: None }
    }

    /// The only frame, if the message has exactly one frame.
    #[inline]
    pub(crate) fn only_frame(&self) -> Option<&[u8]> {
        match self.envelope {
            Envelope::None => self.message.bytes(),
            Envelope::Address if self.message.part_count() == 2 => self.message.part(1),
            _ => None,
        }
    }

    /// The frames as they go on the wire: first the envelope's, then the message's.
    pub(crate) fn frame(&self, index: usize) -> Option<(Lead, &[u8])> {
        frame(&self.envelope, self.message, index)
    }

    /// The number of bytes in all frames, without their headers.
    pub(crate) fn body_len(&self) -> usize {
        body_len(&self.envelope, self.message)
    }

    /// Takes the message from the application, to queue it.
    pub(crate) fn take(&mut self) -> QueuedMessage {
        QueuedMessage {
            envelope: core::mem::take(&mut self.envelope),
            message: core::mem::take(self.message),
        }
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
        frame(&self.envelope, &self.message, index)
    }

    /// The message as one that is to be sent.
    pub(crate) const fn outgoing(&mut self) -> Outgoing<'_> {
        Outgoing {
            envelope: core::mem::replace(&mut self.envelope, Envelope::None),
            message: &mut self.message,
            source: None,
        }
    }

    /// Whether there is an envelope of one empty frame; `None` if there is more than that.
    pub(crate) const fn delimiter_only(&self) -> Option<bool> {
        match self.envelope {
            Envelope::None if self.message.part_count() == 0 => Some(false),
            Envelope::Delimiter if self.message.part_count() == 0 => Some(true),
            _ => None,
        }
    }

    /// Whether it is a message of the application.
    pub(crate) const fn is_message(&self) -> bool {
        !matches!(self.envelope, Envelope::Subscription(_))
    }

    /// Frees unused memory, because the message may be queued for long.
    pub(crate) fn settle(&mut self) {
        self.message.settle();
        if let Envelope::Frames(frames) = &mut self.envelope {
            frames.settle();
        }
    }

    /// The number of bytes in all frames, without their headers.
    #[inline]
    pub(crate) fn body_len(&self) -> usize {
        body_len(&self.envelope, &self.message)
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

fn frame<'m>(
    envelope: &'m Envelope,
    message: &'m Message,
    index: usize,
) -> Option<(Lead, &'m [u8])> {
    let head = envelope.frame_count();
    let skipped = envelope.skipped();
    let body = match (envelope, index.checked_sub(head)) {
        (_, Some(part)) => message.part(part + skipped)?,
        (Envelope::Frames(frames), None) => frames.part(index)?,
        (_, None) => &[],
    };
    if let Envelope::Subscription(what) = envelope {
        return Some((Lead::Subscription(*what), body));
    }
    let last = index + 1 + skipped == head + message.part_count();
    Some((Lead::Frame(if last { More::Last } else { More::Follows }), body))
}

#[inline]
fn body_len(envelope: &Envelope, message: &Message) -> usize {
    if matches!(envelope, Envelope::None) {
        return message.byte_len();
    }
    let address = match envelope {
        Envelope::Address => message.part(0).map_or(0, <[u8]>::len),
        _ => 0,
    };
    message.byte_len() - address + envelope.byte_len()
}
