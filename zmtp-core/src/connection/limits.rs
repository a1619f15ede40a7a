//! Limits on what a peer sends.

use crate::config::Limits;
use crate::wire::{Size, size_to_u64};

/// The largest frame and message that any limit allows. If sizes have 32 bits, larger ones are stored as one
/// more than this.
pub(super) const LARGEST: u64 = size_to_u64(Size::MAX).saturating_sub(1);

/// Whether the bytes and parts of a message are counted.
pub(super) const MESSAGE_LIMITS: bool = cfg!(feature = "message-limits");

/// The largest message in bytes.
#[cfg(feature = "message-limits")]
pub(super) const fn max_message(limits: &Limits) -> u64 {
    limits.max_message
}

/// The largest message in bytes: any.
#[cfg(not(feature = "message-limits"))]
pub(super) const fn max_message(_: &Limits) -> u64 {
    u64::MAX
}

/// The largest number of parts of a message.
#[cfg(feature = "message-limits")]
pub(super) const fn max_parts(limits: &Limits) -> u32 {
    limits.max_parts
}

/// The largest number of parts of a message: any.
#[cfg(not(feature = "message-limits"))]
pub(super) const fn max_parts(_: &Limits) -> u32 {
    u32::MAX
}

/// The length of the longest identity in bytes (RFC 37 § The NULL Security Mechanism).
pub(super) const LONGEST_IDENTITY: usize = 255;

/// Whether a size is above a limit.
pub(super) const fn exceeds(got: Size, allowed: u64) -> bool {
    size_to_u64(got) > allowed
}
