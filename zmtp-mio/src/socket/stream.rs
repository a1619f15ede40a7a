//! STREAM: TCP connections without a protocol (`ZMQ_STREAM`).

use core::time::Duration;
use std::collections::HashSet;
use std::time::Instant;

use zmtp_core::pattern::{PeerId, RouterPeer, Unroutable};
use zmtp_core::wire::{RoutingId, SocketType};

use super::common::{common, corking, receiving, sending};
use super::exchange::Wait;
use super::{Builder, exchange};
use crate::engine::{Door, Envelope, Letter, Pattern, Refused, Seat};
use crate::error::{Error, SendError};
use crate::message::Message;
use crate::monitor::CloseReason;
use crate::options::Options;
use crate::routing_ids::Names;
use crate::slots::Table;

/// A socket that speaks to anything on TCP, or a Unix socket, byte by byte.
///
/// Each connection has a routing id of five bytes, the first of them 0. What is received has two
/// parts: that id, and as many bytes as happened to arrive together. What is sent has the id in
/// front, and the bytes of the other parts go out as they are. Without bytes the message closes
/// the connection, after what was sent before.
///
/// Unless told [not to](Builder::notify), the socket says who comes and goes: a message of the id
/// and an empty part, for each. A connection that was dialled and is lost is dialled again, keeps
/// its id, and is announced again; what was not sent by then is dropped and counted. There is no
/// handshake, no heartbeat, and no limit to what a peer says in all: the high-water mark bounds
/// what waits to be taken, in reads.
///
/// ```
/// use core::time::Duration;
/// use std::io::{Read, Write};
/// use zmtp_mio::{Message, Stream};
///
/// let mut stream = Stream::builder().notify(false).bind("tcp://127.0.0.1:*")?;
/// let address = stream.endpoints().next().unwrap().to_string().replace("tcp://", "");
/// # let client = std::thread::spawn(move || {
/// let mut client = std::net::TcpStream::connect(address)?;
/// client.write_all(b"hello")?;
/// let mut answer = String::new();
/// client.read_to_string(&mut answer)?;
/// assert_eq!(answer, "goodbye");
/// # std::io::Result::Ok(())
/// # });
/// let message = stream.recv()?;
/// let who = message.part(0).unwrap();
/// stream.send(Message::from_parts([who, b"goodbye"]))?;
/// // Nothing to say closes.
/// stream.send(Message::from_parts([who, b""]))?;
/// # drop(stream);
/// # client.join().unwrap().unwrap();
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
#[derive(Debug)]
pub struct Stream {
    pub(super) engine: Seat<Rules>,
}

#[derive(Debug)]
pub(super) struct Rules {
    names: zmtp_core::pattern::Router<Table<RouterPeer>, Names>,
    own: Own,
    /// Peers that are connected.
    up: HashSet<PeerId>,
    /// What the next one that is dialled is called.
    name: Option<RoutingId>,
}

/// Settings of a STREAM alone.
#[derive(Clone, Copy, Debug, Default)]
#[expect(unnameable_types, reason = "set through the builder")]
pub struct Own {
    silent: bool,
}

impl Pattern for Rules {
    /// It routes as a ROUTER does, and tells nobody.
    const SOCKET_TYPE: SocketType = SocketType::Router;
    const KEEPS_UNSENT: bool = true;
    const RAW: bool = true;

    fn dialled(&mut self, peer: PeerId) {
        // Named before it is reached, so that messages may queue for it, and free to be given. A
        // growing table has room.
        let name = self.name.take();
        let _ = self.names.attach(peer, name.as_ref().map_or(&[], RoutingId::bytes));
    }

    fn up(&mut self, door: &mut Door<'_>) -> Result<(), CloseReason> {
        self.names.attach(door.peer, &[]).map_err(|_| CloseReason::RoutingIdInUse)?;
        self.up.insert(door.peer);
        self.notify(door);
        Ok(())
    }

    fn set_full(&mut self, peer: PeerId, full: bool) {
        self.names.set_full(peer, full);
    }

    fn down(&mut self, door: &mut Door<'_>, _: usize) {
        // An attempt that failed was never announced.
        if self.up.remove(&door.peer) {
            self.notify(door);
        }
    }

    fn closed(&mut self, door: &mut Door<'_>) {
        // Whoever was sent away is not spoken of: the id leads nowhere by then.
        let spoken_of = self.names.id(door.peer).is_some_and(|id| self.names.is_taken(id));
        if self.up.remove(&door.peer) && spoken_of {
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

    fn queued(&mut self, peer: PeerId) {
        self.names.received(peer);
    }
}

impl Rules {
    fn notify(&mut self, door: &mut Door<'_>) {
        if let Some(id) = self.names.id(door.peer).filter(|_| !self.own.silent) {
            door.deliver(Message::from_parts([id, b""]));
            self.names.received(door.peer);
        }
    }
}

common!(Stream, Own);
sending!(
    Stream,
    "to the connection that its first part names, or closes that one if there are no bytes behind. [`Error::Unroutable`] (`EHOSTUNREACH`) if there is none; otherwise it sends",
    "for room in that connection's queue"
);
receiving!(Stream, "what a connection says, its routing id in front");
corking!(Stream);

impl Builder<Stream> {
    /// Whether to say who comes and goes, by a message of the routing id and an empty part
    /// (`ZMQ_STREAM_NOTIFY`); true.
    #[must_use]
    pub const fn notify(mut self, notify: bool) -> Self {
        self.own.silent = !notify;
        self
    }
}

impl Stream {
    fn with(options: Options, own: Own) -> Result<Self, Error> {
        let names =
            zmtp_core::pattern::Router::new(Table::new(), Names::new(), fastrand::u32(..), false);
        Ok(Self {
            engine: Seat::new(Rules { names, own, up: HashSet::new(), name: None }, options)?,
        })
    }

    /// As [`Stream::connect`], and says what the connection is called (reading `ZMQ_ROUTING_ID`
    /// after `zmq_connect`). What is sent to it waits until it is established.
    ///
    /// # Errors
    ///
    /// Those of [`Stream::connect`].
    pub fn dial(&mut self, endpoint: &str) -> Result<RoutingId, Error> {
        let endpoint = crate::Endpoint::to_dial(endpoint)?;
        let mut engine = self.engine.enter();
        engine.check(&endpoint)?;
        let peer = engine.connect(endpoint);
        let id = engine.pattern.names.id(peer).and_then(RoutingId::new);
        Ok(id.unwrap_or(RoutingId::EMPTY))
    }

    /// As [`Stream::connect`], and calls the connection `id` (`ZMQ_CONNECT_ROUTING_ID`).
    ///
    /// # Errors
    ///
    /// [`Error::RoutingIdInUse`], and those of [`Stream::connect`].
    pub fn connect_as(&mut self, endpoint: &str, id: RoutingId) -> Result<(), Error> {
        let endpoint = crate::Endpoint::to_dial(endpoint)?;
        let mut engine = self.engine.enter();
        engine.check(&endpoint)?;
        if engine.pattern.names.is_taken(id.bytes()) {
            return Err(Error::RoutingIdInUse);
        }
        engine.pattern.name = Some(id);
        engine.connect(endpoint);
        Ok(())
    }

    /// As [`Stream::send_timeout`], with the routing id apart. No bytes close the connection.
    ///
    /// # Errors
    ///
    /// As [`Stream::send_timeout`]; the message that comes back begins with the routing id.
    pub fn send_to(
        &mut self,
        id: &[u8],
        bytes: impl AsRef<[u8]>,
        timeout: Duration,
    ) -> Result<(), SendError> {
        self.send_timeout(Message::from_parts([id, bytes.as_ref()]), timeout)
    }

    /// Closes a connection when what was sent to it is out. One that was dialled is not dialled
    /// again.
    ///
    /// # Errors
    ///
    /// [`Error::Unroutable`] if none is called so.
    pub fn close(&mut self, id: &[u8]) -> Result<(), Error> {
        let mut engine = self.engine.enter();
        let (Ok(peer) | Err(Unroutable::Full(peer))) = engine.pattern.names.route(id) else {
            return Err(Error::Unroutable);
        };
        // Nobody sends to it any more, and what it said can still be received.
        engine.pattern.names.mute(peer);
        engine.leave(peer);
        Ok(())
    }

    fn send_until(&mut self, message: Message, deadline: Option<Instant>) -> Result<(), SendError> {
        if message.part_count() < 2 {
            return Err(SendError::new(Error::EmptyMessage, message));
        }
        let id = message.part(0).unwrap_or_default();
        if message.len() == id.len() {
            return self.close(id).map_err(|error| SendError::new(error, message));
        }
        let mut letter = Letter { envelope: Envelope::Address, message: without_empty(message) };
        let mut engine = self.engine.enter();
        let mut wait = Wait::until(deadline);
        loop {
            let id = letter.message.part(0).unwrap_or_default();
            let error = match engine.pattern.names.route(id) {
                Ok(peer) => match engine.send(peer, letter) {
                    Ok(()) => return Ok(()),
                    Err((refused, back)) => {
                        letter = back;
                        match refused {
                            Refused::Gone => Error::Unroutable,
                            Refused::Full => Error::WouldBlock,
                        }
                    }
                },
                Err(Unroutable::Full(_)) => Error::WouldBlock,
                Err(_) => Error::Unroutable,
            };
            let error = match error {
                Error::WouldBlock => match wait.turn(&mut engine) {
                    Ok(()) => continue,
                    Err(error) => error,
                },
                error => error,
            };
            return Err(SendError::new(error, letter.message));
        }
    }

    fn recv_until(&mut self, deadline: Option<Instant>) -> Result<Option<Message>, Error> {
        exchange::receive(&mut self.engine.enter(), deadline, |rules| rules.names.take())
    }

    pub(super) fn ready(&self) -> (bool, bool) {
        let engine = self.engine.look();
        let names = &engine.pattern.names;
        (names.may_take(), names.may_route())
    }
}

/// Parts without bytes would never be through: they have nothing to write.
fn without_empty(message: Message) -> Message {
    if message.parts().skip(1).all(|part| !part.is_empty()) {
        return message;
    }
    let mut parts = message.parts();
    let id = parts.next().unwrap_or_default();
    core::iter::once(id).chain(parts.filter(|part| !part.is_empty())).collect()
}
