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
mod refusal;
mod sealed;
mod send;
mod skip;
mod state;
mod traffic;
mod whole;

use core::borrow::Borrow;

pub use encode::SendError;
pub use event::{Event, IgnoredCommand, Incoming, PeerInfo, Received};
pub use refusal::Refusal;

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
/// A connection contains only its state; the caller passes in the bytes, the time and the settings. `M` is
/// the security mechanism. `C` is a pointer to the settings: `&'static Config` on a microcontroller,
/// `Arc<Config>` on a server.
///
/// After an error, every call returns the same error. [`Connection::poll_transmit`] may still write an
/// ERROR command before the caller closes the transport.
#[derive(Debug)]
#[repr(C)]
pub struct Connection<M, C = &'static Config> {
    tx: SendHalf,
    mechanism: M,
    config: C,
    rx: ReceiveHalf,
    heartbeats: Heartbeats,
}

impl<M: Mechanism, C: Borrow<Config>> Connection<M, C> {
    /// Creates a connection over a transport that was just established. The handshake must complete within
    /// [`Limits::handshake_timeout`](crate::Limits), in milliseconds, after `now`.
    #[cfg_attr(target_os = "none", inline(always))]
    pub fn new(mechanism: M, config: C, now: Instant) -> Self {
        let deadline = Self::deadline(config.borrow(), now);
        let (rx, tx) = (ReceiveHalf::new(deadline), SendHalf::new());
        Self { config, mechanism, rx, tx, heartbeats: Heartbeats::NEVER }
    }

    /// Replaces the connection with a new one over another transport, as [`Connection::new`] with the same
    /// settings.
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

    /// Parses received bytes and reports the first event in them. Call it again until it reports
    /// [`Event::NeedInput`]. The input of each call must start with the bytes that the previous call left
    /// [unread](Connection::unread); append new bytes, if there are any.
    ///
    /// New bytes reset the timeouts for data of the peer. Afterwards the deadlines are compared with `now`:
    /// the connection may fail, or a PING may become due.
    ///
    /// Bytes of a greeting are consumed as they arrive. A command is parsed in one piece: up to
    /// [`Limits::max_command`](crate::Limits) and 9 bytes are left unread until it is complete. Of a message
    /// frame, at most an incomplete header is left unread: 8 bytes, or 9 if peers older than ZMTP 3.0 are
    /// accepted. The identity frame of such a peer, up to 255 bytes and its header, is also parsed in one
    /// piece.
    ///
    /// The input is mutable because a complete sealed frame is opened in place. The opened frame is reported
    /// with the same events as a frame in the clear. An incomplete sealed frame is left unread: see
    /// [`Event::Sealed`].
    pub fn receive(&mut self, now: Instant, input: &mut [u8]) -> Received {
        if !self.begin(now, input.len()) {
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

    /// Compares an input of `len` bytes with the bytes that were unread, then the deadlines with `now`. Returns
    /// whether the connection has not failed.
    #[inline(always)]
    fn begin(&mut self, now: Instant, len: usize) -> bool {
        // Before the clock is checked: the bytes may have arrived in time.
        if len > self.rx.unread {
            self.rx.heard::<M>();
        }
        self.rx.unread = len;
        self.check_timeouts(now)
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

    /// The frame whose body is incomplete, if there is one. The driver may read the rest of the body directly
    /// into its final buffer instead of passing it to [`Connection::receive`]; it reports the number of bytes
    /// to [`Connection::body_received`]. Returns `None` for sealed frames.
    pub const fn incoming(&self) -> Option<Incoming> {
        self.rx.incoming::<M>()
    }

    /// Reports that the driver has read `n` bytes of a body itself (see [`Connection::incoming`]). Returns the
    /// header of the frame if its body is now complete. An `n` above [`Incoming::remaining`] is reduced to
    /// it. The bytes reset the timeouts for data of the peer.
    pub fn body_received(&mut self, n: u64) -> Option<FrameHeader> {
        self.rx.body_received(n)
    }

    /// The peer's metadata. `payload` is the payload of [`Event::Ready`]. The metadata of a ZMTP 2.0 or 1.0
    /// peer is a single property, Identity.
    pub const fn metadata<'p>(&self, payload: &'p [u8]) -> Metadata<'p> {
        if self.rx.is_old::<M>() {
            Metadata::of_identity(payload)
        } else {
            Metadata::checked(payload)
        }
    }

    /// Answers a handshake that reported [`Event::Waiting`]. At any other time the call has no effect. After
    /// [`Answer::Accept`], call [`Connection::receive`] with the unread bytes. [`Answer::Refuse`] fails the
    /// connection with [`PeerError::Denied`](crate::PeerError::Denied), and
    /// [`Connection::poll_transmit`] writes the ERROR command.
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

    /// Writes the next piece of control bytes (greeting, command) that is due into `out`, and returns its
    /// length in bytes. Returns 0 if none is due.
    ///
    /// Call this after each [`Connection::receive`], until it returns 0. Send the pieces and the frames in
    /// the order in which they were encoded, and never within a frame.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`](crate::wire::BufferTooSmall) if `out` is too small for the next piece. The piece
    /// stays due: call again with a larger buffer. A greeting takes 64 bytes, a PONG in the clear at most 23.
    /// The READY of the NULL mechanism takes at most 50 bytes and the length of the routing id.
    pub fn poll_transmit(&mut self, out: &mut [u8]) -> Result<usize, crate::wire::BufferTooSmall> {
        self.tx.poll(self.config.borrow(), &mut self.mechanism, &mut self.rx, out)
    }

    /// Whether [`Connection::poll_transmit`] may have bytes to write. During the greeting and the handshake
    /// this can be `true` although `poll_transmit` returns 0.
    pub fn needs_transmit(&self) -> bool {
        self.tx.needs_transmit(&self.mechanism, &self.rx)
    }

    /// The time at which to call [`Connection::handle_timeout`]; `None` if there is no deadline or the
    /// connection failed. It may change with each call of [`Connection::receive`] and
    /// [`Connection::body_received`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.has_failed() {
            return None;
        }
        let next = self.rx.deadline().min(self.heartbeats.next());
        (next != Instant::NEVER).then_some(next)
    }

    /// Compares the deadlines with `now`. The connection fails if the handshake took too long, or if the peer
    /// sent no data for too long. Otherwise a PING may be due: call [`Connection::poll_transmit`].
    ///
    /// Pass received bytes to [`Connection::receive`] before this call: bytes that it has not seen do not
    /// reset the timeouts. If the driver has paused reading, call [`Connection::reset_timeouts`] first.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`], or the earlier error if the connection has already failed.
    #[inline]
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        if self.check_timeouts(now) {
            return Ok(());
        }
        // `error` returns an error here. A default takes less code than a check.
        Err(self.error().unwrap_or(Error::TimedOut(Timeout::Handshake)))
    }

    /// As [`Connection::handle_timeout`], but returns whether the connection has not failed.
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn check_timeouts(&mut self, now: Instant) -> bool {
        if !self.rx.check_deadline(now) {
            return false;
        }
        if let Some(deadline) = self.heartbeats.beat(self.config.borrow(), now) {
            self.tx.queue_ping();
            self.rx.expect(Timeout::Heartbeat, deadline);
        }
        true
    }

    /// Resets the timeouts for data of the peer, as if a byte had arrived. Use it if the driver does not read
    /// because it has no room, or collects a sealed frame in another buffer.
    pub fn reset_timeouts(&mut self) {
        self.rx.heard::<M>();
    }

    /// Sends no more PINGs, and awaits no answer to those that were sent. Use it if the driver only sends from now on: the
    /// answers of the peer are then not read, and could fill the buffers between the two.
    pub fn stop_heartbeats(&mut self) {
        self.heartbeats = Heartbeats::NEVER;
        self.rx.heard::<M>();
    }

    /// Fails the connection because the pattern rejected a message of the peer for a reason that
    /// [ends it](crate::pattern::Reason::ends_connection). The error is
    /// [`Malformed::NotGroupAndBody`](crate::wire::Malformed), the only such reason. Without effect if the connection
    /// has failed.
    pub const fn fail_message(&mut self) {
        if self.rx.failure.is_none() {
            self.rx.fail(Failure::NotGroupAndBody);
        }
    }

    /// Queues a PING that is not due yet, if PINGs are sent to this peer. No answer is awaited. A socket of `zmtp-mio`
    /// that receives a PING before the first message expects PINGs from then on.
    pub fn queue_ping(&mut self) {
        if self.heartbeats.next() != Instant::NEVER {
            self.tx.queue_ping();
        }
    }

    /// Queues a PONG without a PING. Use it if the driver does not read because it has no room, and therefore cannot
    /// answer PINGs of the peer. Without effect before the end of the handshake, while a PONG is due, and if the peer is
    /// older than ZMTP 3.0, which has no commands.
    pub fn queue_pong(&mut self) {
        if self.is_ready() && !self.rx.is_old::<M>() && !self.tx.pong_due() {
            self.tx.queue_pong(0);
        }
    }

    /// Whether a PONG is due. [`Connection::poll_transmit`] writes it.
    pub const fn pong_due(&self) -> bool {
        self.tx.pong_due()
    }

    /// Whether messages may be sent: READY was sent and received. For peers older than ZMTP 3.0, the
    /// greeting and the identity frame take its place.
    pub fn is_ready(&self) -> bool {
        let sent_all =
            if self.rx.is_old::<M>() { self.tx.greeted() } else { self.mechanism.may_send() };
        self.rx.in_traffic::<M>() && sent_all
    }

    /// The version and socket type of the peer; `None` before [`Event::Ready`] and after a failure.
    pub const fn peer(&self) -> Option<PeerInfo> {
        self.rx.peer::<M>()
    }

    /// The error that failed the connection; `None` if it has not failed.
    pub fn error(&self) -> Option<Error> {
        self.rx.error(self.config.borrow(), &self.mechanism)
    }

    /// Whether the connection has failed with an error that is sent to the peer in an ERROR command.
    pub fn sends_error(&self) -> bool {
        refusal::sends_error(&self.mechanism, &self.rx)
    }

    /// Whether the connection has failed. [`Connection::error`] returns the error.
    pub const fn has_failed(&self) -> bool {
        self.rx.failure.is_some()
    }

    /// Whether the current message of the peer is incomplete.
    pub const fn in_message(&self) -> bool {
        self.rx.in_message()
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        self.config.borrow()
    }

    /// The settings as they were passed to [`Connection::new`]: owned, or a reference.
    pub const fn shared_config(&self) -> &C {
        &self.config
    }

    /// The security mechanism.
    pub const fn mechanism(&self) -> &M {
        &self.mechanism
    }
}

/// Limits on the size of a connection, which takes memory on microcontrollers and on servers with many connections.
/// A larger connection does not compile until a limit is raised.
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
