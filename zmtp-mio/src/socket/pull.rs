//! PULL: takes work in (RFC 30, `ZMQ_PULL`).

use std::time::Instant;

use zmtp_core::pattern::{FairPeer, PeerId};
use zmtp_core::wire::SocketType;

use super::common::{common, conflating, receiving};
use super::exchange;
use crate::engine::{Door, Pattern, Seat};
use crate::error::Error;
use crate::message::Message;
use crate::monitor::CloseReason;
use crate::options::Options;
use crate::slots::Table;

/// A socket that takes messages from its PUSH peers, one of each in turn. See
/// [`Push`](crate::Push).
#[derive(Debug)]
pub struct Pull {
    pub(super) engine: Seat<Rules>,
}

#[derive(Debug)]
pub(super) struct Rules(zmtp_core::pattern::Pull<Table<FairPeer>>);

impl Pattern for Rules {
    const SOCKET_TYPE: SocketType = SocketType::Pull;
    const KEEPS_UNSENT: bool = false;

    fn dialled(&mut self, peer: PeerId) {
        // A growing table always has room.
        let _ = self.0.attach(peer);
    }

    fn up(&mut self, door: &mut Door<'_>) -> Result<(), CloseReason> {
        if door.accepted {
            let _ = self.0.attach(door.peer);
        }
        Ok(())
    }

    fn down(&mut self, _: &mut Door<'_>, _: usize) {}

    fn closed(&mut self, door: &mut Door<'_>) {
        if !door.has_letters() {
            self.0.detach(door.peer);
        }
    }

    fn drained(&mut self, peer: PeerId) {
        self.0.detach(peer);
    }

    fn queued(&mut self, peer: PeerId) {
        self.0.received(peer);
    }
}

common!(Pull, ());
receiving!(Pull, "the next message");
conflating!(Pull);

impl Pull {
    fn with(options: Options, (): ()) -> Result<Self, Error> {
        let rules = zmtp_core::pattern::Pull::new(Table::new());
        Ok(Self { engine: Seat::new(Rules(rules), options)? })
    }

    fn recv_until(&mut self, deadline: Option<Instant>) -> Result<Option<Message>, Error> {
        exchange::receive(&mut self.engine.enter(), deadline, |rules| rules.0.take())
    }

    pub(super) fn ready(&self) -> (bool, bool) {
        let engine = self.engine.look();
        (engine.pattern.0.may_take(), false)
    }
}
