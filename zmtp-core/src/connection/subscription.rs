//! Subscriptions on their way out: a command to peers of ZMTP 3.1, a message to older ones.

use crate::wire::{FrameHeader, Framing, Subscription, Version, Writer};

/// The bytes in front of a topic, from
/// [`Connection::begin_subscription`](super::Connection::begin_subscription).
#[derive(Clone, Copy, Debug)]
pub struct SubscriptionHeader {
    bytes: [u8; Self::MAX_LEN],
    len: u8,
}

impl SubscriptionHeader {
    /// Bytes of the longest: a long frame header and the name of SUBSCRIBE behind its length.
    pub const MAX_LEN: usize = FrameHeader::MAX_LEN + 10;

    pub(super) fn new(
        what: Subscription,
        topic_len: usize,
        version: Version,
        framing: Framing,
    ) -> Self {
        let mut bytes = [0; Self::MAX_LEN];
        let mut out = Writer::new(&mut bytes);
        let (kind, before) = what.words(version);
        let header = FrameHeader::new(kind, topic_len.saturating_add(before.len()) as u64);
        // There is room for the longest.
        out.put(framing.emit(header).as_ref());
        out.put(before);
        let len = u8::try_from(out.len()).unwrap_or_default();
        Self { bytes, len }
    }
}

impl AsRef<[u8]> for SubscriptionHeader {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}
