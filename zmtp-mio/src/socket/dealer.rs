//! DEALER: sends in turn, receives in turn (RFC 28, `ZMQ_DEALER`).

use std::time::Instant;

use zmtp_core::pattern::{DealerPeer, PeerId};
use zmtp_core::wire::SocketType;

use super::common::{common, conflating, corking, probing, receiving, sending};
use super::exchange;
use crate::engine::{Door, Letter, Pattern, Seat};
use crate::error::{Error, SendError};
use crate::message::Message;
use crate::monitor::CloseReason;
use crate::options::Options;
use crate::slots::Table;

/// A socket that sends to its peers in turn and receives from them in turn, in any order.
///
/// Messages are the application's as they are: who talks to a REP puts an empty part in front. The
/// turns are those of [`Push`](crate::Push) and [`Pull`](crate::Pull).
#[derive(Debug)]
pub struct Dealer {
    pub(super) engine: Seat<Rules>,
}

#[derive(Debug)]
pub(super) struct Rules {
    turns: zmtp_core::pattern::Dealer<Table<DealerPeer>>,
    probe: bool,
}

impl Pattern for Rules {
    const SOCKET_TYPE: SocketType = SocketType::Dealer;
    const KEEPS_UNSENT: bool = true;

    fn dialled(&mut self, peer: PeerId) {
        // A growing table always has room.
        let _ = self.turns.attach(peer);
    }

    fn up(&mut self, door: &mut Door<'_>) -> Result<(), CloseReason> {
        if door.accepted {
            let _ = self.turns.attach(door.peer);
        }
        self.turns.set_up(door.peer, true);
        if self.probe {
            door.send(Letter::from(Message::from("")));
        }
        Ok(())
    }

    fn set_full(&mut self, peer: PeerId, full: bool) {
        self.turns.set_full(peer, full);
    }

    fn down(&mut self, door: &mut Door<'_>, _: usize) {
        self.turns.set_up(door.peer, false);
    }

    fn closed(&mut self, door: &mut Door<'_>) {
        match door.has_letters() {
            true => self.turns.mute(door.peer),
            false => self.turns.detach(door.peer),
        }
    }

    fn drained(&mut self, peer: PeerId) {
        self.turns.detach(peer);
    }

    fn queued(&mut self, peer: PeerId) {
        self.turns.received(peer);
    }
}

common!(Dealer, Own);
sending!(Dealer, "to the next peer in turn", "for a peer that takes it");
receiving!(Dealer, "the next message");
corking!(Dealer);
conflating!(Dealer);
probing!(Dealer);

/// Settings of a DEALER alone.
#[derive(Clone, Copy, Debug, Default)]
#[expect(unnameable_types, reason = "set through the builder")]
pub struct Own {
    probe: bool,
}

impl Dealer {
    fn with(options: Options, own: Own) -> Result<Self, Error> {
        let turns = zmtp_core::pattern::Dealer::new(Table::new(), options.immediate);
        Ok(Self { engine: Seat::new(Rules { turns, probe: own.probe }, options)? })
    }

    fn send_until(&mut self, message: Message, deadline: Option<Instant>) -> Result<(), SendError> {
        exchange::send(&mut self.engine.enter(), message, deadline, |rules| rules.turns.route())
    }

    fn recv_until(&mut self, deadline: Option<Instant>) -> Result<Option<Message>, Error> {
        exchange::receive(&mut self.engine.enter(), deadline, |rules| rules.turns.take())
    }

    pub(super) fn ready(&self) -> (bool, bool) {
        let engine = self.engine.look();
        let turns = &engine.pattern.turns;
        (turns.may_take(), turns.may_route())
    }
}
