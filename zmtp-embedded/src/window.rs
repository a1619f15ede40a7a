//! The lent receive buffer: octets kept for the caller, then octets that wait to be decoded.

use zmtp_core::wire::FrameHeader;

/// `[ kept | consumed | pending | spare ]`; each bound is at most the next.
#[derive(Debug)]
pub(crate) struct Window<'b> {
    octets: &'b mut [u8],
    kept: usize,
    start: usize,
    end: usize,
}

impl<'b> Window<'b> {
    #[inline(always)]
    pub(crate) const fn new(octets: &'b mut [u8]) -> Self {
        Self { octets, kept: 0, start: 0, end: 0 }
    }

    /// Forgets all octets.
    pub(crate) const fn clear(&mut self) {
        (self.kept, self.start, self.end) = (0, 0, 0);
    }

    /// What waits to be decoded.
    pub(crate) fn pending(&self) -> &[u8] {
        self.octets.get(self.start..self.end).unwrap_or_default()
    }

    /// The first `n` octets of that are dealt with.
    pub(crate) fn consume(&mut self, n: usize) {
        self.start = self.start.wrapping_add(n);
    }

    /// Room behind what waits.
    pub(crate) fn spare(&mut self) -> &mut [u8] {
        self.octets.get_mut(self.end..).unwrap_or_default()
    }

    /// Makes the spare room as large as it can be, and says whether there is any.
    pub(crate) fn make_room(&mut self) -> bool {
        if self.start > self.kept {
            let part = self.octets.get_mut(self.kept..self.end).unwrap_or_default();
            let pending = self.end.wrapping_sub(self.start);
            tail_to_front(part, pending);
            self.start = self.kept;
            self.end = self.kept.wrapping_add(pending);
        }
        self.end < self.octets.len()
    }

    /// `n` octets were read into the front of the spare room.
    pub(crate) fn received(&mut self, n: usize) {
        self.end = self.end.wrapping_add(n).min(self.octets.len());
    }

    /// Moves the last `n` consumed octets behind those that are kept already.
    pub(crate) fn keep(&mut self, n: usize) {
        let part = self.octets.get_mut(self.kept..self.start).unwrap_or_default();
        tail_to_front(part, n);
        self.kept = self.kept.wrapping_add(n).min(self.start);
    }

    /// Gives up all but the first `n` of the kept octets.
    pub(crate) fn truncate(&mut self, n: usize) {
        self.kept = self.kept.min(n);
    }

    /// Octets that are kept.
    pub(crate) const fn kept_len(&self) -> usize {
        self.kept
    }

    pub(crate) fn kept(&self) -> &[u8] {
        self.octets.get(..self.kept).unwrap_or_default()
    }

    /// The last `n` consumed octets.
    pub(crate) fn consumed(&self, n: usize) -> &[u8] {
        let start = self.start.wrapping_sub(n);
        self.octets.get(start..self.start).unwrap_or_default()
    }

    /// Octets the buffer must have for what is in front of it, a command or a frame's header.
    pub(crate) fn needed(&self) -> usize {
        let frame = match FrameHeader::peek(self.pending()) {
            Some((header, header_len)) => {
                usize::try_from(header.len()).unwrap_or(usize::MAX).saturating_add(header_len)
            }
            _ => FrameHeader::MAX_LEN,
        };
        frame.saturating_add(self.kept)
    }

    /// Octets of the whole buffer.
    pub(crate) const fn len(&self) -> usize {
        self.octets.len()
    }
}

/// Moves the last `n` octets to the front. Octet by octet, because `copy_within` brings a `memmove`
/// of 700 octets of flash.
fn tail_to_front(octets: &mut [u8], n: usize) {
    let mut from = octets.len().wrapping_sub(n);
    let mut to = 0;
    while let Some(&octet) = octets.get(from) {
        if let Some(slot) = octets.get_mut(to) {
            *slot = octet;
        }
        from = from.wrapping_add(1);
        to = to.wrapping_add(1);
    }
}
