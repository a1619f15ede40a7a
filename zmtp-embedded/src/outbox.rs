//! The send buffer: encoded bytes that are ready to be written.

use core::fmt;

use zmtp_core::mechanism::Mechanism;
use zmtp_core::wire::{More, Writer};
use zmtp_core::{Config, Connection, Subscription};

use crate::step::CHUNKS;

/// The layout is `[ written | pending | room ]`. The progress of a write is stored here and not in the call
/// that writes, so that a call can be dropped at any time.
pub(crate) struct Outbox<'b> {
    bytes: &'b mut [u8],
    start: usize,
    end: usize,
    /// Bytes were written and are not flushed.
    pub(crate) unflushed: bool,
    /// The last write of a blocking call moved no byte: the next step is to read.
    pub(crate) blocked: bool,
    state: State,
}

// Without the bytes: they may contain a password.
impl fmt::Debug for Outbox<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bytes, start, end, unflushed, blocked, state } = self;
        f.debug_struct("Outbox")
            .field("len", &bytes.len())
            .field("start", start)
            .field("end", end)
            .field("unflushed", unflushed)
            .field("blocked", blocked)
            .field("state", state)
            .finish()
    }
}

/// The frames before a message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Prefix<'e> {
    /// Frames that were received, or none.
    Frames(&'e [u8]),
    /// The id of a request, then an empty frame.
    RequestId([u8; 4]),
}

/// The position at which the encoded stream ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum State {
    /// Between messages.
    Idle,
    /// Inside a message whose bytes a call borrows: only that call can continue it.
    Lent,
    /// Between messages. The pending bytes end with those of a request: commands wait until it is written, so that
    /// a call that fails can tell whether the peer may have it.
    Request,
    /// Inside a message that is sent in pieces: the bytes that the current part lacks, and whether
    /// other parts follow.
    #[cfg(feature = "chunks")]
    Parts { remaining: usize, more: More },
}

impl<'b> Outbox<'b> {
    #[inline(always)]
    pub(crate) const fn new(bytes: &'b mut [u8]) -> Self {
        Self { bytes, start: 0, end: 0, unflushed: false, blocked: false, state: State::Idle }
    }

    /// Drops all bytes.
    pub(crate) const fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
        (self.unflushed, self.blocked) = (false, false);
        self.state = State::Idle;
    }

    pub(crate) const fn state(&self) -> State {
        self.state
    }

    pub(crate) const fn set_state(&mut self, state: State) {
        self.state = state;
    }

    /// Whether another frame can begin: no frame is incomplete.
    pub(crate) const fn between_frames(&self) -> bool {
        match self.state {
            State::Idle | State::Request => true,
            #[cfg(feature = "chunks")]
            State::Parts { remaining, .. } => remaining == 0,
            State::Lent => !CHUNKS,
        }
    }

    /// Whether no message is incomplete.
    #[cfg(feature = "chunks")]
    pub(crate) fn between_messages(&self) -> bool {
        matches!(self.state, State::Idle | State::Request)
    }

    /// The bytes to write.
    pub(crate) fn pending(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// `n` of the pending bytes were written.
    pub(crate) fn written(&mut self, n: usize) {
        self.unflushed = true;
        self.start = self.start.wrapping_add(n).min(self.end);
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
            if !CHUNKS || self.is_request_pending() {
                self.state = State::Idle;
            }
        }
    }

    /// The bytes that were added last are those of a request.
    pub(crate) const fn holds_request(&mut self) {
        if !self.is_empty() {
            self.state = State::Request;
        }
    }

    /// Whether bytes of a request are not written.
    pub(crate) fn is_request_pending(&self) -> bool {
        self.state == State::Request
    }

    /// The number of bytes that fit after the pending ones.
    pub(crate) const fn room(&self) -> usize {
        self.bytes.len().wrapping_sub(self.end)
    }

    /// Bytes of the whole buffer.
    pub(crate) const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Adds a message frame, which fits. If it cannot be sent, the connection has failed.
    pub(crate) fn frame<M: Mechanism>(
        &mut self,
        connection: &mut Connection<M, &Config>,
        more: More,
        body: &[u8],
    ) {
        let room = self.bytes.get_mut(self.end..).unwrap_or_default();
        let n = connection.encode_frame(more, body, room).unwrap_or_default();
        self.end = self.end.wrapping_add(n);
    }

    /// Adds the frames before a message, which fit.
    #[inline(always)]
    pub(crate) fn prefix<M: Mechanism>(
        &mut self,
        connection: &mut Connection<M, &Config>,
        prefix: Prefix<'_>,
    ) {
        match prefix {
            Prefix::Frames(frames) => self.forward(connection, frames),
            Prefix::RequestId(id) => {
                self.frame(connection, More::Follows, &id);
                self.frame(connection, More::Follows, &[]);
            }
        }
    }

    /// Adds the header of a frame in the clear, which fits. Its body follows.
    pub(crate) fn begin<M: Mechanism>(
        &mut self,
        connection: &mut Connection<M, &Config>,
        more: More,
        len: usize,
    ) {
        if let Ok(header) = connection.begin_frame(more, len as u64) {
            self.put(header.as_ref());
        }
    }

    /// Adds frames that were received, which fit.
    #[inline(always)]
    fn forward<M: Mechanism>(&mut self, connection: &mut Connection<M, &Config>, frames: &[u8]) {
        let room = self.bytes.get_mut(self.end..).unwrap_or_default();
        let n = connection.forward_frames(frames, room).unwrap_or_default();
        self.end = self.end.wrapping_add(n);
    }

    /// Adds a subscription or its cancellation, if it fits. Returns whether it did.
    pub(crate) fn subscription<M: Mechanism>(
        &mut self,
        connection: &mut Connection<M, &Config>,
        what: Subscription,
        topic: &[u8],
    ) -> bool {
        let room = self.bytes.get_mut(self.end..).unwrap_or_default();
        let n = connection.encode_subscription(what, topic, room).unwrap_or_default();
        self.end = self.end.wrapping_add(n);
        n > 0
    }

    /// Adds as many of `bytes` as fit. Returns how many.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> usize {
        let room = self.bytes.get_mut(self.end..).unwrap_or_default();
        let len = room.len();
        let mut writer = Writer::new(room);
        writer.put(bytes);
        let n = writer.len().min(len);
        self.end = self.end.wrapping_add(n);
        n
    }

    /// Adds the greeting or command that the connection sends next, if it fits.
    ///
    /// # Errors
    ///
    /// The required size of the buffer in bytes, if it never fits.
    pub(crate) fn collect<M: Mechanism>(
        &mut self,
        connection: &mut Connection<M, &Config>,
    ) -> Result<(), usize> {
        let room = self.bytes.get_mut(self.end..).unwrap_or_default();
        match connection.poll_transmit(room) {
            Ok(n) => self.end = self.end.wrapping_add(n),
            Err(full) if self.is_empty() => return Err(self.len().saturating_add(full.missing)),
            Err(_) => {}
        }
        Ok(())
    }
}
