//! What REQ's rules are made of: frames of a reply, and whose move it is (RFC 28).

use super::{OutOfTurn, Reason, Verdict};
use crate::wire::{FrameHeader, FrameKind, More};

/// What the next frame from a peer to a REQ must be.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReqFrames(Expect);

#[derive(Clone, Copy, Debug, Default)]
enum Expect {
    /// The first frame of a message.
    #[default]
    Start,
    /// The first frame of a message, once [`ReqFrames::received`] has said that the reply is whole.
    Received,
    /// The delimiter, after a request id.
    Delimiter,
    /// A part of the reply.
    Body,
    /// A further part of a message that was rejected.
    Rejected,
}

impl ReqFrames {
    /// The first frame of a message.
    pub const fn new() -> Self {
        Self(Expect::Start)
    }

    /// Judges the next frame. `refused`: why a message that begins now is no reply, if it is none.
    /// `correlate`: replies have request ids.
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
            Verdict::Reject(_) | Verdict::Skip => Expect::Rejected,
        };
        verdict
    }

    /// Judges the request id that [`Verdict::RequestId`] asked for: [`Verdict::Envelope`] if it is
    /// the last request's.
    pub const fn check_request_id(&mut self, is_last: bool) -> Verdict {
        // The request was given up while its id came.
        let rejected = matches!(self.0, Expect::Rejected);
        if is_last && !rejected {
            return Verdict::Envelope;
        }
        self.0 = Expect::Rejected;
        if rejected { Verdict::Skip } else { Verdict::Reject(Reason::WrongRequestId) }
    }

    /// A whole message has come: is it a reply? It is none if the request was given up, and another
    /// sent, while its last part came.
    pub const fn received(&mut self) -> bool {
        let received = matches!(self.0, Expect::Received);
        if received {
            self.0 = Expect::Start;
        }
        received
    }

    /// What has come of the reply is not for the next request.
    pub const fn give_up(&mut self) {
        self.0 = match self.0 {
            Expect::Start | Expect::Received => Expect::Start,
            _ => Expect::Rejected,
        };
    }
}

/// Whose move it is in REQ: the application's, which asks, or the peer's, which answers. `P` names
/// peers; `()` does where there is but one.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReqTurn<P>(State<P>);

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum State<P> {
    #[default]
    Idle,
    /// A request is to go to this peer, and is not out yet.
    Routed(P),
    /// A request went to this peer.
    Asked(P),
    /// The reply from this peer is whole and waits.
    Answered(P),
    /// The peer asked is gone, and the application does not know yet.
    Lost,
}

impl<P: Copy + Eq> ReqTurn<P> {
    /// Nothing was asked.
    pub const fn new() -> Self {
        Self(State::Idle)
    }

    /// Whether no reply is due.
    pub const fn may_ask(&self) -> bool {
        matches!(self.0, State::Idle | State::Lost)
    }

    /// The next request is to go to this peer, whatever was before.
    pub const fn ask(&mut self, peer: P) {
        self.0 = State::Routed(peer);
    }

    /// The peer of the request that is not out.
    pub const fn routed(&self) -> Option<P> {
        match self.0 {
            State::Routed(peer) => Some(peer),
            _ => None,
        }
    }

    /// The request to a peer is out, its last byte written.
    pub fn sent(&mut self, peer: P) {
        if self.0 == State::Routed(peer) {
            self.0 = State::Asked(peer);
        }
    }

    /// The peer of the request that is not answered.
    pub const fn asked(&self) -> Option<P> {
        match self.0 {
            State::Routed(peer) | State::Asked(peer) => Some(peer),
            _ => None,
        }
    }

    /// Why a message that begins from a peer is no reply; `None` if it may be one.
    pub fn refuses(&self, peer: P) -> Option<Reason> {
        match self.0 {
            State::Asked(asked) if asked == peer => None,
            State::Asked(_) => Some(Reason::WrongPeer),
            State::Routed(asked) if asked != peer => Some(Reason::WrongPeer),
            _ => Some(Reason::NotAsked),
        }
    }

    /// The reply of a peer is whole. `false` if nobody waits for it any more.
    pub fn answered(&mut self, peer: P) -> bool {
        let due = self.0 == State::Asked(peer);
        if due {
            self.0 = State::Answered(peer);
        }
        due
    }

    /// The request that went to a peer cannot be answered any more. Returns whether one was due.
    pub fn lost(&mut self, peer: P) -> bool {
        let due = self.asked() == Some(peer);
        if due {
            self.0 = State::Lost;
        }
        due
    }

    /// Gives the request up. Returns the peer that may still answer it.
    pub const fn give_up(&mut self) -> Option<P> {
        let asked = self.asked();
        self.0 = State::Idle;
        asked
    }

    /// Whether [`ReqTurn::take`] has something to say.
    pub const fn may_take(&self) -> bool {
        matches!(self.0, State::Answered(_) | State::Lost)
    }

    /// Takes the reply: the peer that gave it, `None` if it has not come.
    ///
    /// # Errors
    ///
    /// [`TakeError::PeerLost`] once if the peer asked is gone, [`TakeError::OutOfTurn`] if nothing
    /// was asked. A request can be sent after either.
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

/// Why there is no reply to wait for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum TakeError {
    /// The application called out of turn.
    OutOfTurn(OutOfTurn),
    /// The peer asked is gone, and the reply with it.
    PeerLost,
}
