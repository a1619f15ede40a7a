//! The connection: greeting, handshake and traffic as one state machine without IO.
//!
//! The connection encodes and parses everything on the wire: drivers build no header, command or nonce.
//! There are four kinds of methods: for received bytes (`receive`, `incoming`, `body_received`), for the
//! connection's own bytes and deadlines (`poll_transmit`, `poll_timeout`, `handle_timeout`), for frames of
//! the application (`encode_frame` and others in `frames`), and getters.

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
/// It owns its state only; the caller provides bytes, time and settings. `M` is the security mechanism.
/// `C` holds the settings: `&'static Config` on a microcontroller, `Arc<Config>` on a server.
///
/// After an error, every call returns the same error. [`Connection::poll_transmit`] may still write an
/// ERROR command before the caller closes the transport.
#[derive(Debug)]
pub struct Connection<M, C = &'static Config> {
    config: C,
    mechanism: M,
    rx: ReceiveHalf,
    tx: SendHalf,
    heartbeats: Heartbeats,
}

impl<M: Mechanism, C: Borrow<Config>> Connection<M, C> {
    /// A connection over a transport that has just been established. The handshake must complete within
    /// [`Limits::handshake_timeout`](crate::Limits) of `now`.
    #[cfg_attr(target_os = "none", inline(always))]
    pub fn new(mechanism: M, config: C, now: Instant) -> Self {
        let deadline = Self::deadline(config.borrow(), now);
        let (rx, tx) = (ReceiveHalf::new(deadline), SendHalf::new());
        Self { config, mechanism, rx, tx, heartbeats: Heartbeats::NEVER }
    }

    /// Starts again over another transport, as [`Connection::new`] with the same settings.
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

    /// Parses received bytes and reports the first event in them. Call it until it reports
    /// [`Event::NeedInput`]. The input of each call starts with the bytes that the previous call left
    /// [unread](Connection::unread), followed by new bytes, if there are any.
    ///
    /// New bytes reset the timeouts. Then the deadlines are checked against `now`: the connection fails if
    /// the peer was silent for too long, and a PING may become due.
    ///
    /// Bytes of a greeting are consumed as they arrive. A command is parsed in one piece, so up to
    /// [`Limits::max_command`](crate::Limits) and 9 bytes may be left unread. Otherwise at most an
    /// incomplete frame header is left unread: 8 bytes, or 9 if peers older than ZMTP 3.0 are accepted. The
    /// identity of such a peer, up to 255 bytes, is parsed in one piece too.
    ///
    /// The input is mutable because a complete sealed frame is opened in place. It is then handled like a
    /// frame in the clear, with the same events. An incomplete sealed frame is left unread, see
    /// [`Event::Sealed`].
    pub fn receive(&mut self, now: Instant, input: &mut [u8]) -> Received {
        // Before the clock is checked: the bytes may have arrived in time.
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
            // The bytes that caused the failure stay unread.
            Event::Failed => self.rx.unread = input.len(),
            _ => {}
        }
        received
    }

    /// The number of bytes at the end of the last input that [`Connection::receive`] did not consume. The
    /// next input starts with them.
    pub const fn unread(&self) -> usize {
        self.rx.unread
    }

    /// The message frame of the last [`Event::Frame`] or [`Event::Piece`], and whether it is complete.
    pub const fn frame(&self) -> (FrameHeader, bool) {
        self.rx.last_frame()
    }

    /// The frame whose body is still arriving, if there is one. The rest of the body may be read directly
    /// into its final buffer, without [`Connection::receive`], and reported to
    /// [`Connection::body_received`]. Never returns a sealed frame.
    pub const fn incoming(&self) -> Option<Incoming> {
        self.rx.incoming::<M>()
    }

    /// Reports `n` bytes of a body that were read without [`Connection::receive`]. Returns the frame's
    /// header if they complete the body. A value above [`Incoming::remaining`] is reduced to it. The bytes
    /// reset the timeouts.
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

    /// Writes one piece of the control bytes that are due into `out`. Returns its length; 0 if none are
    /// due.
    ///
    /// Send control bytes between frames, in the order of the calls that produced them and the frames.
    /// Call this after each [`Connection::receive`], until it returns 0.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`](crate::wire::BufferTooSmall) if `out` is too small for the next piece. Nothing is
    /// lost then. 64 bytes fit any greeting and any PONG in the clear; a READY needs 9 bytes for its header,
    /// and its metadata.
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

    /// Checks the deadlines. The connection fails if the handshake took too long or the peer was silent for
    /// too long. Otherwise a PING may be due: call [`Connection::poll_transmit`].
    ///
    /// Pass received bytes to [`Connection::receive`] first: unread bytes do not reset the timeouts. If
    /// reading is paused on purpose, call [`Connection::excuse_silence`] before.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`], or the error that the connection failed with before.
    #[inline]
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        if self.lives(now) {
            return Ok(());
        }
        // There is an error; the default takes less code than a proof.
        Err(self.error().unwrap_or(Error::TimedOut(Timeout::Handshake)))
    }

    /// [`Connection::handle_timeout`] without the error: whether the connection has not failed.
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

    /// Resets the timeouts of the peer's silence: for a driver that leaves bytes unread because it has no
    /// room for them, or collects a sealed frame elsewhere.
    pub fn excuse_silence(&mut self) {
        self.rx.heard::<M>();
    }

    /// Whether messages may be sent: READY was received and sent, or its equivalent in older versions.
    pub fn is_ready(&self) -> bool {
        let sent_all =
            if self.rx.is_old::<M>() { self.tx.greeted() } else { self.mechanism.may_send() };
        self.rx.in_traffic::<M>() && sent_all
    }

    /// The properties of the peer, after its READY has arrived.
    pub const fn peer(&self) -> Option<PeerInfo> {
        self.rx.peer::<M>()
    }

    /// The error that the connection failed with.
    pub fn error(&self) -> Option<Error> {
        self.rx.error::<M>(self.config.borrow())
    }

    /// Whether the connection failed and sends the peer an ERROR command with a reason.
    pub fn refuses(&self) -> bool {
        SendHalf::refuses(&self.mechanism, &self.rx)
    }

    /// Whether the connection has failed: [`Connection::error`] without the reason.
    pub const fn has_failed(&self) -> bool {
        self.rx.failure.is_some()
    }

    /// Whether a message is incomplete: the rest of a frame or further frames are due.
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

/// The size of a connection, which matters on microcontrollers and on servers with many connections. This
/// check makes every increase a decision.
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
