//! What owns the bytes of messages that are sent without a copy.

use std::sync::Arc;

use zmtp_mio::Message;

use super::Owner;

/// Shares bytes with parts.
pub(super) struct Share(pub(super) Arc<dyn Owner>);

impl AsRef<[u8]> for Share {
    fn as_ref(&self) -> &[u8] {
        (*self.0).as_ref()
    }
}

/// Shares a message that was received, one of whose parts is sent.
pub(super) struct ReceivedPart {
    pub(super) message: Arc<Message>,
    pub(super) index: usize,
}

impl AsRef<[u8]> for ReceivedPart {
    fn as_ref(&self) -> &[u8] {
        self.message.part(self.index).unwrap_or_default()
    }
}
