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
// This order leaves no gaps on a microcontroller, and has no run of initial zeros that is long enough for a
// `memset`.
#[derive(Debug)]
#[repr(C)]
pub(super) struct ReceiveHalf {
    pub(super) state: State,
    pub(super) kind: FrameKind,
    owed: Timeout,
    pub(super) peer: PeerInfo,
    /// The reason why the connection failed, if it has.
    pub(super) failure: Option<Failure>,
    /// The number of unread bytes. If they are passed again, they do not reset the timeouts.
    pub(super) unread: usize,
    pub(super) scratch: Scratch,
    pub(super) deadline: Instant,
    /// The missing bytes of the last frame. Not stored as a [`FrameHeader`], which has gaps.
    pub(super) remaining: Size,
    /// The size of the last frame, or of the command or identity that a failure concerns.
    pub(super) len: Size,
    /// Bytes of the current message.
    pub(super) bytes: Size,
    /// Parts of the current message.
    pub(super) parts: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    Greeting(GreetingReader),
    /// The opening of a peer older than ZMTP 3.0.
    Legacy(Opening),
    Handshake,
    /// Traffic, but a subscription to everything must still be reported for a peer of ZMTP 1.0.
    MatchAll,
    /// Traffic, and the input starts with a frame that was opened in place.
    Opened,
    Traffic,
    /// The handshake waits for an answer of the application.
    Waiting,
}

/// The steps of an older peer's opening.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Opening {
    /// The socket type, after signature and version.
    SocketType,
    /// The identity frame, after the socket type or (`false`) as the first frame.
    Identity(bool),
}

/// The bytes that an older peer gets instead of a greeting.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reply {
    /// Our identity: the signature was the header of its frame.
    Identity,
    /// Our socket type and an identity frame.
    TypeAndIdentity,
}

/// The length that is stored while the peer's greeting names it as a server, and no command of it has arrived. There
/// is no frame yet.
pub(super) const SILENT_SERVER: Size = 1;

/// The peer before its greeting.
const UNKNOWN: PeerInfo = PeerInfo { version: Version::NONE, socket_type: None };

impl ReceiveHalf {
    /// The state before the greeting, with `deadline` as the deadline of the handshake.
    #[inline(always)]
    pub(super) fn new(deadline: Instant) -> Self {
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
            deadline,
        }
    }

    /// Starts again. The scratch is not cleared.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(super) fn restart(&mut self, deadline: Instant) {
        self.state = State::Greeting(GreetingReader::new());
        self.unread = usize::MAX;
        (self.remaining, self.bytes, self.parts) = (0, 0, 0);
        self.failure = None;
        self.peer = UNKNOWN;
        self.owed = Timeout::Handshake;
        self.deadline = deadline;
    }

    /// The time at which the connection fails if no bytes arrive before.
    pub(super) const fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether the connection has not failed. It fails here if the deadline has passed.
    pub(super) fn check_deadline(&mut self, now: Instant) -> bool {
        if self.failure.is_none() && now >= self.deadline {
            self.failure = Some(Failure::TimedOut(self.owed));
        }
        self.failure.is_none()
    }

    /// Sets a deadline for bytes of the peer. An earlier deadline stays.
    pub(super) fn expect(&mut self, owed: Timeout, deadline: Instant) {
        if deadline < self.deadline {
            (self.owed, self.deadline) = (owed, deadline);
        }
    }

    /// Bytes arrived: removes the deadline until the next PING of either end. The deadline of the handshake
    /// stays.
    pub(super) fn heard<M: Mechanism>(&mut self) {
        if self.in_traffic::<M>() {
            self.deadline = Instant::NEVER;
        }
    }

    /// Consumes this many bytes of the input.
    pub(super) const fn take(&mut self, n: usize) {
        self.unread = self.unread.wrapping_sub(n);
    }

    /// Consumes bytes of the body: this many, or fewer.
    pub(super) fn body(&mut self, there: usize) -> usize {
        let n = self.came(Size::try_from(there).unwrap_or(Size::MAX));
        let n = usize::try_from(n).unwrap_or(usize::MAX);
        self.take(n);
        n
    }

    /// Counts received bytes of the body. Returns their number.
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
            self.deadline = Instant::NEVER;
        }
        self.came(Size::try_from(n).unwrap_or(Size::MAX));
        (self.remaining == 0).then_some(self.header())
    }

    /// The incomplete body, unless all of it is in the input because it was opened there.
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

    /// The number of received bytes of the peer's greeting.
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

    /// Whether the peer is known to be older than ZMTP 3.0.
    pub(super) const fn is_old<M: Mechanism>(&self) -> bool {
        M::OLDER_PEERS
            && matches!(self.peer.version.major, 1 | 2)
            && !matches!(self.state, State::Greeting(_))
    }

    /// The framing of the peer.
    pub(super) const fn framing<M: Mechanism>(&self) -> Framing {
        if M::OLDER_PEERS { self.peer.version.framing() } else { Framing::V3 }
    }

    /// The bytes that an older peer gets instead of a greeting.
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

    /// Fails because of the start of these bytes.
    #[inline(always)]
    pub(super) fn fail_at(&mut self, failure: Failure, bytes: &[u8]) -> Received {
        copy(&mut self.scratch, bytes);
        self.fail(failure)
    }

    /// The error of the failed connection.
    pub(super) fn error<M: Mechanism>(&self, config: &Config, mechanism: &M) -> Option<Error> {
        self.failure.map(|failure| {
            let got = size_to_u64(match failure.limit() {
                Limit::Command | Limit::Frame => self.len,
                Limit::Message => self.bytes,
                Limit::Parts => self.parts.into(),
            });
            let silent_server = self.len == SILENT_SERVER && matches!(self.state, State::Handshake);
            let details = Details { scratch: &self.scratch, len: self.len, got, silent_server };
            failure.error(config, mechanism, &details)
        })
    }
}
