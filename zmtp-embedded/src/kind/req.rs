//! REQ: sends a request, then receives its reply (RFC 28).

use zmtp_core::mechanism::{Mechanism, Role};
use zmtp_core::pattern::{
    OutOfTurn, Pattern, PeerId, ReqFrames, ReqTurn, RouteError, TakeError, Verdict,
};
use zmtp_core::wire::{FrameHeader, SocketType};
use zmtp_core::{Config, Connection};

use super::{Kind, ONLY};
use crate::inbox::Fate;
use crate::outbox::Prefix;

/// REQ with one peer.
#[derive(Debug)]
pub struct Req {
    turn: ReqTurn<()>,
    frames: ReqFrames,
    /// The id of the last request. Any REP returns it, so that a late reply is not received as the reply to the next
    /// request (`ZMQ_REQ_CORRELATE`).
    request_id: u32,
}

impl Req {
    pub(crate) const fn new(request_id: u32) -> Self {
        Self { turn: ReqTurn::new(), frames: ReqFrames::new(), request_id }
    }

    pub(crate) const fn cancel_request(&mut self) {
        if self.turn.cancel().is_some() {
            self.frames.cancel();
        }
    }
}

impl Role for Req {
    const SOCKET_TYPE: SocketType = SocketType::Req;
}

impl Pattern for Req {
    /// A request is lost with its connection, whether it is sent or queued.
    fn disconnected(&mut self, _peer: PeerId) {
        self.frames = ReqFrames::new();
        self.turn.lost(());
    }

    fn accept(&mut self, _peer: PeerId, frame: FrameHeader, _first: bool) -> Verdict {
        match self.frames.accept(self.turn.rejection(()), true, frame) {
            // The delimiter of a reply is not kept.
            Verdict::Envelope => Verdict::Skip,
            verdict => verdict,
        }
    }

    #[inline(always)]
    fn check(&mut self, _peer: PeerId, body: &[u8]) -> Verdict {
        let is_last = body.iter().eq(&self.request_id.to_ne_bytes());
        self.frames.check_request_id(is_last)
    }

    /// The reply is taken at once.
    // Not inlined: the function that receives needs its registers.
    #[inline(never)]
    fn received(&mut self, _peer: PeerId) -> bool {
        self.frames.received() && self.turn.answered(()) && self.turn.take().is_ok()
    }

    #[inline(always)]
    fn take(&mut self) -> Result<Option<PeerId>, TakeError> {
        self.turn.take().map(|taken| taken.map(|()| ONLY))
    }

    fn may_route(&self) -> bool {
        self.turn.may_ask()
    }

    #[inline(always)]
    fn route(&mut self, _routing_id: &[u8]) -> Result<PeerId, RouteError> {
        if !self.turn.may_ask() {
            return Err(OutOfTurn::ReplyPending.into());
        }
        self.turn.ask(());
        self.request_id = self.request_id.wrapping_add(1);
        Ok(ONLY)
    }

    fn sent(&mut self, _peer: PeerId) {
        self.turn.sent(());
    }
}

impl Kind for Req {
    fn blank() -> Self {
        Self::new(0)
    }

    fn returns(fate: Fate) -> bool {
        matches!(fate, Fate::Deliver | Fate::RequestId | Fate::Reject | Fate::Skip)
    }

    fn overflowed(&mut self, _peer: PeerId) {
        self.cancel_request();
    }

    fn prefix_len<M: Mechanism>(
        &self,
        connection: &Connection<M, &Config>,
        _envelope: &[u8],
    ) -> usize {
        connection.frame_len(size_of::<u32>()).saturating_add(connection.frame_len(0))
    }

    fn prefix<'e>(&self, _envelope: &'e [u8]) -> Prefix<'e> {
        Prefix::RequestId(self.request_id.to_ne_bytes())
    }
}
