//! The parts of REQ's rules: the frames of a reply, and the turn (RFC 28).

use super::{OutOfTurn, Reason, TakeError, Verdict};
use crate::wire::{FrameHeader, FrameKind, More};

/// The state of parsing a reply: which frame of a peer must be next.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReqFrames(Expect);

#[derive(Clone, Copy, Debug, Default)]
enum Expect {
    /// The first frame of a message.
    #[default]
    Start,
    /// The first frame of a message; [`ReqFrames::received`] is due for the last one.
    Received,
    /// The delimiter, after a request id.
    Delimiter,
    /// A part of the reply.
    Body,
    /// A further part of a message that was rejected.
    Rejected,
}

impl ReqFrames {
    /// Creates the state before the first frame of a message.
    pub const fn new() -> Self {
        Self(Expect::Start)
    }

    /// Decides what happens to the next frame. `refused` is the result of [`ReqTurn::rejection`].
    /// `correlate` is whether replies begin with a request id.
    pub fn accept(
        &mut self,
        refused: Option<Reason>,
        correlate: bool,
        frame: FrameHeader,
    ) -> Verdict {
        let more = frame.kind() == FrameKind::Message(More::Follows);
        let verdict = match self.0 {
            Expect::Rejected => Verdict::Skip,
            Expect::Body => Verdict::Deliver,
            Expect::Delimiter if more && frame.is_empty() => Verdict::Envelope,
            Expect::Delimiter => Verdict::Reject(Reason::BadEnvelope),
            Expect::Start | Expect::Received => match refused {
                Some(reason) => Verdict::Reject(reason),
                None if correlate && more && frame.len() == 4 => Verdict::RequestId,
                None if correlate => Verdict::Reject(Reason::WrongRequestId),
                None if more && frame.is_empty() => Verdict::Envelope,
                None => Verdict::Reject(Reason::BadEnvelope),
            },
        };
        self.0 = match verdict {
            Verdict::Deliver if !more => Expect::Received,
            _ if !more => Expect::Start,
            Verdict::RequestId => Expect::Delimiter,
            Verdict::Deliver | Verdict::Envelope => Expect::Body,
            _ => Expect::Rejected,
        };
        verdict
    }

    /// Decides what happens to a reply after its request id is complete. `is_last` is whether the id is
    /// that of the last request; if so, returns [`Verdict::Envelope`].
    pub const fn check_request_id(&mut self, is_last: bool) -> Verdict {
        // The request was cancelled while the id was arriving.
        let rejected = matches!(self.0, Expect::Rejected);
        if is_last && !rejected {
            return Verdict::Envelope;
        }
        self.0 = Expect::Rejected;
        if rejected { Verdict::Skip } else { Verdict::Reject(Reason::WrongRequestId) }
    }

    /// A message is complete. Returns whether it is a reply. It is not a reply if its request was cancelled
    /// while the last part was incomplete.
    pub const fn received(&mut self) -> bool {
        let received = matches!(self.0, Expect::Received);
        if received {
            self.0 = Expect::Start;
        }
        received
    }

    /// Cancels the request: an incomplete reply is rejected.
    pub const fn cancel(&mut self) {
        self.0 = match self.0 {
            Expect::Start | Expect::Received => Expect::Start,
            _ => Expect::Rejected,
        };
    }
}

/// The turn of a REQ: the application sends a request, then takes its reply. `P` identifies a peer; use
/// `()` if there is only one.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReqTurn<P>(State<P>);

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum State<P> {
    #[default]
    Idle,
    /// A request is queued for this peer.
    Routed(P),
    /// A request was sent to this peer.
    Asked(P),
    /// The reply of this peer is queued.
    Answered(P),
    /// The connection to the peer of the request was lost, which is not reported to the application yet.
    Lost,
}

impl<P: Copy + Eq> ReqTurn<P> {
    /// Creates the state in which no request was sent.
    pub const fn new() -> Self {
        Self(State::Idle)
    }

    /// Whether a request can be sent: no reply is pending.
    pub const fn may_ask(&self) -> bool {
        matches!(self.0, State::Idle | State::Lost)
    }

    /// A request was queued for this peer. It replaces an earlier request.
    pub const fn ask(&mut self, peer: P) {
        self.0 = State::Routed(peer);
    }

    /// The peer that the request is queued for.
    pub const fn routed(&self) -> Option<P> {
        match self.0 {
            State::Routed(peer) => Some(peer),
            _ => None,
        }
    }

    /// The last byte of the request to a peer is written.
    pub fn sent(&mut self, peer: P) {
        if self.0 == State::Routed(peer) {
            self.0 = State::Asked(peer);
        }
    }

    /// The peer of the request that has no reply yet, whether it is queued or sent.
    pub const fn asked(&self) -> Option<P> {
        match self.0 {
            State::Routed(peer) | State::Asked(peer) => Some(peer),
            _ => None,
        }
    }

    /// The reason to reject a message of a peer that begins now; `None` if it may be the reply.
    pub fn rejection(&self, peer: P) -> Option<Reason> {
        match self.0 {
            State::Asked(asked) if asked == peer => None,
            State::Asked(_) => Some(Reason::WrongPeer),
            State::Routed(asked) if asked != peer => Some(Reason::WrongPeer),
            _ => Some(Reason::Unsolicited),
        }
    }

    /// The reply of a peer is complete. Returns `false` if no reply of this peer is pending: drop it.
    pub fn answered(&mut self, peer: P) -> bool {
        let due = self.0 == State::Asked(peer);
        if due {
            self.0 = State::Answered(peer);
        }
        due
    }

    /// Marks the request to a peer as lost, whether it is queued or sent. Returns whether there was one.
    pub fn lost(&mut self, peer: P) -> bool {
        let due = self.asked() == Some(peer);
        if due {
            self.0 = State::Lost;
        }
        due
    }

    /// The queued reply of a peer was dropped. The request counts as lost.
    pub fn dropped(&mut self, peer: P) {
        if self.0 == State::Answered(peer) {
            self.0 = State::Lost;
        }
    }

    /// Whether the request was lost, which is not reported yet.
    pub const fn is_lost(&self) -> bool {
        matches!(self.0, State::Lost)
    }

    /// Cancels the request. Returns the peer that may still reply to it.
    pub const fn cancel(&mut self) -> Option<P> {
        let asked = self.asked();
        self.0 = State::Idle;
        asked
    }

    /// Whether [`ReqTurn::take`] returns a peer or [`TakeError::PeerLost`].
    pub const fn may_take(&self) -> bool {
        matches!(self.0, State::Answered(_) | State::Lost)
    }

    /// Takes the reply. Returns the peer that sent it; `None` if it has not arrived.
    ///
    /// # Errors
    ///
    /// [`TakeError::PeerLost`], once, if the request was lost; [`TakeError::OutOfTurn`] if no request was
    /// sent. After either error a request can be sent.
    pub const fn take(&mut self) -> Result<Option<P>, TakeError> {
        let taken = match self.0 {
            State::Idle => Err(TakeError::OutOfTurn(OutOfTurn::NoRequestSent)),
            State::Routed(_) | State::Asked(_) => return Ok(None),
            State::Answered(peer) => Ok(Some(peer)),
            State::Lost => Err(TakeError::PeerLost),
        };
        self.0 = State::Idle;
        taken
    }
}
