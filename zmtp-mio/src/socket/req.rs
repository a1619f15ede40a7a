//! REQ: asks and waits for the answer (RFC 28, `ZMQ_REQ`).

use core::time::Duration;
use std::time::Instant;

use zmtp_core::pattern::{Mode, OutOfTurn, PeerId, ReqPeer, RouteError, TakeError, Verdict};
use zmtp_core::wire::{FrameHeader, SocketType};

use super::common::{common, receiving};
use super::{Builder, deadline, is_over};
use crate::engine::{Door, Envelope, Letter, Pattern, Received, Seat};
use crate::error::{Error, SendError};
use crate::message::Message;
use crate::monitor::CloseReason;
use crate::options::Options;
use crate::slots::Table;

/// A socket that asks its peers in turn and takes the answer of the one asked.
///
/// Unlike libzmq's it never wedges: if the peer asked is gone, receiving says so once
/// ([`Error::PeerLost`]) and the next request may be sent. [`Req::request`] is the paved path: it
/// ends ready for the next request whatever happens.
///
/// | | reply within the time | peer lost | time is over |
/// |---|---|---|---|
/// | `request` | `Some(reply)` | `Err(PeerLost)` | `None`; ready for the next |
/// | `send`, then `recv_timeout` | `Some(reply)` | `Err(PeerLost)`; ready for the next | `None`; still waiting: receive again |
#[derive(Debug)]
pub struct Req {
    pub(super) engine: Seat<Rules>,
}

#[derive(Debug)]
pub(super) struct Rules(zmtp_core::pattern::Req<Table<ReqPeer>>);

impl Pattern for Rules {
    const SOCKET_TYPE: SocketType = SocketType::Req;
    const KEEPS_UNSENT: bool = true;

    fn dialled(&mut self, peer: PeerId) {
        // A growing table always has room.
        let _ = self.0.attach(peer);
    }

    fn up(&mut self, door: &mut Door<'_>) -> Result<(), CloseReason> {
        if door.accepted {
            let _ = self.0.attach(door.peer);
        }
        self.0.up(door.peer);
        Ok(())
    }

    fn reroute(&mut self) -> Option<(PeerId, PeerId)> {
        self.0.reroute()
    }

    fn sent(&mut self, peer: PeerId) {
        self.0.sent(peer);
    }

    fn down(&mut self, door: &mut Door<'_>, unsent: usize) {
        self.0.down(door.peer);
        // A request that did not go out yet goes to the next connection.
        if unsent == 0 {
            self.0.lost(door.peer);
        }
    }

    fn closed(&mut self, door: &mut Door<'_>) {
        self.0.detach(door.peer);
    }

    fn drained(&mut self, _: PeerId) {}

    fn accept(&mut self, peer: PeerId, frame: FrameHeader) -> Verdict {
        self.0.accept(peer, frame)
    }

    fn check_request_id(&mut self, peer: PeerId, id: [u8; 4]) -> Verdict {
        self.0.check_request_id(peer, id)
    }

    fn received(&mut self, door: &mut Door<'_>, _: &Message) -> Result<Received, CloseReason> {
        let due = self.0.received(door.peer);
        Ok(if due { Received::Queue } else { Received::NotAsked })
    }

    // There is one reply, and it was noted when it was judged.
    fn queued(&mut self, _: PeerId) {}
}

common!(Req, Mode);
receiving!(Req, "the reply to the last request", within a time);

impl Builder<Req> {
    /// Lets a new request be sent before the reply of the last, which is given up then
    /// (`ZMQ_REQ_RELAXED`). A late reply of the same peer would pass for the new one's: use it
    /// with [`Builder::correlate`].
    #[must_use]
    pub const fn relaxed(mut self, relaxed: bool) -> Self {
        self.own.relaxed = relaxed;
        self
    }

    /// Puts an id in front of each request and takes only replies that bring it back
    /// (`ZMQ_REQ_CORRELATE`). Any REP brings it back; a ROUTER must keep the whole envelope.
    #[must_use]
    pub const fn correlate(mut self, correlate: bool) -> Self {
        self.own.correlate = correlate;
        self
    }
}

impl Req {
    fn with(options: Options, mode: Mode) -> Result<Self, Error> {
        let rules = Rules(zmtp_core::pattern::Req::new(Table::new(), mode, fastrand::u32(..)));
        Ok(Self { engine: Seat::new(rules, options)? })
    }

    /// Sends a request and waits up to `timeout` for its reply; `None` if the time is over before.
    ///
    /// Ends ready for the next request whatever happens, and a late reply never passes for a
    /// newer one's: a request that did not go out is taken back; for one that did, the
    /// connection is closed and dialled again, as the Guide's Lazy Pirate does, unless requests
    /// carry ids ([`Builder::correlate`]). An earlier request that is still waiting is given up
    /// likewise.
    ///
    /// # Errors
    ///
    /// [`Error::PeerLost`] if the peer asked is gone: whether it acted on the request is not
    /// known. [`Error::EmptyMessage`], [`Error::Woken`], [`Error::Stopped`], [`Error::Io`].
    pub fn request(
        &mut self,
        request: impl Into<Message>,
        timeout: Duration,
    ) -> Result<Option<Message>, Error> {
        let deadline = deadline(Some(timeout));
        self.give_up();
        let result = match self.send_until(request.into(), deadline) {
            Ok(()) => self.recv_until(deadline),
            Err(SendError { error: Error::WouldBlock, .. }) => Ok(None),
            Err(SendError { error, .. }) => Err(error),
        };
        self.give_up();
        result
    }

    /// Sends a request, waiting for ever for a peer to send it to. Endpoints that are connected
    /// to count as peers before they are reached: the request waits for them, and goes to
    /// whichever is reached first.
    ///
    /// # Errors
    ///
    /// Each gives the message back: [`Error::OutOfTurn`] before the last reply was received,
    /// [`Error::EmptyMessage`], [`Error::WouldBlock`] if the peer's queue is full,
    /// [`Error::Woken`], [`Error::Stopped`], [`Error::Io`].
    pub fn send(&mut self, request: impl Into<Message>) -> Result<(), SendError> {
        self.send_until(request.into(), None)
    }

    /// As [`Req::send`], waiting up to `timeout`.
    ///
    /// # Errors
    ///
    /// As [`Req::send`], and [`Error::WouldBlock`] if there was no peer in time.
    pub fn send_timeout(
        &mut self,
        request: impl Into<Message>,
        timeout: Duration,
    ) -> Result<(), SendError> {
        self.send_until(request.into(), deadline(Some(timeout)))
    }

    /// As [`Req::send`], without waiting.
    ///
    /// # Errors
    ///
    /// As [`Req::send_timeout`].
    pub fn try_send(&mut self, request: impl Into<Message>) -> Result<(), SendError> {
        self.send_timeout(request, Duration::ZERO)
    }

    /// Receives the reply to the last request, waiting for ever.
    ///
    /// # Errors
    ///
    /// [`Error::PeerLost`] once if the peer asked is gone; a new request may be sent then.
    /// [`Error::OutOfTurn`] if no request was sent, [`Error::Woken`], [`Error::Stopped`],
    /// [`Error::Io`].
    pub fn recv(&mut self) -> Result<Message, Error> {
        loop {
            if let Some(reply) = self.recv_until(None)? {
                return Ok(reply);
            }
        }
    }

    fn send_until(&mut self, message: Message, deadline: Option<Instant>) -> Result<(), SendError> {
        if message.part_count() == 0 {
            return Err(SendError::new(Error::EmptyMessage, message));
        }
        if self.engine.look().pattern.0.mode().relaxed {
            self.supersede();
        }
        let mut engine = self.engine.enter();
        // What came unasked must be seen, and discarded, before the request goes out: afterwards it
        // would pass for the reply.
        if engine.pattern.0.may_route()
            && let Err(error) = engine.turn(Some(Instant::now()))
        {
            return Err(SendError::new(error, message));
        }
        let peer = loop {
            let error = match engine.pattern.0.route() {
                Ok(peer) => break peer,
                Err(RouteError::NoPeer) if is_over(deadline) => Error::WouldBlock,
                Err(RouteError::NoPeer) => match engine.turn(deadline) {
                    Ok(()) => continue,
                    Err(error) => error,
                },
                Err(RouteError::OutOfTurn(error)) => error.into(),
                Err(_) => Error::WouldBlock,
            };
            return Err(SendError::new(error, message));
        };
        let envelope = match engine.pattern.0.request_id() {
            Some(id) => Envelope::Frames(Box::new(Message::from_parts([&id[..], b""]))),
            None => Envelope::Delimiter,
        };
        engine.send(peer, Letter { envelope, message }).map_err(|(_, letter)| {
            engine.pattern.0.give_up();
            SendError::new(Error::WouldBlock, letter.message)
        })
    }

    /// Gives the last request up: what of it did not go out is taken back, and a reply that came
    /// unseen is dropped. Returns the peer that may still answer it.
    fn supersede(&mut self) -> Option<PeerId> {
        let mut engine = self.engine.enter();
        if let Ok(Some(peer)) = engine.pattern.0.take()
            && engine.take(peer).is_some()
        {
            engine.dropped().not_asked += 1;
        }
        let asked = engine.pattern.0.give_up()?;
        let unsent = engine.unqueue(asked).is_some();
        engine.dropped().given_up += u64::from(unsent);
        (!unsent).then_some(asked)
    }

    /// Gives the last request up, if it is not answered: a new one may be sent, and no late reply
    /// passes for its own. See [`Req::request`] for how; it does so by itself.
    pub fn give_up(&mut self) {
        if let Some(peer) = self.supersede() {
            let mut engine = self.engine.enter();
            if !engine.pattern.0.mode().correlate {
                engine.reset(peer);
            }
        }
    }

    fn recv_until(&mut self, deadline: Option<Instant>) -> Result<Option<Message>, Error> {
        let mut engine = self.engine.enter();
        loop {
            match engine.pattern.0.take() {
                Ok(None) => {}
                Ok(Some(peer)) => {
                    return Ok(engine.take(peer).map(|letter| letter.message));
                }
                Err(TakeError::OutOfTurn(error)) => return Err(error.into()),
                Err(TakeError::PeerLost) => return Err(Error::PeerLost),
                Err(_) => return Err(OutOfTurn::NoRequestSent.into()),
            }
            engine.turn(deadline)?;
            if is_over(deadline) && !engine.pattern.0.may_take() {
                return Ok(None);
            }
        }
    }

    pub(super) fn ready(&self) -> (bool, bool) {
        let engine = self.engine.look();
        (engine.pattern.0.may_take(), engine.pattern.0.may_route())
    }
}
