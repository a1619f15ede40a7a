//! The connection: greeting, handshake and traffic as one state machine without IO.
//!
//! Four kinds of methods, as in the crate's front page: bytes that arrived (`decode` or `advance`,
//! `incoming`, `body_received`), what the connection wants done (`poll_transmit`, `poll_timeout`,
//! `handle_timeout`), commands of the application (`begin_frame`, `begin_subscription`), and
//! questions.

mod cause;
mod commands;
mod event;
mod front;
mod older;
mod pulse;
mod receive;
mod send;
mod subscription;

use core::borrow::Borrow;

pub use event::{Chunk, Decoded, Event, Ignored, Incoming, PeerInfo};
pub use front::{Front, What};
pub use send::{Refusal, SendError};
pub use subscription::SubscriptionHeader;

use crate::buffer::Input;
use crate::config::Config;
use crate::error::{Error, Timeout};
use crate::mechanism::Mechanism;
use crate::time::Instant;
use crate::wire::Subscription;
use crate::wire::{
    Command, CommandName, FrameHeader, FrameKind, Framing, HeaderBytes, Metadata, More,
    error_reason,
};
use pulse::Pulse;
use receive::{Around, Rx};
use send::Tx;

/// One end of a ZMTP connection.
///
/// It owns its state and nothing else: bytes, time and settings are the caller's. `C` is how the
/// settings are held: `&'static Config` on a microcontroller, `Arc<Config>` on a server.
///
/// After an error every call repeats it; [`Connection::poll_transmit`] may still have a farewell
/// to write before the caller closes.
#[derive(Debug)]
pub struct Connection<M, C = &'static Config> {
    config: C,
    mechanism: M,
    rx: Rx,
    tx: Tx,
    pulse: Pulse,
}

impl<M: Mechanism, C: Borrow<Config>> Connection<M, C> {
    /// A connection whose transport has just been established. The handshake must be over within
    /// [`Limits::handshake_timeout`](crate::Limits) of `now`.
    #[cfg_attr(target_os = "none", inline(always))]
    pub fn new(mechanism: M, config: C, now: Instant) -> Self {
        let deadline = Self::deadline(config.borrow(), now);
        let (rx, tx) = (Rx::new(deadline), Tx::new());
        Self { config, mechanism, rx, tx, pulse: Pulse::NEVER }
    }

    /// Begins anew over another transport, as [`Connection::new`] with the settings there are.
    pub fn restart(&mut self, mechanism: M, now: Instant) {
        self.mechanism = mechanism;
        self.rx.restart(Self::deadline(self.config.borrow(), now));
        self.tx = Tx::new();
        self.pulse = Pulse::NEVER;
    }

    fn deadline(config: &Config, now: Instant) -> Instant {
        match config.limits.handshake_timeout {
            u32::MAX => Instant::NEVER,
            ms => now.after(ms),
        }
    }

    /// Takes the next event from the front of `input`, which begins with what was left before. What
    /// is in it besides is a sign of life.
    ///
    /// Greeting bytes are consumed as they come. Commands are parsed in one piece, so that up to
    /// [`Limits::max_command`](crate::Limits) and 9 bytes may be left unconsumed; of anything else
    /// at most an incomplete frame header, 8 bytes, or 9 where peers older than ZMTP 3.0 are let
    /// in, whose opening identity, up to 255 bytes, is read in one piece too. Message bodies are
    /// handed on as they are.
    ///
    /// # Errors
    ///
    /// Any [`Error`]; from then on the connection has failed and repeats it.
    pub fn decode<'i>(
        &mut self,
        now: Instant,
        input: &mut Input<'i>,
    ) -> Result<Decoded<'i>, Error> {
        // Whatever the clock says: they may have waited for us.
        self.notice(input.rest());
        // Once: they do not answer a PING that is due now.
        self.rx.left = input.rest().len();
        if !self.lives(now) {
            return Err(self.why());
        }
        loop {
            let front = self.advance(now, input.rest());
            let taken = match front.what {
                // What it failed for stays where it is.
                What::Failed => Default::default(),
                _ => input.take(input.rest().len().wrapping_sub(self.rx.left)),
            };
            let at = taken.len().saturating_sub(front.payload);
            let bytes = taken.get_mut(at..).unwrap_or_default();
            return Ok(Decoded::Event(match front.what {
                What::Failed => return Err(self.why()),
                What::NeedInput => return Ok(Decoded::NeedInput),
                What::NeedTransmit => return Ok(Decoded::NeedTransmit),
                What::Nothing => continue,
                What::Frame | What::Piece => {
                    let first = front.what == What::Frame;
                    let bytes =
                        if first { input.take(self.rx.body(input.rest().len())) } else { bytes };
                    let (header, last) = self.rx.last_frame();
                    Event::Chunk(Chunk { header, bytes, first, last })
                }
                What::Ready if self.rx.is_old::<M>() => Event::Ready(Metadata::of_identity(bytes)),
                What::Ready => Event::Ready(Metadata::checked(bytes)),
                What::Refused => Event::Refused(error_reason(bytes).unwrap_or_default()),
                What::Subscribe => Event::Subscribe(bytes),
                What::Cancel => Event::Cancel(bytes),
                What::Ignored => Event::Ignored(match Command::parse(bytes) {
                    Ok(command) if !command.is(CommandName::Ping) => {
                        Ignored::Command(command.name())
                    }
                    _ => Ignored::Malformed,
                }),
            }));
        }
    }

    /// [`Connection::decode`] for who keeps the bytes in a buffer of their own, a microcontroller:
    /// says what is at the front of `input` and borrows nothing of it. The next call's `input` begins
    /// with what this one has [`left`](Connection::left). To be called again until it finds
    /// [`What::NeedInput`], each time after [`Connection::lives`] said that the connection does.
    pub fn advance(&mut self, now: Instant, input: &[u8]) -> Front {
        if self.has_failed() {
            self.rx.left = input.len();
            return Front::FAILED;
        }
        self.notice(input);
        self.rx.left = input.len();
        let config = self.config.borrow();
        let around = &mut Around { config, mechanism: &mut self.mechanism, tx: &mut self.tx, now };
        let front = self.rx.advance(around, input);
        if front.what == What::Ready {
            self.pulse = Pulse::start(self.config.borrow(), self.rx.peer::<M>(), now);
        }
        front
    }

    /// How many bytes at the end of its input [`Connection::advance`] has not dealt with.
    pub const fn left(&self) -> usize {
        self.rx.left
    }

    /// Takes new bytes for a sign of life.
    fn notice(&mut self, input: &[u8]) {
        if input.len() > self.rx.left {
            self.rx.heard::<M>();
        }
    }

    /// The message frame whose bytes came last, and whether they were its last ones.
    pub const fn frame(&self) -> (FrameHeader, bool) {
        self.rx.last_frame()
    }

    /// The frame whose body is under way, if any. Its bytes may be read past `decode`, straight
    /// into their final place, and be reported by [`Connection::body_received`].
    pub const fn incoming(&self) -> Option<Incoming> {
        self.rx.incoming()
    }

    /// Says that `n` bytes of the body under way were read past `decode`. Returns the frame's
    /// header when its body is complete with them. More than
    /// [`Incoming::remaining`] count as exactly that many. They are a sign of life.
    pub fn body_received(&mut self, n: u64) -> Option<FrameHeader> {
        self.rx.body_received(n)
    }

    /// Writes control bytes that are due into `out`, one piece of them, and says how many; 0 means
    /// none.
    ///
    /// They go out before anything else, between frames, never inside one. Call it after each
    /// `decode` that returned something, and until it returns 0.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`](crate::wire::BufferTooSmall) if `out` is too small for the next piece. Nothing
    /// is lost then.
    /// 64 bytes take any greeting and PONG; a READY takes 9 bytes of header and its metadata.
    pub fn poll_transmit(&mut self, out: &mut [u8]) -> Result<usize, crate::wire::BufferTooSmall> {
        self.tx.poll(self.config.borrow(), &mut self.mechanism, &self.rx, out)
    }

    /// Whether [`Connection::poll_transmit`] may have something to write. While a greeting or
    /// handshake waits for the peer it is asked in vain.
    pub fn wants_transmit(&self) -> bool {
        self.tx.wants_transmit(&self.mechanism, &self.rx)
    }

    /// When to call [`Connection::handle_timeout`] next. It changes with what is decoded.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.has_failed() {
            return None;
        }
        let next = self.rx.give_up().min(self.pulse.next());
        (next != Instant::NEVER).then_some(next)
    }

    /// Acts on the time: fails the connection if its handshake is late or the peer silent for too
    /// long; else a PING may be due, so ask [`Connection::poll_transmit`].
    ///
    /// Decode what has arrived before: what nobody has read is no sign of life. Who does not read
    /// by choice says so with [`Connection::excuse_silence`].
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`], or the error the connection failed with before.
    #[inline]
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        if self.lives(now) { Ok(()) } else { Err(self.why()) }
    }

    /// [`Connection::handle_timeout`] without the reason: whether the connection lives.
    pub fn lives(&mut self, now: Instant) -> bool {
        if !self.rx.lives(now) {
            return false;
        }
        if let Some(give_up) = self.pulse.beat(self.config.borrow(), now) {
            self.tx.queue_ping();
            self.rx.expect(Timeout::Heartbeat, give_up);
        }
        true
    }

    fn why(&self) -> Error {
        // There is one; a default costs less than a proof.
        self.error().unwrap_or(Error::TimedOut(Timeout::Handshake))
    }

    /// Forgives the peer's silence so far: for a driver that leaves bytes unread because it has
    /// no place for them.
    pub fn excuse_silence(&mut self) {
        self.rx.heard::<M>();
    }

    /// Starts a message frame: write the returned header, which is in the peer's framing, then
    /// exactly `len` bytes of body.
    ///
    /// # Errors
    ///
    /// [`SendError`] if the peer's READY has not come, our own has not been fetched by
    /// [`Connection::poll_transmit`], or the connection has failed.
    #[inline]
    pub fn begin_frame(&self, more: More, len: u64) -> Result<HeaderBytes, SendError> {
        if self.is_ready() {
            Ok(self.framing().emit(FrameHeader::new(FrameKind::Message(more), len)))
        } else {
            Err(self.error().map_or(SendError::NotReady, SendError::Failed))
        }
    }

    /// Starts a subscription or its end, as [`Connection::begin_frame`] starts a frame: write the
    /// returned bytes, then exactly `topic_len` bytes of topic. For SUB and XSUB; it goes between
    /// frames.
    ///
    /// A peer of ZMTP 3.1 gets a command, an older one a message (RFC 37 § The Publish-Subscribe
    /// Pattern, RFC 23).
    ///
    /// # Errors
    ///
    /// As [`Connection::begin_frame`].
    pub fn begin_subscription(
        &self,
        what: Subscription,
        topic_len: usize,
    ) -> Result<SubscriptionHeader, SendError> {
        if self.is_ready() {
            let version = self.rx.peer.version.negotiated();
            return Ok(SubscriptionHeader::new(what, topic_len, version, self.framing()));
        }
        Err(self.error().map_or(SendError::NotReady, SendError::Failed))
    }

    /// Whether messages may be sent: both READYs are through, or what stands for them in older
    /// versions.
    pub fn is_ready(&self) -> bool {
        let said_all =
            if self.rx.is_old::<M>() { self.tx.greeted() } else { self.mechanism.may_send() };
        self.rx.in_traffic::<M>() && said_all
    }

    /// How frames of messages go out to this peer, for a driver that has headers ready. Right once
    /// [`Connection::is_ready`].
    pub fn framing(&self) -> Framing {
        self.rx.framing::<M>()
    }

    /// Who the peer is, once its READY has come.
    pub const fn peer(&self) -> Option<PeerInfo> {
        self.rx.peer::<M>()
    }

    /// The error the connection failed with.
    pub fn error(&self) -> Option<Error> {
        self.rx.cause.map(|cause| {
            let config = self.config.borrow();
            cause.error(config, M::socket_type(config), &self.rx)
        })
    }

    /// Whether the connection has failed, and tells the peer why.
    pub fn refuses(&self) -> bool {
        self.rx.cause.as_ref().and_then(Refusal::of).is_some() && !self.rx.is_old::<M>()
    }

    /// Whether the connection has failed: [`Connection::error`] without the reason.
    pub const fn has_failed(&self) -> bool {
        self.rx.cause.is_some()
    }

    /// Whether the last message is incomplete: a frame of it is under way or due.
    pub const fn in_message(&self) -> bool {
        self.rx.in_message()
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        self.config.borrow()
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
