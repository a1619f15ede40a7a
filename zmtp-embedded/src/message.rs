//! Messages and pieces of messages, borrowed from the receive buffer.

use zmtp_core::wire::FrameHeader;

/// A complete message of one or more parts, in the receive buffer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Message<'m> {
    /// Frames as on the wire.
    frames: &'m [u8],
}

impl<'m> Message<'m> {
    pub(crate) const fn new(frames: &'m [u8]) -> Self {
        Self { frames }
    }

    /// The first part.
    pub fn first(&self) -> &'m [u8] {
        self.parts().next().unwrap_or_default()
    }

    /// The only part of a message; `None` if the message has several parts.
    pub fn only(&self) -> Option<&'m [u8]> {
        let mut parts = self.parts();
        let part = parts.next()?;
        parts.frames.is_empty().then_some(part)
    }

    /// Iterates over the parts, of which there is at least one.
    pub const fn parts(&self) -> Parts<'m> {
        Parts { frames: self.frames }
    }
}

impl<'m> IntoIterator for Message<'m> {
    type Item = &'m [u8];
    type IntoIter = Parts<'m>;

    fn into_iter(self) -> Parts<'m> {
        self.parts()
    }
}

/// Iterator over the parts of a [`Message`].
#[derive(Clone, Debug)]
pub struct Parts<'m> {
    frames: &'m [u8],
}

impl<'m> Iterator for Parts<'m> {
    type Item = &'m [u8];

    fn next(&mut self) -> Option<&'m [u8]> {
        let (header, len) = FrameHeader::peek(self.frames)?;
        let rest = self.frames.get(len..)?;
        let (part, rest) = rest.split_at_checked(usize::try_from(header.len()).ok()?)?;
        self.frames = rest;
        Some(part)
    }
}

/// A piece of a message: the bytes of one part that have arrived. A part that is larger than the receive
/// buffer is returned in several pieces.
///
/// A message is complete with its last piece. If the link fails earlier, discard the pieces.
#[cfg(feature = "chunks")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Chunk<'m> {
    /// The bytes. They may be empty if the part is empty.
    pub bytes: &'m [u8],
    /// Whether this is the last piece of the part.
    pub ends_part: bool,
    /// Whether this is the last piece of the message.
    pub ends_message: bool,
}

#[cfg(feature = "chunks")]
impl<'m> Chunk<'m> {
    pub(crate) const fn new(bytes: &'m [u8], ends_part: bool, ends_message: bool) -> Self {
        Self { bytes, ends_part, ends_message }
    }
}
