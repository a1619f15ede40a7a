//! PUSH: hands work out (RFC 30, `ZMQ_PUSH`).

use std::time::Instant;

use zmtp_core::pattern::{BalancePeer, PeerId, Reason, Verdict};
use zmtp_core::wire::{FrameHeader, SocketType};

use super::common::{common, conflating, corking, sending};
use super::exchange;
use crate::engine::{Door, Pattern, Seat};
use crate::error::{Error, SendError};
use crate::message::Message;
use crate::monitor::CloseReason;
use crate::options::Options;
use crate::slots::Table;

/// A socket that hands messages out to its PULL peers in turn.
///
/// A peer whose queue is full is skipped until it has room. Endpoints that are dialled get
/// messages before they are reached only while no peer is up; libzmq counts them in always. With no
/// peer that takes one, sending waits.
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Pull, Push};
///
/// let mut pull = Pull::builder().bind("tcp://127.0.0.1:*")?;
/// let mut push = Push::builder().connect(&pull.endpoints().next().unwrap().to_string())?;
/// push.send("work")?;
/// # std::thread::spawn(move || drop(push));
/// let work = pull.recv_timeout(Duration::from_secs(5))?;
/// assert_eq!(work.unwrap().text(), Ok("work"));
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
#[derive(Debug)]
pub struct Push {
    pub(super) engine: Seat<Rules>,
}

#[derive(Debug)]
pub(super) struct Rules(zmtp_core::pattern::Push<Table<BalancePeer>>);

impl Pattern for Rules {
    const SOCKET_TYPE: SocketType = SocketType::Push;
    const KEEPS_UNSENT: bool = true;

    fn dialled(&mut self, peer: PeerId) {
        // A growing table always has room.
        let _ = self.0.attach(peer);
    }

    fn up(&mut self, door: &mut Door<'_>) -> Result<(), CloseReason> {
        if door.accepted {
            let _ = self.0.attach(door.peer);
        }
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
        self.0.detach(door.peer);
    }

    fn drained(&mut self, _: PeerId) {}

    fn accept(&mut self, _: PeerId, _: FrameHeader) -> Verdict {
        Verdict::Reject(Reason::SendsOnly)
    }

    fn queued(&mut self, _: PeerId) {}
}

common!(Push, ());
sending!(Push, "to the next peer in turn", "for a peer that takes it");
corking!(Push);
conflating!(Push);

impl Push {
    fn with(options: Options, (): ()) -> Result<Self, Error> {
        let rules = zmtp_core::pattern::Push::new(Table::new(), options.immediate);
        Ok(Self { engine: Seat::new(Rules(rules), options)? })
    }

    fn send_until(&mut self, message: Message, deadline: Option<Instant>) -> Result<(), SendError> {
        exchange::send(&mut self.engine.enter(), message, deadline, |rules| rules.0.route())
    }

    pub(super) fn ready(&self) -> (bool, bool) {
        let engine = self.engine.look();
        (false, engine.pattern.0.may_route())
    }
}
