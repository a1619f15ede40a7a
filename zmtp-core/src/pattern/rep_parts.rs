//! The parts of REP's rules: the frames of a request, and the turn (RFC 28).

use super::{OutOfTurn, Reason, Verdict};
use crate::wire::FrameHeader;

/// What the next frame of a request must be.
#[derive(Clone, Copy, Debug, Default)]
pub struct RepFrames(Expect);

#[derive(Clone, Copy, Debug, Default)]
enum Expect {
    #[default]
    Envelope,
    Body,
}

impl RepFrames {
    /// Expects the first frame of a request.
    pub const fn new() -> Self {
        Self(Expect::Envelope)
    }

    /// Judges the next frame. Frames up to and including the first empty one are the envelope; a
    /// request that ends there or before is rejected.
    pub fn accept(&mut self, frame: FrameHeader) -> Verdict {
        match (self.0, frame.is_final()) {
            (Expect::Envelope, true) => Verdict::Reject(Reason::BadEnvelope),
            (Expect::Envelope, false) => {
                if frame.is_empty() {
                    self.0 = Expect::Body;
                }
                Verdict::Envelope
            }
            (Expect::Body, last) => {
                if last {
                    self.0 = Expect::Envelope;
                }
                Verdict::Deliver
            }
        }
    }
}

/// The turn in REP: the application takes a request, or replies to the last one. `P` identifies a
/// peer.
#[derive(Clone, Copy, Debug, Default)]
pub struct RepTurn<P>(Turn<P>);

#[derive(Clone, Copy, Debug, Default)]
enum Turn<P> {
    /// The application takes a request next.
    #[default]
    Take,
    /// The application replies to this peer next.
    Reply(P),
    /// The application replies next, and the peer is gone.
    Gone,
}

impl<P: Copy + Eq> RepTurn<P> {
    /// The application takes a request next.
    pub const fn new() -> Self {
        Self(Turn::Take)
    }

    /// Whether a reply is due.
    pub const fn may_reply(&self) -> bool {
        !matches!(self.0, Turn::Take)
    }

    /// The application takes a request of this peer.
    ///
    /// # Errors
    ///
    /// [`OutOfTurn::ReplyDue`] while the last request is unanswered; nothing has changed.
    pub fn take(&mut self, peer: P) -> Result<(), OutOfTurn> {
        if self.may_reply() {
            return Err(OutOfTurn::ReplyDue);
        }
        self.0 = Turn::Reply(peer);
        Ok(())
    }

    /// The connection of a peer is gone: it gets no reply.
    pub fn forget(&mut self, peer: P) {
        if let Turn::Reply(owed) = self.0
            && owed == peer
        {
            self.0 = Turn::Gone;
        }
    }

    /// The peer that gets the reply; `None` if it is gone and the reply is dropped. The next request
    /// can be taken in either case.
    ///
    /// # Errors
    ///
    /// [`OutOfTurn::NoRequestTaken`] if no request was taken.
    pub fn reply(&mut self) -> Result<Option<P>, OutOfTurn> {
        let peer = match self.0 {
            Turn::Take => return Err(OutOfTurn::NoRequestTaken),
            Turn::Reply(peer) => Some(peer),
            Turn::Gone => None,
        };
        self.0 = Turn::Take;
        Ok(peer)
    }
}
