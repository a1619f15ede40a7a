//! DEALER: sends to its peers in turn, receives from them in turn (RFC 28).

use zmtp_core::pattern::{Dealer, DealerPeer, Pattern as _, PeerId};
use zmtp_core::wire::SocketType;

use super::{Pattern, PeerContext};
use crate::message::Message;
use crate::monitor::CloseReason;
use crate::queue::QueuedMessage;
use crate::slots::Table;

/// Options of a DEALER.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DealerOptions {
    /// Each new peer gets an empty message (`ZMQ_PROBE_ROUTER`).
    pub(crate) probe: bool,
}

/// The rules of a DEALER.
#[derive(Debug)]
pub(crate) struct Rules {
    turns: Dealer<Table<DealerPeer>>,
    options: DealerOptions,
}

impl Rules {
    pub(super) fn new(options: DealerOptions, immediate: bool) -> Self {
        Self { turns: Dealer::new(Table::new(), immediate), options }
    }
}

impl Pattern for Rules {
    fn socket_type(&self) -> SocketType {
        SocketType::Dealer
    }

    fn keeps_unsent(&self) -> bool {
        true
    }

    fn attached(&mut self, peer: PeerId) {
        // A growing table always has room.
        let _ = self.turns.attached(peer);
    }

    fn connected(&mut self, peer: &mut PeerContext<'_>) -> Result<(), CloseReason> {
        let _ = self.turns.connected(peer.peer, &[]);
        if self.options.probe {
            peer.send(QueuedMessage::from(Message::from("")));
        }
        Ok(())
    }

    fn set_full(&mut self, peer: PeerId, full: bool) {
        self.turns.set_full(peer, full);
    }

    fn disconnected(&mut self, peer: &mut PeerContext<'_>, _: usize) {
        self.turns.disconnected(peer.peer);
    }

    fn closed(&mut self, peer: &mut PeerContext<'_>) {
        self.turns.closed(peer.peer);
    }

    fn queued(&mut self, peer: PeerId) {
        self.turns.received(peer);
    }

    fn take(&mut self) -> Option<PeerId> {
        self.turns.take().ok().flatten()
    }

    fn route(&mut self) -> Option<PeerId> {
        self.turns.route(&[]).ok()
    }

    fn can_receive(&self) -> bool {
        self.turns.may_take()
    }

    fn can_send(&self) -> bool {
        self.turns.may_route()
    }
}
