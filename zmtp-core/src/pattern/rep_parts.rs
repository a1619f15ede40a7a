//! What REP's rules are made of: frames of a request, and whose move it is (RFC 28).

use super::{OutOfTurn, Reason, Verdict};
use crate::wire::FrameHeader;

/// What the next frame from a peer to a REP must be.
#[derive(Clone, Copy, Debug, Default)]
pub struct RepFrames(Expect);

#[derive(Clone, Copy, Debug, Default)]
enum Expect {
    #[default]
    Envelope,
    Body,
}

impl RepFrames {
    /// The first frame of a request.
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

/// Whose move it is in REP: the peers', who ask, or the application's, which answers. `P` names
/// peers.
#[derive(Clone, Copy, Debug, Default)]
pub struct RepTurn<P>(Turn<P>);

#[derive(Clone, Copy, Debug, Default)]
enum Turn<P> {
    /// The application takes a request next.
    #[default]
    Take,
    /// The application answers this peer next.
    Reply(P),
    /// The application answers next, though whom it answers is gone.
    Gone,
}

impl<P: Copy + Eq> RepTurn<P> {
    /// A request is taken next.
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

    /// A peer cannot be answered any more.
    pub fn forget(&mut self, peer: P) {
        if let Turn::Reply(owed) = self.0
            && owed == peer
        {
            self.0 = Turn::Gone;
        }
    }

    /// Gives the reply its address: the peer to send to, or `None` if it is gone and the reply is
    /// dropped. The next request may be taken in either case.
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
