//! The receiving half: greeting → handshake → traffic.
//!
//! It looks at bytes and says what is in front of them, without a borrow: see [`Front`].

use super::cause::{CLEAN, Cause, Scratch, exceeds};
use super::event::{Incoming, PeerInfo};
use super::front::{Front, What};
use super::older::{self, Opening};
use super::send::Tx;
use crate::buffer::copy;
use crate::config::Config;
use crate::error::{Limit, Timeout};
use crate::mechanism::Mechanism;
use crate::time::Instant;
use crate::wire::{
    FrameHeader, FrameKind, Greeting, GreetingReader, SOCKET_TYPE_AT, Size, UnsupportedVersion,
    Version, size_to_u64,
};

/// State of the receiving half.
// In this order there are no gaps on a microcontroller, and never so many zeros in a row at the start
// that a compiler has a `memset` for them.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Rx {
    pub(super) state: State,
    kind: FrameKind,
    owed: Timeout,
    pub(super) peer: PeerInfo,
    /// Why the connection failed, if it has.
    pub(super) cause: Option<Cause>,
    /// Bytes of the input that were not dealt with yet: to be there again is no sign of life.
    pub(super) left: usize,
    pub(super) scratch: Scratch,
    pub(super) give_up: Instant,
    /// What is still to come of the last frame. It is not kept as a [`FrameHeader`], which has gaps.
    remaining: Size,
    /// Bytes of the last frame, or what a failure is about: of a command or an identity.
    pub(super) len: Size,
    /// What came of the message under way: bytes, and parts.
    bytes: Size,
    parts: u32,
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
}

/// What the bytes of the peer act on besides [`Rx`], and when.
pub(super) struct Around<'c, M> {
    pub(super) config: &'c Config,
    pub(super) mechanism: &'c mut M,
    pub(super) tx: &'c mut Tx,
    pub(super) now: Instant,
}

/// Who the peer is before it has said anything.
const NOBODY: PeerInfo = PeerInfo { version: Version::NONE, socket_type: None };

impl Rx {
    /// A half that waits for the peer's READY until `give_up`.
    #[inline(always)]
    pub(super) fn new(give_up: Instant) -> Self {
        Self {
            state: State::Greeting(GreetingReader::new()),
            left: usize::MAX,
            bytes: 0,
            parts: 0,
            remaining: 0,
            len: 0,
            kind: FrameKind::Command,
            cause: None,
            scratch: CLEAN,
            peer: NOBODY,
            owed: Timeout::Handshake,
            give_up,
        }
    }

    /// Begins anew; the scratch need not be clean.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(super) fn restart(&mut self, give_up: Instant) {
        self.state = State::Greeting(GreetingReader::new());
        self.left = usize::MAX;
        (self.remaining, self.bytes, self.parts) = (0, 0, 0);
        self.cause = None;
        self.peer = NOBODY;
        self.owed = Timeout::Handshake;
        self.give_up = give_up;
    }

    /// When the peer's silence ends the connection, unless there is a sign of life before.
    pub(super) const fn give_up(&self) -> Instant {
        self.give_up
    }

    /// Whether the connection lives. It does not if the peer's silence lasted until now.
    pub(super) fn lives(&mut self, now: Instant) -> bool {
        if self.cause.is_none() && now >= self.give_up {
            self.cause = Some(Cause::TimedOut(self.owed));
        }
        self.cause.is_none()
    }

    /// Asks for a sign of life until then. What was asked for before stays if it is sooner.
    pub(super) fn expect(&mut self, owed: Timeout, give_up: Instant) {
        if give_up < self.give_up {
            (self.owed, self.give_up) = (owed, give_up);
        }
    }

    /// A sign of life came: nothing is owed until the next PING, of either end. Only the
    /// handshake has to be over in time whatever comes.
    pub(super) fn heard<M: Mechanism>(&mut self) {
        if self.in_traffic::<M>() {
            self.give_up = Instant::NEVER;
        }
    }

    pub(super) fn advance<M: Mechanism>(
        &mut self,
        around: &mut Around<'_, M>,
        input: &[u8],
    ) -> Front {
        match &self.state {
            State::Greeting(_) => self.greeting::<M>(around.config, input),
            // Who does not let older peers in need not carry this.
            State::Older(opening) if M::OLDER_PEERS => {
                let opening = *opening;
                self.older::<M>(around.config, opening, input)
            }
            State::MatchAll if M::OLDER_PEERS => {
                self.state = State::Traffic;
                Front::bare(What::Subscribe)
            }
            _ => self.frame(around, input),
        }
    }

    fn greeting<M: Mechanism>(&mut self, config: &Config, input: &[u8]) -> Front {
        let State::Greeting(reader) = &mut self.state else { return Front::FAILED };
        let position = reader.position();
        if M::OLDER_PEERS && position == 0 && config.min_version <= Version::V1_0 {
            match older::is_unversioned(input) {
                Some(true) => {
                    self.peer.version = Version::V1_0;
                    self.state = State::Older(Opening::Identity(false));
                    return Front::bare(What::Nothing);
                }
                Some(false) => {}
                None => return Front::missing(1),
            }
        }
        let version = &mut self.peer.version;
        let taken = match reader.push(input, Tx::greeting_of::<M>(), version, &mut self.scratch) {
            Ok(taken) => taken,
            Err(old) => {
                if M::OLDER_PEERS
                    && let Some(version) = older::spoken(config, old)
                {
                    self.peer.version = version;
                    self.state = State::Older(Opening::SocketType);
                    // Up to the version, where the greeting was refused.
                    self.take(SOCKET_TYPE_AT.saturating_sub(position));
                    return Front::bare(What::Nothing);
                }
                return self.fail(Cause::Old(old));
            }
        };
        if reader.is_other_mechanism() {
            return self.fail(Cause::Mechanism);
        }
        if reader.position() < Greeting::LEN {
            let missing = Greeting::LEN.wrapping_sub(reader.position());
            self.take(taken);
            return match taken {
                // An older peer's opening is shorter.
                0 => Front::missing(if M::OLDER_PEERS { 1 } else { missing }),
                _ => Front::bare(What::Nothing),
            };
        }
        if version.major == 2 {
            *version = Version::V3_1;
        }
        if *version == Version::V3_0 && config.min_version > Version::V3_0 {
            return self.fail(Cause::Old(UnsupportedVersion::Major(3)));
        }
        self.state = State::Handshake;
        self.take(taken);
        Front::bare(What::Nothing)
    }

    /// What begins with a frame header.
    fn frame<M: Mechanism>(&mut self, around: &mut Around<'_, M>, input: &[u8]) -> Front {
        if self.remaining > 0 {
            if input.is_empty() {
                return Front::missing(usize::try_from(self.remaining).unwrap_or(usize::MAX));
            }
            return Front { what: What::Piece, payload: self.body(input.len()) };
        }
        let (header, header_len) = match self.framing::<M>().read(input) {
            Ok(Some(read)) => read,
            Ok(None) => return Front::missing(self.framing::<M>().missing(input)),
            Err(flaw) => return self.fail_at(Cause::Header(flaw), input),
        };
        if header.kind() == FrameKind::Command {
            return self.command(around, input, header.size(), header_len);
        }
        if !matches!(self.state, State::Traffic) {
            return self.fail(Cause::MessageInHandshake);
        }
        let (size, limits) = (header.size(), &around.config.limits);
        self.bytes = self.bytes.saturating_add(size);
        self.parts = self.parts.saturating_add(1);
        (self.kind, self.len, self.remaining) = (header.kind(), size, size);
        let (bytes, parts) = (self.bytes, Size::from(self.parts));
        if exceeds(size, limits.max_frame) || (size == Size::MAX && size_of::<usize>() < 8) {
            return self.fail(Cause::Limit(Limit::Frame));
        }
        if exceeds(parts, limits.max_parts.into()) {
            return self.fail(Cause::Limit(Limit::Parts));
        }
        if exceeds(bytes, limits.max_message) {
            return self.fail(Cause::Limit(Limit::Message));
        }
        self.came(0);
        self.take(header_len);
        Front::bare(What::Frame)
    }

    /// Takes what there is of the body: so many bytes, or fewer.
    pub(super) fn body(&mut self, there: usize) -> usize {
        let n = self.came(Size::try_from(there).unwrap_or(Size::MAX));
        let n = usize::try_from(n).unwrap_or(usize::MAX);
        self.take(n);
        n
    }

    /// So many bytes of the input are dealt with.
    pub(super) const fn take(&mut self, n: usize) {
        self.left = self.left.wrapping_sub(n);
    }

    /// What came of that which a limit is about.
    pub(super) fn got(&self, limit: Limit) -> u64 {
        size_to_u64(match limit {
            Limit::Command | Limit::Frame => self.len,
            Limit::Message => self.bytes,
            Limit::Parts => self.parts.into(),
        })
    }

    const fn header(&self) -> FrameHeader {
        FrameHeader::of(self.kind, self.len)
    }

    /// Notes that bytes of the body came, and says how many.
    const fn came(&mut self, n: Size) -> Size {
        let n = if n < self.remaining { n } else { self.remaining };
        self.remaining = self.remaining.wrapping_sub(n);
        if self.remaining == 0 && self.header().is_final() {
            (self.bytes, self.parts) = (0, 0);
        }
        n
    }

    pub(super) fn body_received(&mut self, n: u64) -> Option<FrameHeader> {
        if self.remaining == 0 || self.cause.is_some() {
            return None;
        }
        if n > 0 {
            self.give_up = Instant::NEVER;
        }
        self.came(Size::try_from(n).unwrap_or(Size::MAX));
        (self.remaining == 0).then_some(self.header())
    }

    pub(super) const fn incoming(&self) -> Option<Incoming> {
        if self.remaining > 0 && self.cause.is_none() {
            Some(Incoming { header: self.header(), remaining: size_to_u64(self.remaining) })
        } else {
            None
        }
    }

    /// The frame that came last, and whether it ends with what came of it.
    pub(super) const fn last_frame(&self) -> (FrameHeader, bool) {
        (self.header(), self.remaining == 0)
    }

    /// Bytes of the peer's greeting that came.
    pub(super) const fn greeting_position(&self) -> usize {
        match &self.state {
            State::Greeting(reader) => reader.position(),
            _ => Greeting::LEN,
        }
    }

    pub(super) const fn in_traffic<M: Mechanism>(&self) -> bool {
        let old = M::OLDER_PEERS && matches!(self.state, State::MatchAll);
        self.cause.is_none() && (old || matches!(self.state, State::Traffic))
    }

    pub(super) const fn in_message(&self) -> bool {
        self.parts > 0
    }

    pub(super) const fn peer<M: Mechanism>(&self) -> Option<PeerInfo> {
        if self.in_traffic::<M>() { Some(self.peer) } else { None }
    }

    pub(super) const fn fail(&mut self, cause: Cause) -> Front {
        self.cause = Some(cause);
        Front::FAILED
    }

    /// Fails for what these bytes begin with.
    #[inline(always)]
    pub(super) fn fail_at(&mut self, cause: Cause, bytes: &[u8]) -> Front {
        self.note(bytes);
        self.fail(cause)
    }

    /// Keeps what the failure is about.
    fn note(&mut self, bytes: &[u8]) {
        self.scratch = CLEAN;
        copy(&mut self.scratch, bytes);
    }
}
