//! Limits on what a peer sends.

use crate::wire::{Size, size_to_u64};

/// The largest frame and message that any limit allows. If sizes have 32 bits, larger ones are stored as one
/// more than this.
pub(super) const LARGEST: u64 = size_to_u64(Size::MAX).saturating_sub(1);

/// Whether the bytes and parts of a message are counted.
pub(super) const MESSAGE_LIMITS: bool = cfg!(feature = "message-limits");

/// The length of the longest identity in bytes (RFC 37 § The NULL Security Mechanism).
pub(super) const LONGEST_IDENTITY: usize = 255;

/// Whether a size is above a limit.
pub(super) const fn exceeds(got: Size, allowed: u64) -> bool {
    size_to_u64(got) > allowed
}
