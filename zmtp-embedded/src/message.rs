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

    /// The part of a message of one part; `None` if there are more.
    pub fn only(&self) -> Option<&'m [u8]> {
        let mut parts = self.parts();
        let part = parts.next()?;
        parts.frames.is_empty().then_some(part)
    }

    /// All parts, at least one.
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

/// A piece of a message, of the size in which it arrived. A part that is larger than the receive
/// buffer arrives in several pieces.
///
/// A message is valid only with its last piece: if the link fails before, discard the others.
#[cfg(feature = "chunks")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Chunk<'m> {
    /// The bytes. Empty in a last piece if all bytes were in earlier pieces.
    pub bytes: &'m [u8],
    /// The part ends here.
    pub ends_part: bool,
    /// The message ends here.
    pub ends_message: bool,
}

#[cfg(feature = "chunks")]
impl<'m> Chunk<'m> {
    pub(crate) const fn new(bytes: &'m [u8], ends_part: bool, ends_message: bool) -> Self {
        Self { bytes, ends_part, ends_message }
    }
}
