//! The frames of a message that its application does not see.

use zmtp_core::Subscription;
use zmtp_core::wire::FrameHeader;

use crate::memory::OutOfMemory;
use crate::message::Message;

/// Frames in front of a message that the application does not see.
#[derive(Debug, Default)]
pub(crate) enum Envelope {
    #[default]
    None,
    /// One empty frame: what nearly every request and reply has.
    Delimiter,
    /// Any frames; the delimiter is the last one. Boxed, because they are rare.
    Frames(Box<Message>),
    /// The first part of the message is the routing id of its peer, and is not sent.
    Address,
    /// No message: a subscription to a topic, which is the only part.
    Subscription(Subscription),
}

impl Envelope {
    /// Starts a frame; bytes appended from now on belong to it.
    pub(crate) fn begin(&mut self, header: FrameHeader) -> Result<(), OutOfMemory> {
        match self {
            Self::None if header.is_empty() => *self = Self::Delimiter,
            Self::None => self.make_frames().begin_part(),
            Self::Delimiter => {
                let frames = self.make_frames();
                frames.push(b"");
                frames.begin_part();
            }
            Self::Frames(frames) => frames.try_begin_part()?,
            // Only messages to send have these.
            Self::Address | Self::Subscription(_) => {}
        }
        Ok(())
    }

    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), OutOfMemory> {
        match self {
            Self::Frames(frames) => frames.try_append(bytes),
            _ => Ok(()),
        }
    }

    /// The last frame.
    pub(crate) fn last(&self) -> &[u8] {
        match self {
            Self::Frames(frames) => frames.part(frames.part_count() - 1).unwrap_or_default(),
            _ => &[],
        }
    }

    pub(crate) fn frame_count(&self) -> usize {
        match self {
            Self::None | Self::Address | Self::Subscription(_) => 0,
            Self::Delimiter => 1,
            Self::Frames(frames) => frames.part_count(),
        }
    }

    /// The number of parts of the message that stay here.
    pub(crate) const fn skipped(&self) -> usize {
        matches!(self, Self::Address) as usize
    }

    /// The number of bytes in its frames.
    pub(crate) fn byte_len(&self) -> usize {
        match self {
            Self::Frames(frames) => frames.byte_len(),
            _ => 0,
        }
    }

    fn make_frames(&mut self) -> &mut Message {
        *self = Self::Frames(Box::default());
        match self {
            Self::Frames(frames) => frames,
            _ => unreachable!("was just set"),
        }
    }

    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Frames(frames) => frames.weight(),
            _ => 0,
        }
    }
}
