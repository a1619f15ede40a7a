//! PAIR: one peer, both ways (RFC 31, `ZMQ_PAIR`).

use std::time::Instant;

use zmtp_core::pattern::PeerId;
use zmtp_core::wire::SocketType;

use super::common::{common, corking, receiving, sending};
use super::exchange;
use crate::engine::{Door, Pattern, Received, Seat};
use crate::error::{Error, SendError};
use crate::message::Message;
use crate::monitor::CloseReason;
use crate::options::Options;

/// A socket with one peer.
///
/// The first peer is the only one until it is gone for good; a second connection is closed with the
/// event [`CloseReason::PairTaken`], and tries again if it was dialled. libzmq keeps such a
/// connection and ignores it.
#[derive(Debug)]
pub struct Pair {
    pub(super) engine: Seat<Rules>,
}

#[derive(Debug)]
pub(super) struct Rules(zmtp_core::pattern::Pair);

impl Pattern for Rules {
    const SOCKET_TYPE: SocketType = SocketType::Pair;
    const KEEPS_UNSENT: bool = true;

    fn dialled(&mut self, peer: PeerId) {
        // A second one has its chance at its handshake.
        let _ = self.0.attach(peer);
    }

    fn up(&mut self, door: &mut Door<'_>) -> Result<(), CloseReason> {
        self.0.attach(door.peer).map_err(|_| CloseReason::PairTaken)?;
        self.0.set_up(door.peer, true);
        Ok(())
    }

    fn set_full(&mut self, peer: PeerId, full: bool) {
        self.0.set_full(peer, full);
    }

    fn down(&mut self, door: &mut Door<'_>, _: usize) {
        self.0.set_up(door.peer, false);
    }

    fn closed(&mut self, door: &mut Door<'_>) {
        match door.has_letters() {
            true => self.0.mute(door.peer),
            false => self.0.detach(door.peer),
        }
    }

    fn drained(&mut self, peer: PeerId) {
        self.0.detach(peer);
    }

    fn received(&mut self, door: &mut Door<'_>, _: &Message) -> Result<Received, CloseReason> {
        Ok(if self.0.received(door.peer) { Received::Queue } else { Received::NotAsked })
    }

    // Counted when it was judged: a PAIR has no turns.
    fn queued(&mut self, _: PeerId) {}
}

common!(Pair, ());
sending!(Pair, "to the peer", "until the peer takes it");
receiving!(Pair, "the next message");
corking!(Pair);

impl Pair {
    fn with(options: Options, (): ()) -> Result<Self, Error> {
        let rules = zmtp_core::pattern::Pair::new(options.immediate);
        Ok(Self { engine: Seat::new(Rules(rules), options)? })
    }

    fn send_until(&mut self, message: Message, deadline: Option<Instant>) -> Result<(), SendError> {
        exchange::send(&mut self.engine.enter(), message, deadline, |rules| rules.0.route())
    }

    fn recv_until(&mut self, deadline: Option<Instant>) -> Result<Option<Message>, Error> {
        exchange::receive(&mut self.engine.enter(), deadline, |rules| rules.0.take())
    }

    pub(super) fn ready(&self) -> (bool, bool) {
        let engine = self.engine.look();
        let rules = &engine.pattern.0;
        (rules.may_take(), rules.route().is_some())
    }
}
