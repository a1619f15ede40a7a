//! ROUTER: sends to the peer that is named, says who sent what (RFC 28, `ZMQ_ROUTER`).

use core::time::Duration;
use std::collections::HashSet;
use std::time::Instant;

use zmtp_core::pattern::{PeerId, RouterPeer, Unroutable};
use zmtp_core::wire::{RoutingId, SocketType};

use super::common::{common, corking, probing, receiving, sending};
use super::exchange::Wait;
use super::{Builder, exchange};
use crate::engine::{Door, Envelope, Letter, Pattern, Received, Refused, Seat};
use crate::error::{Error, SendError};
use crate::message::Message;
use crate::monitor::CloseReason;
use crate::options::Options;
use crate::routing_ids::Names;
use crate::slots::Table;

/// A socket whose messages begin with a peer's routing id: of a message received, the sender's; of
/// one to send, the receiver's.
///
/// A peer that gives itself no routing id gets one of five bytes, the first of them 0. A peer
/// whose id another has is closed, with the event [`CloseReason::RoutingIdInUse`], unless ids are
/// [handed over](Builder::handover). A message to somebody unknown, or to a peer whose queue is
/// full, is dropped and counted, unless sending is [mandatory](Builder::mandatory).
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Dealer, Router};
///
/// let mut router = Router::builder().bind("tcp://127.0.0.1:*")?;
/// let endpoint = router.endpoints().next().unwrap().to_string();
/// let mut dealer = Dealer::builder().connect(&endpoint)?;
/// dealer.send("hello")?;
/// # let dealer = std::thread::spawn(move || {
/// #     dealer.recv_timeout(Duration::from_secs(5)).unwrap().unwrap()
/// # });
/// let message = router.recv_timeout(Duration::from_secs(5))?.unwrap();
/// let (who, what) = (message.part(0).unwrap(), message.part(1).unwrap());
/// assert_eq!(what, b"hello");
/// router.send([who, b"welcome"].iter().collect::<zmtp_mio::Message>())?;
/// # drop(router);
/// # assert_eq!(dealer.join().unwrap().text(), Ok("welcome"));
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
#[derive(Debug)]
pub struct Router {
    pub(super) engine: Seat<Rules>,
}

#[derive(Debug)]
pub(super) struct Rules {
    names: zmtp_core::pattern::Router<Table<RouterPeer>, Names>,
    own: Own,
    displaced: Option<PeerId>,
    /// Dialled peers that we have named: they are not asked.
    named: HashSet<PeerId>,
}

/// Settings of a ROUTER alone.
#[derive(Clone, Copy, Debug, Default)]
#[expect(unnameable_types, reason = "set through the builder")]
pub struct Own {
    mandatory: bool,
    handover: bool,
    probe: bool,
    notify_connect: bool,
    notify_disconnect: bool,
}

impl Pattern for Rules {
    const SOCKET_TYPE: SocketType = SocketType::Router;
    const KEEPS_UNSENT: bool = true;

    fn dialled(&mut self, _: PeerId) {}

    fn up(&mut self, door: &mut Door<'_>) -> Result<(), CloseReason> {
        let id = if self.named.contains(&door.peer) { &[] } else { door.routing_id };
        let attached = self.names.attach(door.peer, id);
        self.displaced = attached.map_err(|_| CloseReason::RoutingIdInUse)?.displaced;
        if self.own.probe {
            door.send(Letter::from(Message::from("")));
        }
        if self.own.notify_connect {
            self.notify(door);
        }
        Ok(())
    }

    fn displaced(&mut self) -> Option<PeerId> {
        self.displaced.take()
    }

    fn set_full(&mut self, peer: PeerId, full: bool) {
        self.names.set_full(peer, full);
    }

    fn down(&mut self, door: &mut Door<'_>, _: usize) {
        if self.own.notify_disconnect {
            self.notify(door);
        }
    }

    fn closed(&mut self, door: &mut Door<'_>) {
        self.named.remove(&door.peer);
        if self.own.notify_disconnect {
            self.notify(door);
        }
        match door.has_letters() {
            true => self.names.mute(door.peer),
            false => self.names.detach(door.peer),
        }
    }

    fn drained(&mut self, peer: PeerId) {
        self.names.detach(peer);
    }

    fn prefix(&self, peer: PeerId) -> Option<&[u8]> {
        self.names.id(peer)
    }

    fn received(&mut self, door: &mut Door<'_>, _: &Message) -> Result<Received, CloseReason> {
        let known = self.names.id(door.peer).is_some();
        Ok(if known { Received::Queue } else { Received::NotAsked })
    }

    fn queued(&mut self, peer: PeerId) {
        self.names.received(peer);
    }
}

impl Rules {
    fn notify(&mut self, door: &mut Door<'_>) {
        if let Some(id) = self.names.id(door.peer) {
            door.deliver(Message::from_parts([id, b""]));
            self.names.received(door.peer);
        }
    }
}

common!(Router, Own);
sending!(
    Router,
    "to the peer that its first part names",
    "for room in that peer's queue, if sending is [mandatory](Builder::mandatory): it never waits otherwise"
);
receiving!(Router, "the next message, its sender's routing id in front");
corking!(Router);
probing!(Router);

impl Builder<Router> {
    /// Tells of messages that have no way, instead of dropping them: [`Error::Unroutable`] if
    /// nobody is called so, and sending waits for a peer whose queue is full
    /// (`ZMQ_ROUTER_MANDATORY`).
    #[must_use]
    pub const fn mandatory(mut self, mandatory: bool) -> Self {
        self.own.mandatory = mandatory;
        self
    }

    /// Lets a newcomer take the routing id of a peer that has it; that peer is closed
    /// (`ZMQ_ROUTER_HANDOVER`).
    #[must_use]
    pub const fn handover(mut self, handover: bool) -> Self {
        self.own.handover = handover;
        self
    }

    /// Says who comes and goes: a message of the peer's routing id and an empty part
    /// (`ZMQ_ROUTER_NOTIFY`).
    #[must_use]
    pub const fn notify(mut self, connect: bool, disconnect: bool) -> Self {
        (self.own.notify_connect, self.own.notify_disconnect) = (connect, disconnect);
        self
    }
}

impl Router {
    fn with(options: Options, own: Own) -> Result<Self, Error> {
        let names = zmtp_core::pattern::Router::new(
            Table::new(),
            Names::new(),
            fastrand::u32(..),
            own.handover,
        );
        let rules = Rules { names, own, displaced: None, named: HashSet::new() };
        Ok(Self { engine: Seat::new(rules, options)? })
    }

    /// Dials an endpoint as [`Router::connect`] does, and calls whoever is there `id`, whatever it
    /// calls itself (`ZMQ_CONNECT_ROUTING_ID`). Messages may queue for it at once.
    ///
    /// # Errors
    ///
    /// [`Error::RoutingIdInUse`], and those of [`Router::connect`].
    pub fn connect_as(&mut self, endpoint: &str, id: RoutingId) -> Result<(), Error> {
        let endpoint = crate::Endpoint::to_dial(endpoint)?;
        let mut engine = self.engine.enter();
        if engine.pattern.names.is_taken(id.bytes()) {
            return Err(Error::RoutingIdInUse);
        }
        let peer = engine.connect(endpoint);
        let rules = &mut engine.pattern;
        rules.named.insert(peer);
        rules.names.attach(peer, id.bytes()).map_err(|_| Error::RoutingIdInUse)?;
        Ok(())
    }

    /// As [`Router::send_timeout`], with the routing id apart.
    ///
    /// # Errors
    ///
    /// As [`Router::send_timeout`]; the message that comes back begins with the routing id.
    pub fn send_to(
        &mut self,
        id: &[u8],
        message: impl Into<Message>,
        timeout: Duration,
    ) -> Result<(), SendError> {
        let mut addressed = Message::from(id);
        addressed.extend(message.into().parts());
        self.send_timeout(addressed, timeout)
    }

    fn send_until(&mut self, message: Message, deadline: Option<Instant>) -> Result<(), SendError> {
        if message.part_count() < 2 {
            return Err(SendError::new(Error::EmptyMessage, message));
        }
        let mut letter = Letter { envelope: Envelope::Address, message };
        let mut engine = self.engine.enter();
        let mandatory = engine.pattern.own.mandatory;
        if let Err(error) = engine.share_sending() {
            return Err(SendError::new(error, letter.message));
        }
        let mut wait = Wait::until(deadline);
        loop {
            let id = letter.message.part(0).unwrap_or_default();
            let refused = match engine.pattern.names.route(id) {
                Ok(peer) => match engine.send(peer, letter) {
                    Ok(()) => return Ok(()),
                    Err((refused, back)) => {
                        letter = back;
                        Some(refused)
                    }
                },
                Err(Unroutable::Full(_)) => Some(Refused::Full),
                Err(_) => None,
            };
            // It may have come just now.
            if refused.is_none() {
                match wait.look(&mut engine) {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(error) => return Err(SendError::new(error, letter.message)),
                }
            }
            let error = match refused {
                _ if !mandatory => {
                    let dropped = engine.dropped();
                    match refused {
                        Some(Refused::Full) => dropped.high_water_mark += 1,
                        Some(Refused::Gone) => dropped.peer_gone += 1,
                        None => dropped.unroutable += 1,
                    }
                    return Ok(());
                }
                Some(Refused::Full) => match wait.turn(&mut engine) {
                    Ok(()) => continue,
                    Err(error) => error,
                },
                _ => Error::Unroutable,
            };
            return Err(SendError::new(error, letter.message));
        }
    }

    fn recv_until(&mut self, deadline: Option<Instant>) -> Result<Option<Message>, Error> {
        exchange::receive(&mut self.engine.enter(), deadline, |rules| rules.names.take())
    }

    pub(super) fn ready(&self) -> (bool, bool) {
        let engine = self.engine.look();
        let rules = &engine.pattern;
        (rules.names.may_take(), !rules.own.mandatory || rules.names.may_route())
    }
}
