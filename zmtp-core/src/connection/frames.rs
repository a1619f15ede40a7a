//! Sending frames of the application, with one call for each.

use core::borrow::Borrow;

use super::Connection;
use super::encode::{self, EncodeError, SendError, overhead};
use super::failure::Failure;
use crate::config::Config;
use crate::mechanism::Mechanism;
use crate::wire::{FrameHeader, FrameKind, Framing, HeaderBytes, More, SocketType, Subscription};

impl<M: Mechanism, C: Borrow<Config>> Connection<M, C> {
    /// Writes a message frame to the front of `out`. The frame is sealed if this connection seals its
    /// frames. Returns its length in bytes, which is [`Connection::frame_len`]. Send frames in the order in
    /// which they are encoded.
    ///
    /// # Errors
    ///
    /// [`SendError::BufferTooSmall`] if `out` is too small.
    /// [`SendError::NotReady`] during the handshake, [`SendError::Failed`] if the connection has failed.
    pub fn encode_frame(
        &mut self,
        more: More,
        body: &[u8],
        out: &mut [u8],
    ) -> Result<usize, SendError> {
        self.encode(FrameKind::Message(more), [&[], body], out)
    }

    /// Starts a message frame in the clear, whose body the caller sends from its own buffer. Send the returned
    /// header, then exactly `len` bytes of the body.
    ///
    /// # Errors
    ///
    /// [`SendError::Sealed`] if this connection seals its frames.
    /// [`SendError::NotReady`] during the handshake, [`SendError::Failed`] if the connection has failed.
    #[inline]
    pub fn begin_frame(&mut self, more: More, len: u64) -> Result<HeaderBytes, SendError> {
        if !self.is_ready() {
            return Err(self.unready());
        }
        if self.is_sealed() {
            return Err(SendError::Sealed);
        }
        Ok(self.framing().emit(FrameHeader::new(FrameKind::Message(more), len)))
    }

    /// Encodes a message frame in place. The frame is sealed if this connection seals its frames. `buffer`
    /// contains [`Connection::headroom`] bytes of any value, then the body. Returns the offset at which the
    /// frame begins; it extends to the end of the buffer.
    ///
    /// # Errors
    ///
    /// [`SendError::BufferTooSmall`] if the buffer is shorter than the headroom.
    /// [`SendError::NotReady`] during the handshake, [`SendError::Failed`] if the connection has failed.
    pub fn finish_frame(&mut self, more: More, buffer: &mut [u8]) -> Result<usize, SendError> {
        if !self.is_ready() {
            return Err(self.unready());
        }
        let (framing, headroom) = (self.framing(), self.headroom());
        let kind = FrameKind::Message(more);
        let start = encode::finish(&mut self.mechanism, framing, kind, headroom, buffer);
        start.map_err(|error| self.failed(&error))
    }

    /// Writes message frames that were received from another connection to the front of `out`. `frames`
    /// contains complete frames in the framing of ZMTP 3, each with its header in the clear, as
    /// [`Connection::receive`] leaves them in its input. Returns the length in bytes, which is
    /// [`Connection::forwarded_len`].
    ///
    /// # Errors
    ///
    /// [`SendError::BufferTooSmall`] if `out` is too small.
    /// If the mechanism may seal frames or accepts peers older than ZMTP 3.0: [`SendError::NotReady`] during
    /// the handshake, [`SendError::Failed`] if the connection has failed. Other mechanisms, such as
    /// [`Null`](crate::Null), do not check this: call it only if [`Connection::is_ready`] returns `true`.
    #[inline]
    pub fn forward_frames(&mut self, frames: &[u8], out: &mut [u8]) -> Result<usize, SendError> {
        let needed = self.forwarded_len(frames);
        if let Some(missing @ 1..) = needed.checked_sub(out.len()) {
            return Err(SendError::BufferTooSmall(missing));
        }
        if !M::SEALS && !M::OLDER_PEERS {
            // They are sent unchanged.
            return Ok(crate::buffer::copy(out, frames));
        }
        let mut len: usize = 0;
        for (header, body) in split(frames) {
            let room = out.get_mut(len..).unwrap_or_default();
            len = len.saturating_add(self.encode(header.kind(), [&[], body], room)?);
        }
        Ok(len)
    }

    /// Whether [`Connection::forward_frames`] copies frames unchanged, so that a driver can send such frames
    /// without the call: the connection is ready and in the clear, and the peer uses ZMTP 2.0 or later.
    pub fn forwards_unchanged(&self) -> bool {
        self.is_ready() && !self.is_sealed() && self.framing() != Framing::V1
    }

    /// Writes a subscription or its cancellation to the front of `out`. Only SUB, XSUB and DISH send these.
    /// Returns the length in bytes, which is [`Connection::subscription_len`].
    ///
    /// It is a command for a peer of ZMTP 3.1, and a message for an older peer (RFC 37 § The
    /// Publish-Subscribe Pattern, RFC 23). A DISH sends a JOIN or LEAVE; `topic` is then the bytes of a
    /// [`Group`](crate::wire::Group) (RFC 37 § The Radio-Dish Pattern).
    ///
    /// # Errors
    ///
    /// [`SendError::BufferTooSmall`] if `out` is too small.
    /// [`SendError::NotReady`] during the handshake, [`SendError::Failed`] if the connection has failed.
    pub fn encode_subscription(
        &mut self,
        what: Subscription,
        topic: &[u8],
        out: &mut [u8],
    ) -> Result<usize, SendError> {
        let (kind, front) = what.form(self.socket_type(), self.rx.peer.version.negotiated());
        self.encode(kind, [front, topic], out)
    }

    /// [`Connection::encode_subscription`] in the clear, also if this connection seals its frames: for
    /// [`Connection::finish_frame_of`] later. It needs at most [`Connection::subscription_len`] bytes.
    ///
    /// # Errors
    ///
    /// As [`Connection::encode_subscription`].
    #[doc(hidden)]
    pub fn encode_clear_subscription(
        &self,
        what: Subscription,
        topic: &[u8],
        out: &mut [u8],
    ) -> Result<usize, SendError> {
        if !self.is_ready() {
            return Err(self.unready());
        }
        let (kind, front) = what.form(self.socket_type(), self.rx.peer.version.negotiated());
        encode::encode_clear(self.framing(), kind, [front, topic], out)
            .map_err(|full| SendError::BufferTooSmall(full.missing))
    }

    /// Encodes a frame of any kind in place, sealed if this connection seals its frames. `buffer` contains `head` bytes
    /// of any value, then the body. `head` is [`Connection::frame_len`] minus the length of the body.
    ///
    /// # Errors
    ///
    /// As [`Connection::finish_frame`].
    #[doc(hidden)]
    #[inline(always)]
    pub fn finish_frame_of(
        &mut self,
        kind: FrameKind,
        head: usize,
        buffer: &mut [u8],
    ) -> Result<(), SendError> {
        if !self.is_ready() {
            return Err(self.unready());
        }
        let framing = self.framing();
        match encode::finish(&mut self.mechanism, framing, kind, head, buffer) {
            Ok(_) => Ok(()),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Encodes a frame of any kind, sealed, whose body is not behind its head in memory. `head` has
    /// [`Connection::frame_len`] minus the length of the body bytes of any value. Only if
    /// [`Connection::seals_split`].
    ///
    /// # Errors
    ///
    /// As [`Connection::finish_frame`].
    #[doc(hidden)]
    pub fn seal_split(
        &mut self,
        kind: FrameKind,
        head: &mut [u8],
        body: &mut [u8],
    ) -> Result<(), SendError> {
        if !self.is_ready() {
            return Err(self.unready());
        }
        let framing = self.framing();
        let result = encode::seal_split(&mut self.mechanism, framing, kind, head, body);
        result.map_err(|error| self.failed(&error))
    }

    /// Whether this connection can seal a frame whose body is not behind its head in memory.
    #[doc(hidden)]
    pub fn seals_split(&self) -> bool {
        self.mechanism.seals_split()
    }

    /// Decrypts the body of a frame of [`Connection::seal_split`] that is not sent.
    #[doc(hidden)]
    pub fn reverse_split(&mut self, head: &[u8], body: &mut [u8]) {
        let overhead = overhead(&self.mechanism);
        let head = head.get(head.len().saturating_sub(overhead)..).unwrap_or_default();
        self.mechanism.reverse_split(head, body);
    }

    /// The length in bytes of a frame with a body of `len` bytes.
    pub fn frame_len(&self, len: usize) -> usize {
        encode::frame_len(&self.mechanism, self.framing(), len)
    }

    /// The length in bytes of a subscription or cancellation with a topic of `len` bytes.
    pub fn subscription_len(&self, what: Subscription, len: usize) -> usize {
        let (_, front) = what.form(self.socket_type(), self.rx.peer.version.negotiated());
        self.frame_len(len.saturating_add(front.len()))
    }

    /// The number of bytes that [`Connection::forward_frames`] writes for these frames.
    #[inline]
    pub fn forwarded_len(&self, frames: &[u8]) -> usize {
        if !M::SEALS && !M::OLDER_PEERS {
            return frames.len();
        }
        split(frames)
            .fold(0, |sum: usize, (_, body)| sum.saturating_add(self.frame_len(body.len())))
    }

    /// The number of bytes that [`Connection::finish_frame`] needs before a body.
    pub fn headroom(&self) -> usize {
        let header = if M::OLDER_PEERS { HeaderBytes::MAX_LEN } else { FrameHeader::MAX_LEN };
        overhead(&self.mechanism).saturating_add(header)
    }

    /// Whether this connection seals its frames. A sealed frame can be encoded only with its whole body.
    pub fn is_sealed(&self) -> bool {
        overhead(&self.mechanism) > 0
    }

    fn encode(
        &mut self,
        kind: FrameKind,
        body: [&[u8]; 2],
        out: &mut [u8],
    ) -> Result<usize, SendError> {
        if !self.is_ready() {
            return Err(self.unready());
        }
        let framing = self.framing();
        match encode::encode(&mut self.mechanism, framing, kind, body, out) {
            Ok(len) => Ok(len),
            Err(error) => Err(self.failed(&error)),
        }
    }

    #[inline(always)]
    fn socket_type(&self) -> SocketType {
        M::socket_type(self.config.borrow())
    }

    /// The framing of the peer, for tests. Valid after [`Connection::is_ready`].
    #[doc(hidden)]
    pub const fn framing(&self) -> Framing {
        self.rx.framing::<M>()
    }

    const fn unready(&self) -> SendError {
        if self.has_failed() { SendError::Failed } else { SendError::NotReady }
    }

    fn failed(&mut self, error: &EncodeError) -> SendError {
        match error {
            EncodeError::BufferTooSmall(missing) => SendError::BufferTooSmall(*missing),
            EncodeError::Exhausted => {
                self.rx.fail(Failure::Exhausted);
                SendError::Failed
            }
        }
    }
}

/// Iterates over concatenated frames with headers in the clear.
fn split(mut frames: &[u8]) -> impl Iterator<Item = (FrameHeader, &[u8])> {
    core::iter::from_fn(move || {
        let (header, header_len) = FrameHeader::peek(frames)?;
        let len = usize::try_from(header.len()).ok()?;
        let (body, rest) = frames.get(header_len..)?.split_at_checked(len)?;
        frames = rest;
        Some((header, body))
    })
}
