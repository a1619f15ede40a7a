//! A window on received octets.

/// Received octets, taken from the front by [`Connection::decode`](crate::Connection::decode).
///
/// When decoding asks for more, the caller keeps what [`Input::consumed`] leaves and appends what
/// arrives next.
#[derive(Debug)]
pub struct Input<'i> {
    rest: &'i mut [u8],
    consumed: usize,
}

impl<'i> Input<'i> {
    /// A window on all of `octets`. Mutable because CURVE will open its boxes in place.
    pub const fn new(octets: &'i mut [u8]) -> Self {
        Self { rest: octets, consumed: 0 }
    }

    /// Octets taken so far: the caller may discard this many.
    pub const fn consumed(&self) -> usize {
        self.consumed
    }

    /// What is left.
    pub const fn rest(&self) -> &[u8] {
        self.rest
    }

    /// Takes up to `n` octets from the front.
    pub fn take(&mut self, n: usize) -> &'i mut [u8] {
        let rest = core::mem::take(&mut self.rest);
        let n = n.min(rest.len());
        // `n` is at most the length, so the split always succeeds.
        let (taken, rest) = rest.split_at_mut_checked(n).unwrap_or_default();
        self.rest = rest;
        self.consumed = self.consumed.wrapping_add(n);
        taken
    }
}
