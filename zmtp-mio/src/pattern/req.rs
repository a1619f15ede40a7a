//! REQ: sends a request and receives its reply (RFC 28).

use zmtp_core::pattern::{
    Mode, Pattern as _, PeerId, Req, ReqPeer, RouteError, TakeError, Verdict,
};
use zmtp_core::wire::{FrameHeader, SocketType};

use super::{Pattern, PeerContext, Received};
use crate::message::Message;
use crate::monitor::CloseReason;
use crate::queue::Envelope;
use crate::slots::Table;

/// The rules of a REQ.
#[derive(Debug)]
pub(crate) struct Rules(Req<Table<ReqPeer>>);

impl Rules {
    pub(super) fn new(mode: Mode) -> Self {
        Self(Req::new(Table::new(), mode, fastrand::u32(..)))
    }

    pub(crate) const fn mode(&self) -> Mode {
        self.0.mode()
    }

    /// The peer that the next request goes to.
    pub(crate) fn route_request(&mut self) -> Result<PeerId, RouteError> {
        self.0.route(&[])
    }

    /// The envelope of the request that was routed last.
    pub(crate) fn envelope(&self) -> Envelope {
        match self.0.request_id() {
            Some(id) => Envelope::Frames(Box::new(Message::from_parts([&id[..], b""]))),
            None => Envelope::Delimiter,
        }
    }

    /// The peer whose reply is taken next; `None` if the reply has not arrived.
    pub(crate) fn take_reply(&mut self) -> Result<Option<PeerId>, TakeError> {
        self.0.take()
    }

    /// Gives the last request up. Returns the peer that may still answer it.
    pub(crate) fn give_up(&mut self) -> Option<PeerId> {
        self.0.give_up()
    }
}

impl Pattern for Rules {
    fn socket_type(&self) -> SocketType {
        SocketType::Req
    }

    fn keeps_unsent(&self) -> bool {
        true
    }

    fn attached(&mut self, peer: PeerId) {
        // A growing table always has room.
        let _ = self.0.attached(peer);
    }

    fn connected(&mut self, peer: &mut PeerContext<'_>) -> Result<(), CloseReason> {
        let _ = self.0.connected(peer.peer, &[]);
        Ok(())
    }

    fn reroute(&mut self) -> Option<(PeerId, PeerId)> {
        self.0.reroute()
    }

    fn sent(&mut self, peer: PeerId) {
        self.0.sent(peer);
    }

    fn disconnected(&mut self, peer: &mut PeerContext<'_>, unsent: usize) {
        if unsent == 0 {
            self.0.sent(peer.peer);
        }
        self.0.disconnected(peer.peer);
    }

    fn closed(&mut self, peer: &mut PeerContext<'_>) {
        self.0.closed(peer.peer);
    }

    fn accept(&mut self, peer: PeerId, frame: FrameHeader) -> Verdict {
        self.0.accept(peer, frame, false)
    }

    fn check(&mut self, peer: PeerId, id: [u8; 4]) -> Verdict {
        self.0.check(peer, &id)
    }

    fn received(
        &mut self,
        peer: &mut PeerContext<'_>,
        _: &Message,
    ) -> Result<Received, CloseReason> {
        let due = self.0.received(peer.peer);
        Ok(if due { Received::Queue } else { Received::NotAsked })
    }

    // There is one reply, and `received` has counted it.
    fn queued(&mut self, _: PeerId) {}

    fn can_receive(&self) -> bool {
        self.0.may_take()
    }

    fn can_send(&self) -> bool {
        self.0.may_route()
    }
}
