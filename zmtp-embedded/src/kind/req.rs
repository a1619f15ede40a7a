//! REQ: a request, then its reply (RFC 28).

use zmtp_core::mechanism::{Mechanism, Role};
use zmtp_core::pattern::{OutOfTurn, PeerId, ReqFrames, ReqTurn, TakeError, Verdict};
use zmtp_core::wire::{FrameHeader, SocketType};
use zmtp_core::{Config, Connection};

use super::{Place, Prefix, Rules};
use crate::error::Error;

/// REQ with one peer.
#[derive(Debug)]
pub struct Req {
    turn: ReqTurn<()>,
    frames: ReqFrames,
    /// In front of each request (`ZMQ_REQ_CORRELATE`), and every REP returns it: so that a late
    /// reply is never taken for the next one's.
    request_id: u32,
}

impl Req {
    pub(crate) const fn new(request_id: u32) -> Self {
        Self { turn: ReqTurn::new(), frames: ReqFrames::new(), request_id }
    }

    pub(crate) const fn give_up(&mut self) {
        if self.turn.give_up().is_some() {
            self.frames.give_up();
        }
    }
}

impl Role for Req {
    const SOCKET_TYPE: SocketType = SocketType::Req;
}

impl Rules for Req {
    fn down(&mut self, _peer: PeerId) {
        self.frames = ReqFrames::new();
        self.turn.lost(());
    }

    fn says(place: Place) -> bool {
        matches!(place, Place::Part | Place::RequestId | Place::Reject | Place::Drop)
    }

    fn judge(&mut self, _peer: PeerId, header: FrameHeader, _first: bool) -> Place {
        match self.frames.accept(self.turn.refuses(()), true, header) {
            Verdict::Deliver => Place::Part,
            Verdict::RequestId => Place::RequestId,
            Verdict::Reject(_) => Place::Reject,
            _ => Place::Drop,
        }
    }

    fn frame(&mut self, _peer: PeerId, bytes: &[u8]) -> bool {
        let is_last = bytes.first_chunk() == Some(&self.request_id.to_ne_bytes());
        self.frames.check_request_id(is_last) == Verdict::Envelope
    }

    fn whole(&mut self, _peer: PeerId) -> bool {
        self.frames.received() && self.turn.answered(()) && self.turn.take().is_ok()
    }

    fn unfit(&mut self, _peer: PeerId) {
        self.give_up();
    }

    fn prefix_len<M: Mechanism>(
        &self,
        connection: &Connection<M, &Config>,
        _envelope: &[u8],
    ) -> usize {
        connection.frame_len(size_of::<u32>()).saturating_add(connection.frame_len(0))
    }

    fn begin<'e, E>(&mut self, _envelope: &'e [u8]) -> Result<Option<Prefix<'e>>, Error<E>> {
        if !self.turn.may_ask() {
            return Err(Error::OutOfTurn(OutOfTurn::ReplyPending));
        }
        self.turn.ask(());
        self.request_id = self.request_id.wrapping_add(1);
        Ok(Some(Prefix::RequestId(self.request_id.to_ne_bytes())))
    }

    fn sent(&mut self) {
        self.turn.sent(());
    }

    fn may_receive<E>(&mut self) -> Result<(), Error<E>> {
        match self.turn.take() {
            Ok(_) => Ok(()),
            Err(TakeError::OutOfTurn(error)) => Err(Error::OutOfTurn(error)),
            Err(_) => Err(Error::PeerLost),
        }
    }
}
