//! The fields of a command, one after the other.

use crate::wire::{CommandName, FrameHeader, FrameKind, Writer};

/// The rest of a command.
pub(super) struct Fields<'f>(pub(super) &'f mut [u8]);

impl<'f> Fields<'f> {
    /// The next field; `None` if the rest is shorter.
    pub(super) fn take<const N: usize>(&mut self) -> Option<&'f mut [u8; N]> {
        let (field, rest) = core::mem::take(&mut self.0).split_first_chunk_mut()?;
        self.0 = rest;
        Some(field)
    }

    /// Fills the next field.
    pub(super) fn put<const N: usize>(&mut self, value: &[u8; N]) -> Option<()> {
        *self.take()? = *value;
        Some(())
    }
}

/// Appends a command with `len` bytes of data. Returns the data, or `None` if it does not fit.
pub(super) fn command<'o>(
    out: &'o mut Writer<'_>,
    name: CommandName,
    len: usize,
) -> Option<Fields<'o>> {
    let name = name.length_prefixed();
    FrameHeader::new(FrameKind::Command, name.len().saturating_add(len) as u64).put(out);
    out.put(name);
    out.room(len).map(Fields)
}
