//! REP: takes a request and answers it (RFC 28).

use zmtp_core::pattern::{self, Fixed, OutOfTurn, PeerId, RepPeer, Verdict};
use zmtp_core::wire::FrameHeader;

use super::{Place, Rules};
use crate::error::Fault;
use crate::message::Message;

/// REP with up to `N` peers.
#[derive(Debug)]
pub struct Rep<const N: usize = 1>(pattern::Rep<Fixed<RepPeer, N>>);

impl<const N: usize> Rep<N> {
    pub(crate) const fn new() -> Self {
        Self(pattern::Rep::new(Fixed::new()))
    }
}

impl<const N: usize> Rules for Rep<N> {
    fn up(&mut self, peer: PeerId) {
        // The table has room for all links.
        let _ = self.0.attach(peer);
    }

    fn down(&mut self, peer: PeerId) {
        self.0.detach(peer);
    }

    fn judge(&mut self, peer: PeerId, header: FrameHeader, _first: bool) -> Place {
        match self.0.accept(peer, header) {
            Verdict::Deliver => Place::Part,
            Verdict::Envelope => Place::Envelope,
            Verdict::Reject(_) => Place::Reject,
            Verdict::RequestId | Verdict::Skip => Place::Drop,
        }
    }

    fn whole(&mut self, peer: PeerId, _message: Message<'_>) -> bool {
        self.0.received(peer);
        matches!(self.0.take(), Ok(Some(_)))
    }

    fn prefix_len(&self, envelope: usize) -> usize {
        envelope
    }

    fn begin<'e>(
        &mut self,
        envelope: &'e [u8],
        _room: &'e mut [u8; 8],
    ) -> Result<Option<&'e [u8]>, Fault> {
        // Who is gone gets no reply.
        self.0.reply().map(|peer| peer.map(|_| envelope)).map_err(Fault::OutOfTurn)
    }

    fn may_receive(&mut self) -> Result<(), Fault> {
        if self.0.may_reply() { Err(Fault::OutOfTurn(OutOfTurn::ReplyDue)) } else { Ok(()) }
    }
}
