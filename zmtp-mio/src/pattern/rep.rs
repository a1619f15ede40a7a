//! REP: receives requests from its peers in turn and answers each (RFC 28).

use zmtp_core::pattern::{
    OutOfTurn, Pattern as _, PeerId, Rep, RepPeer, RouteError, TakeError, Verdict,
};
use zmtp_core::wire::{FrameHeader, SocketType};

use super::{Pattern, PeerContext};
use crate::monitor::CloseReason;
use crate::queue::Envelope;
use crate::slots::Table;

/// The rules of a REP.
#[derive(Debug)]
pub(crate) struct Rules {
    turns: Rep<Table<RepPeer>>,
    /// The envelope of the request that was taken last.
    envelope: Envelope,
}

impl Rules {
    pub(super) fn new() -> Self {
        Self { turns: Rep::new(Table::new()), envelope: Envelope::None }
    }

    /// The peer whose request is taken next; `None` if no request is queued.
    pub(crate) fn take_request(&mut self) -> Result<Option<PeerId>, TakeError> {
        self.turns.take()
    }

    /// Keeps the envelope of a request for its reply.
    pub(crate) fn set_envelope(&mut self, envelope: Envelope) {
        self.envelope = envelope;
    }

    /// The peer that the reply goes to, `None` if it has disconnected, and the reply's envelope.
    pub(crate) fn reply(&mut self) -> Result<(Option<PeerId>, Envelope), OutOfTurn> {
        let peer = match self.turns.route(&[]) {
            Ok(peer) => Some(peer),
            Err(RouteError::OutOfTurn(error)) => return Err(error),
            Err(_) => None,
        };
        Ok((peer, core::mem::take(&mut self.envelope)))
    }
}

impl Pattern for Rules {
    fn socket_type(&self) -> SocketType {
        SocketType::Rep
    }

    fn keeps_unsent(&self) -> bool {
        false
    }

    fn attached(&mut self, peer: PeerId) {
        // A growing table always has room.
        let _ = self.turns.attached(peer);
    }

    fn connected(&mut self, peer: &mut PeerContext<'_>) -> Result<(), CloseReason> {
        let _ = self.turns.connected(peer.peer, &[]);
        Ok(())
    }

    fn disconnected(&mut self, peer: &mut PeerContext<'_>, _: usize) {
        self.turns.disconnected(peer.peer);
    }

    fn closed(&mut self, peer: &mut PeerContext<'_>) {
        self.turns.closed(peer.peer);
    }

    fn accept(&mut self, peer: PeerId, frame: FrameHeader) -> Verdict {
        self.turns.accept(peer, frame, false)
    }

    fn queued(&mut self, peer: PeerId) {
        self.turns.received(peer);
    }

    fn can_receive(&self) -> bool {
        self.turns.may_take()
    }

    fn can_send(&self) -> bool {
        self.turns.may_route()
    }
}
