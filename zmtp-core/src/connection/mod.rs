//! The connection: greeting, handshake and traffic as one state machine without IO.
//!
//! Everything that goes on the wire or comes from it passes through here: drivers build no header,
//! no command and no nonce. Four kinds of methods: received bytes (`receive`, `incoming`,
//! `body_received`), what the connection itself needs (`poll_transmit`, `poll_timeout`,
//! `handle_timeout`), what the application sends (`encode_frame` and its relatives in `frames`), and
//! questions.

mod context;
mod encode;
mod event;
mod failure;
mod frames;
mod handshake;
mod heartbeat;
mod legacy;
mod limits;
mod receive;
mod sealed;
mod send;
mod state;
mod traffic;

use core::borrow::Borrow;

pub use encode::SendError;
pub use event::{Event, Ignored, Incoming, PeerInfo, Received};
pub use send::Refusal;

use crate::config::Config;
use crate::error::{Error, Timeout};
use crate::mechanism::{Answer, Mechanism};
use crate::time::Instant;
use crate::wire::{FrameHeader, Metadata};
use context::Context;
use failure::Failure;
use heartbeat::Heartbeats;
use send::SendHalf;
use state::{ReceiveHalf, State};

/// One end of a ZMTP connection.
///
/// It owns its state and nothing else: bytes, time and settings are the caller's. `M` is the
/// security mechanism. `C` is how the settings are held: `&'static Config` on a microcontroller,
/// `Arc<Config>` on a server.
///
/// After an error every call repeats it. [`Connection::poll_transmit`] may still have an ERROR
/// command to write before the caller closes.
#[derive(Debug)]
pub struct Connection<M, C = &'static Config> {
    config: C,
    mechanism: M,
    rx: ReceiveHalf,
    tx: SendHalf,
    heartbeats: Heartbeats,
}

impl<M: Mechanism, C: Borrow<Config>> Connection<M, C> {
    /// A connection whose transport has just been established. The handshake must be over within
    /// [`Limits::handshake_timeout`](crate::Limits) of `now`.
    #[cfg_attr(target_os = "none", inline(always))]
    pub fn new(mechanism: M, config: C, now: Instant) -> Self {
        let deadline = Self::deadline(config.borrow(), now);
        let (rx, tx) = (ReceiveHalf::new(deadline), SendHalf::new());
        Self { config, mechanism, rx, tx, heartbeats: Heartbeats::NEVER }
    }

    /// Begins anew over another transport, as [`Connection::new`] with the same settings.
    pub fn restart(&mut self, mechanism: M, now: Instant) {
        self.mechanism = mechanism;
        self.rx.restart(Self::deadline(self.config.borrow(), now));
        self.tx = SendHalf::new();
        self.heartbeats = Heartbeats::NEVER;
    }

    fn deadline(config: &Config, now: Instant) -> Instant {
        match config.limits.handshake_timeout {
            u32::MAX => Instant::NEVER,
            ms => now.after(ms),
        }
    }

    /// Looks at received bytes and reports the first event in them. Call it until it reports
    /// [`Event::NeedInput`], each time with what the call before left [unread](Connection::unread),
    /// and with more bytes behind that as soon as there are any.
    ///
    /// Bytes that were not in the input before are a sign of life. After that the clock counts: a
    /// connection whose peer was silent for too long fails, and a PING may become due.
    ///
    /// Bytes of a greeting are taken as they come. Commands are parsed in one piece, so that up to
    /// [`Limits::max_command`](crate::Limits) and 9 bytes may be left unread. Of anything else in
    /// the clear at most an incomplete frame header is left, 8 bytes, or 9 where peers older than
    /// ZMTP 3.0 are let in, whose opening identity, up to 255 bytes, is read in one piece too.
    ///
    /// The input is mutable because a sealed frame is opened in place, once all of it is there. From
    /// then on it is handled as a frame in the clear: the events are the same. Until then it is left
    /// unread whole, see [`Event::Sealed`].
    pub fn receive(&mut self, now: Instant, input: &mut [u8]) -> Received {
        // Whatever the clock shows: the bytes may have waited for us.
        if input.len() > self.rx.unread {
            self.rx.heard::<M>();
        }
        self.rx.unread = input.len();
        if !self.lives(now) {
            return Received::FAILED;
        }
        let config = self.config.borrow();
        let (mechanism, tx) = (&mut self.mechanism, &mut self.tx);
        let context = &mut Context { config, mechanism, tx, now };
        let received = self.rx.advance(context, input);
        match received.event {
            Event::Ready => {
                self.heartbeats = Heartbeats::start(self.config.borrow(), self.rx.peer::<M>(), now);
            }
            // What it failed for stays where it is.
            Event::Failed => self.rx.unread = input.len(),
            _ => {}
        }
        received
    }

    /// How many bytes at the end of its input [`Connection::receive`] has not dealt with: the next
    /// input begins with them.
    pub const fn unread(&self) -> usize {
        self.rx.unread
    }

    /// The message frame whose header or body came last, and whether it is complete.
    pub const fn frame(&self) -> (FrameHeader, bool) {
        self.rx.last_frame()
    }

    /// The frame whose body is under way, if any. The bytes of its body may be read into their final
    /// place without [`Connection::receive`], and reported by [`Connection::body_received`]. Never a
    /// sealed frame.
    pub const fn incoming(&self) -> Option<Incoming> {
        self.rx.incoming::<M>()
    }

    /// Takes note of `n` bytes of the body under way that did not pass through
    /// [`Connection::receive`]. Returns the frame's header if they complete it. More than
    /// [`Incoming::remaining`] count as exactly that many. They are a sign of life.
    pub fn body_received(&mut self, n: u64) -> Option<FrameHeader> {
        self.rx.body_received(n)
    }

    /// The peer's metadata, from the payload of [`Event::Ready`]. A peer of ZMTP 2.0 or 1.0 has one
    /// property, its Identity.
    pub const fn metadata<'p>(&self, payload: &'p [u8]) -> Metadata<'p> {
        if self.rx.is_old::<M>() {
            Metadata::of_identity(payload)
        } else {
            Metadata::checked(payload)
        }
    }

    /// Answers a handshake that reported [`Event::Waiting`]; has no effect at any other time. After
    /// [`Answer::Accept`] call [`Connection::receive`] with the unread bytes. After
    /// [`Answer::Refuse`] the connection has failed with
    /// [`PeerError::Denied`](crate::PeerError::Denied), and [`Connection::poll_transmit`] has the
    /// ERROR command.
    pub fn answer(&mut self, answer: Answer<'_>) {
        if !M::WAITS || self.has_failed() || !matches!(self.rx.state, State::Waiting) {
            return;
        }
        self.mechanism.answer(answer);
        match answer {
            Answer::Accept => self.rx.state = State::Handshake,
            Answer::Refuse(_) => {
                self.rx.fail(Failure::Denied);
            }
        }
    }

    /// Writes control bytes that are due into `out`, one piece of them. Returns how many; 0 if none
    /// are due.
    ///
    /// They go out before anything else and between frames, never inside one, in the order of the
    /// calls that encode frames. Call it after each [`Connection::receive`], until it returns 0.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`](crate::wire::Full) if `out` is too small for the next piece; nothing is lost then.
    /// 64 bytes hold any greeting and PONG in the clear; a READY takes 9 bytes of header and its
    /// metadata.
    pub fn poll_transmit(&mut self, out: &mut [u8]) -> Result<usize, crate::wire::BufferTooSmall> {
        self.tx.poll(self.config.borrow(), &mut self.mechanism, &mut self.rx, out)
    }

    /// Whether [`Connection::poll_transmit`] may have something to write. It may return `true` while
    /// a greeting or handshake waits for the peer; `poll_transmit` writes nothing then.
    pub fn wants_transmit(&self) -> bool {
        self.tx.wants_transmit(&self.mechanism, &self.rx)
    }

    /// When to call [`Connection::handle_timeout`] next. It changes with what is received.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.has_failed() {
            return None;
        }
        let next = self.rx.give_up().min(self.heartbeats.next());
        (next != Instant::NEVER).then_some(next)
    }

    /// Acts on the time: the connection fails if its handshake is late or the peer silent for too
    /// long; else a PING may be due, so call [`Connection::poll_transmit`].
    ///
    /// Pass what has arrived to [`Connection::receive`] first: unread bytes do not reset the
    /// timeout. If reading is paused on purpose, call [`Connection::excuse_silence`].
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`], or the error that the connection failed with before.
    #[inline]
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        if self.lives(now) {
            return Ok(());
        }
        // There is one; a default costs less than a proof.
        Err(self.error().unwrap_or(Error::TimedOut(Timeout::Handshake)))
    }

    /// [`Connection::handle_timeout`] without the reason: whether the connection lives.
    pub fn lives(&mut self, now: Instant) -> bool {
        if !self.rx.lives(now) {
            return false;
        }
        if let Some(give_up) = self.heartbeats.beat(self.config.borrow(), now) {
            self.tx.queue_ping();
            self.rx.expect(Timeout::Heartbeat, give_up);
        }
        true
    }

    /// Forgives the peer's silence so far: for a driver that leaves bytes unread because it has no
    /// place for them, or collects a sealed frame elsewhere.
    pub fn excuse_silence(&mut self) {
        self.rx.heard::<M>();
    }

    /// Whether messages may be sent: both READYs are through, or what takes their place in older
    /// versions.
    pub fn is_ready(&self) -> bool {
        let sent_all =
            if self.rx.is_old::<M>() { self.tx.greeted() } else { self.mechanism.may_send() };
        self.rx.in_traffic::<M>() && sent_all
    }

    /// What is known of the peer, once its READY has come.
    pub const fn peer(&self) -> Option<PeerInfo> {
        self.rx.peer::<M>()
    }

    /// The error that the connection failed with.
    pub fn error(&self) -> Option<Error> {
        self.rx.error::<M>(self.config.borrow())
    }

    /// Whether the connection has failed and gives the peer a reason, in an ERROR command.
    pub fn refuses(&self) -> bool {
        SendHalf::refuses(&self.mechanism, &self.rx)
    }

    /// Whether the connection has failed: [`Connection::error`] without the reason.
    pub const fn has_failed(&self) -> bool {
        self.rx.failure.is_some()
    }

    /// Whether the last message is incomplete: a frame of it is under way or due.
    pub const fn in_message(&self) -> bool {
        self.rx.in_message()
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        self.config.borrow()
    }

    /// The security mechanism.
    pub const fn mechanism(&self) -> &M {
        &self.mechanism
    }
}

/// What a connection may cost a microcontroller, and a server with many. A feature may cost more
/// only knowingly.
const _: () = {
    let size = size_of::<Connection<crate::Null>>();
    let allowed = match (size_of::<usize>(), cfg!(feature = "heartbeat")) {
        (..=4, false) => 64,
        (..=4, true) => 72,
        (_, false) => 104,
        _ => 112,
    };
    assert!(size <= allowed);
};

#[cfg(test)]
mod tests;
