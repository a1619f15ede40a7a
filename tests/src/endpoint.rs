//! A connection with its pattern: a socket with one peer, without IO.

mod rules;

use std::collections::VecDeque;

use zmtp_core::mechanism::Mechanism;
use zmtp_core::pattern::{
    Mode, OutOfTurn, Pattern, PeerId, Reason, RouteError, TakeError, Verdict,
};
use zmtp_core::wire::{FrameHeader, Group, Metadata, Property};
use zmtp_core::{Config, Error, IgnoredCommand, NullOrOlder, SendError, Subscription};

use crate::driver::{Driver, Fetch, Lane, LogEntry};
use rules::Rules;

/// A message, part by part.
pub type Message = Vec<Vec<u8>>;

const PEER: PeerId = PeerId::new(7, 3);

/// A socket with one peer.
#[derive(Debug)]
pub struct Endpoint<'c, M = NullOrOlder> {
    driver: Driver<'c, M>,
    rules: Rules,
    message: ReceivedMessage,
    in_message: bool,
    /// The current message is rejected.
    skipping: bool,
    inbox: VecDeque<ReceivedMessage>,
    /// The envelope of the request that the application is answering.
    asker: Message,
    identity: Vec<u8>,
    ignored: Vec<IgnoredCommand>,
    rejected: Vec<Reason>,
    /// A message of the peer violated the protocol: the connection is closed.
    closed: bool,
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
        Self {
            driver: Driver::secured(mechanism, config, Lane::Decode, Fetch::Eagerly),
            rules: Rules::of(config.socket_type, mode, id),
            message: ReceivedMessage::default(),
            in_message: false,
            skipping: false,
            inbox: VecDeque::new(),
            asker: Message::new(),
            identity: Vec::new(),
            ignored: Vec::new(),
            rejected: Vec::new(),
            closed: false,
        }
    }

    /// Bytes of the peer arrive.
    pub fn arrive(&mut self, bytes: &[u8]) {
        self.driver.feed(bytes);
        for entry in self.driver.take_log() {
            match entry {
                _ if self.closed => {}
                LogEntry::Frame(header, body) => self.frame(header, body),
                LogEntry::Ignored(ignored) => self.ignored.push(ignored),
                LogEntry::Ready(metadata) => self.ready(&metadata),
                LogEntry::Cancel(topic) => self.subscription(Subscription::Cancel, &topic),
                LogEntry::Subscribe(topic) => self.subscription(Subscription::Subscribe, &topic),
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
            Rules::None | Rules::Dish(_) => Message::new(),
            Rules::Other(rules) => {
                let id = rules.routing_id(PEER).unwrap_or_default().to_vec();
                rules.route(&id)?;
                Message::new()
            }
            Rules::Radio(radio) => {
                let mut members = 0;
                radio.members(&message[0], |_| members += 1);
                if members == 0 {
                    return Ok(());
                }
                Message::new()
            }
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
        let there = match self.rules.pattern() {
            None => true,
            Some(rules) => rules.take()?.is_some(),
        };
        let Some(message) = self.inbox.pop_front().filter(|_| there) else { return Ok(None) };
        self.asker = message.envelope;
        Ok(Some(message.parts))
    }

    /// A DISH joins a group.
    ///
    /// # Panics
    ///
    /// If it is another type, the group is not valid or joined already, or the connection is not ready.
    pub fn join(&mut self, group: &[u8]) {
        let Rules::Dish(dish) = &mut self.rules else { panic!("only a DISH joins groups") };
        dish.join(Group::new(group).expect("a group")).expect("not joined");
        self.driver.subscribe(Subscription::Subscribe, group).expect("ready");
    }

    /// A DISH leaves a group.
    ///
    /// # Panics
    ///
    /// If it is another type, the group is not joined, or the connection is not ready.
    pub fn leave(&mut self, group: &[u8]) {
        let Rules::Dish(dish) = &mut self.rules else { panic!("only a DISH leaves groups") };
        assert!(dish.leave(Group::new(group).expect("a group")));
        self.driver.subscribe(Subscription::Cancel, group).expect("ready");
    }

    /// Whether a message of the peer violated the protocol, so that the connection is closed.
    pub const fn is_closed(&self) -> bool {
        self.closed
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
        if let Some(rules) = self.rules.pattern() {
            rules.connected(PEER, &[]).expect("room for one");
        }
    }

    fn subscription(&mut self, what: Subscription, topic: &[u8]) {
        if let Some(rules) = self.rules.pattern() {
            rules.subscription(PEER, what, topic).expect("room for a group");
        }
    }

    fn frame(&mut self, header: FrameHeader, body: Vec<u8>) {
        let first = !core::mem::replace(&mut self.in_message, !header.is_final());
        let mut verdict = Verdict::Deliver;
        if let Some(rules) = self.rules.pattern() {
            verdict = match rules.accept(PEER, header, first) {
                _ if self.skipping && !first => Verdict::Skip,
                Verdict::RequestId | Verdict::Subject => rules.check(PEER, &body),
                verdict => verdict,
            };
        }
        self.skipping = matches!(verdict, Verdict::Reject(_) | Verdict::Skip);
        match verdict {
            Verdict::Deliver => self.message.parts.push(body),
            Verdict::Envelope => self.message.envelope.push(body),
            Verdict::Reject(reason) => {
                self.rejected.push(reason);
                self.closed = reason.ends_connection();
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
        let wanted = self.rules.pattern().is_none_or(|rules| rules.received(PEER));
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
