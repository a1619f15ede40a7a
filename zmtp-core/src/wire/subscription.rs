//! Subscriptions: commands in ZMTP 3.1, messages in earlier versions. Groups of DISH: commands.

use super::{FrameKind, More, SocketType, Version};

/// A request of a SUB or XSUB to its peers: to subscribe to a topic, or to cancel the subscription. A DISH joins and
/// leaves groups in the same way (RFC 48).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[expect(clippy::exhaustive_enums, reason = "the protocol has these two")]
pub enum Subscription {
    /// Cancels a subscription. DISH: leaves a group.
    Cancel,
    /// Subscribes to a topic. DISH: joins a group.
    Subscribe,
}

/// The first byte of a legacy CANCEL.
const CANCEL: u8 = 0;
/// The first byte of a legacy SUBSCRIBE.
const SUBSCRIBE: u8 = 1;

impl Subscription {
    /// How a subscription of a socket of this type is encoded for a peer of this version: the kind of frame, and the
    /// bytes before the topic or group.
    #[inline(always)]
    pub(crate) const fn form(
        self,
        ours: SocketType,
        version: Version,
    ) -> (FrameKind, &'static [u8]) {
        match (version, self) {
            (_, Self::Cancel) if ours.joins_groups() => (FrameKind::Command, b"\x05LEAVE"),
            (_, Self::Subscribe) if ours.joins_groups() => (FrameKind::Command, b"\x04JOIN"),
            (Version::V3_1, Self::Cancel) => (FrameKind::Command, b"\x06CANCEL"),
            (Version::V3_1, Self::Subscribe) => (FrameKind::Command, b"\x09SUBSCRIBE"),
            (_, Self::Cancel) => (FrameKind::Message(More::Last), &[CANCEL]),
            (_, Self::Subscribe) => (FrameKind::Message(More::Last), &[SUBSCRIBE]),
        }
    }

    /// Parses the body of a legacy subscription, a message of one frame (RFC 23): the byte 1 to
    /// subscribe or 0 to cancel, then the topic. Returns `None` for other messages. An XPUB reports
    /// subscriptions to its application in the same form.
    pub const fn from_message(body: &[u8]) -> Option<(Self, &[u8])> {
        match body {
            [CANCEL, topic @ ..] => Some((Self::Cancel, topic)),
            [SUBSCRIBE, topic @ ..] => Some((Self::Subscribe, topic)),
            _ => None,
        }
    }

    /// The byte before the topic in a legacy subscription: 1 or 0.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Cancel => CANCEL,
            Self::Subscribe => SUBSCRIBE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emitted_legacy_subscriptions_parse_to_themselves() {
        for what in [Subscription::Cancel, Subscription::Subscribe] {
            for version in [Version::V2_0, Version::V3_0] {
                let (kind, bytes) = what.form(SocketType::Sub, version);
                assert_eq!((kind, bytes), (FrameKind::Message(More::Last), &[what.byte()][..]));
                let message = [bytes, b"topic"].concat();
                assert_eq!(Subscription::from_message(&message), Some((what, &b"topic"[..])));
                assert_eq!(Subscription::from_message(bytes), Some((what, &[][..])));
            }
        }
        for (what, name) in [(Subscription::Cancel, "LEAVE"), (Subscription::Subscribe, "JOIN")] {
            for version in [Version::V3_0, Version::V3_1] {
                let (kind, bytes) = what.form(SocketType::Dish, version);
                assert_eq!((kind, &bytes[1..]), (FrameKind::Command, name.as_bytes()));
                assert_eq!(usize::from(bytes[0]), name.len());
            }
        }
        assert_eq!(Subscription::from_message(b""), None);
        assert_eq!(Subscription::from_message(b"\x02topic"), None);
    }
}
