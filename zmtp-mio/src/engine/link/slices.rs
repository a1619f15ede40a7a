//! The slices of one vectored write.

use std::io::IoSlice;

/// The most slices of one write.
const MOST: usize = 16;

/// Slices of bytes that are written together.
#[derive(Debug)]
pub(super) struct Slices<'b> {
    slices: [IoSlice<'b>; MOST],
    count: usize,
}

impl<'b> Slices<'b> {
    pub(super) fn new() -> Self {
        Self { slices: [IoSlice::new(&[]); MOST], count: 0 }
    }

    /// Adds bytes. An empty slice is left out. Returns `false` if there is no room.
    pub(super) fn push(&mut self, bytes: &'b [u8]) -> bool {
        if bytes.is_empty() {
            return true;
        }
        let Some(slot) = self.slices.get_mut(self.count) else { return false };
        *slot = IoSlice::new(bytes);
        self.count += 1;
        true
    }

    pub(super) fn get(&self) -> &[IoSlice<'b>] {
        &self.slices[..self.count]
    }
}
