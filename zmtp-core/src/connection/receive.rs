//! The receiving half: greeting → handshake → traffic ⇄ body.

use super::event::{Chunk, Decoded, Event, Ignored, Incoming, PeerInfo};
use super::older::{self, Opening};
use super::send::Tx;
use crate::buffer::Input;
use crate::config::{Config, Limits};
use crate::error::{Error, Exceeded, Limit, PeerError, Timeout};
use crate::mechanism::Mechanism;
use crate::time::Instant;
use crate::wire::{
    Command, CommandName, FrameHeader, GreetingReader, Kind, Malformed, Metadata, OldPeer, Ping,
    Property, SOCKET_TYPE_AT, Size, SocketType, Version, error_reason, wide,
};

/// State of the receiving half.
#[derive(Debug)]
pub(super) struct Rx {
    pub(super) state: State,
    pub(super) peer: PeerInfo,
    /// What came so far of the message under way: octets, and parts.
    octets: Size,
    parts: u32,
    owed: Timeout,
    give_up: Instant,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    Greeting(GreetingReader),
    /// The opening of a peer older than ZMTP 3.0.
    Older(Opening),
    Handshake,
    /// Traffic, but a subscription to everything is to be told in the name of an older peer.
    MatchAll,
    Traffic,
    Body {
        header: FrameHeader,
        remaining: Size,
    },
    Failed(Error),
}

/// Says that the connection has failed; [`Rx::error`] says why.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failed;

/// The largest frame and message that any limit allows: what goes past it counts as more.
const LARGEST: u64 = wide(Size::MAX).saturating_sub(1);

impl Rx {
    /// A half that waits for the peer's READY until `give_up`.
    pub(super) const fn new(give_up: Instant) -> Self {
        let peer = PeerInfo { version: Version { major: 0, minor: 0 }, socket_type: None };
        Self {
            state: State::Greeting(GreetingReader::new()),
            peer,
            octets: 0,
            parts: 0,
            owed: Timeout::Handshake,
            give_up,
        }
    }

    /// When the peer's silence ends the connection, unless there is a sign of life before.
    pub(super) const fn give_up(&self) -> Instant {
        self.give_up
    }

    /// The error of a peer whose silence lasted until now.
    pub(super) fn silent(&self, now: Instant) -> Result<(), Error> {
        if now < self.give_up { Ok(()) } else { Err(Error::TimedOut(self.owed)) }
    }

    /// Asks for a sign of life until then. What was asked for before stays if it is sooner.
    pub(super) fn expect(&mut self, owed: Timeout, give_up: Instant) {
        if give_up < self.give_up {
            (self.owed, self.give_up) = (owed, give_up);
        }
    }

    /// A sign of life came: nothing is owed until the next PING, of either end. Only the
    /// handshake has to be over in time whatever comes.
    pub(super) fn heard(&mut self) {
        if self.in_traffic() {
            self.give_up = Instant::NEVER;
        }
    }

    #[cfg_attr(target_os = "none", inline(never))]
    pub(super) fn decode<'i, M: Mechanism>(
        &mut self,
        config: &Config,
        mechanism: &mut M,
        tx: &mut Tx,
        now: Instant,
        input: &mut Input<'i>,
    ) -> Result<Decoded<'i>, Failed> {
        loop {
            match &mut self.state {
                State::Failed(_) => return Err(Failed),
                State::Greeting(reader) => {
                    let position = reader.position();
                    if M::OLDER_PEERS && position == 0 && config.min_version <= Version::V1_0 {
                        match older::is_unversioned(input.rest()) {
                            Some(true) => {
                                self.peer.version = Version::V1_0;
                                self.state = State::Older(Opening::Identity(false));
                                continue;
                            }
                            Some(false) => {}
                            None => return Ok(Decoded::NeedInput),
                        }
                    }
                    let taken = match reader.push(input.rest()) {
                        Ok(taken) => taken,
                        Err(old) => {
                            match older::spoken::<M>(config, old) {
                                Some(version) => self.peer.version = version,
                                None => return Err(self.peer_error(PeerError::Old(old))),
                            }
                            self.state = State::Older(Opening::SocketType);
                            // Up to the version, where the greeting was refused.
                            input.take(SOCKET_TYPE_AT.saturating_sub(position));
                            continue;
                        }
                    };
                    input.take(taken);
                    if let Some(peer) = reader.mechanism()
                        && *peer != M::NAME
                    {
                        let peer = *peer;
                        return Err(self.peer_error(PeerError::MechanismMismatch { peer }));
                    }
                    let Some(greeting) = reader.finished() else { return Ok(Decoded::NeedInput) };
                    let version = greeting.version;
                    self.peer.version = if version.major == 2 { Version::V3_1 } else { version };
                    if version == Version::V3_0 && config.min_version > Version::V3_0 {
                        return Err(self.peer_error(PeerError::Old(OldPeer::Version(3))));
                    }
                    self.state = State::Handshake;
                }
                // Who does not let older peers in need not carry this.
                State::Older(opening) if M::OLDER_PEERS => {
                    let opening = *opening;
                    return self.older::<M>(config, opening, input);
                }
                State::MatchAll if M::OLDER_PEERS => {
                    self.state = State::Traffic;
                    return Ok(Decoded::Event(Event::Subscribe(&[])));
                }
                State::Older(_) | State::MatchAll => return Ok(Decoded::NeedInput),
                State::Handshake => {
                    let Some(command) = self.take_command(config, input)? else {
                        return Ok(Decoded::NeedInput);
                    };
                    if let Some(event) = self.handshake_command(config, mechanism, command)? {
                        return Ok(Decoded::Event(event));
                    }
                }
                State::Traffic => {
                    let (header, len) = match self.framing::<M>().parse(input.rest()) {
                        Ok(Some(parsed)) => parsed,
                        Ok(None) => return Ok(Decoded::NeedInput),
                        Err(malformed) => return Err(self.fail(malformed.into())),
                    };
                    if header.kind() != Kind::Command {
                        self.count(header.size(), &config.limits)?;
                        input.take(len);
                        return Ok(Decoded::Event(self.chunk(header, header.size(), true, input)));
                    }
                    // A PING is left where it is while the last one's answer waits to go out.
                    if tx.pong_due() && self.is_next_ping(config, input)? {
                        return Ok(Decoded::NeedTransmit);
                    }
                    let Some(command) = self.take_command(config, input)? else {
                        return Ok(Decoded::NeedInput);
                    };
                    // What follows a PING in the same input is a sign of life, like what comes later.
                    let last = input.rest().is_empty().then_some(now);
                    if let Some(event) = self.traffic_command(config, tx, last, command)? {
                        return Ok(Decoded::Event(event));
                    }
                }
                State::Body { header, remaining } => {
                    let (header, remaining) = (*header, *remaining);
                    if input.rest().is_empty() {
                        return Ok(Decoded::NeedInput);
                    }
                    return Ok(Decoded::Event(self.chunk(header, remaining, false, input)));
                }
            }
        }
    }

    /// Counts a frame of the message under way.
    fn count(&mut self, len: Size, limits: &Limits) -> Result<(), Failed> {
        self.octets = self.octets.saturating_add(len);
        self.parts = self.parts.saturating_add(1);
        let (octets, parts) = (self.octets, self.parts);
        self.check(Limit::Frame, limits.max_frame, len)?;
        self.check(Limit::Parts, limits.max_parts.into(), parts.into())?;
        self.check(Limit::Message, limits.max_message, octets)
    }

    /// Fails if a limit is passed.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(super) fn check(&mut self, limit: Limit, allowed: u64, got: Size) -> Result<(), Failed> {
        let (allowed, got) = (allowed.min(LARGEST), wide(got));
        if got <= allowed {
            return Ok(());
        }
        Err(self.fail(Error::Limit(Exceeded { limit, allowed, got })))
    }

    /// Hands on what the input holds of a body with `remaining` octets to come.
    fn chunk<'i>(
        &mut self,
        header: FrameHeader,
        remaining: Size,
        first: bool,
        input: &mut Input<'i>,
    ) -> Event<'i> {
        let n = usize::try_from(remaining).unwrap_or(usize::MAX);
        let octets = input.take(n);
        let taken = Size::try_from(octets.len()).unwrap_or(Size::MAX);
        let last = self.advance(header, remaining, taken);
        Event::Chunk(Chunk { header, octets, first, last })
    }

    /// Notes that `taken` of `remaining` octets of a body came. Both lanes end a frame here.
    fn advance(&mut self, header: FrameHeader, remaining: Size, taken: Size) -> bool {
        let remaining = remaining.saturating_sub(taken);
        if remaining > 0 {
            self.state = State::Body { header, remaining };
            return false;
        }
        self.state = State::Traffic;
        if header.is_final() {
            (self.octets, self.parts) = (0, 0);
        }
        true
    }

    pub(super) fn body_received(&mut self, n: u64) -> Option<FrameHeader> {
        let State::Body { header, remaining } = self.state else { return None };
        if n > 0 {
            self.heard();
        }
        let n = Size::try_from(n).unwrap_or(Size::MAX);
        self.advance(header, remaining, n).then_some(header)
    }

    /// The frame header at the front, checked for what a command must keep to.
    fn command_header(
        &mut self,
        config: &Config,
        input: &Input<'_>,
    ) -> Result<Option<(usize, usize)>, Failed> {
        let (header, header_len) = match FrameHeader::parse(input.rest()) {
            Ok(Some(parsed)) => parsed,
            Ok(None) => return Ok(None),
            Err(malformed) => return Err(self.fail(malformed.into())),
        };
        if header.kind() != Kind::Command {
            return Err(self.peer_error(PeerError::MessageInHandshake));
        }
        self.check(Limit::Command, config.limits.max_command.into(), header.size())?;
        Ok(Some((header_len, usize::try_from(header.len()).unwrap_or(usize::MAX))))
    }

    /// The whole command at the front, consumed; `None` while it is incomplete.
    fn take_command<'i>(
        &mut self,
        config: &Config,
        input: &mut Input<'i>,
    ) -> Result<Option<Result<Command<'i>, Malformed>>, Failed> {
        let Some((header_len, len)) = self.command_header(config, input)? else {
            return Ok(None);
        };
        if input.rest().len().saturating_sub(header_len) < len {
            return Ok(None);
        }
        input.take(header_len);
        let body: &'i [u8] = input.take(len);
        Ok(Some(Command::parse(body)))
    }

    fn is_next_ping(&mut self, config: &Config, input: &Input<'_>) -> Result<bool, Failed> {
        let Some((header_len, len)) = self.command_header(config, input)? else {
            return Ok(false);
        };
        let end = header_len.saturating_add(len);
        let Some(body) = input.rest().get(header_len..end) else { return Ok(false) };
        Ok(Command::parse(body).is_ok_and(|command| command.name == CommandName::Ping))
    }

    fn handshake_command<'i>(
        &mut self,
        config: &Config,
        mechanism: &mut impl Mechanism,
        command: Result<Command<'i>, Malformed>,
    ) -> Result<Option<Event<'i>>, Failed> {
        let command = match command {
            Ok(command) => command,
            Err(malformed) => return Err(self.fail(malformed.into())),
        };
        if command.name == CommandName::Error {
            return match error_reason(command.data) {
                Ok(reason) => Ok(Some(Event::Refused(reason))),
                Err(malformed) => Err(self.fail(malformed.into())),
            };
        }
        let metadata = match mechanism.consume(command) {
            Ok(Some(metadata)) => metadata,
            Ok(None) => return Ok(None),
            Err(error) => return Err(self.fail(error)),
        };
        self.peer.socket_type = match check_metadata(config, metadata) {
            Ok(named) => named,
            Err(error) => return Err(self.peer_error(error)),
        };
        self.state = State::Traffic;
        self.heard();
        Ok(Some(Event::Ready(metadata)))
    }

    /// What a command means once messages flow; `last`: the time, if no octet follows it yet.
    fn traffic_command<'i>(
        &mut self,
        config: &Config,
        tx: &mut Tx,
        last: Option<Instant>,
        command: Result<Command<'i>, Malformed>,
    ) -> Result<Option<Event<'i>>, Failed> {
        let Ok(command) = command else {
            return Ok(Some(Event::Ignored(Ignored::Malformed)));
        };
        let subscriptions = config.socket_type.takes_subscriptions();
        Ok(match command.name {
            CommandName::Ping => match Ping::parse(command.data) {
                Ok(ping) => {
                    tx.queue_pong(ping.context);
                    if let Some(now) = last.filter(|_| ping.ttl > 0) {
                        self.expect(Timeout::Ttl, now.after(Ping::millis(ping.ttl)));
                    }
                    None
                }
                Err(_) => Some(Event::Ignored(Ignored::Malformed)),
            },
            CommandName::Pong => None,
            CommandName::Ready => return Err(self.peer_error(PeerError::SecondReady)),
            CommandName::Subscribe if subscriptions => Some(Event::Subscribe(command.data)),
            CommandName::Cancel if subscriptions => Some(Event::Cancel(command.data)),
            name => Some(Event::Ignored(Ignored::Command(name))),
        })
    }

    pub(super) const fn incoming(&self) -> Option<Incoming> {
        match self.state {
            State::Body { header, remaining } => {
                Some(Incoming { header, remaining: wide(remaining) })
            }
            _ => None,
        }
    }

    /// Octets of the peer's greeting that came.
    pub(super) const fn greeting_position(&self) -> usize {
        match &self.state {
            State::Greeting(reader) => reader.position(),
            _ => crate::wire::Greeting::LEN,
        }
    }

    pub(super) const fn in_traffic(&self) -> bool {
        matches!(self.state, State::Traffic | State::Body { .. } | State::MatchAll)
    }

    pub(super) const fn in_message(&self) -> bool {
        self.parts > 0
    }

    pub(super) const fn peer(&self) -> Option<PeerInfo> {
        if self.in_traffic() { Some(self.peer) } else { None }
    }

    /// [`Rx::error`] where it is.
    pub(super) const fn failure(&self) -> Option<&Error> {
        match &self.state {
            State::Failed(error) => Some(error),
            _ => None,
        }
    }

    pub(super) const fn error(&self) -> Option<Error> {
        match self.state {
            State::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// Keeps the error, which is too large to be handed up from call to call.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(super) const fn fail(&mut self, error: Error) -> Failed {
        self.state = State::Failed(error);
        self.give_up = Instant::NEVER;
        Failed
    }

    pub(super) const fn peer_error(&mut self, error: PeerError) -> Failed {
        self.fail(Error::Peer(error))
    }
}

/// Whether the peer's type fits ours.
pub(super) fn check_socket_type(
    config: &Config,
    peer: SocketType,
) -> Result<SocketType, PeerError> {
    let ours = config.socket_type;
    if ours.accepts(peer) {
        Ok(peer)
    } else {
        Err(PeerError::IncompatibleSocketType { ours, peer })
    }
}

/// Whether an identity of so many octets may be.
pub(super) fn check_identity(len: u64) -> Result<(), PeerError> {
    if len > u64::from(u8::MAX) {
        let len = u32::try_from(len).unwrap_or(u32::MAX);
        return Err(PeerError::RoutingIdTooLong(len));
    }
    Ok(())
}

/// Checks every Socket-Type and Identity of a READY; returns the socket type it names.
fn check_metadata(
    config: &Config,
    metadata: Metadata<'_>,
) -> Result<Option<SocketType>, PeerError> {
    let mut named = None;
    for property in metadata.encoded() {
        if property.is(Property::SOCKET_TYPE) {
            let peer = SocketType::from_name(property.value).ok_or(PeerError::UnknownSocketType)?;
            named = Some(check_socket_type(config, peer)?);
        } else if property.is(Property::IDENTITY) {
            check_identity(property.value.len() as u64)?;
        }
    }
    if named.is_none() && config.require_socket_type {
        return Err(PeerError::MissingSocketType);
    }
    Ok(named)
}
