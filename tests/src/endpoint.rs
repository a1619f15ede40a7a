//! A connection with its pattern: a socket with one peer, without IO.

use std::collections::VecDeque;

use zmtp_core::mechanism::Mechanism;
use zmtp_core::pattern::{
    Fixed, Mode, OutOfTurn, Pattern, PeerId, Reason, Rep, RepPeer, Req, ReqPeer, RouteError,
    TakeError, Verdict,
};
use zmtp_core::wire::{FrameHeader, Metadata, Property, SocketType};
use zmtp_core::{Config, Error, IgnoredCommand, NullOrOlder, SendError};

use crate::driver::{Driver, Fetch, Lane, LogEntry};

/// A message, part by part.
pub type Message = Vec<Vec<u8>>;

const PEER: PeerId = PeerId::new(7, 3);

/// A socket with one peer.
#[derive(Debug)]
pub struct Endpoint<'c, M = NullOrOlder> {
    driver: Driver<'c, M>,
    rules: Rules,
    message: ReceivedMessage,
    inbox: VecDeque<ReceivedMessage>,
    /// The envelope of the request that the application is answering.
    asker: Message,
    identity: Vec<u8>,
    ignored: Vec<IgnoredCommand>,
    rejected: Vec<Reason>,
}

#[derive(Debug)]
enum Rules {
    /// Frames are the application's as they are.
    None,
    Rep(Rep<Fixed<RepPeer, 1>>),
    Req(Req<Fixed<ReqPeer, 1>>),
}

/// A message under assembly.
#[derive(Debug, Default)]
struct ReceivedMessage {
    envelope: Message,
    parts: Message,
}

/// Why the application may not send or receive.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "tests name each")]
pub enum EndpointError {
    /// The connection is not ready or has failed.
    Connection(SendError),
    /// It is not its turn.
    OutOfTurn(OutOfTurn),
    /// There is no peer.
    NoPeer,
    /// The peer is lost.
    PeerLost,
}

impl<'c> Endpoint<'c> {
    /// A socket of the configured type.
    pub fn new(config: &'c Config) -> Self {
        Self::with_mode(config, Mode::default(), 0)
    }

    /// A socket of the configured type; if it is a REQ, with this mode and ids behind `id`.
    pub fn with_mode(config: &'c Config, mode: Mode, id: u32) -> Self {
        Self::secured(NullOrOlder::new(), config, mode, id)
    }
}

impl<'c, M: Mechanism> Endpoint<'c, M> {
    /// A socket with a security mechanism, as [`Endpoint::with_mode`].
    pub fn secured(mechanism: M, config: &'c Config, mode: Mode, id: u32) -> Self {
        let rules = match config.socket_type {
            SocketType::Rep => Rules::Rep(Rep::new(Fixed::new())),
            SocketType::Req => Rules::Req(Req::new(Fixed::new(), mode, id)),
            _ => Rules::None,
        };
        Self {
            driver: Driver::secured(mechanism, config, Lane::Decode, Fetch::Eagerly),
            rules,
            message: ReceivedMessage::default(),
            inbox: VecDeque::new(),
            asker: Message::new(),
            identity: Vec::new(),
            ignored: Vec::new(),
            rejected: Vec::new(),
        }
    }

    /// Bytes of the peer arrive.
    pub fn arrive(&mut self, bytes: &[u8]) {
        self.driver.feed(bytes);
        for entry in self.driver.take_log() {
            match entry {
                LogEntry::Frame(header, body) => self.frame(header, body),
                LogEntry::Ignored(ignored) => self.ignored.push(ignored),
                LogEntry::Ready(metadata) => self.ready(&metadata),
                _ => {}
            }
        }
    }

    /// The application sends a message.
    ///
    /// # Errors
    ///
    /// [`EndpointError`].
    pub fn send(&mut self, message: &[Vec<u8>]) -> Result<(), EndpointError> {
        let envelope = match &mut self.rules {
            Rules::None => Message::new(),
            Rules::Rep(rep) => {
                match rep.route(&[]) {
                    Err(RouteError::PeerLost) => return Ok(()),
                    routed => routed?,
                };
                core::mem::take(&mut self.asker)
            }
            Rules::Req(req) => {
                let peer = req.route(&[])?;
                req.sent(peer);
                self.inbox.clear();
                let id = req.request_id().map(|id| id.to_vec());
                id.into_iter().chain([Vec::new()]).collect()
            }
        };
        let frames: Message = envelope.into_iter().chain(message.iter().cloned()).collect();
        self.driver.send(&frames).map_err(EndpointError::Connection)
    }

    /// The application takes a message, if there is one.
    ///
    /// # Errors
    ///
    /// [`EndpointError`].
    pub fn receive(&mut self) -> Result<Option<Message>, EndpointError> {
        let there = match &mut self.rules {
            Rules::None => true,
            Rules::Rep(rep) => rep.take()?.is_some(),
            Rules::Req(req) => req.take()?.is_some(),
        };
        let Some(message) = self.inbox.pop_front().filter(|_| there) else { return Ok(None) };
        self.asker = message.envelope;
        Ok(Some(message.parts))
    }

    /// The connection.
    pub const fn driver(&mut self) -> &mut Driver<'c, M> {
        &mut self.driver
    }

    /// The error the connection failed with.
    pub fn error(&self) -> Option<Error> {
        self.driver.connection().error()
    }

    /// The routing id that the peer announced.
    pub fn identity(&self) -> &[u8] {
        &self.identity
    }

    /// Commands that were ignored.
    pub fn ignored(&self) -> &[IgnoredCommand] {
        &self.ignored
    }

    /// Messages that the pattern rejected.
    pub fn rejected(&self) -> &[Reason] {
        &self.rejected
    }

    fn ready(&mut self, metadata: &[u8]) {
        let metadata = Metadata::new(metadata).expect("checked by the connection");
        self.identity = metadata.get(Property::IDENTITY).unwrap_or_default().to_vec();
        match &mut self.rules {
            Rules::None => {}
            Rules::Rep(rep) => drop(rep.connected(PEER, &[]).expect("room for one")),
            Rules::Req(req) => drop(req.connected(PEER, &[]).expect("room for one")),
        }
    }

    fn frame(&mut self, header: FrameHeader, body: Vec<u8>) {
        let mut verdict = match &mut self.rules {
            Rules::None => Verdict::Deliver,
            Rules::Rep(rep) => rep.accept(PEER, header, false),
            Rules::Req(req) => req.accept(PEER, header, false),
        };
        if let (Verdict::RequestId, Rules::Req(req)) = (verdict, &mut self.rules) {
            verdict = req.check(PEER, &body);
        }
        match verdict {
            Verdict::Deliver => self.message.parts.push(body),
            Verdict::Envelope => self.message.envelope.push(body),
            Verdict::Reject(reason) => {
                self.rejected.push(reason);
                self.message = ReceivedMessage::default();
                return;
            }
            verdict => assert_eq!(verdict, Verdict::Skip),
        }
        if header.is_final() && verdict == Verdict::Deliver {
            self.received();
        }
    }

    fn received(&mut self) {
        let message = core::mem::take(&mut self.message);
        let wanted = match &mut self.rules {
            Rules::None => true,
            Rules::Rep(rep) => rep.received(PEER),
            Rules::Req(req) => req.received(PEER),
        };
        if wanted {
            self.inbox.push_back(message);
        }
    }
}

impl From<RouteError> for EndpointError {
    fn from(error: RouteError) -> Self {
        match error {
            RouteError::OutOfTurn(turn) => Self::OutOfTurn(turn),
            _ => Self::NoPeer,
        }
    }
}

impl From<TakeError> for EndpointError {
    fn from(error: TakeError) -> Self {
        match error {
            TakeError::OutOfTurn(turn) => Self::OutOfTurn(turn),
            _ => Self::PeerLost,
        }
    }
}
