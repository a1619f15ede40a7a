//! Subscriptions on their way out: a command to peers of ZMTP 3.1, a message to older ones.

use crate::wire::{FrameHeader, Framing, Kind, More, Writer};

/// What a SUB or XSUB says of a topic.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[expect(clippy::exhaustive_enums, reason = "the two there are")]
pub enum Subscription {
    /// It is no longer wanted.
    Cancel,
    /// It is wanted.
    Subscribe,
}

/// The octets in front of a topic, from
/// [`Connection::begin_subscription`](super::Connection::begin_subscription).
#[derive(Clone, Copy, Debug)]
pub struct SubscriptionHeader {
    octets: [u8; Self::MAX_LEN],
    len: u8,
}

impl SubscriptionHeader {
    /// Octets of the longest: a long frame header and the name of SUBSCRIBE behind its length.
    pub const MAX_LEN: usize = FrameHeader::MAX_LEN + 10;

    pub(super) fn new(
        what: Subscription,
        topic_len: usize,
        command: bool,
        framing: Framing,
    ) -> Self {
        let mut octets = [0; Self::MAX_LEN];
        let mut out = Writer::new(&mut octets);
        let (before, first) = match what {
            Subscription::Cancel => (b"\x06CANCEL".as_slice(), b"\0"),
            Subscription::Subscribe => (b"\x09SUBSCRIBE".as_slice(), b"\x01"),
        };
        let (kind, before) =
            if command { (Kind::Command, before) } else { (Kind::Message(More::Last), &first[..]) };
        let header = FrameHeader::new(kind, topic_len.saturating_add(before.len()) as u64);
        // There is room for the longest.
        let _ = out.put(framing.emit(header).as_ref());
        let _ = out.put(before);
        let len = u8::try_from(out.len()).unwrap_or_default();
        Self { octets, len }
    }
}

impl AsRef<[u8]> for SubscriptionHeader {
    fn as_ref(&self) -> &[u8] {
        self.octets.get(..usize::from(self.len)).unwrap_or_default()
    }
}
