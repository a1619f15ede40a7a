//! Messaging patterns: who gets the next message, whose message is next, and what a frame means.
//!
//! A pattern sees peers and frame headers, never bytes and never a connection. The driver asks it
//! for a [`Verdict`] when a frame's header is known, pours the body where the verdict says, and
//! reports complete messages. Per-peer state lives in [`Slots`], chosen by the driver: [`Fixed`]
//! on a microcontroller, a growing table on a server.
//!
//! | part | what it is |
//! |---|---|
//! | [`Slots`], [`Fixed`] | per-peer state by [`PeerId`] |
//! | [`Ring`] | turn-taking among peers: load-balance out, fair-queue in |
//! | [`Balance`], [`FairQueue`] | the two turns of all other types: who is sent the next message, whose message is taken next |
//! | [`Req`], [`Rep`] | request-reply in lockstep (RFC 28) |
//! | [`ReqFrames`], [`ReqTurn`], [`RepFrames`], [`RepTurn`] | what those two are made of, for drivers whose peers need no turns |
//! | [`Dealer`], [`Router`] | request-reply without lockstep (RFC 28); a ROUTER's names are kept by [`RoutingIds`] |
//! | [`Push`], [`Pull`] | pipeline (RFC 30) |
//! | [`Pair`] | exclusive pair (RFC 31) |
//! | [`Publish`] | PUB and XPUB (RFC 29): who wants a message; the topics are kept by [`Topics`] |
//! | [`Subscribe`] | SUB and XSUB (RFC 29): what is wanted; the topics are kept by [`Subscriptions`] |
//! | [`FixedTopics`], [`FixedSubscriptions`] | topics in an array, for microcontrollers |

mod balance;
mod dealer;
mod fair_queue;
mod fixed_topics;
mod pair;
mod publish;
mod push_pull;
mod records;
mod rep;
mod rep_parts;
mod req;
mod req_parts;
mod ring;
mod router;
mod slots;
mod subscribe;

pub use balance::{Balance, BalancePeer};
pub use dealer::{Dealer, DealerPeer};
pub use fair_queue::{FairPeer, FairQueue};
pub use fixed_topics::{FixedSubscriptions, FixedTopics};
pub use pair::Pair;
pub use publish::{Added, Publish, Removed, Reports, Topics};
pub use push_pull::{Pull, Push};
pub use rep::{Rep, RepPeer};
pub use rep_parts::{RepFrames, RepTurn};
pub use req::{Mode, Req, ReqPeer, RouteError};
pub use req_parts::{ReqFrames, ReqTurn, TakeError};
pub use ring::{Linked, Ring, RingLink};
pub use router::{Attached, Router, RouterPeer, RoutingIdInUse, RoutingIds, Unroutable};
pub use slots::{Fixed, Slots};
pub use subscribe::{Subscribe, Subscriptions};

/// A peer, as its driver counts them: a slab index, a link number.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PeerId(pub u32);

impl PeerId {
    /// Nobody: no driver gives this number to a peer.
    pub const NONE: Self = Self(u32::MAX);
}

/// No room for another peer.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NoRoom;

impl core::fmt::Display for NoRoom {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("no room for another peer")
    }
}

impl core::error::Error for NoRoom {}

/// What to do with a frame, decided from its header before its body is read.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[expect(clippy::exhaustive_enums, reason = "drivers must handle each")]
pub enum Verdict {
    /// A part of the message for the application.
    Deliver,
    /// A part of the envelope: keep it with the message, hide it from the application.
    Envelope,
    /// A request id of four bytes: give them to [`Req::check_request_id`] when they are there.
    RequestId,
    /// Forget what was kept of this message; this frame and the rest of it go nowhere.
    Reject(Reason),
    /// A further frame of a message that was rejected.
    Skip,
}

/// Why a message is not delivered.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Reason {
    /// No empty delimiter frame, or no body behind it (RFC 28).
    BadEnvelope,
    /// A reply that nobody waits for: unasked, too late, or a second one.
    NotAsked,
    /// A message to a socket type that only sends: PUB, PUSH.
    SendsOnly,
    /// A reply from another peer than the one asked.
    WrongPeer,
    /// A reply whose request id is not the last request's (`ZMQ_REQ_CORRELATE`).
    WrongRequestId,
}

impl core::fmt::Display for Reason {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::BadEnvelope => "no delimiter, or no body behind it",
            Self::NotAsked => "a reply that nobody waits for",
            Self::SendsOnly => "a message to a socket type that only sends",
            Self::WrongPeer => "a reply from another peer than the one asked",
            Self::WrongRequestId => "a reply with another request id than the last",
        })
    }
}

/// The application called out of turn (libzmq's `EFSM`).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum OutOfTurn {
    /// A reply was asked for and no request was sent.
    NoRequestSent,
    /// A reply was given and no request was taken.
    NoRequestTaken,
    /// A request was taken and must be answered first.
    ReplyDue,
    /// A request was sent and its reply must come first.
    ReplyPending,
}

impl core::fmt::Display for OutOfTurn {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NoRequestSent => "receive before a request was sent",
            Self::NoRequestTaken => "reply before a request was received",
            Self::ReplyDue => "receive before the last request was answered",
            Self::ReplyPending => "send before the last request was answered",
        })
    }
}

impl core::error::Error for OutOfTurn {}
