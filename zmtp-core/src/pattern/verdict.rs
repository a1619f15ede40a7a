//! What happens to a frame, and why a message is not delivered.

use crate::wire::Subscription;

/// What to do with a frame, decided from its header before its body is read.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[expect(clippy::exhaustive_enums, reason = "drivers must handle each")]
pub enum Verdict {
    /// A part of the message: deliver it to the application.
    Deliver,
    /// A part of the envelope: keep it with the message, but hide it from the application.
    Envelope,
    /// A part of the envelope, the request id of four bytes. When it is complete, pass it to
    /// [`Pattern::check`](super::Pattern::check).
    RequestId,
    /// The first part of the message. Keep it as for [`Verdict::Deliver`]; when it is complete, pass
    /// it to [`Pattern::check`](super::Pattern::check), which decides.
    Subject,
    /// Not a message but a legacy subscription: pass the topic, all but the first byte, to
    /// [`Pattern::subscription`](super::Pattern::subscription), as for a command. Only
    /// [`Pattern::check`](super::Pattern::check) returns this.
    Subscription(Subscription),
    /// Discard this frame, what was kept of its message, and the rest of its message.
    Reject(Reason),
    /// Discard this frame: it belongs to a message that was rejected.
    Skip,
}

/// Why a message is not delivered.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Reason {
    /// The delimiter, an empty frame, is missing, or there is no body after it (RFC 28).
    BadEnvelope,
    /// A reply without a request: unsolicited, too late, or a second one.
    NotAsked,
    /// No subscription matches the message.
    NotSubscribed,
    /// A message to a socket type that only sends: PUB, PUSH.
    SendsOnly,
    /// A reply from a peer other than that of the request.
    WrongPeer,
    /// A reply whose request id is not that of the last request (`ZMQ_REQ_CORRELATE`).
    WrongRequestId,
}

impl core::fmt::Display for Reason {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::BadEnvelope => "delimiter or body is missing",
            Self::NotAsked => "reply without a request",
            Self::NotSubscribed => "no subscription matches the message",
            Self::SendsOnly => "message to a socket type that only sends",
            Self::WrongPeer => "reply from another peer than that of the request",
            Self::WrongRequestId => "request id of the reply is not that of the last request",
        })
    }
}
