//! What owns the bytes of messages that are sent without a copy.

use std::sync::Arc;

use super::Owner;

/// Shares bytes with parts.
pub(super) struct Share(pub(super) Arc<dyn Owner>);

impl AsRef<[u8]> for Share {
    fn as_ref(&self) -> &[u8] {
        (*self.0).as_ref()
    }
}
