//! The lent receive buffer: bytes kept for the caller, then bytes that wait to be decoded.

/// `[ free | kept | pending | spare ]`; each bound is at most the next. What is kept lies where it
/// came in: bytes move only if some between them and the next go nowhere, or for want of room.
#[derive(Debug)]
pub(crate) struct Window<'b> {
    bytes: &'b mut [u8],
    kept: usize,
    pending: usize,
    spare: usize,
}

impl<'b> Window<'b> {
    #[inline(always)]
    pub(crate) const fn new(bytes: &'b mut [u8]) -> Self {
        let spare = bytes.len();
        Self { bytes, kept: 0, pending: 0, spare }
    }

    /// Forgets all bytes.
    pub(crate) const fn clear(&mut self) {
        (self.kept, self.pending, self.spare) = (0, 0, 0);
    }

    /// What waits to be decoded.
    pub(crate) fn pending(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.pending..self.spare).unwrap_or_default()
    }

    /// The `n` bytes of that in front of the last `left`.
    pub(crate) fn last(&self, n: usize, left: usize) -> &[u8] {
        let end = self.spare.wrapping_sub(left);
        self.bytes.get(end.wrapping_sub(n)..end).unwrap_or_default()
    }

    /// Keeps all but the last `left` bytes of that, behind those that are kept already.
    pub(crate) const fn keep(&mut self, left: usize) {
        self.pending = self.spare.wrapping_sub(left);
    }

    /// Throws all but the last `left` bytes of what waits away.
    pub(crate) fn skip(&mut self, left: usize) {
        let kept = self.kept_len();
        self.keep(left);
        self.truncate(kept);
    }

    /// Gives up all but the first `n` of the kept bytes.
    pub(crate) fn truncate(&mut self, n: usize) {
        if n == 0 {
            self.kept = self.pending;
        } else {
            let to = self.kept.wrapping_add(n);
            self.shift(self.pending, to);
            self.pending = to;
        }
    }

    /// Makes the spare room as large as it can be, and says whether there is any.
    pub(crate) fn make_room(&mut self) -> bool {
        if self.kept > 0 {
            self.pending = self.kept_len();
            self.shift(self.kept, 0);
            self.kept = 0;
        }
        self.spare < self.bytes.len()
    }

    /// Moves what is between there and the spare room to the front. Byte by byte, because
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

    /// Room behind what waits.
    pub(crate) fn spare(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.spare..).unwrap_or_default()
    }

    /// `n` bytes were read into the front of the spare room.
    pub(crate) const fn received(&mut self, n: usize) {
        self.spare = self.spare.wrapping_add(n);
    }

    /// Bytes that are kept.
    pub(crate) const fn kept_len(&self) -> usize {
        self.pending.wrapping_sub(self.kept)
    }

    pub(crate) fn kept(&self) -> &[u8] {
        self.bytes.get(self.kept..self.pending).unwrap_or_default()
    }

    /// Bytes that are kept or wait.
    pub(crate) const fn used(&self) -> usize {
        self.spare.wrapping_sub(self.kept)
    }

    /// Bytes of the whole buffer.
    pub(crate) const fn len(&self) -> usize {
        self.bytes.len()
    }
}
