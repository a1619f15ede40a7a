//! The connection: greeting, handshake and traffic as one state machine without IO.
//!
//! Four kinds of methods, as in the crate's front page: octets that arrived (`decode`,
//! `incoming`, `body_received`), what the connection wants done (`poll_transmit`, `poll_timeout`,
//! `handle_timeout`), commands of the application (`begin_frame`), and questions.

mod event;
mod receive;
mod send;

use core::borrow::Borrow;

pub use event::{Chunk, Decoded, Event, Ignored, Incoming, PeerInfo};
pub use send::{Refusal, SendError};

use crate::buffer::Input;
use crate::config::Config;
use crate::error::{Error, Timeout};
use crate::mechanism::Mechanism;
use crate::time::Instant;
use crate::wire::{FrameHeader, HeaderBytes, Kind, More};
use receive::Rx;
use send::Tx;

/// One end of a ZMTP connection.
///
/// It owns its state and nothing else: octets, time and settings are the caller's. `C` is how the
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
    deadline: Instant,
}

impl<M: Mechanism, C: Borrow<Config>> Connection<M, C> {
    /// A connection whose transport has just been established. The handshake must be over within
    /// [`Limits::handshake_timeout`](crate::Limits) of `now`.
    pub fn new(mechanism: M, config: C, now: Instant) -> Self {
        let deadline = match config.borrow().limits.handshake_timeout {
            u32::MAX => Instant::NEVER,
            ms => now.after(ms),
        };
        Self { config, mechanism, rx: Rx::new(), tx: Tx::new(), deadline }
    }

    /// Takes the next event from the front of `input`.
    ///
    /// Greeting octets are consumed as they come. Commands are parsed in one piece, so that up to
    /// [`Limits::max_command`](crate::Limits) and 9 octets may be left unconsumed; of anything else
    /// at most an incomplete frame header, 8 octets. Message bodies are handed on as they are.
    ///
    /// # Errors
    ///
    /// Any [`Error`]; from then on the connection has failed and repeats it.
    pub fn decode<'i>(
        &mut self,
        now: Instant,
        input: &mut Input<'i>,
    ) -> Result<Decoded<'i>, Error> {
        self.handle_timeout(now)?;
        let result = self.rx.decode(self.config.borrow(), &mut self.mechanism, &mut self.tx, input);
        match &result {
            Ok(Decoded::Event(Event::Ready(_))) => self.deadline = Instant::NEVER,
            Ok(Decoded::Event(Event::Refused(_))) => self.fail(crate::PeerError::Refused.into()),
            Err(error) => self.fail(*error),
            Ok(_) => {}
        }
        result
    }

    /// The frame whose body is under way, if any. Its octets may be read past `decode`, straight
    /// into their final place, and be reported by [`Connection::body_received`].
    pub const fn incoming(&self) -> Option<Incoming> {
        self.rx.incoming()
    }

    /// Says that `n` octets of the body under way were read past `decode`. Returns the frame's
    /// header when its body is complete with them. More than
    /// [`Incoming::remaining`] count as exactly that many.
    pub fn body_received(&mut self, n: u64) -> Option<FrameHeader> {
        self.rx.body_received(n)
    }

    /// Writes control octets that are due into `out` and says how many; 0 means none.
    ///
    /// They go out before anything else, between frames, never inside one. Call it after each
    /// `decode` that returned something, and until it returns 0.
    ///
    /// # Errors
    ///
    /// [`Full`](crate::wire::Full) if `out` is too small for the next piece; nothing is lost then.
    /// 64 octets take any greeting and PONG; a READY takes 9 octets of header and its metadata.
    pub fn poll_transmit(&mut self, out: &mut [u8]) -> Result<usize, crate::wire::Full> {
        self.tx.poll(self.config.borrow(), &mut self.mechanism, &self.rx, out)
    }

    /// Whether [`Connection::poll_transmit`] may have something to write. While a greeting or
    /// handshake waits for the peer it is asked in vain.
    pub fn wants_transmit(&self) -> bool {
        self.tx.wants_transmit(&self.mechanism)
    }

    /// When to call [`Connection::handle_timeout`] next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        (self.deadline != Instant::NEVER).then_some(self.deadline)
    }

    /// Acts on the time: fails the connection if its handshake is late.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`], or the error the connection failed with before.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        if let Some(error) = self.error() {
            return Err(error);
        }
        if now >= self.deadline {
            let error = Error::TimedOut(Timeout::Handshake);
            self.fail(error);
            return Err(error);
        }
        Ok(())
    }

    /// Starts a message frame: write the returned header, then exactly `len` octets of body.
    ///
    /// # Errors
    ///
    /// [`SendError`] if the peer's READY has not come, our own has not been fetched by
    /// [`Connection::poll_transmit`], or the connection has failed.
    #[inline]
    pub fn begin_frame(&self, more: More, len: u64) -> Result<HeaderBytes, SendError> {
        if self.is_ready() {
            Ok(FrameHeader::new(Kind::Message(more), len).emit())
        } else {
            Err(self.error().map_or(SendError::NotReady, SendError::Failed))
        }
    }

    /// Whether messages may be sent: both READYs are through.
    pub fn is_ready(&self) -> bool {
        self.rx.in_traffic() && self.mechanism.may_send()
    }

    /// Who the peer is, once its READY has come.
    pub const fn peer(&self) -> Option<PeerInfo> {
        self.rx.peer()
    }

    /// The error the connection failed with.
    pub const fn error(&self) -> Option<Error> {
        self.rx.error()
    }

    /// Whether the last message is incomplete: a frame of it is under way or due.
    pub const fn in_message(&self) -> bool {
        self.rx.in_message()
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        self.config.borrow()
    }

    fn fail(&mut self, error: Error) {
        self.rx.fail(error);
        self.tx.fail(error);
        self.deadline = Instant::NEVER;
    }
}

#[cfg(test)]
mod tests;
