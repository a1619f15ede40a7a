//! REQ: a request, then its reply (RFC 28).

use zmtp_core::pattern::{self, Mode, PeerId, ReqPeer, RouteError, Single, TakeError, Verdict};
use zmtp_core::wire::FrameHeader;

use super::{ONLY, Place, Rules};
use crate::error::Fault;
use crate::message::Message;

/// Octets of the frame with a request id.
const ID: usize = 6;

/// REQ with one peer.
#[derive(Debug)]
pub struct Req(pattern::Req<Single<ReqPeer>>);

impl Req {
    #[inline(always)]
    pub(crate) fn new(request_id: u32) -> Self {
        // An id in front of each request (`ZMQ_REQ_CORRELATE`), which every REP returns: so that a
        // late reply is never taken for the next one's.
        let mode = Mode { correlate: true, ..Mode::default() };
        let mut rules = pattern::Req::new(Single::default(), mode, request_id);
        // There is room for the one.
        let _ = rules.attach(ONLY);
        Self(rules)
    }

    pub(crate) fn give_up(&mut self) {
        self.0.give_up();
    }
}

impl Rules for Req {
    fn up(&mut self, peer: PeerId) {
        self.0.up(peer);
    }

    fn down(&mut self, peer: PeerId) {
        self.0.down(peer);
        self.0.lost(peer);
    }

    fn judge(&mut self, peer: PeerId, header: FrameHeader, _first: bool) -> Place {
        match self.0.accept(peer, header) {
            Verdict::Deliver => Place::Part,
            Verdict::RequestId => Place::RequestId,
            Verdict::Reject(_) => Place::Reject,
            Verdict::Envelope | Verdict::Skip => Place::Drop,
        }
    }

    fn frame(&mut self, peer: PeerId, octets: &[u8]) -> bool {
        let id = octets.first_chunk().copied().unwrap_or_default();
        self.0.check_request_id(peer, id) == Verdict::Envelope
    }

    fn whole(&mut self, peer: PeerId, _message: Message<'_>) -> bool {
        self.0.received(peer) && self.0.take().is_ok()
    }

    fn unfit(&mut self, _peer: PeerId) {
        self.0.give_up();
    }

    fn prefix_len(&self, _envelope: usize) -> usize {
        ID.saturating_add(2)
    }

    fn begin<'e>(
        &mut self,
        _envelope: &'e [u8],
        room: &'e mut [u8; 8],
    ) -> Result<Option<&'e [u8]>, Fault> {
        self.0.route().map_err(|error| match error {
            RouteError::OutOfTurn(error) => Fault::OutOfTurn(error),
            _ => Fault::Closed,
        })?;
        let [a, b, c, d] = self.0.request_id().unwrap_or_default();
        *room = [1, 4, a, b, c, d, 1, 0];
        Ok(Some(room))
    }

    fn sent(&mut self) {
        self.0.sent(ONLY);
    }

    fn may_receive(&mut self) -> Result<(), Fault> {
        match self.0.take() {
            Ok(_) => Ok(()),
            Err(TakeError::OutOfTurn(error)) => Err(Fault::OutOfTurn(error)),
            Err(_) => Err(Fault::PeerLost),
        }
    }
}
