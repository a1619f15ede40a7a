//! The receive buffer: bytes kept for the caller, then bytes to be decoded.

use core::fmt;

/// The layout is `[ free | kept | pending | spare ]`; each bound is at most the next. Bytes are kept
/// where they were received. They move only if bytes between them are dropped, or to make room.
pub(crate) struct Window<'b> {
    bytes: &'b mut [u8],
    kept: usize,
    pending: usize,
    spare: usize,
}

// Without the bytes: they may contain a password, or the text of a sealed message.
impl fmt::Debug for Window<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bytes, kept, pending, spare } = self;
        f.debug_struct("Window")
            .field("len", &bytes.len())
            .field("kept", kept)
            .field("pending", pending)
            .field("spare", spare)
            .finish()
    }
}

impl<'b> Window<'b> {
    #[inline(always)]
    pub(crate) const fn new(bytes: &'b mut [u8]) -> Self {
        let spare = bytes.len();
        Self { bytes, kept: 0, pending: 0, spare }
    }

    /// Drops all bytes.
    pub(crate) const fn clear(&mut self) {
        (self.kept, self.pending, self.spare) = (0, 0, 0);
    }

    /// The bytes to be decoded.
    pub(crate) fn pending(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.pending..self.spare).unwrap_or_default()
    }

    /// The `n` pending bytes before the last `left` ones.
    pub(crate) fn last(&self, n: usize, left: usize) -> &[u8] {
        let end = self.spare.wrapping_sub(left);
        self.bytes.get(end.wrapping_sub(n)..end).unwrap_or_default()
    }

    /// Keeps all pending bytes but the last `left`.
    pub(crate) const fn keep(&mut self, left: usize) {
        self.pending = self.spare.wrapping_sub(left);
    }

    /// Drops all pending bytes but the last `left`.
    pub(crate) fn skip(&mut self, left: usize) {
        let kept = self.kept_len();
        self.keep(left);
        self.truncate(kept);
    }

    /// Drops all but the first `n` of the kept bytes.
    pub(crate) fn truncate(&mut self, n: usize) {
        if n == 0 {
            self.kept = self.pending;
        } else {
            let to = self.kept.wrapping_add(n);
            self.shift(self.pending, to);
            self.pending = to;
        }
    }

    /// Makes the spare room as large as possible. Returns whether there is any.
    pub(crate) fn make_room(&mut self) -> bool {
        if self.kept > 0 {
            self.pending = self.kept_len();
            self.shift(self.kept, 0);
            self.kept = 0;
        }
        self.spare < self.bytes.len()
    }

    /// Moves the bytes from `from` to the spare room towards the front. Byte by byte, because
    /// `copy_within` brings a `memmove` of 700 bytes of flash.
    fn shift(&mut self, mut from: usize, mut to: usize) {
        while from < self.spare
            && let Some(&byte) = self.bytes.get(from)
            && let Some(slot) = self.bytes.get_mut(to)
        {
            *slot = byte;
            from = from.wrapping_add(1);
            to = to.wrapping_add(1);
        }
        self.spare = to;
    }

    /// The room after the pending bytes.
    pub(crate) fn spare(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.spare..).unwrap_or_default()
    }

    /// `n` bytes were read into the front of the spare room.
    pub(crate) const fn received(&mut self, n: usize) {
        self.spare = self.spare.wrapping_add(n);
    }

    /// How many bytes are kept.
    pub(crate) const fn kept_len(&self) -> usize {
        self.pending.wrapping_sub(self.kept)
    }

    pub(crate) fn kept(&self) -> &[u8] {
        self.bytes.get(self.kept..self.pending).unwrap_or_default()
    }

    /// How many bytes are kept or pending.
    pub(crate) const fn used(&self) -> usize {
        self.spare.wrapping_sub(self.kept)
    }

    /// Bytes of the whole buffer.
    pub(crate) const fn len(&self) -> usize {
        self.bytes.len()
    }
}
