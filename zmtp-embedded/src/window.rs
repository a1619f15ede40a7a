//! The lent receive buffer: octets kept for the caller, then octets that wait to be decoded.

use zmtp_core::Input;

/// `[ kept | consumed | pending | spare ]`; each bound is at most the next.
#[derive(Debug)]
pub(crate) struct Window<'b> {
    octets: &'b mut [u8],
    kept: usize,
    start: usize,
    end: usize,
}

impl<'b> Window<'b> {
    pub(crate) const fn new(octets: &'b mut [u8]) -> Self {
        Self { octets, kept: 0, start: 0, end: 0 }
    }

    /// What waits to be decoded, and where it starts: to be moved by what is consumed. Not a
    /// method of its own, so that it can move while an event borrows the octets.
    pub(crate) fn pending(&mut self) -> (Input<'_>, &mut usize) {
        let pending = self.octets.get_mut(self.start..self.end).unwrap_or_default();
        (Input::new(pending), &mut self.start)
    }

    /// Room behind what waits, made as large as it can be.
    pub(crate) fn spare(&mut self) -> &mut [u8] {
        if self.start > self.kept {
            let pending = self.end.saturating_sub(self.start);
            let part = self.octets.get_mut(self.kept..self.end).unwrap_or_default();
            tail_to_front(part, pending);
            self.start = self.kept;
            self.end = self.kept.saturating_add(pending);
        }
        self.octets.get_mut(self.end..).unwrap_or_default()
    }

    /// `n` octets were read into the front of the spare room.
    pub(crate) fn received(&mut self, n: usize) {
        self.end = self.end.saturating_add(n).min(self.octets.len());
    }

    /// Moves the last `n` consumed octets behind those that are kept already.
    pub(crate) fn keep(&mut self, n: usize) {
        let part = self.octets.get_mut(self.kept..self.start).unwrap_or_default();
        tail_to_front(part, n);
        self.kept = self.kept.saturating_add(n);
    }

    /// Gives the room of the kept octets back.
    pub(crate) const fn forget(&mut self) {
        self.kept = 0;
    }

    pub(crate) fn kept(&self) -> &[u8] {
        self.octets.get(..self.kept).unwrap_or_default()
    }

    /// Octets of the whole buffer.
    pub(crate) const fn len(&self) -> usize {
        self.octets.len()
    }
}

/// Moves the last `n` octets to the front.
fn tail_to_front(octets: &mut [u8], n: usize) {
    // There are as many. Asking keeps the panic of `copy_within` out of the program.
    if let Some(start) = octets.len().checked_sub(n) {
        octets.copy_within(start.., 0);
    }
}
