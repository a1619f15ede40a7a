//! REP: answers requests (RFC 28, `ZMQ_REP`).

use std::time::Instant;

use zmtp_core::pattern::{OutOfTurn, PeerId, RepPeer, Verdict};
use zmtp_core::wire::{FrameHeader, SocketType};

use super::common::{common, receiving};
use super::is_over;
use crate::engine::{Door, Envelope, Letter, Pattern, Refused, Seat};
use crate::error::{Error, SendError};
use crate::message::Message;
use crate::monitor::CloseReason;
use crate::options::Options;
use crate::slots::Table;

/// A socket that takes requests in turn from all its peers and answers each.
///
/// Receive, then send, strictly in turn. A reply to a peer that is gone is dropped and counted.
///
/// ```
/// use std::time::Duration;
/// use zmtp_mio::{Rep, Req};
///
/// let mut rep = Rep::builder().bind("tcp://127.0.0.1:*")?;
/// let endpoint = rep.endpoints().next().unwrap().to_string();
/// std::thread::spawn(move || {
///     let mut req = Req::builder().connect(&endpoint).unwrap();
///     let reply = req.request("ping", Duration::from_secs(5)).unwrap();
///     assert_eq!(reply.unwrap().text(), Ok("ping"));
/// });
/// if let Some(request) = rep.recv_timeout(Duration::from_secs(5))? {
///     rep.send(request)?;
/// }
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
#[derive(Debug)]
pub struct Rep {
    pub(super) engine: Seat<Rules>,
    /// The envelope of the request that was taken last.
    envelope: Envelope,
}

#[derive(Debug)]
pub(super) struct Rules(zmtp_core::pattern::Rep<Table<RepPeer>>);

impl Pattern for Rules {
    const SOCKET_TYPE: SocketType = SocketType::Rep;
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

    fn stale(&mut self, peer: PeerId) {
        self.0.forget(peer);
    }

    fn down(&mut self, door: &mut Door<'_>, _: usize) {
        self.0.unreachable(door.peer);
    }

    fn closed(&mut self, door: &mut Door<'_>) {
        match door.has_letters() {
            true => self.0.unreachable(door.peer),
            false => self.0.detach(door.peer),
        }
    }

    fn drained(&mut self, peer: PeerId) {
        self.0.detach(peer);
    }

    fn accept(&mut self, peer: PeerId, frame: FrameHeader) -> Verdict {
        self.0.accept(peer, frame)
    }

    fn queued(&mut self, peer: PeerId) {
        self.0.received(peer);
    }
}

common!(Rep, ());
receiving!(Rep, "the next request", within a time);

impl Rep {
    fn with(options: Options, (): ()) -> Result<Self, Error> {
        let rules = Rules(zmtp_core::pattern::Rep::new(Table::new()));
        Ok(Self { engine: Seat::new(rules, options)?, envelope: Envelope::None })
    }

    /// Receives the next request, waiting for it for ever.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfTurn`] before the last request was answered, [`Error::Woken`],
    /// [`Error::Stopped`], [`Error::Io`].
    pub fn recv(&mut self) -> Result<Message, Error> {
        loop {
            if let Some(request) = self.recv_until(None)? {
                return Ok(request);
            }
        }
    }

    /// Answers the last request. Never waits: if the peer is gone, or does not read and its queue
    /// is full, the reply is dropped and counted (RFC 28).
    ///
    /// # Errors
    ///
    /// [`Error::OutOfTurn`] if no request was received, [`Error::EmptyMessage`]; both give the
    /// message back.
    pub fn send(&mut self, reply: impl Into<Message>) -> Result<(), SendError> {
        let message = reply.into();
        if message.part_count() == 0 {
            return Err(SendError::new(Error::EmptyMessage, message));
        }
        let mut engine = self.engine.enter();
        let peer = match engine.pattern.0.reply() {
            Ok(peer) => peer,
            Err(error) => return Err(SendError::new(error.into(), message)),
        };
        let letter = Letter { envelope: core::mem::take(&mut self.envelope), message };
        let refused = match peer {
            Some(peer) => engine.send(peer, letter).err().map(|(refused, _)| refused),
            None => Some(Refused::Gone),
        };
        match refused {
            Some(Refused::Gone) => engine.dropped().peer_gone += 1,
            Some(Refused::Full) => engine.dropped().high_water_mark += 1,
            None => {}
        }
        Ok(())
    }

    fn recv_until(&mut self, deadline: Option<Instant>) -> Result<Option<Message>, Error> {
        let mut engine = self.engine.enter();
        if engine.pattern.0.may_reply() {
            return Err(OutOfTurn::ReplyDue.into());
        }
        engine.share()?;
        loop {
            if let Some(peer) = engine.pattern.0.take()?
                && let Some(letter) = engine.take(peer)
            {
                self.envelope = letter.envelope;
                return Ok(Some(letter.message));
            }
            engine.turn(deadline)?;
            if is_over(deadline) && !engine.pattern.0.may_take() {
                return Ok(None);
            }
        }
    }

    pub(super) fn ready(&self) -> (bool, bool) {
        let engine = self.engine.look();
        (engine.pattern.0.may_take(), engine.pattern.0.may_reply())
    }
}
