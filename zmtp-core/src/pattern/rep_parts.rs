//! The parts of REP's rules: the frames of a request, and the turn (RFC 28).

use super::{OutOfTurn, Reason, Verdict};
use crate::wire::FrameHeader;

/// The state of parsing a request: which frame must be next.
#[derive(Clone, Copy, Debug, Default)]
pub struct RepFrames(Expect);

#[derive(Clone, Copy, Debug, Default)]
enum Expect {
    #[default]
    Envelope,
    Body,
}

impl RepFrames {
    /// Creates the state before the first frame of a request.
    pub const fn new() -> Self {
        Self(Expect::Envelope)
    }

    /// Decides what happens to the next frame. The envelope consists of the frames up to and including the
    /// first empty frame. A request that has no frame after its envelope is rejected.
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

/// The turn of a REP: the application takes a request, then replies to it. `P` identifies a peer.
#[derive(Clone, Copy, Debug, Default)]
pub struct RepTurn<P>(Turn<P>);

#[derive(Clone, Copy, Debug, Default)]
enum Turn<P> {
    /// The application takes a request next.
    #[default]
    Take,
    /// The application replies to this peer next.
    Reply(P),
    /// The application replies next. The connection to the peer has ended.
    Gone,
}

impl<P: Copy + Eq> RepTurn<P> {
    /// Creates the state in which the application takes a request next.
    pub const fn new() -> Self {
        Self(Turn::Take)
    }

    /// Whether a reply is due.
    pub const fn may_reply(&self) -> bool {
        !matches!(self.0, Turn::Take)
    }

    /// Whether the next reply will be dropped, because the connection to its peer has ended.
    pub const fn has_lost_peer(&self) -> bool {
        matches!(self.0, Turn::Gone)
    }

    /// The application takes a request of this peer.
    ///
    /// # Errors
    ///
    /// [`OutOfTurn::ReplyDue`] while the last request has no reply. Nothing has changed then.
    pub fn take(&mut self, peer: P) -> Result<(), OutOfTurn> {
        if self.may_reply() {
            return Err(OutOfTurn::ReplyDue);
        }
        self.0 = Turn::Reply(peer);
        Ok(())
    }

    /// The connection of a peer ended: the reply to its request will be dropped.
    pub fn forget(&mut self, peer: P) {
        if let Turn::Reply(owed) = self.0
            && owed == peer
        {
            self.0 = Turn::Gone;
        }
    }

    /// Returns the peer to which the reply is sent; `None` if its connection ended: drop the reply. In both
    /// cases the next request can be taken.
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
