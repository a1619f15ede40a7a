//! The state of the receiving half: greeting → handshake → traffic.

use super::event::{Incoming, PeerInfo, Received};
use super::failure::{CLEAN, Details, Failure, Scratch};
use crate::buffer::copy;
use crate::config::Config;
use crate::error::{Error, Limit, Timeout};
use crate::mechanism::Mechanism;
use crate::time::Instant;
use crate::wire::{
    FrameHeader, FrameKind, Framing, Greeting, GreetingReader, Size, Version, size_to_u64,
};

/// State of the receiving half.
// In this order there are no gaps on a microcontroller, and never so many zeros in a row at the start
// that a compiler has a `memset` for them.
#[derive(Debug)]
#[repr(C)]
pub(super) struct ReceiveHalf {
    pub(super) state: State,
    pub(super) kind: FrameKind,
    owed: Timeout,
    pub(super) peer: PeerInfo,
    /// Why the connection failed, if it has.
    pub(super) failure: Option<Failure>,
    /// Bytes of the input that were not dealt with yet: if they come again, they are no sign of life.
    pub(super) unread: usize,
    pub(super) scratch: Scratch,
    pub(super) give_up: Instant,
    /// What is still to come of the last frame. It is not kept as a [`FrameHeader`], which has gaps.
    pub(super) remaining: Size,
    /// Bytes of the last frame, or of what a failure is about: a command, an identity.
    pub(super) len: Size,
    /// Bytes of the message under way.
    pub(super) bytes: Size,
    /// Parts of the message under way.
    pub(super) parts: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    Greeting(GreetingReader),
    /// The opening of a peer older than ZMTP 3.0.
    Legacy(Opening),
    Handshake,
    /// Traffic, but a subscription to everything is to be reported for a peer of ZMTP 1.0.
    MatchAll,
    /// Traffic, and the front of the input is a frame that was opened in place.
    Opened,
    Traffic,
    /// The handshake waits for an answer from outside.
    Waiting,
}

/// What an older peer sends before messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Opening {
    /// The socket type, behind signature and version.
    SocketType,
    /// The identity frame, behind the socket type or (`false`) behind nothing.
    Identity(bool),
}

/// What an older peer gets in the place of a greeting.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reply {
    /// Our identity: the signature has been the header of its frame.
    Identity,
    /// Our socket type and an identity frame.
    TypeAndIdentity,
}

/// The peer before its greeting.
const UNKNOWN: PeerInfo = PeerInfo { version: Version::NONE, socket_type: None };

impl ReceiveHalf {
    /// A half that expects the end of the handshake by `give_up`.
    #[inline(always)]
    pub(super) fn new(give_up: Instant) -> Self {
        Self {
            state: State::Greeting(GreetingReader::new()),
            unread: usize::MAX,
            bytes: 0,
            parts: 0,
            remaining: 0,
            len: 0,
            kind: FrameKind::Command,
            failure: None,
            scratch: CLEAN,
            peer: UNKNOWN,
            owed: Timeout::Handshake,
            give_up,
        }
    }

    /// Begins anew; the scratch need not be clean.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(super) fn restart(&mut self, give_up: Instant) {
        self.state = State::Greeting(GreetingReader::new());
        self.unread = usize::MAX;
        (self.remaining, self.bytes, self.parts) = (0, 0, 0);
        self.failure = None;
        self.peer = UNKNOWN;
        self.owed = Timeout::Handshake;
        self.give_up = give_up;
    }

    /// When the peer's silence ends the connection, unless there is a sign of life before.
    pub(super) const fn give_up(&self) -> Instant {
        self.give_up
    }

    /// Whether the connection lives. It fails if the peer was silent until the deadline.
    pub(super) fn lives(&mut self, now: Instant) -> bool {
        if self.failure.is_none() && now >= self.give_up {
            self.failure = Some(Failure::TimedOut(self.owed));
        }
        self.failure.is_none()
    }

    /// Expects a sign of life by then. An earlier deadline stays.
    pub(super) fn expect(&mut self, owed: Timeout, give_up: Instant) {
        if give_up < self.give_up {
            (self.owed, self.give_up) = (owed, give_up);
        }
    }

    /// A sign of life came: nothing is owed until the next PING of either end. The deadline of the
    /// handshake stays whatever comes.
    pub(super) fn heard<M: Mechanism>(&mut self) {
        if self.in_traffic::<M>() {
            self.give_up = Instant::NEVER;
        }
    }

    /// This many bytes of the input are dealt with.
    pub(super) const fn take(&mut self, n: usize) {
        self.unread = self.unread.wrapping_sub(n);
    }

    /// Takes what there is of the body: this many bytes, or fewer.
    pub(super) fn body(&mut self, there: usize) -> usize {
        let n = self.came(Size::try_from(there).unwrap_or(Size::MAX));
        let n = usize::try_from(n).unwrap_or(usize::MAX);
        self.take(n);
        n
    }

    /// Notes that bytes of the body came. Returns how many.
    pub(super) const fn came(&mut self, n: Size) -> Size {
        let n = if n < self.remaining { n } else { self.remaining };
        self.remaining = self.remaining.wrapping_sub(n);
        if self.remaining == 0 && self.header().is_final() {
            (self.bytes, self.parts) = (0, 0);
        }
        n
    }

    pub(super) fn body_received(&mut self, n: u64) -> Option<FrameHeader> {
        if self.remaining == 0 || self.failure.is_some() {
            return None;
        }
        if n > 0 {
            self.give_up = Instant::NEVER;
        }
        self.came(Size::try_from(n).unwrap_or(Size::MAX));
        (self.remaining == 0).then_some(self.header())
    }

    /// The body under way, unless all of it is in the input because it was opened there.
    pub(super) const fn incoming<M: Mechanism>(&self) -> Option<Incoming> {
        let opened = M::SEALS && matches!(self.state, State::Opened);
        if self.remaining > 0 && self.failure.is_none() && !opened {
            Some(Incoming { header: self.header(), remaining: size_to_u64(self.remaining) })
        } else {
            None
        }
    }

    const fn header(&self) -> FrameHeader {
        FrameHeader::of(self.kind, self.len)
    }

    /// The last frame, and whether it is complete.
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
        let rare = match self.state {
            State::MatchAll => M::OLDER_PEERS,
            State::Opened => M::SEALS,
            _ => false,
        };
        self.failure.is_none() && (rare || matches!(self.state, State::Traffic))
    }

    pub(super) const fn in_message(&self) -> bool {
        self.parts > 0
    }

    pub(super) const fn peer<M: Mechanism>(&self) -> Option<PeerInfo> {
        if self.in_traffic::<M>() { Some(self.peer) } else { None }
    }

    /// Whether the peer is older than ZMTP 3.0, as far as it has shown.
    pub(super) const fn is_old<M: Mechanism>(&self) -> bool {
        M::OLDER_PEERS
            && matches!(self.peer.version.major, 1 | 2)
            && !matches!(self.state, State::Greeting(_))
    }

    /// How the peer frames messages.
    pub(super) const fn framing<M: Mechanism>(&self) -> Framing {
        if M::OLDER_PEERS { self.peer.version.framing() } else { Framing::V3 }
    }

    /// What an older peer gets in the place of a greeting.
    pub(super) const fn reply<M: Mechanism>(&self) -> Option<Reply> {
        let has_type = self.peer.socket_type.is_some();
        if !self.is_old::<M>() {
            None
        } else if has_type || matches!(self.state, State::Legacy(Opening::SocketType)) {
            Some(Reply::TypeAndIdentity)
        } else {
            Some(Reply::Identity)
        }
    }

    pub(super) const fn fail(&mut self, failure: Failure) -> Received {
        self.failure = Some(failure);
        Received::FAILED
    }

    /// Fails for what these bytes begin with.
    #[inline(always)]
    pub(super) fn fail_at(&mut self, failure: Failure, bytes: &[u8]) -> Received {
        self.scratch = CLEAN;
        copy(&mut self.scratch, bytes);
        self.fail(failure)
    }

    /// The error that the connection failed with.
    pub(super) fn error<M: Mechanism>(&self, config: &Config) -> Option<Error> {
        self.failure.map(|failure| {
            let got = size_to_u64(match failure.limit() {
                Limit::Command | Limit::Frame => self.len,
                Limit::Message => self.bytes,
                Limit::Parts => self.parts.into(),
            });
            let details = Details { scratch: &self.scratch, len: self.len, got };
            failure.error(config, M::socket_type(config), &details)
        })
    }
}
