//! Decisions about received frames, and the reasons to reject a message.

use crate::wire::Subscription;

/// What the driver does with a received frame. The pattern decides from the header, before the body is read, or,
/// after [`Verdict::RequestId`] and [`Verdict::Subject`], from the body.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[expect(clippy::exhaustive_enums, reason = "drivers must handle each")]
pub enum Verdict {
    /// The frame is a part of the message: deliver it to the application.
    Deliver,
    /// The frame belongs to the envelope: store it with the message, but do not deliver it.
    Envelope,
    /// The frame is a request id of four bytes, a part of the envelope. When it is complete, pass it to
    /// [`Pattern::check`](super::Pattern::check), which decides about the message.
    RequestId,
    /// The frame is the first part of the message. Store it; when it is complete, pass it to
    /// [`Pattern::check`](super::Pattern::check), which decides about the message.
    Subject,
    /// The frame is a legacy subscription, not a message: pass its topic, the bytes after the first one, to
    /// [`Pattern::subscription`](super::Pattern::subscription). Only
    /// [`Pattern::check`](super::Pattern::check) returns this.
    Subscription(Subscription),
    /// The message is rejected: discard this frame, the stored frames of the message, and its further
    /// frames. If [`Reason::ends_connection`], close the connection.
    Reject(Reason),
    /// The frame belongs to a rejected message: discard it.
    Skip,
}

/// The reason why a message is not delivered.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Reason {
    /// The delimiter, an empty frame, is missing, or no frame follows it (RFC 28).
    BadEnvelope,
    /// The message has several parts, and the socket type receives messages of one part only: CLIENT, SERVER, GATHER,
    /// PEER, CHANNEL (RFCs 41, 49, 51 and 52).
    Multipart,
    /// No reply is pending: the message is unsolicited, late, or a second reply.
    Unsolicited,
    /// DISH: the message is not a group of up to 255 bytes and a body, each in one frame (RFC 37 § The Radio-Dish
    /// Pattern).
    NotGroupAndBody,
    /// No subscription matches the message, or a DISH has not joined its group.
    NotSubscribed,
    /// The socket type does not receive messages: PUB, PUSH, RADIO, SCATTER.
    SendsOnly,
    /// The request was sent to another peer.
    WrongPeer,
    /// The request id of the reply is not that of the last request (`ZMQ_REQ_CORRELATE`).
    WrongRequestId,
}

impl Reason {
    /// Whether the message violates the protocol, so that the driver closes the connection, as libzmq does: it calls
    /// [`Connection::fail_message`](crate::Connection::fail_message).
    pub const fn ends_connection(self) -> bool {
        matches!(self, Self::NotGroupAndBody)
    }
}

impl core::fmt::Display for Reason {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::BadEnvelope => "delimiter or body is missing",
            Self::Multipart => "message of several parts to a socket type for messages of one part",
            Self::Unsolicited => "reply without a request",
            Self::NotGroupAndBody => "message is not a group of up to 255 bytes and a body",
            Self::NotSubscribed => "no subscription matches the message",
            Self::SendsOnly => "message to a socket type that only sends",
            Self::WrongPeer => "reply from another peer than that of the request",
            Self::WrongRequestId => "request id of the reply is not that of the last request",
        })
    }
}
